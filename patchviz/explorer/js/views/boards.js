// The boards: every patch as the network gets it, one board for each layer along the large plane's axis, or one of all that are drawn.

import { cross_out, fill, fit, ground, outline, real_colour, selection, theme_of, write_over } from "../draw/canvas.js";
import { changes } from "../draw/changes.js";
import { on_arrows, on_point } from "../draw/gestures.js";
import { painter_of, range } from "../draw/painter.js";
import { box_of, number_of, plane_axes } from "../state/boxes.js";
import { clamp } from "../state/store.js";

const gap = 3; // between cells, in CSS pixels
const largest = 72; // side of a cell
const smallest = 12; // below it a patch is a plain cell
const help = "arrow keys select a neighbouring patch, page keys one of the next layer";

export function render_boards(store, el) {
  el.innerHTML = `<canvas tabindex="0" role="application"></canvas><ul class="pv-classes"></ul>`;
  const [canvas, classes] = el.children;
  const picture = document.createElement("canvas"); // of all patches, painted once
  let cells = [];
  const under = (x, y) => {
    const n = cells.findIndex(([left, top, w, h]) => x >= left && x < left + w + gap && y >= top && y < top + h + gap);
    return n < 0 ? null : n;
  };
  const choose = (n) => store.choose(n, { centre: true });
  on_point(canvas, under, (hover) => store.set({ hover }), choose);
  on_arrows(canvas, help, (right, up, page) => {
    const { scene, selection: { here }, main_axis } = store;
    if (here === null) return;
    if (scene.sampled) return choose(clamp(here + right - up - page, 0, scene.n_patches));
    const { place } = box_of(scene, here);
    const [u, v] = plane_axes(main_axis);
    const axis = page ? main_axis : up ? v : u;
    place[axis] += right + up + page;
    if (place[axis] >= 0 && place[axis] < scene.axes[axis].starts.length) choose(number_of(scene, place));
  });
  const differ = [changes(), changes()];
  return () => {
    const { scene, voxels, window, show_label, main_axis, hover, selection: { here } } = store;
    const width = canvas.clientWidth;
    const theme = theme_of(el);
    const look = [scene, voxels.whole, window, show_label, main_axis, width, theme.muted, theme.scale];
    if (!width || !differ[0]([...look, hover, here])) return; // sliding leaves boards alone
    if (differ[1](look)) {
      const layout = lay_out(scene, main_axis, width, theme.scale);
      cells = layout.cells;
      canvas.style.height = `${layout.height}px`;
      const order = scene.sampled ? "as they are drawn" : `layer by layer along ${scene.axes[main_axis].name}`;
      canvas.setAttribute("aria-label", `all ${scene.n_patches} patches, ${order}`);
      paint(fit(picture, width, layout.height), store, layout, theme);
      classes.replaceChildren(...scene.classes.map((c) => make_legend(c, scene.n_patches)));
    }
    const ctx = fit(canvas, width, canvas.clientHeight);
    ctx.drawImage(picture, 0, 0, width, canvas.clientHeight);
    if (hover !== null) outline(ctx, inset(cells[hover]), real_colour(box_of(scene, hover).real), 3);
    if (here !== null) outline(ctx, inset(cells[here]), selection, 3);
  };
}

/** One class of the ramp: the legend that is the histogram too. */
function make_legend({ low, high, label, count }, n_patches) {
  const item = document.createElement("li");
  item.innerHTML = `<i></i><span>${label} image</span><b></b>`;
  const bar = item.querySelector("i");
  bar.style.background = real_colour((low + high) / 2);
  bar.style.width = `${Math.max(6, (70 * count) / n_patches)}px`;
  item.lastChild.textContent = count.toLocaleString("en");
  return item;
}

/** Where the cell of each patch lies, and the title of each board; how wide a board is, and how high all of it. */
function lay_out(scene, axis, width, scale) {
  const { axes, n_patches, sampled } = scene;
  const across_and_up = plane_axes(axis);
  const in_rows = Math.min(n_patches, Math.max(Math.floor(width / 75), Math.ceil(Math.sqrt(n_patches))));
  const grid = [axis, ...across_and_up].map((a) => axes[a].starts.length);
  const [n_layers, n_columns, n_rows] = sampled ? [1, in_rows, Math.ceil(n_patches / in_rows)] : grid;
  const n_across = n_layers <= 4 ? n_layers : Math.ceil(Math.sqrt(n_layers));
  const [wide, high] = across_and_up.map((a) => axes[a].patch * axes[a].spacing);
  const side = Math.min((width - 10 * (n_across - 1)) / n_across / n_columns, largest);
  const upright = Math.max(gap, Math.min(largest, (side * high) / wide));
  const [board_width, board_height] = [side * n_columns + 10, upright * n_rows + 18 * scale + 6];
  const corner = (layer) => [(layer % n_across) * board_width, Math.floor(layer / n_across) * board_height + 18 * scale];
  const cells = range(0, n_patches).map((n) => {
    const { place } = box_of(scene, n);
    const [layer, column, row] = sampled ? [0, n % n_columns, n_rows - 1 - Math.floor(n / n_columns)] : [axis, ...across_and_up].map((a) => place[a]);
    const [x, y] = corner(layer);
    return [x + column * side, y + (n_rows - 1 - row) * upright, ...[side, upright].map((length) => Math.max(1, length - gap))];
  });
  const { name, starts, patch } = axes[axis];
  const title = (layer) => (sampled ? "in the order in which they are drawn" : `${name} ${starts[layer]} … ${starts[layer] + patch - 1}`);
  const titles = range(0, n_layers).map((layer) => [title(layer), ...corner(layer)]);
  return { cells, titles, board_width, height: Math.ceil(Math.ceil(n_layers / n_across) * board_height) };
}

function paint(ctx, store, { cells, titles, board_width }, theme) {
  Object.assign(ctx, { font: `${12 * theme.scale}px ${theme.font}`, fillStyle: theme.muted, textBaseline: "bottom" });
  titles.forEach(([title, x, y]) => ctx.fillText(title, x, y - 3, board_width));
  Object.assign(ctx, { textBaseline: "top" });
  cells.forEach((rect, n) => draw_patch(ctx, store, box_of(store.scene, n), rect));
}

function draw_patch(ctx, store, box, rect) {
  const [x, y, w, h] = rect;
  const colour = real_colour(box.real);
  if (w + gap < smallest) return fill(ctx, rect, colour);
  fill(ctx, rect, ground);
  if (store.voxels.whole) ctx.drawImage(painter_of(store).patch(box, store.main_axis, Math.round(w), Math.round(h)), ...rect);
  if (box.blank) cross_out(ctx, rect);
  outline(ctx, inset(rect), colour, 1.5);
  if (w < 36) return;
  ctx.fillStyle = "#fff";
  write_over(ctx, String(box.n + 1), x + 4, y + 4);
}

function inset(rect) {
  const [x, y, w, h] = rect;
  return [x + 0.75, y + 0.75, w - 1.5, h - 1.5];
}
