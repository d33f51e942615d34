// The store: it asks one question at a time, hears every answer, and holds one selection.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { choose_entry, pause, play, pop_to, select_entry } from "../../../patchviz/explorer/js/state/epoch.js";
import { Store } from "../../../patchviz/explorer/js/state/store.js";
import { make_axis, make_queue, make_scene, Model, next_frame, settings } from "./stand_ins.mjs";

const flat = [[-24, 40, 104], [-24, 40, 104], [-16, 48]].map((starts, n) => make_axis([144, 144, 96][n], 64, starts, "ijk"[n]));
const cubic = make_scene().axes;
let model, store;

/** The scene of a subject: the second one is flatter. */
const scene_of = ({ settings: asked }) => ({ scene: make_scene(asked, asked.subject === 1 ? flat : null) });
const grey_planes = ({ position }) => [{ low: 0, high: 1, note: "planes only", has_label: false, planes: position }, ...position.map(() => new Uint8Array(144 * 144))];

beforeEach(() => {
  model = new Model({ settings, selected: 13 });
  store = new Store(model, new Set(["volume", "epoch", "boxes"]));
  store.open();
});

/** Answer what is asked at the start: the scene, the volume, the queue of two subjects. */
function start() {
  model.answer("scene", scene_of);
  model.answer("volume", grey_planes);
  model.answer("queue", () => make_queue([cubic, flat]));
}

// Questions ----------------------------------------------------------------------------------------

test("it opens with one question, then asks for what is shown", () => {
  assert.deepEqual(model.open, ["scene"]);
  start();
  assert.equal(store.scene.n_patches, 27);
  assert.equal(store.epoch.total, 27 + 18);
  assert.deepEqual(model.open, []); // the sweep has no neighbours
});

test("while one scene is worked on, only the last wish is asked for next", () => {
  start();
  for (const patch of [65, 66, 67]) store.change({ patch_size: [patch, patch, patch] });
  assert.deepEqual(model.open, ["scene"]);
  assert.deepEqual(model.answer("scene", scene_of).settings.patch_size, [65, 65, 65]);
  assert.deepEqual(model.answer("scene", scene_of).settings.patch_size, [67, 67, 67]);
  assert.equal(store.scene.axes[0].patch, 67);
  assert.deepEqual(model.saved.settings.patch_size, [67, 67, 67]);
});

test("a scene that fails blames a control, and the next change is asked for", () => {
  start();
  store.change({ skip_blank: "any" });
  model.answer("scene", () => ({ failure: "sub-03: there is no file seg.nii.gz", control: null }));
  assert.deepEqual(store.refusal, { control: "skip_blank", text: "sub-03: there is no file seg.nii.gz" });
  assert.deepEqual(store.target, store.scene.settings); // what was refused is given up
  store.change({ padding_mode: "wrap" });
  assert.equal(model.asked.at(-1).settings.skip_blank, undefined);
  model.answer("scene", scene_of);
  assert.equal(store.scene.settings.padding_mode, "wrap");
  assert.equal(store.refusal, null);
});

test("a scene that fails at the start has its reason shown, and Python can set another", () => {
  let drawn = 0;
  store.watch(() => drawn++);
  model.answer("scene", () => ({ failure: "no", control: null }));
  next_frame();
  assert.ok(drawn);
  assert.equal(store.refusal.text, "no");
  model.set("settings", { ...settings, policy: "tight" });
  model.answer("scene", scene_of);
  assert.equal(store.scene.settings.policy, "tight");
});

test("a queue that fails says why, and is asked for again with the next settings", () => {
  model.answer("scene", scene_of);
  model.answer("volume", grey_planes);
  model.answer("queue", () => ({ failure: "too long" }));
  assert.deepEqual([store.epoch, store.epoch_failure], [null, "too long"]);
  store.change({ subject: 1 }); // which has the same queue
  model.answer("scene", scene_of);
  model.answer("queue", () => make_queue([cubic, flat]));
  assert.deepEqual([store.epoch.total, store.epoch_failure], [45, null]);
});

test("the queue of settings that were left meanwhile is not shown", () => {
  model.answer("scene", scene_of);
  store.change({ seed: 1 });
  model.answer("scene", scene_of);
  model.answer("queue", () => make_queue([cubic], 5)); // of seed 0
  assert.equal(store.epoch, null);
  model.answer("queue", () => make_queue([cubic], 6));
  assert.equal(store.epoch.number, 6);
});

