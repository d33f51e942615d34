// The planes: one large with rulers, boxes and padding, two small ones that a click makes large.

import { coverage_slice } from "./coverage.js";
import { box_at, box_of, boxes_on, is_cut } from "../state/boxes.js";
import { clamp } from "../state/store.js";
import { on_arrows } from "./keys.js";
import { fit, ground, hatch, never_seen, painter_of, plane_axes, real_colour, selection, theme_of, write_over } from "../draw/paint.js";
import { describe_patch } from "../state/words.js";

const plane_names = { S: "axial", I: "axial", A: "coronal", P: "coronal", L: "sagittal", R: "sagittal" };
const ruler = 46; // room for the rulers, in CSS pixels
const highest = 680; // of the large plane, in CSS pixels, where it has all the width
const room = 1.4; // the image's surroundings, in image sizes: the scale stays while patches change

export function render_planes(store, el) {
  el.innerHTML = `
    <div class="pv-main"><canvas tabindex="0" role="application"></canvas><p class="pv-readout"></p><p class="pv-note" role="status" hidden></p></div>
    <div class="pv-thumbs"></div>
    <div class="pv-sliders"></div>`;
  const canvas = el.querySelector(".pv-main canvas");
  const [readout, note] = [".pv-readout", ".pv-note"].map((name) => el.querySelector(name));
  const thumbs = [0, 1].map(() => make_thumb(store, el.querySelector(".pv-thumbs")));
  const sliders = [0, 1, 2].map((a) => make_slider(store, a, el.querySelector(".pv-sliders")));
  let view = null;

  const draw = () => {
    const { scene, main_axis: axis, position } = store;
    const width = canvas.parentElement.clientWidth;
    const theme = theme_of(el);
    view = new View(scene, axis, width, Math.min(width, highest), theme);
    canvas.style.height = `${view.height}px`;
    view.draw(fit(canvas, view.width, view.height), store);
    plane_axes(axis).forEach((a, n) => thumbs[n](a));
    const what = scene.covered ? "" : ", with patch boxes";
    canvas.setAttribute("aria-label", plane_title(scene, axis, position[axis]) + what);
    readout.textContent = scene.covered ? "" : describe_patch(scene, store.hover ?? store.selected).join(" · ");
    note.hidden = !store.voxels.note;
    if (!note.hidden) note.textContent = store.voxels.note;
    sliders.forEach((slider) => slider());
  };

  const at = (event) => view.position(event.offsetX, event.offsetY, store.position);
  let pressed = null;
  canvas.onpointerdown = (event) => {
    canvas.focus();
    canvas.setPointerCapture(event.pointerId);
    pressed = { x: event.offsetX, y: event.offsetY, moved: false };
  };
  canvas.onpointermove = (event) => {
    if (pressed) pressed.moved ||= Math.hypot(event.offsetX - pressed.x, event.offsetY - pressed.y) > 4;
    if (pressed?.moved) store.set({ position: at(event) });
    else store.set({ hover: box_at(store.scene, at(event)) });
  };
  canvas.onpointerup = (event) => {
    const n = box_at(store.scene, at(event));
    if (!pressed?.moved) store.set({ position: at(event) });
    if (!pressed?.moved && n !== null) store.select(n, { anchor: at(event), save: true });
    pressed = null;
  };
  canvas.onpointerleave = () => store.set({ hover: null });
  canvas.onwheel = (event) => {
    if (document.activeElement !== canvas) return; // the page scrolls until the plane is clicked
    event.preventDefault();
    slide(store, store.main_axis, -Math.sign(event.deltaY));
  };
  const help = "arrow keys move the crosshair, page keys the slice; Enter selects the patch there";
  on_arrows(canvas, help, (right, up, page) => {
    const [u, v] = plane_axes(store.main_axis);
    slide(store, page ? store.main_axis : up ? v : u, right + up + page);
  });
  canvas.onkeydown = (event) => {
    if (event.key === "Enter") store.select(box_at(store.scene, store.position) ?? store.selected, { save: true });
  };
  return draw;
}

function slide(store, axis, by) {
  const position = [...store.position];
  position[axis] = clamp(position[axis] + by, ...store.scene.axes[axis].span);
  store.set({ position });
}

export function plane_title(scene, axis, at) {
  const { name, ends } = scene.axes[axis];
  return `${plane_names[ends[1]] ?? "plane"} ${name} = ${at}`;
}

