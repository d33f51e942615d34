// The cage: image, grid and slices in three dimensions, turned by dragging, boxes pulled apart on demand.

import { draw_lines, fill, fit, ground, real_colour, selection, theme_of, write_over } from "../draw/canvas.js";
import { changes } from "../draw/changes.js";
import { on_arrows, on_drag } from "../draw/gestures.js";
import { painter_of, range } from "../draw/painter.js";
import { boxes_of, plane_axes } from "../state/boxes.js";

const edges = [[0, 1], [2, 3], [4, 5], [6, 7], [0, 2], [1, 3], [4, 6], [5, 7], [0, 4], [1, 5], [2, 6], [3, 7]]; // of a box
const faces = [[0, 1, 3, 2], [0, 1, 5, 4], [0, 2, 6, 4]]; // across each axis, at its low end
const most_boxes = 1000; // beyond it single boxes can't be told apart: the outlines stay

export function render_cage(store, el) {
  el.innerHTML = `
    <canvas tabindex="0" role="application" aria-label="the grid in three dimensions"></canvas>
    <label class="pv-explode">explode <input type="range" min="0" max="1" step="0.01" value="0"></label>`;
  const [canvas, explode] = ["canvas", "input"].map((name) => el.querySelector(name));
  explode.oninput = () => store.set({ explode: Number(explode.value) });
  let cage = null;
  const turn = (right, down) => {
    const [yaw, pitch] = store.rotation;
    store.set({ rotation: [yaw + right, Math.min(1.5, Math.max(-1.5, pitch + down))] });
  };
  on_drag(canvas, {
    move: (_x, _y, dx, dy) => turn(dx / 120, dy / 120),
    click: (x, y) => {
      const n = cage?.box_under(x, y) ?? null;
      if (n !== null) store.choose(n, { centre: true });
    },
    hover: null,
  });
  on_arrows(canvas, "arrow keys turn it", (right, up) => turn(0.1 * right, -0.1 * up));
  const wires = document.createElement("canvas"); // sliding and playing leave them alone
  const differ = changes();
  return () => {
    const { scene, rotation, hover } = store;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    explode.parentElement.hidden = Boolean(scene.sampled);
    if (!width) return; // in a tab that is not shown
    if (differ([scene, rotation, store.explode, hover, width, height])) new Cage(fit(wires, width, height), store, width, height).draw_wires();
    cage = new Cage(fit(canvas, width, height), store, width, height);
    cage.draw(wires);
  };
}

class Cage {
  constructor(ctx, store, width, height) {
    const { scene, rotation } = store;
    this.ctx = ctx;
    this.store = store;
    this.scene = scene;
    this.axes = scene.axes;
    this.explode = scene.sampled ? 0 : store.explode; // there are no layers to pull apart
    const [yaw, pitch] = rotation;
    const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
    // rows: to the right, upwards, towards the eye; the third axis stands upright
    this.rotation = [[cy, -sy, 0], [sy * sp, cy * sp, cp], [-sy * cp, -cy * cp, sp]];
    // how far the grid reaches to the sides and upwards, seen from here
    const halves = this.axes.map(({ starts, patch, size, span, spacing }) => {
      const reach = Math.max(size / 2 - span[0], span[1] - size / 2);
      return (reach + 0.25 * this.explode * patch * (starts.length - 1)) * spacing;
    });
    const [wide, high] = this.rotation.map((row) => row.reduce((sum, r, a) => sum + Math.abs(r) * halves[a], 0));
    this.scale = Math.min((width / 2 - 24) / wide, (height / 2 - 24) / high);
    this.middle = [width / 2, height / 2];
    this.single = scene.n_patches <= most_boxes;
  }

  /** Voxel position to [x, y, depth], depth growing towards the eye. */
  project(p) {
    const mm = this.axes.map(({ size, spacing }, a) => (p[a] - size / 2) * spacing * this.scale);
    const [x, y, depth] = this.rotation.map((row) => row[0] * mm[0] + row[1] * mm[1] + row[2] * mm[2]);
    return [this.middle[0] + x, this.middle[1] - y, depth];
  }

  /** Draw the slices, the wires before them, and what is selected. */
  draw(wires) {
    const { ctx, store } = this;
    fill(ctx, [0, 0, ctx.canvas.width, ctx.canvas.height], ground);
    ctx.globalAlpha = 1 - 0.75 * this.explode;
    this.draw_slices();
    ctx.globalAlpha = 1;
    ctx.drawImage(wires, 0, 0, 2 * this.middle[0], 2 * this.middle[1]);
    ctx.lineJoin = "round";
    const { box, here } = store.selection;
    if (box && (here !== null || !this.explode)) this.faces(this.moved(box), box.size, "rgba(255,143,31,.16)", selection, 2);
    this.draw_letters();
  }

  /** Draw all boxes, the image's outline, and how far the grid reaches. */
  draw_wires() {
    const { ctx, axes } = this;
    const { withheld } = this.scene;
    ctx.lineJoin = "round";
    if (this.single && !withheld) this.boxes().forEach((box) => this.draw_box(box));
    this.wire([0, 0, 0], axes.map((axis) => axis.size), "#f4f6f8", 1.5);
    if (withheld || this.explode) return;
    ctx.setLineDash([5, 4]);
    this.wire(axes.map((axis) => axis.span[0]), axes.map((axis) => axis.span[1] - axis.span[0]), "#9fb3c4", 1);
    ctx.setLineDash([]);
  }

