// Pictures of patches whose voxels will not be here: mostly of other subjects.

import { make_box } from "./boxes.js";

const most_pictures = 2000; // each takes some 4 kB

export class Pictures {
  failure = null; // why the last ones are missing
  failed = []; // their keys

  constructor(store) {
    this.store = store;
    this.found = new Map(); // null while they are asked for
  }

  /** What tells a picture from others, whatever may be shown by the time it is here. */
  key(subject, patch) {
    const { scene, main_axis } = this.store;
    const { subject: _, batch_size, order, window, ...rest } = scene.settings;
    return `${subject} ${patch} ${main_axis} ${JSON.stringify(rest)}`;
  }

  /** The picture of a patch: its greys and its box; nothing until it is here. */
  get(subject, patch) {
    return this.found.get(this.key(subject, patch));
  }

  /** Ask for those of some entries that are neither here nor in the volume on show. */
  ask(entries) {
    const { scene: { settings }, voxels, main_axis, model } = this.store;
    if (model.get("combinations")) return; // a page has none
    const is_mine = (subject) => subject === settings.subject && !voxels.note;
    const wanted = entries.filter(({ subject, patch }) => !is_mine(subject) && !this.found.has(this.key(subject, patch)));
    if (!wanted.length) return;
    if (this.found.size > most_pictures) this.found.clear();
    const keys = wanted.map(({ subject, patch }) => this.key(subject, patch));
    keys.forEach((key) => this.found.set(key, null));
    const asked = wanted.map(({ subject, patch }) => [subject, patch]);
    this.store.ask("patches", { settings, axis: main_axis, entries: asked }, (answer, [greys]) => {
      const { failure = null } = answer;
      Object.assign(this, { failure, failed: failure ? keys : [] });
      if (!failure) keys.forEach((key, n) => this.found.set(key, read_picture(answer, n, greys, settings.patch_size)));
    });
  }

  /** What failed may be asked for again. */
  retry() {
    this.failed.forEach((key) => this.found.delete(key));
    this.failed = [];
  }
}

function read_picture({ corners, insides, shape: [width, height] }, n, greys, size) {
  const n_pixels = width * height;
  return { width, height, grey: greys.subarray(n * n_pixels, (n + 1) * n_pixels), box: make_box(corners[n], insides[n], size) };
}
