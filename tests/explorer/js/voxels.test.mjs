// The voxels on show: planes one by one, the whole behind them, and no plane twice.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Voxels } from "../../../patchviz/explorer/js/state/voxels.js";

const shape = [2, 3, 4];
const whole = Uint8Array.from({ length: 24 }, (_, n) => n);
let asked, voxels;

/** Cut a plane as Python does. */
function cut(axis, index) {
  return whole.filter((_, n) => [Math.floor(n / 12), Math.floor(n / 4) % 3, n % 4][axis] === index);
}

function answer(kind, tell) {
  const n = asked.findIndex((question) => question.kind === kind);
  const [question] = asked.splice(n, 1);
  const [message, ...buffers] = [tell(question)].flat();
  question.hear(message, buffers);
  return question;
}

function tell_volume({ position }, note = "planes only") {
  return [{ low: 0, high: 9, note, has_label: false, planes: position }, ...position.map((index, axis) => cut(axis, index))];
}

/** The voxels of a plane, read as the painter does. */
function read(axis, index) {
  const { image, base, strides } = voxels.plane(axis, index);
  const [u, v] = [0, 1, 2].filter((a) => a !== axis);
  const found = [];
  for (let p = 0; p < shape[u]; p++) for (let q = 0; q < shape[v]; q++) found.push(image[base + p * strides[u] + q * strides[v]]);
  return found;
}

beforeEach(() => {
  asked = [];
  const ask = (kind, content, hear) => asked.push({ kind, ...content, hear });
  voxels = new Voxels(ask, { subject: 3, channel: 0 }, shape, [1, 1, 2]);
});

test("with the header come the planes on show", () => {
  assert.deepEqual(asked.map(({ kind, subject, position }) => [kind, subject, position]), [["volume", 3, [1, 1, 2]]]);
  assert.equal(voxels.is_still, false);
  answer("volume", tell_volume);
  assert.ok(voxels.is_still);
  for (const [axis, index] of [[0, 1], [1, 1], [2, 2]]) assert.deepEqual(read(axis, index), [...cut(axis, index)]);
  assert.deepEqual(asked, []);
});

test("a plane is asked for once, one at a time, and the one before is shown until it is here", () => {
  answer("volume", tell_volume);
  const before = voxels.plane(2, 2);
  assert.deepEqual([voxels.plane(2, 0), voxels.plane(2, 1), voxels.plane(2, 0)], [before, before, before]);
  assert.deepEqual(asked.map(({ axis, index }) => [axis, index]), [[2, 0]]);
  answer("plane", ({ axis, index }) => [{}, cut(axis, index)]);
  assert.deepEqual(read(2, 0), [...cut(2, 0)]);
  assert.deepEqual(read(2, 2), [...cut(2, 2)]); // is kept
  assert.deepEqual(asked, []);
});

test("a plane that fails is not asked for over and over, another one is", () => {
  answer("volume", tell_volume);
  voxels.plane(2, 0);
  answer("plane", () => ({ failure: "gone" }));
  assert.equal(voxels.plane(2, 0), null); // none that is older than the slider
  assert.deepEqual([voxels.failure, asked.length, voxels.is_still], ["gone", 0, true]);
  voxels.plane(2, 1);
  answer("plane", ({ axis, index }) => [{}, cut(axis, index)]);
  assert.equal(voxels.failure, null);
});

test("the whole comes piece by piece behind the planes, and then nothing is asked for", () => {
  answer("volume", (question) => tell_volume(question, ""));
  voxels.fetch_behind();
  voxels.fetch_behind();
  assert.equal(voxels.source, "arriving");
  answer("voxels", ({ offset }) => [{}, whole.subarray(offset, offset + 10)]);
  answer("voxels", ({ offset }) => [{}, whole.subarray(offset, offset + 10)]);
  assert.equal(answer("voxels", ({ offset }) => [{}, whole.subarray(offset)]).offset, 20);
  assert.equal(voxels.source, "whole");
  for (const axis of [0, 1, 2]) for (let n = 0; n < shape[axis]; n++) assert.deepEqual(read(axis, n), [...cut(axis, n)]);
  assert.deepEqual(asked, []);
});

test("a piece that fails leaves the planes, and is not asked for over and over", () => {
  answer("volume", (question) => tell_volume(question, ""));
  voxels.fetch_behind();
  answer("voxels", () => ({ failure: "gone" }));
  voxels.fetch_behind();
  assert.deepEqual([voxels.source, voxels.failure, asked.length], ["planes", "gone", 0]);
  assert.deepEqual(read(0, 1), [...cut(0, 1)]);
});

test("a page has the whole at once", () => {
  answer("volume", () => [{ low: 0, high: 9, note: "", has_label: false }, whole]);
  assert.equal(voxels.source, "whole");
  assert.deepEqual(read(1, 0), [...cut(1, 0)]);
});
