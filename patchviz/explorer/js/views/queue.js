// The queue of an epoch: a column for each batch, popped from the right.

import { fill, fit, outline, selection, subject_colour, theme_of } from "../draw/canvas.js";
import { changes } from "../draw/changes.js";
import { put, put_options } from "../draw/inputs.js";
import { on_arrows, on_point } from "../draw/gestures.js";
import { choose_entry, pause, play, pop_to, select_entry } from "../state/epoch.js";
import { describe_entry } from "../state/words.js";

const most_cells = 5000; // beyond it a column of pixels stands for several batches
const speeds = { 4: "4 a second", 16: "16 a second", 60: "60 a second", 240: "240 a second" };
const help = "arrow keys select an entry: to the left and up the one popped before, to the right and down the one after";

export function render_queue(store, el) {
  el.innerHTML = `
    <div class="pv-row">
      <output class="pv-left" aria-live="off" aria-label="entries left"></output>
      <button data-act="back" aria-label="put one back">◀</button>
      <button data-act="play"></button>
      <button data-act="pop" title="pop one">pop</button>
      <button data-act="batch" title="pop a batch">batch</button>
      <input type="range" min="0" step="1" aria-label="entries popped">
      <label>order <select data-setting="order"></select></label>
      <label hidden>window <input type="number" data-setting="window" min="1" step="1" title="how many subjects are shuffled together"></label>
      <label>speed <select></select></label>
      <button data-act="next">next epoch</button>
    </div>
    <canvas tabindex="0" role="application"></canvas>
    <p class="pv-readout"></p>`;
  const parts = ["output", "input[type=range]", "[data-setting=order]", "[data-setting=window]", "select:not([data-setting])", "canvas", ".pv-readout"];
  const [counter, scrub, order, shuffled, speed, canvas, readout] = parts.map((name) => el.querySelector(name));
  const buttons = Object.fromEntries([...el.querySelectorAll("button")].map((b) => [b.dataset.act, b]));
  put_options(order, store.model.get("choices").order);
  put_options(speed, speeds);
  const strip = new Strip();
  let hover = null;

  const pop = (left) => {
    pause(store);
    pop_to(store, left);
    store.save_selected();
  };
  const acts = {
    play: () => (store.playing ? pause(store) : play(store)),
    back: () => pop(store.left + 1),
    pop: () => pop(store.left - 1),
    batch: () => pop(store.epoch.end_of_batch(store.left)),
    next: () => store.change({ epoch: store.epoch.number + 1 }),
  };
  Object.entries(buttons).forEach(([act, button]) => (button.onclick = () => store.epoch && acts[act]()));
  scrub.oninput = () => {
    pause(store);
    if (store.epoch) pop_to(store, store.epoch.total - Number(scrub.value));
  };
  scrub.onchange = () => store.save_selected();
  order.onchange = () => store.change({ order: order.value });
  shuffled.onchange = () => shuffled.reportValidity() && store.change({ window: Number(shuffled.value) });
  speed.onchange = () => store.set({ speed: Number(speed.value) });
  const light_up = (place) => {
    hover = place;
    store.touch();
  };
  on_point(canvas, (x, y) => (store.epoch ? strip.under(x, y) : null), light_up, (place) => choose_entry(store, place));
  on_arrows(canvas, help, (right, up) => store.epoch && select_entry(store, (store.selection.entry ?? store.left) + up - right));

  return () => {
    const { epoch, epoch_failure, left, playing, scene: { settings } } = store;
    el.setAttribute("aria-busy", String(!epoch && !epoch_failure)); // inert would lose the focus
    order.value = settings.order;
    canvas.hidden = Boolean(epoch_failure);
    if (epoch_failure) readout.textContent = epoch_failure;
    if (!epoch || store.ghost) return; // a drag leaves the queue as it was, until it refills
    counter.value = left.toLocaleString("en");
    buttons.next.disabled = epoch.number + 1 >= (store.model.get("n_epochs") ?? Infinity);
    buttons.next.title = buttons.next.disabled ? "this page holds no more epochs; the notebook has all" : "";
    buttons.play.textContent = playing ? "pause" : "play";
    buttons.play.setAttribute("aria-disabled", String(!left)); // disabled would lose the focus
    Object.assign(scrub, { max: epoch.total, value: epoch.total - left });
    speed.value = String(store.speed);
    shuffled.parentElement.hidden = settings.order !== "buffered";
    put(shuffled, settings.window);
    const width = canvas.clientWidth;
    strip.measure(epoch, width);
    canvas.style.height = `${strip.height}px`;
    canvas.setAttribute("aria-label", `queue of epoch ${epoch.number + 1}: ${left} of ${epoch.total} patches left`);
    strip.draw(fit(canvas, width, strip.height), store, theme_of(el), hover);
    readout.textContent = describe(store, hover ?? store.selection.entry);
  };
}

