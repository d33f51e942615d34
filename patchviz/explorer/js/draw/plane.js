// One plane of the volume on a canvas: voxels, padding, boxes, crosshair, and rulers around a large one.

import { boxes_on, is_cut, plane_axes } from "../state/boxes.js";
import { clamp } from "../state/store.js";
import { draw_lines, fill, ground, hatch, never_seen, outline, real_colour, selection, write_over } from "./canvas.js";
import { coverage_slice } from "./coverage.js";
import { painter_of } from "./painter.js";

const ruler = 46; // room for the rulers, in CSS pixels
const room = 1.4; // the image's surroundings, in image sizes: the scale stays while patches change

/** How a plane lies on a canvas: millimetres to pixels, the same on both axes; with a theme, the large one. */
export class Plane {
  constructor(scene, axis, width, height, theme = null) {
    this.scene = scene;
    this.axis = axis;
    this.theme = theme;
    this.large = Boolean(theme);
    this.axes = plane_axes(axis).map((a) => scene.axes[a]);
    const extents = this.axes.map(({ size, spacing, span }) => Math.max(theme ? room * size : 0, span[1] - span[0]) * spacing);
    const edge = theme ? ruler * theme.scale : 0;
    const scale = Math.min((width - edge) / extents[0], (height - edge) / extents[1]);
    this.width = width;
    this.height = Math.round(extents[1] * scale + edge);
    this.scales = this.axes.map(({ spacing }) => spacing * scale);
    const middles = [edge + (width - edge) / 2, (this.height - edge) / 2];
    this.origins = this.axes.map(({ span }, n) => middles[n] + (n ? 1 : -1) * ((span[0] + span[1]) / 2) * this.scales[n]);
  }

  x(p) {
    return this.origins[0] + p * this.scales[0];
  }

  y(p) {
    return this.origins[1] - p * this.scales[1];
  }

  /** The position under a pixel, the third axis left as it is. */
  position(x, y, now) {
    const [u, v] = plane_axes(this.axis);
    const position = [...now];
    position[u] = clamp(Math.floor((x - this.origins[0]) / this.scales[0]), ...this.axes[0].span);
    position[v] = clamp(Math.floor((this.origins[1] - y) / this.scales[1]), ...this.axes[1].span);
    return position;
  }

  rect(us, vs) {
    return [this.x(us[0]), this.y(vs[1]), this.x(us[1]) - this.x(us[0]), this.y(vs[0]) - this.y(vs[1])];
  }

  /** The rectangle of a box, seen along the third axis. */
  face({ corner, size }) {
    return this.rect(...plane_axes(this.axis).map((a) => [corner[a], corner[a] + size[a]]));
  }

  draw(ctx, store) {
    const { withheld, sampled } = this.scene;
    const [u, v] = this.axes;
    const at = store.position[this.axis];
    const third = this.scene.axes[this.axis];
    const [whole, image] = [this.rect(u.span, v.span), this.rect([0, u.size], [0, v.size])];
    fill(ctx, whole, ground);
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage(painter_of(store).slice(this.axis), ...whole);
    hatch(ctx, whole, at < 0 || at >= third.size ? null : image, this.large ? 9 : 6);
    const seen = !withheld && coverage_slice(store, this.axis);
    if (seen) ctx.drawImage(seen, ...image);
    else if (!sampled) this.mark_unseen(ctx, at, third); // of drawn patches coverage knows
    if (store.ghost && !withheld) this.draw_ghost(ctx, store.ghost, at);
    if (!withheld) this.draw_boxes(ctx, store, at);
    outline(ctx, image, "#f4f6f8", this.large ? 1.5 : 1);
    this.draw_crosshair(ctx, store.position);
    if (this.large && !withheld) this.draw_rulers(ctx);
    if (this.large) this.draw_ends(ctx);
  }

  mark_unseen(ctx, at, third) {
    const [u, v] = this.axes;
    ctx.save();
    ctx.beginPath();
    const whole = third.unseen.some(([from, to]) => at >= from && at < to);
    if (whole) ctx.rect(...this.rect([0, u.size], [0, v.size]));
    else u.unseen.forEach((run) => ctx.rect(...this.rect(run, [0, v.size])));
    if (!whole) v.unseen.forEach((run) => ctx.rect(...this.rect([0, u.size], run)));
    ctx.fillStyle = never_seen;
    ctx.globalAlpha = 0.45;
    ctx.fill();
    ctx.restore();
  }

  draw_ghost(ctx, ghost, at) {
    ctx.save();
    ctx.setLineDash([3, 4]);
    for (const box of boxes_on(ghost, this.axis, at)) outline(ctx, this.face(box), "rgba(255,255,255,.5)", 1);
    ctx.restore();
  }

