// One epoch in the browser: its queue, how far it is popped, and the playing of it.

import { has_box } from "./boxes.js";

export class Epoch {
  /** `order` holds patch numbers counted through all subjects; it is popped from its end. */
  constructor({ epoch, subjects, sizes, reads }, order, batch_size) {
    Object.assign(this, { number: epoch, subjects, sizes, reads, order, batch_size });
    this.total = order.length;
    this.first = [0];
    sizes.forEach((size, n) => this.first.push(this.first[n] + size));
    this.n_batches = Math.ceil(this.total / batch_size);
  }

  number; subjects; sizes; reads; order; batch_size;

  /** The entry at a place of the queue: its subject, by place in the list and in the cohort, and its patch. */
  entry(place) {
    const id = this.order[place];
    let [low, high] = [0, this.sizes.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.first[middle] <= id) low = middle;
      else high = middle;
    }
    return { place, row: low, subject: this.subjects[low], patch: id - this.first[low] };
  }

  /** The batch that an entry is popped into, counted from 0, and its place there. */
  batch_of(place) {
    const popped = this.total - 1 - place;
    return [Math.floor(popped / this.batch_size), popped % this.batch_size];
  }

  /** The places of the queue that make a batch, in the order they are popped. */
  places(batch) {
    const from = this.total - 1 - batch * this.batch_size;
    const to = Math.max(-1, from - this.batch_size);
    return Array.from({ length: from - to }, (_, n) => from - n);
  }
}

/** Pop until `left` entries are left, forwards or back; the entry popped last becomes the selection. */
export function pop_to(store, left) {
  const { epoch } = store;
  left = Math.min(Math.max(left, 0), epoch.total);
  store.set({ left });
  if (left < epoch.total) select_entry(store, left);
}

/** Select the entry at a place of the queue: its box on the volume shown, whosever it is. */
export function select_entry(store, place) {
  const entry = store.epoch.entry(place);
  store.set({ entry: place });
  if (!has_box(store.scene, entry)) return;
  store.select(entry.patch, { centre: true, entry: place });
}

/** Play at `store.speed` entries a second, until nothing is left or `store.playing` is put down. */
export function play(store) {
  let last = performance.now();
  let owed = 0;
  const step = (now) => {
    if (!store.playing || !store.epoch) return;
    owed += ((now - last) / 1000) * store.speed;
    last = now;
    const pops = Math.floor(owed);
    owed -= pops;
    if (pops) pop_to(store, store.left - pops);
    if (store.left > 0) requestAnimationFrame(step);
    else store.set({ playing: false });
  };
  store.set({ playing: true });
  requestAnimationFrame(step);
}