  /** All boxes, the farthest first. */
  boxes() {
    const depth = (box) => this.project(this.moved(box))[2];
    return boxes_of(this.scene).map((box) => ({ ...box, depth: depth(box) })).sort((a, b) => a.depth - b.depth);
  }

  /** Where the exploded view puts a box's corner. */
  moved({ corner, place }) {
    return corner.map((at, a) => {
      const { starts, patch } = this.axes[a];
      return at + 0.5 * this.explode * patch * (place[a] - (starts.length - 1) / 2);
    });
  }

  draw_box(box) {
    const { explode, store } = this;
    const width = store.hover === box.n ? 3 : 1.2;
    if (explode) this.faces(this.moved(box), box.size, real_colour(box.real, 0.1 + 0.25 * explode), real_colour(box.real), width);
    else this.wire(box.corner, box.size, real_colour(box.real, 0.55), width);
  }

  /** The corners of a box on the screen: number 4 i + 2 j + k is at the far end of each axis whose digit is 1. */
  corners(from, size) {
    return range(0, 8).map((n) => this.project(from.map((at, a) => at + ((n >> (2 - a)) & 1) * size[a])));
  }

  wire(from, size, colour, width) {
    const corners = this.corners(from, size);
    const lines = edges.map((ends) => ends.flatMap((n) => corners[n].slice(0, 2)));
    draw_lines(this.ctx, lines, colour, width);
  }

  /** The three faces of a box that look at the eye. */
  visible(from, size) {
    const corners = this.corners(from, size);
    return faces.map((face, a) => face.map((n) => corners[this.rotation[2][a] > 0 ? n + (4 >> a) : n]));
  }

  faces(from, size, fill, stroke, width) {
    const { ctx } = this;
    Object.assign(ctx, { fillStyle: fill, strokeStyle: stroke, lineWidth: width });
    for (const face of this.visible(from, size)) {
      ctx.beginPath();
      face.forEach(([x, y]) => ctx.lineTo(x, y));
      ctx.closePath();
      ctx.fill();
      ctx.stroke();
    }
  }

  /** The nearest box whose face lies under a pixel. */
  box_under(x, y) {
    if (!this.single) return null;
    const hit = this.boxes().reverse().find((box) => this.visible(this.moved(box), box.size).some((face) => contains(face, x, y)));
    return hit?.n ?? null;
  }

  /** The three slices, each cut in four by the other two, the farthest quarter first. */
  draw_slices() {
    const { position } = this.store;
    const quarters = [];
    // the image alone: its padding would hide what stands behind
    const halves = (a) => {
      const middle = Math.min(Math.max(position[a] + 0.5, 0), this.axes[a].size);
      return [[0, middle], [middle, this.axes[a].size]];
    };
    for (const [a, { size }] of this.axes.entries()) {
      if (position[a] < 0 || position[a] >= size) continue;
      const [u, v] = plane_axes(a);
      for (const us of halves(u))
        for (const vs of halves(v)) {
          const middle = position.map((at) => at + 0.5);
          [middle[u], middle[v]] = [us, vs].map(([from, to]) => (from + to) / 2);
          quarters.push({ a, us, vs, depth: this.project(middle)[2] });
        }
    }
    quarters.sort((one, other) => one.depth - other.depth).forEach((quarter) => this.draw_quarter(quarter));
  }

  draw_quarter({ a, us, vs }) {
    const [u0, u1, v0, v1] = [...us, ...vs];
    const { ctx } = this;
    const [u, v] = plane_axes(a);
    const slice = painter_of(this.store).slice(a);
    const point = (p, q) => {
      const at = [0, 0, 0];
      [at[a], at[u], at[v]] = [this.store.position[a] + 0.5, p, q];
      return this.project(at);
    };
    const [left, top] = [this.axes[u].span[0], this.axes[v].span[1]];
    const [origin, right, down] = [point(left, top), point(left + 1, top), point(left, top - 1)];
    ctx.save();
    // pixels of the slice to the screen: an affine map, because the projection is parallel
    ctx.transform(right[0] - origin[0], right[1] - origin[1], down[0] - origin[0], down[1] - origin[1], origin[0], origin[1]);
    const [wide, high] = [[slice.width, u], [slice.height, v]].map(([n, b]) => n / (this.axes[b].span[1] - this.axes[b].span[0]));
    ctx.drawImage(slice, (u0 - left) * wide, (top - v1) * high, (u1 - u0) * wide, (v1 - v0) * high, u0 - left, top - v1, u1 - u0, v1 - v0);
    ctx.restore();
  }

  /** i, j, k at the far ends of the image's edges. */
  draw_letters() {
    const { ctx } = this;
    Object.assign(ctx, { font: `bold ${14 * theme_of(ctx.canvas).scale}px sans-serif`, fillStyle: "#ffe9a8", textAlign: "center", textBaseline: "middle" });
    this.axes.forEach(({ name, size, ends }, a) => {
      const at = [0, 0, 0];
      at[a] = size * 1.07;
      const [x, y] = this.project(at);
      write_over(ctx, `${name} ${ends[1]}`, x, y);
    });
  }
}

/** Whether a convex polygon holds a point. */
function contains(polygon, x, y) {
  const sides = polygon.map(([x0, y0], n) => {
    const [x1, y1] = polygon[(n + 1) % polygon.length];
    return (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0) >= 0;
  });
  return sides.every((side) => side === sides[0]);
}
