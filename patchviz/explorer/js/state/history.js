// The history of one explorer's settings: an entry for each change that was committed.

export class History {
  constructor(store) {
    this.store = store;
    this.entries = []; // from the settings that it opened with to the present ones
  }

  /** Write down what is settled: neither in a drag, nor asked for, nor refused. */
  note() {
    const { scene, target, ghost, asked } = this.store;
    if (ghost || asked || target !== scene.settings) return;
    if (!same(target, this.entries.at(-1))) this.entries.push(target);
  }

  get can_undo() {
    return this.entries.length > 1;
  }

  get can_reset() {
    return this.can_undo && !same(this.entries[0], this.entries.at(-1));
  }

  undo() {
    if (!this.can_undo || this.store.ghost) return;
    this.entries.pop();
    this.store.request(this.entries.at(-1));
  }

  /** Go back to the settings that it opened with, which can be undone as well. */
  reset() {
    this.store.request(this.entries[0]);
  }
}

function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}