function describe(store, place) {
  const { epoch, scene, selection } = store;
  const cost = epoch.reads.map(([cache, reads]) => `${reads.toLocaleString("en")} with a cache of ${cache}`).join(", ");
  if (place == null || place >= epoch.total) return `epoch ${epoch.number + 1}; volumes read in it: ${cost}`;
  const { subject, patch } = epoch.entry(place);
  const [whose, where] = describe_entry(store, place);
  const is_foreign = subject !== scene.settings.subject && place === selection.entry && selection.box;
  const elsewhere = is_foreign && store.needs.has("boxes") ? `, its box drawn on ${scene.subject_id}` : "";
  return `entry ${place + 1}: ${whose}, patch ${patch + 1}${elsewhere}; ${where}`;
}

/** Every entry as a cell, in columns of a batch; the epoch's end is at the left. */
class Strip {
  epoch; width; height; pictures;
  differs = changes();
  looks_different = changes();

  measure(epoch, width) {
    if (!this.differs([epoch, width])) return;
    Object.assign(this, { epoch, width });
    this.rows = epoch.batch_size;
    this.column = width / epoch.n_batches;
    this.single = epoch.total <= most_cells && this.column >= 3;
    this.cell = this.single ? Math.max(4, Math.min(this.column, 112 / this.rows)) : 96 / this.rows;
    this.height = Math.ceil(this.cell * this.rows);
  }

  /** Both states of the whole queue, painted once: full, and popped. */
  paint(theme) {
    const ratio = window.devicePixelRatio || 1;
    const { epoch, width, height, rows, single } = this;
    const stride = single ? 1 : Math.max(1, Math.floor(epoch.total / (width * rows * 2)));
    return [true, false].map((full) => {
      const canvas = document.createElement("canvas");
      Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
      const ctx = canvas.getContext("2d");
      ctx.scale(ratio, ratio);
      for (let place = 0; place < epoch.total; place += stride) {
        const [x, y, w, h] = this.rect(place);
        if (full) fill(ctx, [x, y, Math.max(w, 1), h], subject_colour(epoch.entry(place).row, epoch.sizes.length));
        else if (single) outline(ctx, [x + 0.5, y + 0.5, w - 1, h - 1], theme.line, 1);
      }
      return canvas;
    });
  }

  rect(place) {
    const [batch, at] = this.epoch.batch_of(place);
    const gap = this.single ? 1 : 0;
    return [this.width - (batch + 1) * this.column, at * this.cell, this.column - gap, this.cell - gap];
  }

  /** The place in the queue of the entry under a pixel, or null. */
  under(x, y) {
    const batch = Math.floor((this.width - x) / this.column);
    const place = this.epoch.total - 1 - (batch * this.rows + Math.floor(y / this.cell));
    return place >= 0 && place < this.epoch.total ? place : null;
  }

  draw(ctx, { epoch, left, selection: { entry } }, theme, hover) {
    if (this.looks_different([epoch, this.width, theme.line])) this.pictures = this.paint(theme);
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
    if (epoch.total % this.rows) this.mark(ctx, 0, theme.text, 1); // in the partial batch
    if (entry !== null) this.mark(ctx, entry, selection, 3);
    if (hover !== null && hover < epoch.total) this.mark(ctx, hover, theme.text, 2);
  }

  mark(ctx, place, colour, width) {
    const [x, y, w, h] = this.rect(place);
    outline(ctx, [x, y, Math.max(w, 2), Math.max(h, 2)], colour, width);
  }
}
