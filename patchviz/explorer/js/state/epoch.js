// One epoch in the browser: its queue, how far it is popped, and the playing of it.

export class Epoch {
  number; subjects; sizes; reads; order; batch_size;

  /**
   * `order` holds patch numbers counted through all subjects; it is popped from its end. `grids` says
   * where patches lie, `grid_of` which of them each subject has; there are none where patches are drawn.
   */
  constructor({ epoch, subjects, sizes, reads, grids, grid_of }, order, batch_size) {
    Object.assign(this, { number: epoch, subjects, sizes, reads, order, batch_size });
    this.total = order.length;
    this.first = [0];
    sizes.forEach((size, n) => this.first.push(this.first[n] + size));
    this.n_batches = Math.ceil(this.total / batch_size);
    const made = grids.map((axes) => ({ axes, sampled: null, blank: [] }));
    this.grids = new Map(subjects.map((subject, row) => [subject, made[grid_of[row]] ?? null]));
  }

  /** The grid of a subject, to look its boxes up as those of a scene; null where it isn't known. */
  grid_of(subject) {
    return this.grids.get(subject) ?? null;
  }

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

  /** How many entries are left once the batch that is being popped is full. */
  end_of_batch(left) {
    const batch = Math.floor((this.total - left) / this.batch_size);
    return Math.max(0, this.total - (batch + 1) * this.batch_size);
  }
}

/** Pop until `left` entries are left, forwards or back; the entry popped last becomes the selection. */
export function pop_to(store, left) {
  const { total } = store.epoch;
  store.set({ left: Math.min(Math.max(left, 0), total) });
  if (store.left < total) select_entry(store, store.left);
}

/** Select the entry at a place of the queue, the nearest there is: its box on the volume shown, whosever it is. */
export function select_entry(store, place) {
  store.select(...find_entry(store, place));
}

/** The same for good, as by a click. */
export function choose_entry(store, place) {
  pause(store);
  store.choose(...find_entry(store, place));
}

function find_entry({ epoch }, place) {
  const { subject, patch, place: entry } = epoch.entry(Math.min(Math.max(place, 0), epoch.total - 1));
  return [patch, { subject, entry, centre: true }];
}

/** Play at `store.speed` entries a second, until nothing is left or `pause` is called. */
export function play(store) {
  if (!store.left) return;
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
    else pause(store);
  };
  store.set({ playing: true });
  requestAnimationFrame(step);
}

/** Stop playing; Python learns what is selected now. */
export function pause(store) {
  if (!store.playing) return;
  store.set({ playing: false });
  store.save_selected();
}
