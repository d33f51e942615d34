// The history of settings: a gesture is one entry, and what is undone or refused is none.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Store } from "../../../patchviz/explorer/js/state/store.js";
import { make_scene, Model, settings } from "./stand_ins.mjs";

const model = new Model({ settings });
const store = new Store(model, new Set());
store.open();
const history = store.history;

function answer(tell = ({ settings: asked }) => ({ scene: make_scene(asked) })) {
  if (model.open.includes("scene")) model.answer("scene", tell); // or it is at hand
  history.note();
}

function change(size, dragging = false) {
  store.change({ patch_size: [size, size, size] }, dragging);
  answer();
}

const size = () => store.scene.settings.patch_size[0];

test("each gesture can be undone, and all of them at once, which can be undone as well", () => {
  answer();
  assert.deepEqual([history.can_undo, history.can_reset], [false, false]);
  for (const n of [66, 70, 72]) change(n, true);
  assert.equal(history.can_undo, false); // the drag goes on
  store.commit();
  history.note();
  change(48);
  store.change({ overlap: [99, 99, 99] });
  answer(() => ({ failure: "too much", control: "overlap" }));
  history.undo();
  history.note();
  assert.equal(size(), 72);
  assert.deepEqual(model.saved.settings.patch_size, [72, 72, 72]);
  history.undo();
  history.note();
  assert.deepEqual([size(), history.can_undo], [64, false]);
  change(48);
  change(36);
  history.reset();
  history.note();
  assert.deepEqual([size(), history.can_reset], [64, false]);
  history.undo();
  history.note();
  assert.equal(size(), 36);
});
