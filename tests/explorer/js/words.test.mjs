// Words on patches and entries; how shares are written is tested beside Python's.

import assert from "node:assert/strict";
import { test } from "node:test";

import { box_of } from "../../../patchviz/explorer/js/state/boxes.js";
import { Epoch } from "../../../patchviz/explorer/js/state/epoch.js";
import { describe_entry, describe_patch, describe_selection } from "../../../patchviz/explorer/js/state/words.js";
import { make_queue, make_scene, Model } from "./stand_ins.mjs";

const scene = { ...make_scene(), blank: [0] };

test("a patch tells its number, its corner, how much of it is image, and whether it is left out", () => {
  const words = (n) => describe_patch(n, box_of(scene, n), 27);
  assert.deepEqual(words(13), ["patch 14 of 27", "corner 40, 40, 40", "all inside the image"]);
  assert.deepEqual(words(0), ["patch 1 of 27", "corner -24, -24, -24", "24.4 % image", "blank: left out"]);
  assert.deepEqual(describe_patch(5, null, 27), ["patch 6"]);
});

test("what is selected counts among the patches of its own subject", () => {
  const epoch = new Epoch(make_queue([scene.axes, scene.axes])[0], Int32Array.from([30, 2]), 2);
  const store = { scene: { ...scene, n_patches: 99 }, epoch, model: new Model() };
  const selection = { patch: 3, box: box_of(scene, 3) };
  assert.equal(describe_selection({ ...store, selection: { ...selection, entry: 0 } })[0], "patch 4 of 27");
  assert.equal(describe_selection({ ...store, selection: { ...selection, entry: null } })[0], "patch 4 of 99");
  assert.deepEqual(describe_entry(store, 0), ["sub-02", "batch 1 of 1, place 2"]);
});
