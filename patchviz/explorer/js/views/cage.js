// The cage: image, grid and slices in three dimensions, turned by dragging, boxes pulled apart on demand.

import { box_of, boxes_of } from "../state/boxes.js";
import { on_arrows } from "./keys.js";
import { fit, ground, painter_of, plane_axes, real_colour, selection, theme_of, write_over } from "../draw/paint.js";

const most_boxes = 1000; // beyond it single boxes can't be told apart: the outlines stay

export function render_cage(store, el) {
  el.innerHTML = `
    <canvas tabindex="0" role="application" aria-label="the grid in three dimensions"></canvas>
    <label class="pv-explode">explode <input type="range" min="0" max="1" step="0.01" value="0"></label>`;
  const canvas = el.querySelector("canvas");
  const explode = el.querySelector("input");
  explode.oninput = () => store.set({ explode: Number(explode.value) });
  let cage = null;
  let last = null;
  let turned = 0;
  const turn = (right, down) => {
    const [yaw, pitch] = store.rotation;
    store.set({ rotation: [yaw + right, Math.min(1.5, Math.max(-1.5, pitch + down))] });
  };
  canvas.onpointerdown = (event) => {
    canvas.focus();
    canvas.setPointerCapture(event.pointerId);
    [last, turned] = [event, 0];
  };
  canvas.onpointermove = (event) => {
    if (!last) return;
    const [dx, dy] = [event.offsetX - last.offsetX, event.offsetY - last.offsetY];
    turned += Math.abs(dx) + Math.abs(dy);
    last = event;
    turn(dx / 120, dy / 120);
  };
  canvas.onpointerup = (event) => {
    last = null;
    const n = turned < 5 ? cage?.box_under(event.offsetX, event.offsetY) : null;
    if (n != null) store.select(n, { centre: true, save: true });
  };
  on_arrows(canvas, "arrow keys turn it", (right, up) => turn(0.1 * right, -0.1 * up));
  const wires = document.createElement("canvas"); // sliding and playing leave them alone
  let drawn = [];
  return () => {
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (!width) return; // in a tab that is not shown
    const now = [store.scene, store.rotation, store.explode, store.hover, width, height];
    if (now.some((value, n) => value !== drawn[n])) new Cage(fit(wires, width, height), store, width, height).draw_wires();
    drawn = now;
    cage = new Cage(fit(canvas, width, height), store, width, height);
    cage.draw(wires);
    explode.parentElement.hidden = Boolean(store.scene.sampled);
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
    ctx.fillStyle = ground;
    ctx.fillRect(0, 0, ctx.canvas.width, ctx.canvas.height);
    ctx.globalAlpha = 1 - 0.75 * this.explode;
    this.draw_slices();
    ctx.globalAlpha = 1;
    ctx.drawImage(wires, 0, 0, 2 * this.middle[0], 2 * this.middle[1]);
    ctx.lineJoin = "round";
    if (!this.scene.covered) {
      const chosen = box_of(this.scene, store.selected);
      this.faces(this.moved(chosen), chosen.size, "rgba(255,143,31,.16)", selection, 2);
    }
    this.draw_letters();
  }

  /** Draw all boxes, the image's outline, and how far the grid reaches. */
  draw_wires() {
    const { ctx, axes } = this;
    const { covered } = this.scene;
    ctx.lineJoin = "round";
    if (this.single && !covered) this.boxes().forEach((box) => this.draw_box(box));
    this.wire([0, 0, 0], axes.map((axis) => axis.size), "#f4f6f8", 1.5);
    if (covered || this.explode) return;
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
  moved(box) {
    return box.corner.map((at, a) => {
      const { starts, patch } = this.axes[a];
      return at + 0.5 * this.explode * patch * (box.place[a] - (starts.length - 1) / 2);
    });
  }

  draw_box(box) {
    const { explode } = this;
    const { hover } = this.store;
    const width = hover === box.n ? 3 : 1.2;
    if (explode) this.faces(this.moved(box), box.size, real_colour(box.real, 0.1 + 0.25 * explode), real_colour(box.real), width);
    else this.wire(box.corner, box.size, real_colour(box.real, 0.55), width);
  }

  corner(from, size, which) {
    return this.project(from.map((at, a) => at + which[a] * size[a]));
  }

  wire(from, size, colour, width) {
    const { ctx } = this;
    ctx.strokeStyle = colour;
    ctx.lineWidth = width;
    ctx.beginPath();
    for (let a = 0; a < 3; a++)
      for (const s of [0, 1])
        for (const t of [0, 1]) {
          const which = [0, 0, 0];
          [which[(a + 1) % 3], which[(a + 2) % 3]] = [s, t];
          const [x, y] = this.corner(from, size, which);
          which[a] = 1;
          const [x2, y2] = this.corner(from, size, which);
          ctx.moveTo(x, y);
          ctx.lineTo(x2, y2);
        }
    ctx.stroke();
  }

  /** The three faces of a box that look at the eye. */
  visible(from, size) {
    return [0, 1, 2].map((a) => {
      const near = this.rotation[2][a] > 0 ? 1 : 0;
      return [[0, 0], [1, 0], [1, 1], [0, 1]].map(([s, t]) => {
        const which = [0, 0, 0];
        [which[a], which[(a + 1) % 3], which[(a + 2) % 3]] = [near, s, t];
        return this.corner(from, size, which);
      });
    });
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
    for (let a = 0; a < 3; a++) {
      const [u, v] = plane_axes(a);
      // the image alone: its padding would hide what stands behind
      const cuts = [u, v].map((b) => [0, Math.min(Math.max(position[b] + 0.5, 0), this.axes[b].size), this.axes[b].size]);
      if (position[a] < 0 || position[a] >= this.axes[a].size) continue;
      for (const m of [0, 1])
        for (const n of [0, 1]) {
          const middle = [...position];
          middle[a] += 0.5;
          middle[u] = (cuts[0][m] + cuts[0][m + 1]) / 2;
          middle[v] = (cuts[1][n] + cuts[1][n + 1]) / 2;
          const us = [cuts[0][m], cuts[0][m + 1]];
          const vs = [cuts[1][n], cuts[1][n + 1]];
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
