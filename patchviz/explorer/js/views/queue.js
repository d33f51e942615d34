// The queue of an epoch: a column for each batch, popped from the right; and the same by subject and patch.

import { play, pop_to, select_entry } from "../state/epoch.js";
import { on_arrows } from "./keys.js";
import { has_box } from "../state/boxes.js";
import { is_needed } from "../state/parts.js";
import { fit, selection, subject_colour, theme_of } from "../draw/paint.js";
import { describe_entry } from "../state/words.js";

const most_cells = 5000; // beyond it a column of pixels stands for several batches
const speeds = { 4: "4 a second", 16: "16 a second", 60: "60 a second", 240: "240 a second" };

export function render_queue(store, el) {
  el.innerHTML = `
    <div class="pv-row">
      <output class="pv-left" aria-live="off" aria-label="entries left"></output>
      <button data-act="back" aria-label="put one back">◀</button>
      <button data-act="play"></button>
      <button data-act="pop" title="pop one">pop</button>
      <button data-act="batch" title="pop a batch">batch</button>
      <input type="range" min="0" step="1" aria-label="entries popped">
      <label>order <select data-of="order" data-setting="order"></select></label>
      <label hidden>window <input type="number" data-setting="window" min="1" step="1" title="how many subjects are shuffled together"></label>
      <label>speed <select data-of="speed"></select></label>
      <button data-act="next">next epoch</button>
      <button data-act="tab" aria-pressed="false" title="a row for each subject, a column for each patch: filled as they are popped">subject × patch</button>
    </div>
    <canvas tabindex="0" role="application"></canvas>
    <p class="pv-readout"></p>`;
  const parts = ["output", "input[type=range]", "[data-of=order]", "[data-setting=window]", "[data-of=speed]", "canvas", ".pv-readout"];
  const [counter, scrub, order, shuffled, speed, canvas, readout] = parts.map((name) => el.querySelector(name));
  const buttons = Object.fromEntries([...el.querySelectorAll("button")].map((b) => [b.dataset.act, b]));
  fill(order, store.model.get("choices").order);
  fill(speed, speeds);
  const strip = new Strip();
  const table = new Table();
  /** @type {Strip | Table} */ let picture = strip;
  let hover = null;

  const stop = () => store.playing && store.set({ playing: false });
  const acts = {
    play: () => (store.playing ? stop() : play(store)),
    back: () => pop_to(store, store.left + 1),
    pop: () => pop_to(store, store.left - 1),
    batch: () => pop_to(store, store.epoch.total - (Math.floor((store.epoch.total - store.left) / store.epoch.batch_size) + 1) * store.epoch.batch_size),
    next: () => store.change({ epoch: store.epoch.number + 1 }),
    tab: () => {
      picture = picture === strip ? table : strip;
      buttons.tab.setAttribute("aria-pressed", String(picture === table));
      store.touch();
    },
  };
  Object.entries(buttons).forEach(([act, button]) => {
    button.onclick = () => {
      if (act !== "play" && act !== "tab") stop();
      if (store.epoch) acts[act]();
    };
  });
  scrub.oninput = () => {
    stop();
    if (store.epoch) pop_to(store, store.epoch.total - Number(scrub.value));
  };
  order.onchange = () => store.change({ order: order.value });
  shuffled.onchange = () => shuffled.reportValidity() && store.change({ window: Number(shuffled.value) });
  speed.onchange = () => store.set({ speed: Number(speed.value) });
  const under = (event) => (store.epoch ? picture.under(event.offsetX, event.offsetY) : null);
  canvas.onpointermove = (event) => {
    hover = under(event);
    store.touch();
  };
  canvas.onpointerleave = () => {
    hover = null;
    store.touch();
  };
  canvas.onclick = (event) => {
    const place = under(event);
    if (place === null) return;
    stop();
    select_entry(store, place);
    store.settle_entry();
  };
  on_arrows(canvas, "arrow keys select an entry: to the left and up the one popped before, to the right and down the one after", (right, up) => {
    if (!store.epoch) return;
    select_entry(store, Math.min(Math.max((store.entry ?? store.left) + up - right, 0), store.epoch.total - 1));
  });

  return () => {
    const { epoch, left, playing } = store;
    el.setAttribute("aria-busy", String(!epoch)); // inert would lose the focus
    if (!epoch || store.ghost) return; // a drag leaves the queue as it was, until it refills
    counter.value = left.toLocaleString("en");
    buttons.next.disabled = epoch.number + 1 >= (store.model.get("n_epochs") ?? Infinity);
    buttons.next.title = buttons.next.disabled ? "this page holds no more epochs; the notebook has all" : "";
    buttons.play.textContent = playing ? "pause" : "play";
    Object.assign(scrub, { max: epoch.total, value: epoch.total - left });
    speed.value = String(store.speed);
    const { settings } = store.scene;
    order.value = settings.order;
    shuffled.parentElement.hidden = settings.order !== "buffered";
    if (shuffled.getRootNode().activeElement !== shuffled) shuffled.value = String(settings.window);
    const width = canvas.clientWidth;
    picture.measure(epoch, width);
    canvas.style.height = `${picture.height}px`;
    canvas.setAttribute("aria-label", `queue of epoch ${epoch.number + 1}: ${left} of ${epoch.total} patches left`);
    picture.draw(fit(canvas, width, picture.height), store, theme_of(el), hover);
    readout.textContent = describe(store, hover ?? store.entry);
  };
}