function make_thumb(store, parent) {
  const button = document.createElement("button");
  const canvas = document.createElement("canvas");
  const caption = document.createElement("span");
  button.append(canvas, caption);
  parent.append(button);
  let shown = 0;
  button.onclick = () => store.set({ main_axis: shown });
  return (axis) => {
    shown = axis;
    const width = button.clientWidth;
    const view = new View(store.scene, axis, width, width);
    canvas.style.height = `${view.height}px`;
    view.draw(fit(canvas, view.width, view.height), store);
    const title = plane_title(store.scene, axis, store.position[axis]);
    if (caption.textContent !== title) caption.textContent = title;
    button.title = "Show this plane large";
  };
}

function make_slider(store, axis, parent) {
  const label = document.createElement("label");
  const name = document.createElement("span");
  const input = Object.assign(document.createElement("input"), { type: "range", step: 1 });
  const output = Object.assign(document.createElement("output"), { ariaHidden: "true" });
  label.append(name, input, output);
  parent.append(label);
  input.oninput = () => {
    const position = [...store.position];
    position[axis] = Number(input.value);
    store.set({ position });
  };
  return () => {
    const { span, name: letter } = store.scene.axes[axis];
    name.textContent = letter;
    input.setAttribute("aria-label", `slice along ${letter}`);
    Object.assign(input, { min: span[0], max: span[1] - 1, value: store.position[axis] });
    output.value = String(store.position[axis]);
  };
}

