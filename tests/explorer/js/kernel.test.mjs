// Questions and answers: each question is answered once, and only the one who asked hears it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Kernel } from "../../../patchviz/explorer/js/state/kernel.js";
import { Model } from "./stand_ins.mjs";

test("an answer goes to the one who asked, whatever comes in between", () => {
  const model = new Model();
  const kernel = new Kernel(model);
  const heard = [];
  for (const n of [1, 2, 3]) kernel.ask("plane", { n }, (answer, parts) => heard.push([n, answer, parts.map((part) => [...part])]));
  const questions = [...model.asked];
  const buffers = (n) => [new DataView(Uint8Array.from([9, n]).buffer, 1, 1)];
  for (const n of [3, 1, 2]) model.emit("msg:custom", { id: questions[n - 1].id, is: n }, buffers(n));
  assert.deepEqual(heard, [3, 1, 2].map((n) => [n, { is: n }, [[n]]]));
});

test("an answer is heard once, and those to another page of the kernel never", () => {
  const model = new Model();
  const kernels = [new Kernel(model), new Kernel(model)];
  const heard = [];
  kernels.forEach((kernel, n) => kernel.ask("scene", {}, () => heard.push(n)));
  const [{ id }] = model.asked;
  model.emit("msg:custom", { id });
  model.emit("msg:custom", { id });
  model.emit("msg:custom", { id: "nobody's" });
  assert.deepEqual(heard, [0]);
});

test("once it is closed nothing is heard, and the kernel is told", () => {
  const model = new Model();
  const kernel = new Kernel(model);
  kernel.ask("scene", {}, assert.fail);
  kernel.close();
  model.answer("scene", () => ({}));
  assert.deepEqual(model.open, ["gone"]);
});