function describe(store, place) {
  const { epoch, scene } = store;
  const cost = epoch.reads.map(([cache, reads]) => `${reads.toLocaleString("en")} with a cache of ${cache}`).slice(0, 3).join(", ");
  if (place == null || place >= epoch.total) return `epoch ${epoch.number + 1}; volumes read in it: ${cost}`;
  const entry = epoch.entry(place);
  const { subject, patch } = entry;
  const [whose, where] = describe_entry(store, place);
  const is_foreign = subject !== scene.settings.subject && has_box(scene, entry) && is_needed(store.model, "boxes");
  const elsewhere = is_foreign ? `, its box drawn on ${scene.subject_id}` : "";
  return `entry ${place + 1}: ${whose}, patch ${patch + 1}${elsewhere}; ${where}`;
}

/** Every entry as a cell, in columns of a batch; the epoch's end is at the left. */
class Strip {
  epoch; width; height; line;

  measure(epoch, width) {
    if (epoch === this.epoch && width === this.width) return;
    Object.assign(this, { epoch, width });
    this.stale = true;
    this.rows = epoch.batch_size;
    this.column = width / epoch.n_batches;
    this.single = epoch.total <= most_cells && this.column >= 3;
    this.cell = this.single ? Math.max(4, Math.min(this.column, 112 / this.rows)) : 96 / this.rows;
    this.height = Math.ceil(this.cell * this.rows);
  }

  /** Both states of the whole queue, painted once: full, and popped. */
  paint(theme) {
    const ratio = window.devicePixelRatio || 1;
    this.pictures = [true, false].map((full) => {
      const canvas = document.createElement("canvas");
      Object.assign(canvas, { width: Math.round(this.width * ratio), height: Math.round(this.height * ratio) });
      const ctx = canvas.getContext("2d");
      ctx.scale(ratio, ratio);
      ctx.strokeStyle = theme.line;
      const { epoch } = this;
      const stride = this.single ? 1 : Math.max(1, Math.floor(epoch.total / (this.width * this.rows * 2)));
      for (let place = 0; place < epoch.total; place += stride) {
        const [x, y, w, h] = this.rect(place);
        ctx.fillStyle = subject_colour(epoch.entry(place).row, epoch.sizes.length);
        if (full) ctx.fillRect(x, y, Math.max(w, 1), h);
        else if (this.single) ctx.strokeRect(x + 0.5, y + 0.5, w - 1, h - 1);
      }
      return canvas;
    });
    this.stale = false;
  }

  rect(place) {
    const [batch, at] = this.epoch.batch_of(place);
    const gap = this.single ? 1 : 0;
    return [this.width - (batch + 1) * this.column, at * this.cell, this.column - gap, this.cell - gap];
  }

  under(x, y) {
    const batch = Math.floor((this.width - x) / this.column);
    const place = this.epoch.total - 1 - (batch * this.rows + Math.floor(y / this.cell));
    return place >= 0 && place < this.epoch.total ? place : null;
  }

