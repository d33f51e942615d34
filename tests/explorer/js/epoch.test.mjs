// The queue of an epoch: entries, batches, and what is left of one.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Epoch } from "../../../patchviz/explorer/js/state/epoch.js";
import { make_axis, make_queue } from "./stand_ins.mjs";

const axes = (n) => [make_axis(4 * n, 4, Array.from({ length: n }, (_, m) => 4 * m)), make_axis(4, 4, [0]), make_axis(4, 4, [0])];
const [message] = make_queue([axes(3), axes(1), axes(2)]);
const epoch = new Epoch({ ...message, subjects: [7, 2, 9] }, Int32Array.from([5, 0, 3, 2, 4, 1]), 4);

test("an entry tells its subject, by place in the list and in the cohort, and its patch", () => {
  const entries = Array.from({ length: 6 }, (_, place) => epoch.entry(place));
  assert.deepEqual(entries.map(({ row, subject, patch }) => [row, subject, patch]), [[2, 9, 1], [0, 7, 0], [1, 2, 0], [0, 7, 2], [2, 9, 0], [0, 7, 1]]);
});

test("batches are popped from the end, the last one partial", () => {
  assert.equal(epoch.n_batches, 2);
  assert.deepEqual([0, 1].map((batch) => epoch.places(batch)), [[5, 4, 3, 2], [1, 0]]);
  assert.deepEqual([5, 2, 1, 0].map((place) => epoch.batch_of(place)), [[0, 0], [0, 3], [1, 0], [1, 1]]);
});

test("a batch ends where it is full, or where the queue ends", () => {
  assert.deepEqual([6, 5, 3, 2, 1, 0].map((left) => epoch.end_of_batch(left)), [2, 2, 2, 0, 0, 0]);
});

test("each subject has its own grid, and one that isn't in the queue none", () => {
  assert.deepEqual([7, 2, 9].map((subject) => epoch.grid_of(subject).axes[0].starts), [[0, 4, 8], [0], [0, 4]]);
  assert.equal(epoch.grid_of(0), null);
});