for (const kind of ["comparison", "coverage", "contents"]) {
  test(`the ${kind} is looked up once, one at a time, and says why it fails`, () => {
    start();
    const look = (seed) => store.look_up(kind, { settings: { seed } });
    assert.deepEqual([look(1), look(1), look(2)], [null, null, null]);
    assert.deepEqual(model.open, [kind]);
    model.answer(kind, () => ({ failure: "no such file" }));
    assert.equal(look(1).failure, "no such file");
    assert.deepEqual(model.open, []);
    assert.equal(look(2), null); // what depends on other settings is asked for
    model.answer(kind, () => ({ text: "found" }));
    assert.equal(look(2).text, "found");
  });
}

test("pictures of patches that fail say why, and are asked for again with the next settings", () => {
  start();
  const entries = [{ subject: 1, patch: 2 }];
  store.pictures.ask(entries);
  store.pictures.ask(entries);
  assert.deepEqual(model.open, ["patches"]);
  model.answer("patches", () => ({ failure: "sub-02 is damaged" }));
  assert.equal(store.pictures.failure, "sub-02 is damaged");
  store.pictures.ask(entries);
  assert.deepEqual(model.open, []);
  store.change({ subject: 0, channel: 0 }); // the same again
  store.pictures.ask(entries);
  const told = { corners: [[-24, 40, -16]], insides: [[40, 64, 48]], shape: [2, 2] };
  model.answer("patches", () => [told, Uint8Array.from([1, 2, 3, 4])]);
  assert.deepEqual([...store.pictures.get(1, 2).grey], [1, 2, 3, 4]);
  assert.equal(store.pictures.failure, null);
});

test("late pictures of patches are those of the plane that they were asked for", () => {
  start();
  const entries = [{ subject: 1, patch: 2 }];
  const told = { corners: [[-24, 40, -16]], insides: [[40, 64, 48]], shape: [1, 1] };
  for (const axis of [2, 0]) {
    store.set({ main_axis: axis });
    store.pictures.ask(entries);
  }
  store.set({ main_axis: 1 });
  for (let n = 0; n < 2; n++) model.answer("patches", ({ axis }) => [told, Uint8Array.from([10 * axis])]);
  for (const [axis, grey] of [[2, 20], [0, 0]]) {
    store.set({ main_axis: axis });
    assert.deepEqual([...store.pictures.get(1, 2).grey], [grey]);
  }
});

test("a volume that fails says why, and is asked for again with the next settings", () => {
  model.answer("scene", scene_of);
  model.answer("volume", () => ({ failure: "sub-01: t1.nii.gz is cut short" }));
  assert.equal(store.voxels.failure, "sub-01: t1.nii.gz is cut short");
  assert.ok(store.voxels.is_still); // nothing is waited for
  assert.equal(store.voxels.plane(2, 9), null);
  store.change({ padding_mode: "wrap" });
  model.answer("scene", scene_of);
  model.answer("volume", grey_planes);
  assert.equal(store.voxels.failure, null);
  assert.ok(store.voxels.plane(2, 72).image);
});

// The selection ------------------------------------------------------------------------------------

test("Python learns of a patch that is chosen, and the page of one that Python sets", () => {
  start();
  store.choose(7);
  assert.deepEqual([store.selection.patch, model.saved.selected], [7, 7]);
  model.set("selected", 26);
  assert.equal(store.selection.patch, 26);
  assert.deepEqual(store.position, [124, 124, 124]);
});

test("Python learns of an entry of the subject shown that is chosen in the queue", () => {
  start();
  choose_entry(store, 5);
  assert.deepEqual([store.selection.entry, store.selection.patch, model.saved.selected], [5, 5, 5]);
});

test("an entry of another subject brings that one's scene and volume, and stays selected", () => {
  start();
  choose_entry(store, 27 + 2);
  assert.equal(model.saved.selected, 13); // of the subject shown, whose selection it isn't
  model.answer("scene", scene_of);
  model.answer("volume", grey_planes);
  const { subject, patch, entry, here, box } = store.selection;
  assert.deepEqual([subject, patch, entry, here], [1, 2, 29, 2]);
  assert.deepEqual(box.corner, [-24, 40, -16]);
  assert.deepEqual([model.saved.settings.subject, model.saved.selected], [1, 2]);
});

