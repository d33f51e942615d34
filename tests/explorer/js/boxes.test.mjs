// Boxes: where each patch lies, and which patch lies where.

import assert from "node:assert/strict";
import { test } from "node:test";

import { box_at, box_of, boxes_of, boxes_on, heart_of, index_at, number_of } from "../../../patchviz/explorer/js/state/boxes.js";
import { make_axis, make_scene } from "./stand_ins.mjs";

const drawn = {
  ...make_scene({}, [[5, 9, 70], [6, 8, 60], [7, 7, 50]].map((starts, n) => make_axis(144, 64, starts, "ijk"[n]))),
  sampled: {},
  n_patches: 3,
};

test("the reference case has its 27 boxes, the first axis slowest", () => {
  const boxes = boxes_of(make_scene());
  assert.equal(boxes.length, 27);
  assert.deepEqual(boxes.slice(0, 4).map(({ corner }) => corner), [[-24, -24, -24], [-24, -24, 40], [-24, -24, 104], [-24, 40, -24]]);
  const shares = boxes.map(({ real }) => (100 * real).toFixed(1));
  const count = (share) => shares.filter((other) => other === share).length;
  assert.deepEqual(["100.0", "62.5", "39.1", "24.4"].map(count), [1, 6, 12, 8]);
  boxes.forEach(({ n, place }) => assert.equal(number_of(make_scene(), place), n));
});

test("boxes that are drawn have corners of their own", () => {
  assert.deepEqual(boxes_of(drawn).map(({ corner }) => corner), [[5, 6, 7], [9, 8, 7], [70, 60, 50]]);
});

test("blank patches say so", () => {
  const scene = { ...make_scene(), blank: [3, 26] };
  assert.deepEqual(boxes_of(scene).filter(({ blank }) => blank).map(({ n }) => n), [3, 26]);
});

test("the middle of what is image in a box lies in the image", () => {
  const scene = make_scene();
  assert.deepEqual([0, 13, 26].map((n) => heart_of(box_of(scene, n))), [[20, 20, 20], [72, 72, 72], [124, 124, 124]]);
});

test("a voxel is found in the box that holds it, and in none where there is none", () => {
  const scene = make_scene();
  boxes_of(scene).forEach((box) => assert.equal(box_at(scene, heart_of(box)), box.n));
  const dropped = make_scene({}, [..."ijk"].map((name) => make_axis(144, 64, [0, 64], name)));
  assert.equal(box_at(dropped, [140, 10, 10]), null);
});

test("of boxes that are drawn, a voxel is found in the one that it is most central in", () => {
  assert.equal(box_at(drawn, [37, 38, 39]), 0);
  assert.equal(box_at(drawn, [50, 50, 50]), 1);
  assert.equal(box_at(drawn, [143, 143, 143]), null);
});

test("a plane shows the boxes of one layer of a grid, and all drawn ones that it cuts", () => {
  const scene = make_scene();
  assert.deepEqual(boxes_on(scene, 2, 50).map(({ n }) => n), [1, 4, 7, 10, 13, 16, 19, 22, 25]);
  assert.deepEqual(boxes_on(drawn, 0, 8).map(({ n }) => n), [0]);
  assert.deepEqual(boxes_on(drawn, 0, 9).map(({ n }) => n), [0, 1]);
});

test("positions in the padding show what stands there, or nothing", () => {
  const [axis] = make_scene().axes;
  assert.deepEqual([-24, -1, 0, 143, 167].map((at) => index_at(axis, at)), [0, 0, 0, 143, 143]);
  assert.deepEqual([-25, 168].map((at) => index_at(axis, at)), [-1, -1]);
});
