// The state of one explorer, shared by all its views: what the kernel knows, and what only the browser does.

import { box_at, find_box, have_same_starts, heart_of, index_at, shows_patches_of } from "./boxes.js";
import { offered_values, unlocked } from "./choices.js";
import { Epoch } from "./epoch.js";
import { History } from "./history.js";
import { Kernel } from "./kernel.js";
import { Pictures } from "./pictures.js";
import { withhold } from "./prediction.js";
import { Voxels } from "./voxels.js";

const reach = 8; // patch sizes on either side that are resolved before they are asked for
const most_scenes = 400;
const stores = new WeakMap();

/**
 * Two views of one model share one store, so the volume is held once and they stay in step. `needs`
 * holds what the parts that are shown need: "volume", "epoch", "boxes".
 */
export function open_store(model, needs) {
  const store = stores.get(model) ?? new Store(model, needs);
  stores.set(model, store);
  store.open();
  return store;
}

export class Store {
  constructor(model, needs) {
    this.model = model;
    this.needs = needs;
    this.views = new Set();
    this.n_open = 0;
    this.frame = 0;
    this.scenes = new Map();
    this.target = null; // the settings last wished for
    this.asked = null; // those that the kernel is working on
    this.answers = new Map(); // to what views look up, by kind
    // shown
    this.scene = null;
    this.ghost = null; // the scene before the drag that goes on
    /** @type {Voxels | null} */ this.voxels = null;
    this.pictures = new Pictures(this);
    this.history = new History(this);
    this.refusal = null;
    // client-only: never leaves the browser
    this.position = [0, 0, 0];
    this.main_axis = 2;
    this.hover = null;
    this.window = [0, 255];
    this.show_label = true;
    this.show_coverage = false;
    this.rotation = [-2.5, 0.45]; // from the right, the front and above, the origin farthest
    this.explode = 0;
    /** @type {Epoch | null} */ this.epoch = null;
    this.epoch_key = null; // what the queue of the epoch, here or on its way, depends on
    this.epoch_failure = null; // why there is no queue
    this.left = 0; // entries that are not yet popped
    this.playing = false;
    this.speed = 16;
    this.revealed = null; // what the numbers depended on when they were last guessed
    // what is selected (see `select`); its number is saved to Python at the end of a gesture
    this.selection = { patch: model.get("selected"), subject: null, entry: null, box: null, here: null, voxel: null };
  }

  open() {
    if (this.n_open++) return;
    this.kernel = new Kernel(this.model);
    this.model.on("change:settings", this.on_settings);
    this.model.on("change:selected", this.on_selected);
    this.request(this.model.get("settings"));
  }