test("an entry of a subject of another shape has the box of its own grid", () => {
  start();
  for (let patch = 0; patch < 18; patch++) {
    select_entry(store, 27 + patch);
    const [i, j, k] = [Math.floor(patch / 6), Math.floor(patch / 2) % 3, patch % 2];
    assert.deepEqual(store.selection.box.corner, [flat[0].starts[i], flat[1].starts[j], flat[2].starts[k]]);
    assert.equal(store.selection.here, null); // none of the patches shown
  }
  select_entry(store, 4);
  assert.equal(store.selection.here, 4);
});

test("of subjects with equal grids the patches shown stand for each other's", () => {
  model.answer("scene", scene_of);
  model.answer("volume", grey_planes);
  model.answer("queue", () => make_queue([cubic, cubic]));
  select_entry(store, 27 + 8);
  assert.deepEqual([store.selection.subject, store.selection.here], [1, 8]);
});

test("a patch that is drawn in another subject has no box until it is known", () => {
  model.answer("scene", () => ({ scene: { ...make_scene(), sampled: {} } }));
  model.answer("volume", grey_planes);
  const [queue, order] = make_queue([cubic, cubic]);
  model.answer("queue", () => [{ ...queue, grids: [], grid_of: [] }, order]);
  const before = store.position;
  select_entry(store, 27 + 8);
  assert.deepEqual([store.selection.box, store.selection.here], [null, null]);
  assert.deepEqual(store.position, before);
  select_entry(store, 8);
  assert.equal(store.selection.here, 8);
});

test("the selection stays on its voxel while patches change, and on its patch while they don't", () => {
  start();
  store.choose(26); // its middle is voxel 124
  for (const [patch, n] of [[72, 7], [36, 63], [144, 0], [64, 26]]) {
    store.change({ patch_size: [patch, patch, patch] });
    if (model.open.includes("scene")) model.answer("scene", scene_of);
    assert.equal(store.selection.patch, n);
  }
  store.choose(0, { voxel: [39, 39, 39] });
  store.change({ padding_mode: "wrap" });
  model.answer("scene", scene_of);
  assert.deepEqual([store.selection.patch, store.selection.voxel], [0, [39, 39, 39]]);
});

test("while something is to be guessed there is nothing to choose", () => {
  model = new Model({ settings, selected: 13, predict: ["n_patches"] });
  store = new Store(model, new Set());
  store.open();
  model.answer("scene", scene_of);
  store.choose(3);
  assert.deepEqual([store.selection.patch, store.selection.box], [13, null]);
});

// Playing ------------------------------------------------------------------------------------------

test("playing pops to zero, selects what it pops, and saves that once it ends", () => {
  start();
  store.set({ speed: 1000 });
  play(store);
  for (let now = performance.now(); store.playing; now += 20) {
    assert.equal(model.saved.selected, 13);
    next_frame(now);
  }
  assert.deepEqual([store.left, store.selection.entry, store.selection.patch], [0, 0, 0]);
  assert.equal(model.saved.selected, 0);
  play(store);
  assert.equal(store.playing, false); // nothing is left
});

test("playing ends with the view that is closed", () => {
  start();
  play(store);
  next_frame();
  store.close();
  next_frame();
  assert.equal(next_frame(), 0);
  assert.equal(store.playing, false);
  assert.deepEqual(model.open, ["gone"]);
});

test("two views share a store until the last is closed", () => {
  start();
  store.open();
  store.close();
  store.change({ padding_mode: "wrap" });
  model.answer("scene", scene_of);
  assert.equal(store.scene.settings.padding_mode, "wrap");
  store.close();
  assert.deepEqual(model.open, ["gone"]);
});

test("popping goes forwards and back, and no further than there are entries", () => {
  start();
  pop_to(store, 44);
  assert.deepEqual([store.left, store.selection.entry], [44, 44]);
  pop_to(store, -3);
  assert.equal(store.left, 0);
  pop_to(store, 99);
  assert.equal(store.left, 45);
  pause(store);
  assert.equal(store.selection.entry, 0);
});
