// What has to be guessed first: no view is given it before, and what was guessed stays known.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Store } from "../../../patchviz/explorer/js/state/store.js";
import { asked_rows, reveal } from "../../../patchviz/explorer/js/state/prediction.js";
import { make_scene, Model, settings } from "./stand_ins.mjs";

function open() {
  const model = new Model({ settings, selected: 13, predict: ["n_patches"] });
  const store = new Store(model, new Set());
  store.open();
  model.answer("scene", ({ settings: asked }) => ({ scene: make_scene(asked) }));
  return [store, model];
}

test("a scene that is withheld holds neither grid nor numbers", () => {
  const [{ scene }] = open();
  assert.ok(scene.withheld);
  assert.deepEqual(asked_rows(open()[1], scene), [{ key: "n_patches", label: "patches" }]);
  const told = JSON.stringify({ ...scene, axes: scene.axes.map(({ image_index, layer_index, ...axis }) => axis) });
  assert.doesNotMatch(told, /27|-24|104|0\.5\b/);
  assert.deepEqual(scene.axes.map(({ starts, span }) => [starts, span]), Array(3).fill([[0], [0, 144]]));
});

test("a guess reveals it, and Python learns the guess", () => {
  const [store, model] = open();
  reveal(store, { n_patches: "8" });
  assert.deepEqual([store.scene.withheld, store.scene.n_patches, store.selection.patch], [undefined, 27, 13]);
  assert.deepEqual(model.saved.guesses, { n_patches: "8" });
});

test("what no number depends on leaves it revealed, all else withholds it again", () => {
  const [store, model] = open();
  reveal(store, { n_patches: "8" });
  const change = (changes) => {
    store.change(changes);
    model.answer("scene", ({ settings: asked }) => ({ scene: make_scene(asked) }));
    return Boolean(store.scene.withheld);
  };
  assert.equal(change({ padding_mode: "wrap" }), false);
  assert.equal(change({ subject: 1 }), false);
  assert.equal(change({ seed: 1 }), true);
});
