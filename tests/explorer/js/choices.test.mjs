// What there is to choose from, and numbers as people type them.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as choices from "../../../patchviz/explorer/js/state/choices.js";
import { make_scene, Model, settings } from "./stand_ins.mjs";

const cube = (size) => [size, size, size];
const page = (...changes) => new Model({ combinations: changes.map((change) => ({ ...settings, ...change })) });

test("numbers are read as they are typed; what is none stays text, for Python to refuse", () => {
  for (const [text, expected] of [["16", [16]], ["16, 16, 4", [16, 16, 4]], ["16 16;4", [16, 16, 4]], ["-3", [-3]], ["0.5,1", [0.5, 1]]]) {
    assert.deepEqual(choices.read_numbers(text), expected);
  }
  for (const text of ["abc", "", "16, b", "1-2"]) assert.equal(choices.read_numbers(text), text);
});

test("a value is a truth value, a number or a name", () => {
  assert.deepEqual(["false", "any", "0.05", "grid"].map(choices.read_value), [false, "any", 0.05, "grid"]);
});

test("a value for all axes is written once", () => {
  assert.deepEqual([cube(16), [16, 16, 4], "edge", null].map(choices.shorten), ["16", "16,16,4", "edge", "null"]);
});

test("with a kernel all can be asked for, but what is locked", () => {
  const model = new Model({ lock: ["policy"] });
  assert.equal(choices.offered_values(model, settings, "overlap"), null);
  assert.deepEqual(choices.offered_values(model, settings, "policy"), ["centered"]);
  assert.deepEqual(choices.unlocked(model, { policy: "tight", seed: 1 }), { seed: 1 });
});

test("a page offers what it holds beside the settings as they are, in order", () => {
  const model = page({}, { patch_size: cube(8) }, { patch_size: cube(128) }, { patch_size: cube(32), seed: 1 }, { policy: "tight", start: null });
  assert.deepEqual(choices.offered_values(model, settings, "patch_size"), ["8", "64", "128"]);
  assert.deepEqual(choices.offered_values(model, settings, "policy"), ["centered", "tight"]);
  const said = choices.describe_offer(model, settings, "patch_size");
  assert.equal(said, "this page holds patch size 8, 64, 128 here; the notebook has all");
});

test("a start goes with one policy only", () => {
  const store = { scene: make_scene() };
  assert.deepEqual(choices.change_policy(store, "centered"), { policy: "centered" });
  assert.deepEqual(choices.change_policy(store, "tight"), { policy: "tight", start: null, start_offset: [0, 0, 0] });
  const model = page({ start: cube(-4) }, { policy: "tight" });
  assert.deepEqual(choices.offered_values(model, { ...settings, start: cube(-4) }, "policy"), ["centered", "tight"]);
});

test("a page tells coverage of the settings that it opens with, in whatever epoch", () => {
  const model = page({}, { seed: 1 });
  assert.ok(choices.offers_coverage(model, { ...settings, epoch: 3 }));
  assert.ok(!choices.offers_coverage(model, { ...settings, seed: 1 }));
  assert.ok(choices.offers_coverage(new Model(), settings));
});

test("the slider goes to the nearest size that there is, by a key to the next", () => {
  const model = page({}, ...[65, 71, 72].map((size) => ({ patch_size: cube(size) })));
  const store = { model, scene: make_scene(), target: settings };
  assert.deepEqual([66, 69, 90, 1].map((wish) => choices.nearest_size(store, wish, false)), [65, 71, 72, 64]);
  store.target = { ...settings, patch_size: cube(65) };
  assert.deepEqual([66, 64].map((wish) => choices.nearest_size(store, wish, true)), [71, 64]);
  store.target = { ...settings, patch_size: cube(72) };
  assert.equal(choices.nearest_size(store, 73, true), 72);
  store.model = new Model();
  assert.equal(choices.nearest_size(store, 69, false), 69);
});
