// The exported page: the explorer on a stand-in for its model, which answers from what the page holds.

import explorer from "./index.js";
import { say_held } from "../state/held.js";
import { follow_theme } from "../draw/theme.js";

/** What a view needs of a model, without a kernel behind it. */
class Model {
  queues; coverage; volume; parts; listeners;

  constructor(content, parts) {
    const { state, n_epochs, scenes, bodies, sweeps, comparisons, queues, coverage, volume } = content;
    Object.assign(this, { queues, coverage, volume, parts, listeners: new Map() });
    this.scenes = new Map(scenes.map(([settings, body, sweep, queue]) => [key_of(settings), { body: bodies[body], size_sweep: sweeps[sweep], queue }]));
    const found = [...this.scenes.values()];
    for (const [places, rows] of comparisons) for (const n of places) found[n].rows = rows;
    let offset = 0;
    for (const queue of queues.flat()) {
      queue.offset = offset;
      offset += 4 * queue.length;
    }
    offset = 0;
    for (const counts of coverage) {
      counts.offset = offset;
      offset += counts.length;
    }
    this.state = { ...state, n_epochs, n_covered: coverage.length, held: scenes.map(([settings]) => settings) };
  }

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

  /** Answer as the kernel does: later. Scenes "ahead" are all at hand; other subjects' "patches" are not here. */
  send(asked) {
    const answers = { scene: this.send_scene, queue: this.send_queue, volume: this.send_volume, comparison: this.send_comparison, coverage: this.send_coverage };
    const answer = answers[asked.kind];
    if (answer) queueMicrotask(() => answer.call(this, asked));
  }

  reply(message, ...buffers) {
    this.emit("msg:custom", message, buffers.map((bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)));
  }

  send_scene({ settings }) {
    const found = this.scenes.get(key_of(settings));
    if (found) this.reply({ kind: "scene", scene: { ...found.body, settings, size_sweep: found.size_sweep } });
    else this.reply({ kind: "scene", ...this.refuse(settings) });
  }

  /** Blame the first choice that is another than at present. */
  refuse(settings) {
    const now = this.get("settings");
    const control = Object.keys(now).find((name) => JSON.stringify(now[name]) !== JSON.stringify(settings[name]));
    return { control, text: say_held(this, now, control) };
  }

  send_queue({ settings, about }) {
    const { queue } = this.scenes.get(key_of(settings));
    const { offset, length, ...content } = this.queues[queue][settings.epoch];
    this.reply({ kind: "queue", ...content, about }, this.parts.orders.subarray(offset, offset + 4 * length));
  }

  send_comparison({ settings }) {
    this.reply({ kind: "comparison", rows: this.scenes.get(key_of(settings)).rows });
  }

  send_coverage({ n_epochs }) {
    const { offset, length, ...content } = this.coverage[n_epochs - 1];
    this.reply(content, this.parts.coverage.subarray(offset, offset + length));
  }

  send_volume() {
    const { image, label } = this.parts;
    this.reply({ kind: "volume", ...this.volume }, image, ...(label ? [label] : []));
  }
}

/** Scenes are kept for the first epoch; the others look the same, but for their queues. */
function key_of(settings) {
  return JSON.stringify({ ...settings, epoch: 0 });
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
const { content, ...parts } = Object.fromEntries(await Promise.all([...scripts].map(unpack)));
const model = new Model(JSON.parse(new TextDecoder().decode(content)), parts);
const { initialize, render } = explorer();
initialize({ model });
render({ el: document.getElementById("explorer") });