/** How one plane lies on a canvas: millimetres to pixels, the same on both axes; with a theme, the large one. */
class View {
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
    return ([this.x(us[0]), this.y(vs[1]), this.x(us[1]) - this.x(us[0]), this.y(vs[0]) - this.y(vs[1])]);
  }

  draw(ctx, store) {
    const { covered } = this.scene;
    const [u, v] = this.axes;
    const at = store.position[this.axis];
    const third = this.scene.axes[this.axis];
    ctx.fillStyle = ground;
    ctx.fillRect(...this.rect(u.span, v.span));
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage(painter_of(store).slice(this.axis), ...this.rect(u.span, v.span));
    const all = at < 0 || at >= third.size;
    hatch(ctx, this.rect(u.span, v.span), all ? null : this.rect([0, u.size], [0, v.size]), this.large ? 9 : 6);
    const seen = !covered && coverage_slice(store, this.axis);
    if (seen) ctx.drawImage(seen, ...this.rect([0, u.size], [0, v.size]));
    else if (!this.scene.sampled) this.mark_unseen(ctx, at, third); // of drawn patches coverage knows
    if (store.ghost && !covered) this.draw_ghost(ctx, store.ghost, at);
    if (!covered) this.draw_boxes(ctx, store, at);
    ctx.strokeStyle = "#f4f6f8";
    ctx.lineWidth = this.large ? 1.5 : 1;
    ctx.strokeRect(...this.rect([0, u.size], [0, v.size]));
    this.draw_crosshair(ctx, store.position);
    if (this.large && !covered) this.draw_rulers(ctx);
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
    const [a, b] = plane_axes(this.axis);
    const [u, v] = [ghost.axes[a], ghost.axes[b]];
    ctx.save();
    ctx.setLineDash([3, 4]);
    ctx.strokeStyle = "rgba(255,255,255,.5)";
    const box = (s, t) => ctx.strokeRect(...this.rect([s, s + u.patch], [t, t + v.patch]));
    if (ghost.sampled) boxes_on(ghost, this.axis, at).forEach(({ corner }) => box(corner[a], corner[b]));
    else u.starts.forEach((s) => v.starts.forEach((t) => box(s, t)));
    ctx.restore();
  }

  /** The boxes that the plane cuts, by how real they are; the selected one also where it is not cut. */
  draw_boxes(ctx, store, at) {
    const { scene, axis } = this;
    const chosen = box_of(scene, store.selected);
    const [a, b] = plane_axes(axis);
    const outline = (corner, colour, width) => {
      const [x, y, w, h] = this.rect([corner[a], corner[a] + this.axes[0].patch], [corner[b], corner[b] + this.axes[1].patch]);
      ctx.strokeStyle = colour;
      ctx.lineWidth = width;
      ctx.strokeRect(x + 1.5, y + 1.5, w - 3, h - 3); // inset, so that neighbours both show
    };
    const [alpha, line] = scene.sampled ? [0.6, 1] : [1, this.large ? 2 : 1]; // drawn boxes lie on one another
    for (const box of boxes_on(scene, axis, at)) {
      const hovered = store.hover === box.n;
      ctx.setLineDash(box.blank ? [2, 5] : []); // blank patches are left out
      outline(box.corner, real_colour(box.real, hovered ? 1 : alpha), hovered ? 4 : line);
    }
    ctx.setLineDash([]);
    ctx.save();
    if (!is_cut(chosen, axis, at)) ctx.setLineDash([5, 4]);
    outline(chosen.corner, selection, this.large ? 3 : 2);
    ctx.restore();
  }

  draw_crosshair(ctx, position) {
    const [a, b] = plane_axes(this.axis);
    const [u, v] = this.axes;
    ctx.strokeStyle = "rgba(255,255,255,.55)";
    ctx.lineWidth = 1;
    ctx.beginPath();
    ctx.moveTo(this.x(position[a] + 0.5), this.y(v.span[0]));
    ctx.lineTo(this.x(position[a] + 0.5), this.y(v.span[1]));
    ctx.moveTo(this.x(u.span[0]), this.y(position[b] + 0.5));
    ctx.lineTo(this.x(u.span[1]), this.y(position[b] + 0.5));
    ctx.stroke();
  }

  /** The rulers carry every patch of their axis as a bar, staggered where they overlap, and its start. */
  draw_rulers(ctx) {
    const { scale, font, text } = this.theme;
    ctx.font = `${13 * scale}px ${font}`;
    const [u, v] = this.axes;
    const base = this.y(v.span[0]) + 4;
    const left = this.x(u.span[0]) - 4;
    ctx.fillStyle = ground;
    ctx.fillRect(this.x(u.span[0]), base - 2, this.x(u.span[1]) - this.x(u.span[0]), 18);
    ctx.fillRect(left - 16, this.y(v.span[1]), 18, this.y(v.span[0]) - this.y(v.span[1]));
    draw_bars(u, (p) => this.x(p), (x, w, row, colour) => {
      ctx.fillStyle = colour;
      ctx.fillRect(x + 1, base + 5 * row, w - 2, 4);
    });
    draw_bars(v, (p) => -this.y(p), (y, h, row, colour) => {
      ctx.fillStyle = colour;
      ctx.fillRect(left - 5 * row - 4, -y - h + 1, 4, h - 2);
    });
    ctx.fillStyle = text;
    ctx.textAlign = "center";
    ctx.textBaseline = "top";
    sparse(u.starts, 30 * scale, this.scales[0]).forEach((s) => ctx.fillText(String(s), this.x(s), base + 20));
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    sparse(v.starts, 18 * scale, this.scales[1]).forEach((s) => ctx.fillText(String(s), left - 20, this.y(s)));
  }

  /** Where the axes end: numbers in the image's corners, anatomical letters at its sides. */
  draw_ends(ctx) {
    const [u, v] = this.axes;
    const { scale } = this.theme;
    ctx.font = `bold ${14 * scale}px sans-serif`;
    ctx.fillStyle = "#ffe9a8";
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    const [middle_x, middle_y] = [this.x(u.size / 2), this.y(v.size / 2)];
    write_over(ctx, u.ends[0], this.x(0) + 11 * scale, middle_y);
    write_over(ctx, u.ends[1], this.x(u.size) - 11 * scale, middle_y);
    write_over(ctx, v.ends[0], middle_x, this.y(0) - 11 * scale);
    write_over(ctx, v.ends[1], middle_x, this.y(v.size) + 12 * scale);
    ctx.font = `${12 * scale}px sans-serif`;
    write_over(ctx, `${u.name} ${u.size}`, this.x(u.size) - 24 * scale, this.y(0) - 10 * scale);
    write_over(ctx, `${v.name} ${v.size}`, this.x(0) + 24 * scale, this.y(v.size) + 12 * scale);
    write_over(ctx, "0", this.x(0) + 9 * scale, this.y(0) - 10 * scale);
  }
}

function draw_bars({ starts, inside, patch }, to, bar) {
  const rows = starts.length > 1 && Math.abs(starts[1] - starts[0]) < patch ? 3 : 2;
  starts.forEach((start, n) => {
    bar(to(start), to(start + patch) - to(start), n % rows, real_colour(inside[n] / patch));
  });
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