  close() {
    if (--this.n_open) return;
    this.playing = false;
    this.model.off("change:settings", this.on_settings);
    this.model.off("change:selected", this.on_selected);
    cancelAnimationFrame(this.frame);
    stores.delete(this.model);
    this.kernel.close();
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
      this.views.forEach((view) => view());
      this.voxels?.fetch_behind();
    });
  }

  /** Ask the kernel; `hear(answer, buffers)` as in `Kernel.ask`, and what it changes is shown. */
  ask(kind, content, hear) {
    this.kernel.ask(kind, content, (answer, buffers) => {
      hear(answer, buffers);
      this.touch();
    });
  }

  /** What the kernel says to a question, nothing until that is known; it is asked one of a kind at a time. */
  look_up(kind, asked) {
    const key = JSON.stringify(asked);
    const found = this.answers.get(kind);
    if (found?.key === key && !found.waits) return found.answer;
    if (found?.waits) return null;
    this.answers.set(kind, { key, waits: true, answer: found?.answer });
    this.ask(kind, asked, (said, buffers) => this.answers.set(kind, { key, answer: { ...said, buffers, asked } }));
    return null;
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
    this.save_selected();
    if (this.voxels?.failure) this.open_voxels();
    this.pictures.retry();
    if (this.needs.has("epoch") && this.epoch_key !== key_of_queue(this.target)) this.ask_epoch();
    this.look_ahead();
  }

  /** Ask for the queue of the epoch shown; it comes paused. */
  ask_epoch() {
    const key = key_of_queue(this.target);
    this.set({ playing: false, epoch: null, epoch_key: key, epoch_failure: null });
    this.select(this.selection.patch, { voxel: this.selection.voxel });
    this.ask("queue", { settings: this.target }, (answer, [order]) => {
      if (key !== this.epoch_key) return; // of settings before these, whose queue is on its way
      if (answer.failure) return this.set({ epoch_key: null, epoch_failure: answer.failure });
      const epoch = new Epoch(answer, new Int32Array(order.slice().buffer), this.target.batch_size);
      this.set({ epoch, left: epoch.total });
    });
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
      this.ask("scene", { settings: this.asked }, (answer) => this.receive_scene(answer));
    }
  }

  receive_scene({ scene, control, failure }) {
    const asked = this.asked;
    const settled = asked === this.target;
    this.asked = null;
    if (scene) this.keep(scene);
    if (settled && scene) this.target = scene.settings;
    if (settled && !scene) this.refuse(asked, control, failure);
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
    if (this.scenes.size > most_scenes) this.scenes.clear();
    this.scenes.set(JSON.stringify(scene.settings), scene);
  }

  /** Ask for the neighbouring patch sizes, so that the next drag finds them here. */
  look_ahead() {
    const { settings, sampled, size_sweep } = this.scene;
    if (new Set(settings.patch_size).size > 1 || sampled) return; // drawn ones take Python long
    const [size] = settings.patch_size;
    const wanted = [];
    for (let near = size - reach; near <= size + reach; near++) {
      const next = { ...settings, patch_size: settings.patch_size.map(() => near) };
      if (size_sweep.sizes.includes(near) && !this.scenes.has(JSON.stringify(next))) wanted.push(next);
    }
    if (wanted.length) this.ask("neighbours", { settings: wanted }, ({ scenes = [] }) => scenes.forEach((s) => this.keep(s)));
  }

  show(full) {
    const before = this.scene;
    const scene = withhold(this, full);
    const { subject, channel } = scene.settings;
    const is_other = before?.settings.subject !== subject;
    this.set({ scene, refusal: null, hover: null });
    this.move_to(is_other ? scene.axes.map((axis) => axis.size >> 1) : this.position);
    if (is_other || before.settings.channel !== channel) this.open_voxels();
    const { patch, voxel, ...selection } = this.selection;
    const entry = selection.subject === subject ? selection.entry : null; // it may have brought its subject's scene
    if (is_other) return this.select(entry === null ? Math.min(patch, full.n_patches - 1) : patch, { entry, centre: entry !== null });
    // where patches change, the selection follows the voxel
    const stays = !voxel || (selection.subject === subject && have_same_starts(before.axes, full.axes));
    this.select(Math.min((stays ? patch : box_at(full, voxel)) ?? 0, full.n_patches - 1), { entry, voxel });
  }

  /** Open the volume of the scene: first the planes on show. */
  open_voxels() {
    if (!this.needs.has("volume")) return;
    const { axes, settings: { subject, channel } } = this.scene;
    const planes = axes.map((axis, a) => Math.max(0, index_at(axis, this.position[a])));
    const shape = axes.map((axis) => axis.size);
    this.voxels = new Voxels((...question) => this.ask(...question), { subject, channel }, shape, planes);
  }

  /** Bring the planes to a position, as far as there are any. */
  move_to(position) {
    this.set({ position: position.map((at, a) => clamp(at, ...this.scene.axes[a].span)) });
  }

  /**
   * Select a patch by its number from 0: of the subject shown, or by an entry of the queue of any; `centre`
   * brings the planes to it. The selection tells its box, and as which of the patches shown it is
   * `here`; either is null where that isn't known. It stays where `voxel` is when patches change.
   */
  select(patch, { subject = this.scene.settings.subject, entry = null, voxel = null, centre = false } = {}) {
    const box = this.scene.withheld ? null : find_box(this, subject, patch);
    const heart = box && heart_of(box);
    const here = box && shows_patches_of(this, subject) ? patch : null;
    this.set({ selection: { patch, subject, entry, box, here, voxel: voxel ?? heart } });
    if (centre && heart) this.move_to(heart);
  }

  /** Python learns which patch of the subject shown is selected. */
  save_selected() {
    const { subject, patch } = this.selection;
    if (subject === this.scene.settings.subject) this.model.set("selected", patch);
    this.model.save_changes();
  }

  /** Select for good: Python learns of it, and the volume of another subject is fetched where there is one. */
  choose(patch, options) {
    if (this.scene.withheld) return; // there is nothing to select from yet
    this.select(patch, options);
    const { subject } = this.selection;
    const values = offered_values(this.model, this.scene.settings, "subject") ?? [String(subject)];
    if (subject === this.scene.settings.subject) this.save_selected();
    else if (values.includes(String(subject))) this.change({ subject });
  }

  on_settings = () => {
    const settings = this.model.get("settings");
    if (JSON.stringify(settings) !== JSON.stringify(this.target)) this.request(settings);
  };

  on_selected = () => {
    const patch = this.model.get("selected");
    const { selection, scene } = this;
    if (!scene || (patch === selection.patch && selection.subject === scene.settings.subject)) return;
    if (this.asked) this.selection = { ...selection, patch, entry: null, voxel: null }; // of the scene to come
    else this.select(patch, { centre: true });
  };
}

/** What the queue depends on: all but what is shown. */
function key_of_queue({ subject, channel, padding_mode, ...rest }) {
  return JSON.stringify(rest);
}

export function clamp(at, low, end) {
  return Math.min(Math.max(at, low), end - 1);
}
