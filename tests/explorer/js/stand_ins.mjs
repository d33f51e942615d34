// What the modules need of a browser and a kernel, for tests: frames that run when told, and a model that answers when told.

const frames = new Map();
let last = 0;

globalThis.requestAnimationFrame = (callback) => {
  frames.set(++last, callback);
  return last;
};
globalThis.cancelAnimationFrame = (id) => frames.delete(id);

/** Run what waits for the next frame, at a time in ms; returns how many there were. */
export function next_frame(now = performance.now()) {
  const waiting = [...frames.values()];
  frames.clear();
  waiting.forEach((callback) => callback(now));
  return waiting.length;
}

/** A model whose questions lie in `asked` until the test answers them. */
export class Model {
  constructor(state = {}) {
    this.state = { lock: [], predict: [], selected: 0, choices: { subject: { 0: "sub-01", 1: "sub-02" } }, ...state };
    this.saved = {}; // what Python knows
    this.asked = [];
    this.listeners = new Map();
  }

  get(name) {
    return this.state[name];
  }

  set(name, value) {
    this.state[name] = value;
    this.emit(`change:${name}`);
  }

  save_changes() {
    Object.assign(this.saved, this.state);
  }

  on(event, listener) {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
  }

  off(event, listener) {
    this.listeners.set(event, this.listeners.get(event).filter((other) => other !== listener));
  }

  emit(event, ...values) {
    this.listeners.get(event)?.forEach((listener) => listener(...values));
  }

  send(question) {
    this.asked.push(question);
  }

  /** The kinds of the questions that are not answered yet. */
  get open() {
    return this.asked.map(({ kind }) => kind);
  }

  /** Answer the first open question of a kind with what `tell(question)` gives: a message, and arrays. */
  answer(kind, tell) {
    const n = this.asked.findIndex((question) => question.kind === kind);
    if (n < 0) throw new Error(`nobody asked for ${kind}, but for ${this.open}`);
    const [question] = this.asked.splice(n, 1);
    const [message, ...arrays] = [tell(question)].flat();
    const buffers = arrays.map(({ buffer, byteOffset, byteLength }) => new DataView(buffer, byteOffset, byteLength));
    this.emit("msg:custom", { ...message, id: question.id }, buffers);
    return question;
  }
}

/** What Python tells of one axis of a grid. */
export function make_axis(size, patch, starts, name = "i") {
  const ends = starts.map((start) => start + patch);
  const span = [Math.min(0, ...starts), Math.max(size, ...ends)];
  const positions = Array.from({ length: span[1] - span[0] }, (_, n) => n + span[0]);
  return {
    name, size, patch, starts, span, spacing: 1, ends: ["", ""], unseen: [],
    inside: starts.map((start, n) => Math.min(size, ends[n]) - Math.max(0, start)),
    image_index: positions.map((at) => Math.min(Math.max(at, 0), size - 1)),
    layer_index: positions.map((at) => starts.findIndex((start, n) => at >= start && at < ends[n])),
  };
}

export const settings = {
  patch_size: [64, 64, 64], overlap: [0, 0, 0], start: null, policy: "centered", padding_mode: "edge", batch_size: 2,
  start_offset: [0, 0, 0], sampling: "grid", patches_per_subject: null, order: "shuffle", window: 4, seed: 0, epoch: 0,
  subject: 0, channel: 0,
};

/** What Python tells of some settings: a grid of cubes on a cube, unless axes are given. */
export function make_scene(changes = {}, axes = null) {
  const chosen = { ...settings, ...changes };
  const [patch] = chosen.patch_size;
  const n = Math.ceil(144 / patch);
  const first = -Math.ceil((n * patch - 144) / 2);
  axes ??= [..."ijk"].map((name) => make_axis(144, patch, Array.from({ length: n }, (_, m) => first + m * patch), name));
  const n_patches = axes.reduce((count, { starts }) => count * starts.length, 1);
  return {
    settings: chosen, subject_id: `sub-0${chosen.subject + 1}`, axes, n_patches, sampled: null, blank: [], n_channels: 1,
    classes: [], hints: [], ledger: [{ key: "n_patches", label: "patches", value: String(n_patches) }],
    sentence: [{ key: "image_shape", text: "144" }, { key: "patch_size", text: String(patch) }],
    size_sweep: { sizes: [patch], padding: [0.5], unseen: [0], counts: [n_patches] },
  };
}

/** What Python tells of a queue over subjects that have grids of these axes, its order the patches' own. */
export function make_queue(all_axes, epoch = 0) {
  const sizes = all_axes.map((axes) => axes.reduce((count, { starts }) => count * starts.length, 1));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const grids = all_axes.map((axes) => axes.map(({ starts, inside, patch }) => ({ starts, inside, patch })));
  const subjects = all_axes.map((_, n) => n);
  return [{ epoch, subjects, sizes, reads: [[1, total]], grids, grid_of: subjects }, Int32Array.from({ length: total }, (_, n) => n)];
}