  draw(ctx, { epoch, left, entry }, theme, hover) {
    if (this.stale || theme.line !== this.line) this.paint(theme);
    this.line = theme.line;
    const popped = epoch.total - left;
    const whole = Math.floor(popped / this.rows);
    const edge = this.width - whole * this.column;
    const cut = (popped % this.rows) * this.cell;
    const copy = (picture, x, y, w, h) => {
      const ratio = picture.width / this.width;
      if (w > 0 && h > 0) ctx.drawImage(picture, x * ratio, y * ratio, w * ratio, h * ratio, x, y, w, h);
    };
    const [full, empty] = this.pictures;
    copy(full, 0, 0, edge - this.column, this.height);
    copy(empty, edge - this.column, 0, this.column, cut);
    copy(full, edge - this.column, cut, this.column, this.height - cut);
    copy(empty, edge, 0, this.width - edge, this.height);
    mark(ctx, this.rect(0), epoch.total % this.rows ? theme.text : null, 1);
    if (entry !== null) mark(ctx, this.rect(entry), selection, 3);
    if (hover !== null) mark(ctx, this.rect(hover), theme.text, 2);
  }
}

/** Subjects down, patches across: a cell fills when its entry is popped. */
class Table {
  epoch; width; height; picture; painted; theme;

  measure(epoch, width) {
    if (epoch === this.epoch && width === this.width) return;
    Object.assign(this, { epoch, width, picture: null });
    this.columns = Math.max(...epoch.sizes);
    this.rows = epoch.sizes.length;
    this.cell = [width / this.columns, Math.max(1, Math.min(12, 240 / this.rows))];
    this.height = Math.ceil(this.cell[1] * this.rows);
    this.places = new Int32Array(this.rows * this.columns).fill(-1);
    epoch.order.forEach((_, place) => {
      const { row, patch } = epoch.entry(place);
      this.places[row * this.columns + patch] = place;
    });
  }

  rect(place) {
    const { row, patch } = this.epoch.entry(place);
    const [wide, high] = this.cell.map((side) => (side > 3 ? side - 1 : side));
    return [patch * this.cell[0], row * this.cell[1], wide, high];
  }

  under(x, y) {
    const [column, row] = [Math.floor(x / this.cell[0]), Math.floor(y / this.cell[1])];
    const place = this.places[row * this.columns + column] ?? -1;
    return place < 0 ? null : place;
  }

  /** The table with nothing popped: what is blank and not in the queue has a line. */
  paint(theme) {
    const { epoch, width, height, columns, cell } = this;
    this.picture = document.createElement("canvas");
    this.ctx = fit(this.picture, width, height);
    this.painted = epoch.total;
    this.theme = theme;
    this.ctx.fillStyle = theme.soft;
    this.ctx.fillRect(0, 0, width, height);
    this.ctx.fillStyle = theme.muted;
    this.places.forEach((place, n) => {
      const [row, patch] = [Math.floor(n / columns), n % columns];
      if (place < 0 && patch < epoch.sizes[row]) this.ctx.fillRect(patch * cell[0], (row + 0.5) * cell[1] - 0.5, cell[0] - 1, 1);
    });
  }

  draw(ctx, { epoch, left, entry }, theme, hover) {
    if (!this.picture || theme.soft !== this.theme.soft) this.paint(theme);
    for (; this.painted > left; this.painted--) this.put(this.painted - 1, subject_colour(epoch.entry(this.painted - 1).row, this.rows));
    for (; this.painted < left; this.painted++) this.put(this.painted, theme.soft);
    ctx.drawImage(this.picture, 0, 0, this.width, this.height);
    if (entry !== null) mark(ctx, this.rect(entry), selection, 3);
    if (hover !== null) mark(ctx, this.rect(hover), theme.text, 2);
  }

  put(place, colour) {
    this.ctx.fillStyle = colour;
    this.ctx.fillRect(...this.rect(place));
  }
}

function fill(select, options) {
  select.replaceChildren(...Object.entries(options).map(([value, text]) => new Option(text, value)));
}

function mark(ctx, rect, colour, width) {
  const [x, y, w, h] = rect;
  if (!colour) return;
  ctx.strokeStyle = colour;
  ctx.lineWidth = width;
  ctx.strokeRect(x, y, Math.max(w, 2), Math.max(h, 2));
}
