// The boards: every patch as the network gets it, one board for each layer along the large plane's axis, or one of all that are drawn.

import { box_of, number_of } from "../state/boxes.js";
import { clamp } from "../state/store.js";
import { on_arrows } from "./keys.js";
import { cross_out, fit, ground, painter_of, plane_axes, range, real_colour, selection, theme_of, write_over } from "../draw/paint.js";

const caption = 18; // above each board, in CSS pixels
const smallest = 12; // below it a patch is a plain cell

export function render_boards(store, el) {
  el.innerHTML = `<canvas tabindex="0" role="application"></canvas><ul class="pv-classes"></ul>`;
  const canvas = el.querySelector("canvas");
  const classes = el.querySelector("ul");
  let boards = null;
  let drawn = [];
  let painted = [];

  const under = (event) => boards?.under(event.offsetX, event.offsetY) ?? null;
  canvas.onpointermove = (event) => store.set({ hover: under(event) });
  canvas.onpointerleave = () => store.set({ hover: null });
  canvas.onclick = (event) => {
    const n = under((event));
    if (n !== null) store.select(n, { centre: true, save: true });
  };
  on_arrows(canvas, "arrow keys select a neighbouring patch, page keys one of the next layer", (right, up, page) => {
    const { sampled, n_patches } = store.scene;
    if (sampled) return store.select(clamp(store.selected + right - up - page, 0, n_patches), { centre: true, save: true });
    const place = box_of(store.scene, store.selected).place;
    const [u, v] = plane_axes(store.main_axis);
    const axis = page ? store.main_axis : up ? v : u;
    place[axis] += right + up + page;
    if (place[axis] < 0 || place[axis] >= store.scene.axes[axis].starts.length) return;
    store.select(number_of(store.scene, place), { centre: true, save: true });
  });
  return () => {
    const { scene, voxels, window, show_label, main_axis, hover, selected } = store;
    const width = canvas.clientWidth;
    const theme = theme_of(el);
    const look = [scene, voxels.whole, window, show_label, main_axis, width, theme.muted, theme.scale];
    const now = [...look, hover, selected];
    if (!width || now.every((value, n) => value === drawn[n])) return; // sliding leaves boards alone
    drawn = now;
    if (look.some((value, n) => value !== painted[n])) {
      boards = new Boards(store, width, theme);
      canvas.style.height = `${boards.height}px`;
      const order = scene.sampled ? "as they are drawn" : `layer by layer along ${scene.axes[main_axis].name}`;
      canvas.setAttribute("aria-label", `all ${scene.n_patches} patches, ${order}`);
      boards.paint();
      classes.replaceChildren(...scene.classes.map((c) => legend(c, scene.n_patches)));
    }
    painted = look;
    boards.draw(fit(canvas, width, boards.height));
  };
}

/** One class of the ramp: the legend that is the histogram too. */
function legend({ low, high, label, count }, n_patches) {
  const item = document.createElement("li");
  item.innerHTML = `<i></i><span>${label} image</span><b></b>`;
  const bar = item.querySelector("i");
  bar.style.background = real_colour((low + high) / 2);
  bar.style.width = `${Math.max(6, (70 * count) / n_patches)}px`;
  item.lastChild.textContent = count.toLocaleString("en");
  return item;
}

/** One board of so many patches: as many rows as there is need for. */
function lay_out(n, width) {
  const columns = Math.min(n, Math.max(Math.floor(width / 75), Math.ceil(Math.sqrt(n))));
  return [1, columns, Math.ceil(n / columns)];
}

class Boards {
  u; v; layers; columns; rows; picture;

  constructor(store, width, theme) {
    this.store = store;
    this.theme = theme;
    this.caption = caption * theme.scale;
    this.scene = store.scene;
    this.axis = store.main_axis;
    const [u, v] = plane_axes(this.axis);
    const [layers, columns, rows] = this.scene.sampled ? lay_out(this.scene.n_patches, width) : [this.axis, u, v].map((a) => this.scene.axes[a].starts.length);
    Object.assign(this, { u, v, layers, columns, rows });
    const cell = (across) => (width - 10 * (across - 1)) / across / this.columns;
    this.across = this.layers <= 4 ? this.layers : Math.ceil(Math.sqrt(this.layers));
    const [wide, high] = [this.u, this.v].map((a) => this.scene.axes[a].patch * this.scene.axes[a].spacing);
    this.cell = [Math.min(cell(this.across), 72), 0];
    this.cell[1] = Math.max(3, Math.min(72, (this.cell[0] * high) / wide));
    this.board = [this.cell[0] * this.columns + 10, this.cell[1] * this.rows + this.caption + 6];
    this.height = Math.ceil(Math.ceil(this.layers / this.across) * this.board[1]);
    this.plain = this.cell[0] < smallest;
    this.width = width;
  }

  /** The top left pixel of a patch's cell. */
  place(layer, column, row) {
    return [
      (layer % this.across) * this.board[0] + column * this.cell[0],
      Math.floor(layer / this.across) * this.board[1] + this.caption + (this.rows - 1 - row) * this.cell[1],
    ];
  }

  /** The number of the patch in a cell; of drawn ones the last row may have less of them. */
  number(layer, column, row) {
    if (this.scene.sampled) return (this.rows - 1 - row) * this.columns + column;
    const place = [0, 0, 0];
    [place[this.axis], place[this.u], place[this.v]] = [layer, column, row];
    return number_of(this.scene, place);
  }

