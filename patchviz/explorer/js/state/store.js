// The state of one explorer, shared by all its views: what the kernel knows, and what only the browser does.

import { box_at, heart_of, index_at } from "./boxes.js";
import { cover } from "./cover.js";
import { Epoch } from "./epoch.js";
import { held_values, unlocked } from "./held.js";
import { is_needed } from "./parts.js";
import { Voxels } from "./voxels.js";

const ahead = 8; // patch sizes on either side that are resolved before they are asked for
const most_scenes = 400;


const stores = new WeakMap();

/** Two views of one model share one store, so the volume is held once and they stay in step. */
export function open_store(model) {
  const store = stores.get(model) ?? new Store(model);
  stores.set(model, store);
  store.open();
  return store;
}

export class Store {
  constructor(model) {
    this.model = model;
    this.views = new Set();
    this.n_open = 0;
    this.frame = 0;
    this.scenes = new Map();
    this.target = null; // the settings last wished for
    this.asked = null; // those that the kernel is working on
    // shown
    this.scene = null;
    this.ghost = null; // the scene before the drag that goes on
    /** @type {Voxels | null} */ this.voxels = null;
    this.refusal = null;
    this.failure = null; // why there is no volume
    this.comparison = null; // the policies side by side: rows, and the settings that they are for
    this.comparing = null; // the settings that the kernel compares policies for
    this.show_coverage = false;
    this.coverage_asked = null;
    this.coverage = null; // how often voxels are seen, and what it was asked for
    this.contents_asked = null;
    this.contents = null; // of a batch: corners and foreground, and what it was asked for
    // client-only: never leaves the browser
    this.position = [0, 0, 0];
    this.main_axis = 2;
    this.hover = null;
    this.window = [0, 255];
    this.show_label = true;
    this.rotation = [-2.5, 0.45]; // from the right, the front and above, the origin farthest
    this.explode = 0;
    /** @type {Epoch | null} */ this.epoch = null;
    this.epoch_of = null; // what the queue of the epoch, here or on its way, depends on
    this.left = 0; // entries that are not yet popped
    this.entry = null; // the place in the queue of the entry that is selected
    this.patches = new Map(); // pictures of other subjects' patches
    this.playing = false;
    this.speed = 16;
    this.revealed = null; // what the numbers depended on when they were last guessed
    // shared: saved at the end of a gesture
    this.selected = model.get("selected");
    this.on_message = this.on_message.bind(this);
    this.on_settings = this.on_settings.bind(this);
    this.on_selected = this.on_selected.bind(this);
  }

  open() {
    if (this.n_open++) return;
    this.model.on("msg:custom", this.on_message);
    this.model.on("change:settings", this.on_settings);
    this.model.on("change:selected", this.on_selected);
    this.request(this.model.get("settings"));
  }

  close() {
    if (--this.n_open) return;
    this.model.off("msg:custom", this.on_message);
    this.model.off("change:settings", this.on_settings);
    this.model.off("change:selected", this.on_selected);
    cancelAnimationFrame(this.frame);
    stores.delete(this.model);
  }

  /** Call `view()` before the next frame whenever something changes; returns the undoing. */
  watch(view) {
    this.views.add(view);
    this.touch();
    return () => this.views.delete(view);
  }

  set(changes) {
    Object.assign(this, changes);
    this.touch();
  }

