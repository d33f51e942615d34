// The exported page: the explorer on a stand-in for its model, which answers from what the page holds.

import { follow_theme } from "../draw/canvas.js";
import { describe_offer } from "../state/choices.js";
import explorer from "./index.js";

/** What a view needs of a model, without a kernel behind it. */
class Model {
  constructor(content, bytes) {
    Object.assign(this, { content, bytes, listeners: new Map() });
    const { state, n_epochs, scenes, coverage } = content;
    this.scenes = new Map(scenes.map(([settings, ...places]) => [key_of(settings), places]));
    this.state = { ...state, n_epochs, n_coverage_epochs: coverage.length, combinations: scenes.map(([settings]) => settings) };
  }

  content; bytes; listeners;

  get(name) {
    return this.state[name];
  }

  set(name, value) {
    this.state[name] = value;
    this.emit(`change:${name}`);
  }

  save_changes() {}

  on(event, listener) {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
  }

  off(event, listener) {
    this.listeners.set(event, (this.listeners.get(event) ?? []).filter((other) => other !== listener));
  }

  emit(event, ...values) {
    this.listeners.get(event)?.forEach((listener) => listener(...values));
  }

  /** Answer as the kernel does: later. */
  send({ kind, id, ...asked }) {
    queueMicrotask(() => {
      const [answer, ...parts] = this.answer(kind, asked);
      const views = parts.map((part) => new DataView(part.buffer, part.byteOffset, part.byteLength));
      this.emit("msg:custom", { id, ...answer }, views);
    });
  }

  /** What is known: an answer, and the bytes that belong to it. */
  answer(kind, asked) {
    const { settings, n_epochs } = asked;
    const { bodies, sweeps, grids, queues, comparisons, coverage, volume } = this.content;
    const { image, label, orders, coverage: counts } = this.bytes;
    const found = this.scenes.get(key_of(settings));
    if (kind === "volume") return [volume, image, ...(label ? [label] : [])];
    if (kind === "scene" && !found) return [this.refuse(settings)];
    const [queue, comparison, body, sweep, grid] = found ?? [];
    if (kind === "scene") return [{ scene: { ...bodies[body], settings, size_sweep: sweeps[sweep] } }];
    if (kind === "queue") return [{ ...queues[queue][settings.epoch], ...grids[grid] }, cut(orders, queues[queue][settings.epoch])];
    if (kind === "comparison") return [{ rows: comparisons[comparison] }];
    if (kind === "coverage") return [coverage[n_epochs - 1], cut(counts, coverage[n_epochs - 1])];
    return [{ failure: "more is told in the notebook only" }];
  }

  /** Blame the first choice that is another than at present. */
  refuse(settings) {
    const now = this.get("settings");
    const control = Object.keys(now).find((name) => JSON.stringify(now[name]) !== JSON.stringify(settings[name]));
    return { control, failure: describe_offer(this, now, control) };
  }
}

/** Scenes are kept for the first epoch; the others look the same, but for their queues. */
function key_of(settings) {
  return JSON.stringify({ ...settings, epoch: 0 });
}

function cut(bytes, { offset, length }) {
  return bytes.subarray(offset, offset + length);
}

/** The bytes of one part of the page, from deflated base64. */
async function unpack(script) {
  const text = atob(script.textContent);
  const packed = new Uint8Array(text.length);
  for (let n = 0; n < text.length; n++) packed[n] = text.charCodeAt(n);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return [script.dataset.part, new Uint8Array(await new Response(stream).arrayBuffer())];
}

/** In a frame: leave it to the page around to say what this is, and tell that page how high it is. */
function fit_frame() {
  if (window.parent === window) return;
  document.body.dataset.framed = "";
  const tell = () => window.parent.postMessage({ height: document.body.offsetHeight }, "*");
  new ResizeObserver(tell).observe(document.body);
  addEventListener("message", ({ source }) => void (source === window.parent && tell()));
}

follow_theme();
fit_frame();
/** @type {NodeListOf<HTMLElement>} */ const scripts = document.querySelectorAll("script[data-part]");
const { content, ...bytes } = Object.fromEntries(await Promise.all([...scripts].map(unpack)));
const model = new Model(JSON.parse(new TextDecoder().decode(content)), bytes);
const { initialize, render } = explorer();
initialize({ model });
render({ el: document.getElementById("explorer") });