  /** The boxes that the plane shows, by how real they are; the selected one also where it is not cut. */
  draw_boxes(ctx, { hover, selection: { box: chosen } }, at) {
    const { scene, axis } = this;
    const draw = (box, colour, width) => {
      const [x, y, w, h] = this.face(box);
      outline(ctx, [x + 1.5, y + 1.5, w - 3, h - 3], colour, width); // inset, so that neighbours both show
    };
    const [alpha, line] = scene.sampled ? [0.6, 1] : [1, this.large ? 2 : 1]; // drawn boxes lie on one another
    for (const box of boxes_on(scene, axis, at)) {
      const hovered = hover === box.n;
      ctx.setLineDash(box.blank ? [2, 5] : []); // blank patches are left out
      draw(box, real_colour(box.real, hovered ? 1 : alpha), hovered ? 4 : line);
    }
    ctx.setLineDash(chosen && !is_cut(chosen, axis, at) ? [5, 4] : []);
    if (chosen) draw(chosen, selection, this.large ? 3 : 2);
    ctx.setLineDash([]);
  }

  draw_crosshair(ctx, position) {
    const [x, y] = plane_axes(this.axis).map((a) => position[a] + 0.5);
    const [us, vs] = this.axes.map((axis) => axis.span);
    const across = [this.x(us[0]), this.y(y), this.x(us[1]), this.y(y)];
    const upright = [this.x(x), this.y(vs[0]), this.x(x), this.y(vs[1])];
    draw_lines(ctx, [upright, across], "rgba(255,255,255,.55)");
  }

  /** The rulers carry every patch of their axis as a bar, staggered where they overlap, and its start. */
  draw_rulers(ctx) {
    const { scale, font, text } = this.theme;
    const [u, v] = this.axes;
    const [left, top, width, height] = this.rect(u.span, v.span);
    const [beside, below] = [left - 4, top + height + 4];
    fill(ctx, [left, below - 2, width, 18], ground);
    fill(ctx, [beside - 16, top, 18, height], ground);
    for (const [row, from, to, colour] of bars_of(u)) {
      fill(ctx, [this.x(from) + 1, below + 5 * row, this.x(to) - this.x(from) - 2, 4], colour);
    }
    for (const [row, from, to, colour] of bars_of(v)) {
      fill(ctx, [beside - 5 * row - 4, this.y(to) + 1, 4, this.y(from) - this.y(to) - 2], colour);
    }
    Object.assign(ctx, { fillStyle: text, font: `${13 * scale}px ${font}`, textAlign: "center", textBaseline: "top" });
    sparse(u.starts, 30 * scale, this.scales[0]).forEach((s) => ctx.fillText(String(s), this.x(s), below + 20));
    Object.assign(ctx, { textAlign: "right", textBaseline: "middle" });
    sparse(v.starts, 18 * scale, this.scales[1]).forEach((s) => ctx.fillText(String(s), beside - 20, this.y(s)));
  }

  /** Where the axes end: numbers in the image's corners, anatomical letters at its sides. */
  draw_ends(ctx) {
    const [u, v] = this.axes;
    const { scale } = this.theme;
    const [left, right, low, high] = [this.x(0), this.x(u.size), this.y(0), this.y(v.size)];
    Object.assign(ctx, { font: `bold ${14 * scale}px sans-serif`, fillStyle: "#ffe9a8", textAlign: "center", textBaseline: "middle" });
    write_over(ctx, u.ends[0], left + 11 * scale, (low + high) / 2);
    write_over(ctx, u.ends[1], right - 11 * scale, (low + high) / 2);
    write_over(ctx, v.ends[0], (left + right) / 2, low - 11 * scale);
    write_over(ctx, v.ends[1], (left + right) / 2, high + 12 * scale);
    ctx.font = `${12 * scale}px sans-serif`;
    write_over(ctx, `${u.name} ${u.size}`, right - 24 * scale, low - 10 * scale);
    write_over(ctx, `${v.name} ${v.size}`, left + 24 * scale, high + 12 * scale);
    write_over(ctx, "0", left + 9 * scale, low - 10 * scale);
  }
}

/** The patches of an axis as bars: the row of each, where it begins and ends, and its colour. */
function bars_of({ starts, inside, patch }) {
  const n_rows = starts.length > 1 && Math.abs(starts[1] - starts[0]) < patch ? 3 : 2;
  return starts.map((start, n) => [n % n_rows, start, start + patch, real_colour(inside[n] / patch)]);
}

/** Those of some places, in their order, that stand at least `gap` pixels apart. */
function sparse(places, gap, scale) {
  let last = -Infinity;
  return [...places].sort((p, q) => p - q).filter((p) => {
    const far = (p - last) * scale >= gap;
    if (far) last = p;
    return far;
  });
}