  under(x, y) {
    const [across, down] = [Math.floor(x / this.board[0]), Math.floor(y / this.board[1])];
    const layer = down * this.across + across;
    const column = Math.floor((x - across * this.board[0]) / this.cell[0]);
    const row = this.rows - 1 - Math.floor((y - down * this.board[1] - this.caption) / this.cell[1]);
    const inside = layer < this.layers && column >= 0 && column < this.columns && row >= 0 && row < this.rows;
    const n = inside ? this.number(layer, column, row) : null;
    return n !== null && n < this.scene.n_patches ? n : null;
  }

  /** The cell of a patch: layer, column and row. */
  cell_of(n) {
    if (this.scene.sampled) return [0, n % this.columns, this.rows - 1 - Math.floor(n / this.columns)];
    const { place } = box_of(this.scene, n);
    return [this.axis, this.u, this.v].map((a) => place[a]);
  }

  /** Draw all patches, and mark the one selected and the one under the pointer. */
  draw(ctx) {
    const { hover, selected } = this.store;
    ctx.drawImage(this.picture, 0, 0, this.width, this.height);
    for (const [n, colour] of [[hover, null], [selected, selection]]) {
      if (n === null || n >= this.scene.n_patches) continue;
      const { real } = box_of(this.scene, n);
      const [x, y] = this.place(...this.cell_of(n));
      const [w, h] = this.cell.map((side) => side - 3);
      ctx.strokeStyle = colour ?? real_colour(real);
      ctx.lineWidth = 3;
      ctx.strokeRect(x + 0.75, y + 0.75, w - 1.5, h - 1.5);
    }
  }

  /** Paint all patches once, on a picture of its own. */
  paint() {
    this.picture = document.createElement("canvas");
    const ctx = fit(this.picture, this.width, this.height);
    const { theme } = this;
    const has_pictures = !this.plain && this.store.voxels.whole;
    ctx.font = `${12 * theme.scale}px ${theme.font}`;
    for (let layer = 0; layer < this.layers; layer++) {
      const [x, y] = this.place(layer, 0, this.rows - 1);
      ctx.fillStyle = theme.muted;
      ctx.textBaseline = "bottom";
      ctx.textAlign = "left";
      ctx.fillText(this.title(layer), x, y - 3, this.board[0]);
      const sheet = has_pictures && !this.scene.sampled ? this.sheet(layer) : null;
      for (let column = 0; column < this.columns; column++)
        for (let row = 0; row < this.rows; row++) {
          const n = this.number(layer, column, row);
          if (n < this.scene.n_patches) this.draw_patch(ctx, n, sheet, has_pictures);
        }
    }
  }

  title(layer) {
    if (this.scene.sampled) return "in the order in which they are drawn";
    const { name, starts, patch } = this.scene.axes[this.axis];
    return `${name} ${starts[layer]} … ${starts[layer] + patch - 1}`;
  }

  draw_patch(ctx, n, sheet, has_pictures) {
    const { cell } = this;
    const box = box_of(this.scene, n);
    const [layer, column, row] = this.cell_of(n);
    const [x, y] = this.place(layer, column, row);
    const [w, h] = [cell[0] - 3, cell[1] - 3];
    const colour = real_colour(box.real);
    ctx.fillStyle = this.plain ? colour : ground;
    ctx.fillRect(x, y, Math.max(w, 1), Math.max(h, 1));
    if (this.plain) return;
    if (sheet) {
      const [from_w, from_h] = [sheet.width / this.columns, sheet.height / this.rows];
      ctx.drawImage(sheet, column * from_w, (this.rows - 1 - row) * from_h, from_w, from_h, x, y, w, h);
    } else if (has_pictures) ctx.drawImage(painter_of(this.store).patch(n, this.axis, ...[w, h].map((side) => Math.max(1, Math.round(side)))), x, y, w, h);
    if (box.blank) cross_out(ctx, x, y, w, h);
    ctx.strokeStyle = colour;
    ctx.lineWidth = 1.5;
    ctx.strokeRect(x + 0.75, y + 0.75, w - 1.5, h - 1.5);
    if (w < 36) return;
    ctx.fillStyle = "#fff";
    ctx.textBaseline = "top";
    ctx.textAlign = "left";
    write_over(ctx, String(box.n + 1), x + 4, y + 4);
  }

  /** The patches of a layer as the network gets them, edge to edge: a slice through the middle of what is image. */
  sheet(layer) {
    const { axes } = this.scene;
    const sample = (a, n) =>
      axes[a].starts.flatMap((start) => range(0, n).map((m) => start + Math.floor(((m + 0.5) / n) * axes[a].patch)));
    const [us, vs] = [this.u, this.v].map((a, c) => sample(a, Math.max(1, Math.round(this.cell[c] - 3))));
    const { starts, inside } = axes[this.axis];
    const middle = Math.max(0, starts[layer]) + (inside[layer] >> 1);
    const image = new ImageData(us.length, vs.length);
    painter_of(this.store).fill(new Uint32Array(image.data.buffer), this.axis, middle, us, vs);
    const canvas = Object.assign(document.createElement("canvas"), { width: us.length, height: vs.length });
    canvas.getContext("2d").putImageData(image, 0, 0);
    return canvas;
  }
}