  touch() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      if (!this.scene || !this.views.size) return;
      this.views.forEach((view) => view());
      this.voxels?.fetch_behind();
    });
  }

  /** Show other settings; while a drag goes on the scene before it stays as a ghost. */
  change(changes, dragging = false) {
    if (!this.scene) return;
    this.ghost = dragging ? (this.ghost ?? this.scene) : null;
    this.request({ ...this.target, ...unlocked(this.model, changes) });
  }

  /** The drag is over. */
  commit() {
    if (!this.ghost) return;
    this.set({ ghost: null });
    this.settle();
  }

  /** When neither a drag nor a question goes on, the kernel learns what is shown; what was refused is given up. */
  settle() {
    if (!this.scene || this.ghost || this.asked) return;
    this.target = this.scene.settings;
    this.model.set("settings", this.target);
    this.model.set("selected", this.selected);
    this.model.save_changes();
    if (is_needed(this.model, "epoch") && this.epoch_of !== queue_key(this.target)) this.ask_epoch();
    this.look_ahead();
  }

  /** Ask for the queue of the epoch shown; it comes paused. */
  ask_epoch() {
    this.set({ playing: false, epoch: null, entry: null });
    this.epoch_of = queue_key(this.target);
    this.model.send({ kind: "queue", settings: this.target, about: this.epoch_of });
  }

  /** The selection rests on an entry: its subject's volume is fetched. */
  settle_entry() {
    const { subject } = this.epoch.entry(this.entry);
    const { settings } = this.scene;
    const is_held = held_values(this.model, settings, "subject")?.includes(String(subject)) ?? true;
    if (subject !== settings.subject && is_held) this.change({ subject });
  }

  request(settings) {
    this.target = settings;
    this.pursue();
  }

  /** Get the target shown: from the scenes at hand, or else by asking, one question at a time. */
  pursue() {
    const known = this.scenes.get(JSON.stringify(this.target));
    if (known) {
      this.target = known.settings;
      this.show(known);
      this.settle();
    } else if (!this.asked) {
      this.asked = this.target;
      this.model.send({ kind: "scene", settings: this.asked });
    }
  }

  answer({ scene, control, text }) {
    const asked = this.asked;
    const settled = asked === this.target;
    this.asked = null;
    if (scene) this.keep(scene);
    if (settled && scene) this.target = scene.settings;
    if (settled && !scene) this.refuse(asked, control, text);
    if (scene && this.scene?.settings !== this.target) this.show(scene);
    if (settled) this.settle();
    else this.pursue();
  }

  /** Blame the control that the reason names, or where that was left alone, the one that was moved. */
  refuse(asked, control, text) {
    const is_moved = (name) => JSON.stringify(asked[name]) !== JSON.stringify(this.scene?.settings[name]);
    const moved = Object.keys(asked).filter(is_moved);
    this.set({ refusal: { control: moved.includes(control) ? control : moved[0], text } });
  }

  keep(scene) {
    // scenes of a drag have one sweep of sizes: as one object, so that it is plotted once
    const { size_sweep } = this.scene ?? {};
    if (size_sweep && JSON.stringify(size_sweep) === JSON.stringify(scene.size_sweep)) scene.size_sweep = size_sweep;
    if (this.scenes.size > most_scenes) this.scenes.clear();
    this.scenes.set(JSON.stringify(scene.settings), scene);
  }

  /** Ask for the neighbouring patch sizes, so that the next drag finds them here. */
  look_ahead() {
    const settings = this.scene?.settings;
    if (!settings || new Set(settings.patch_size).size > 1 || this.scene.sampled) return; // drawn ones take Python long
    const [size] = settings.patch_size;
    const { sizes } = this.scene.size_sweep;
    const wanted = [];
    for (let near = size - ahead; near <= size + ahead; near++) {
      const next = { ...settings, patch_size: settings.patch_size.map(() => near) };
      if (sizes.includes(near) && !this.scenes.has(JSON.stringify(next))) wanted.push(next);
    }
    if (wanted.length) this.model.send({ kind: "ahead", settings: wanted });
  }

  show(full) {
    const before = this.scene;
    const scene = cover(this, full);
    const { subject, channel } = scene.settings;
    this.set({ scene, refusal: null });
    if (before?.settings.subject !== subject) {
      this.set({ position: scene.axes.map((axis) => axis.size >> 1) });
    }
    this.position = this.position.map((at, n) => clamp(at, ...scene.axes[n].span));
    if (before?.settings.subject !== subject || before?.settings.channel !== channel) {
      const shape = scene.axes.map((axis) => axis.size);
      const planes = scene.axes.map((axis, a) => Math.max(0, index_at(axis, this.position[a])));
      const voxels = is_needed(this.model, "volume") ? new Voxels(this.model, { subject, channel }, shape, planes) : null;
      this.set({ voxels, failure: null });
    }
    // the selection follows the voxel
    const anchor = before && before.settings.subject === subject ? this.anchor : null;
    // an entry stays selected where it is what brought its subject's scene
    const wanted = this.entry === null ? null : this.epoch?.entry(this.entry);
    const is_wanted = wanted?.subject === this.target.subject;
    const entry = is_wanted ? this.entry : null;
    const kept = anchor ? box_at(full, anchor) : is_wanted ? wanted.patch : this.selected;
    this.select(Math.min(kept ?? 0, full.n_patches - 1), { anchor, entry, centre: is_wanted && !anchor });
  }

  /** Select a patch by its number from 0; `centre` brings the planes to it. */
  select(n, { anchor = null, centre = false, save = false, entry = null } = {}) {
    if (this.scene.covered && save) return; // there is nothing to select from yet
    const middle = heart_of(this.scene, n);
    this.anchor = anchor ?? (this.scene.covered ? null : middle);
    this.set({ selected: n, entry });
    if (centre) this.set({ position: middle });
    if (save) {
      this.model.set("selected", n);
      this.model.save_changes();
    }
  }

  on_settings() {
    const settings = this.model.get("settings");
    if (JSON.stringify(settings) !== JSON.stringify(this.target)) this.request(settings);
  }

  on_selected() {
    const n = this.model.get("selected");
    if (!this.scene || n === this.selected) return;
    if (this.asked) Object.assign(this, { selected: n, anchor: null }); // of the scene to come
    else this.select(n, { centre: true });
  }

  on_message(message, buffers) {
    if (message.kind === "scene") this.answer(message);
    if (message.kind === "ahead") message.scenes.forEach((s) => this.keep(s));
    if (message.kind === "patches") this.receive_patches(message, buffers[0]);
    if (message.kind === "comparison") this.set({ comparison: { rows: message.rows, settings: this.comparing }, comparing: null });
    if (message.kind === "coverage") this.receive_coverage(message, buffers[0]);
    if (message.kind === "contents" && this.contents_asked) this.set({ contents: { ...message, key: this.contents_asked.key }, contents_asked: null });
    if (message.kind === "queue") this.receive_queue(message, buffers[0]);
    if (!this.voxels?.is_about(message)) return;
    if (message.kind === "failure") this.set({ failure: message.text });
    this.voxels.receive(message, buffers);
    this.touch();
  }

  /** Ask for the policies side by side, one question at a time. */
  ask_comparison() {
    const { settings } = this.scene;
    if (this.comparing || this.comparison?.settings === settings) return;
    this.comparing = settings;
    this.model.send({ kind: "comparison", settings });
  }

  /** Ask how often voxels are seen, one question at a time. */
  ask_coverage(n_epochs) {
    const { settings } = this.scene;
    const asked = this.coverage_asked;
    if (asked && (!asked.answered || (asked.settings === settings && asked.n_epochs === n_epochs))) return;
    this.coverage_asked = { settings, n_epochs, answered: false };
    this.model.send({ kind: "coverage", settings, n_epochs });
  }

  receive_coverage(message, { buffer, byteOffset, byteLength }) {
    this.coverage_asked.answered = true;
    const { settings, n_epochs } = this.coverage_asked;
    const counts = new Uint16Array(buffer.slice(byteOffset, byteOffset + byteLength));
    this.set({ coverage: { ...message, counts, settings, n_epochs } });
  }

  /** Ask what is in the patches of a batch, which `key` tells from others; one question at a time. */
  ask_contents(entries, key) {
    if (this.contents_asked || this.contents?.key === key) return;
    this.contents_asked = { key };
    const asked = entries.map(({ subject, patch }) => [subject, patch]);
    this.model.send({ kind: "contents", settings: this.scene.settings, entries: asked });
  }

  receive_queue(message, { buffer, byteOffset, byteLength }) {
    if (message.about !== this.epoch_of) return; // of settings before these, whose queue is on its way
    const order = new Int32Array(buffer.slice(byteOffset, byteOffset + byteLength));
    const epoch = new Epoch(message, order, this.target.batch_size);
    this.set({ epoch, left: epoch.total, entry: null });
  }

  /** Ask for the pictures of patches whose voxels will not be here: mostly of other subjects. */
  ask_patches(entries) {
    const { settings } = this.scene;
    const is_here = (subject) => subject === settings.subject && !this.voxels.note;
    const wanted = entries.filter(({ subject, patch }) => !is_here(subject) && !this.patches.has(this.patch_key(subject, patch)));
    if (!wanted.length) return;
    const asked = wanted.map(({ subject, patch }) => [subject, patch]);
    asked.forEach((entry) => this.patches.set(this.patch_key(...entry), null));
    this.model.send({ kind: "patches", settings, axis: this.main_axis, entries: asked, about: this.patches_about() });
  }

  /** What the pictures of all patches depend on at present; by their answer it may be something else. */
  patches_about() {
    const { subject, batch_size, order, window, ...rest } = this.scene.settings;
    return JSON.stringify([this.main_axis, rest]);
  }

  patch_key(subject, patch, about = this.patches_about()) {
    return `${subject} ${patch} ${about}`;
  }

  receive_patches({ entries, corners, real, about, shape: [width, height] }, { buffer, byteOffset }) {
    entries.forEach((entry, n) => {
      const grey = new Uint8Array(buffer, byteOffset + n * width * height, width * height);
      this.patches.set(this.patch_key(...entry, about), { width, height, grey, corner: corners[n], real: real[n] });
    });
    this.touch();
  }
}

/** What the queue depends on: all but what is shown. */
function queue_key({ subject, channel, padding_mode, ...rest }) {
  return JSON.stringify(rest);
}

export function clamp(at, low, end) {
  return Math.min(Math.max(at, low), end - 1);
}
