// The controls: patch size over its sawtooth of padding, the picture's own, and a fold with the rest.

import { nearest_size } from "../state/held.js";
import { range } from "../draw/paint.js";
import { percent } from "../state/words.js";

const thumb = 16; // width of a slider's handle, which its track is shorter by

export function render_sentence(store, el) {
  let shown = null;
  return () => {
    if (store.scene === shown) return;
    const before = new Map((shown?.sentence ?? []).map((word) => [word.key, word.text]));
    shown = store.scene;
    el.replaceChildren(
      ...shown.sentence.map(({ text, key, strong }) => {
        const word = document.createElement(strong ? "strong" : "span");
        word.textContent = text;
        if (key) word.dataset.key = key;
        if (key && before.has(key) && before.get(key) !== text) word.className = "pv-flash";
        return word;
      }),
    );
  };
}

export function render_patch_size(store, el) {
  el.innerHTML = `
    <div class="pv-track">
      <svg preserveAspectRatio="none" aria-hidden="true"></svg>
      <output aria-hidden="true"></output>
      <input type="range" step="1" aria-label="patch size">
      <ol aria-hidden="true"></ol>
    </div>
    <div class="pv-axes"></div>
    <div class="pv-sizes"></div>
    <p class="pv-note" role="status"></p>`;
  const [track, axes, sizes, note] = ([...el.children]);
  const slider = track.querySelector("input");
  const link = check("same on all axes", sizes);
  const size = number("patch size", sizes);
  const rows = [0, 1, 2].map((a) => make_size_row(store, a, axes));
  let plotted = null;
  let known_shape = null;

  const cube = (edge) => ({ patch_size: [edge, edge, edge] });
  for (const control of [slider, link, size]) control.dataset.setting = "patch_size";
  let by_key = false;
  slider.onkeydown = slider.onpointerdown = ({ type }) => {
    by_key = type === "keydown";
  };
  slider.oninput = () => {
    put(slider, nearest_size(store, Number(slider.value), by_key));
    store.change(cube(Number(slider.value)), true);
  };
  slider.onchange = slider.onpointerup = () => store.commit(); // back at its start it doesn't change
  size.onchange = () => store.change(cube(Number(size.value)));
  const show_linked = () => {
    track.hidden = size.parentElement.hidden = !link.checked;
    axes.hidden = link.checked;
  };
  link.onchange = () => {
    show_linked();
    if (link.checked) store.change(cube(store.scene.settings.patch_size[0]));
  };

  return () => {
    const { scene, refusal } = store;
    const { patch_size } = scene.settings;
    const shape = scene.axes.map((axis) => axis.size).join();
    if (new Set(patch_size).size > 1) link.checked = false;
    else if (known_shape !== shape) link.checked = true;
    known_shape = shape;
    show_linked();
    put(size, patch_size[0]);
    rows.forEach((row) => row());
    if (scene.size_sweep !== plotted) plot(track, scene.size_sweep);
    plotted = scene.size_sweep;
    put(slider, store.target.patch_size[0]); // what is wished for, before it is known to be possible
    mark_now(track, scene.size_sweep, patch_size[0]);
    say(note, [track, size], ["patch_size"], scene.hints, refusal);
  };
}

/** Slider and number for the patch size along one axis. */
function make_size_row(store, axis, parent) {
  const name = `patch size along ${"ijk"[axis]}`;
  const slider = make_input(name, parent, { type: "range", step: "1", min: "1" });
  const input = make_input("", slider.parentElement, { type: "number", step: "1", min: "1", "aria-label": name });
  for (const control of [slider, input]) control.dataset.setting = "patch_size";
  const sizes = (from) => {
    const patch_size = [...store.target.patch_size];
    patch_size[axis] = Number(from.value);
    return { patch_size };
  };
  slider.oninput = () => store.change(sizes(slider), true);
  slider.onchange = slider.onpointerup = () => store.commit();
  input.onchange = () => store.change(sizes(input));
  return () => {
    const { size, patch } = store.scene.axes[axis];
    slider.max = String(Math.max(size, patch));
    put(slider, store.target.patch_size[axis]);
    put(input, patch);
  };
}

/** Draw the sawtooth: the share of padding for each size, with ticks where a U-Net halves evenly. */
function plot(track, { sizes, padding, unseen, ticks }) {
  const svg = track.querySelector("svg");
  const [first, last] = [sizes[0], sizes[sizes.length - 1]];
  const area = (shares) =>
    `M${first},100L${shares.map((share, n) => `${sizes[n]},${100 - 100 * (share ?? 0)}`).join("L")}L${last},100Z`;
  const lines = ticks.map((size) => `M${size},100V0`).join("");
  svg.setAttribute("viewBox", `${first} 0 ${Math.max(1, last - first)} 100`);
  svg.innerHTML = `<path class="pv-ticks" d="${lines}"/><path class="pv-saw" d="${area(padding)}"/>
    <path class="pv-lost" d="${area(unseen)}"/><path class="pv-now"/>`;
  Object.assign(track.querySelector("input"), { min: first, max: last });
  const step = Math.ceil(ticks.length / 9);
  track.querySelector("ol").replaceChildren(
    ...ticks
      .filter((_, n) => n % step === 0)
      .map((size) => {
        const item = document.createElement("li");
        item.textContent = String(size);
        const share = (size - first) / Math.max(1, last - first);
        item.style.left = `calc(${thumb / 2}px + ${share} * (100% - ${thumb}px))`;
        return item;
      }),
  );
}

function mark_now(track, { sizes, padding, unseen, counts }, size) {
  const n = sizes.indexOf(size);
  track.querySelector(".pv-now").setAttribute("d", n < 0 ? "" : `M${size},100V${100 - 100 * padding[n]}`);
  const input = track.querySelector("input");
  const text = n < 0 || counts[n] === null ? "" : `${counts[n]} ${counts[n] === 1 ? "patch" : "patches"}, ${percent(padding[n])} padding${unseen[n] ? `, ${percent(unseen[n])} lost` : ""}`;
  input.setAttribute("aria-valuetext", `${size} voxels, ${text}`);
  track.querySelector("output").value = text;
}

export function render_fold(store, el) {
  el.innerHTML = `<summary>overlap, policy, padding mode, batch size, blanks, random starts, patches drawn</summary><div class="pv-fields"></div><p class="pv-note" role="status"></p>`;
  const fields = el.querySelector(".pv-fields");
  const note = el.querySelector(".pv-note");
  const choices = store.model.get("choices");
  const overlap = make_input("overlap", fields, { type: "text", inputmode: "numeric", size: "8", title: "voxels, for all axes or one per axis: 16, 16, 4" });
  const policy = choice("policy", fields, choices.policy);
  const padding_mode = choice("padding mode", fields, choices.padding_mode);
  const batch_size = number("batch size", fields);
  const skip_blank = choice("blank patches", fields, choices.skip_blank);
  const start_offset = number("random starts, from minus", fields, 0);
  Object.entries({ overlap, policy, padding_mode, batch_size, skip_blank, start_offset }).forEach(([name, input]) => (input.dataset.setting = name));
  const show_sampling = make_sampling(store, fields);
  overlap.onchange = () => {
    const given = read_numbers(overlap.value);
    store.change({ overlap: given.length === 1 ? store.scene.axes.map(() => given[0]) : given });
  };
  policy.onchange = () => store.change(change_policy(store, policy.value));
  padding_mode.onchange = () => store.change({ padding_mode: padding_mode.value });
  batch_size.onchange = () => store.change({ batch_size: Math.max(1, Number(batch_size.value)) });
  skip_blank.onchange = () => store.change({ skip_blank: read_rule(skip_blank.value) });
  start_offset.onchange = () => store.change({ start_offset: store.scene.axes.map(() => Math.max(0, Number(start_offset.value))) });
  return () => {
    const { settings, hints } = store.scene;
    skip_blank.parentElement.hidden = !store.scene.has_label;
    put(skip_blank, String(settings.skip_blank));
    put(start_offset, Math.max(...settings.start_offset));
    put(overlap, new Set(settings.overlap).size > 1 ? settings.overlap.join(", ") : settings.overlap[0]);
    put(policy, settings.policy);
    put(padding_mode, settings.padding_mode);
    put(batch_size, settings.batch_size);
    show_sampling();
    say(null, [policy], ["policy", "start"], hints, store.refusal);
    for (const [name, input] of Object.entries({ overlap, padding_mode, batch_size, skip_blank, start_offset })) {
      say(null, [input], [name], hints, store.refusal);
    }
    const about = hints.filter(({ control }) => control !== "patch_size");
    const refused = store.refusal && store.refusal.control !== "patch_size" ? store.refusal.text : null;
    note.textContent = refused ?? about.map(({ text }) => text).join("; ");
    note.dataset.level = refused ? "red" : "amber";
    if (refused) el.open = true;
  };
}

/** Where patches come from, and what belongs to it; returns what shows the present choice. */
function make_sampling(store, fields) {
  const from = choice("patches from", fields, store.model.get("choices").sampling);
  const [, , by_share, by_class] = from.options;
  const share = make_input("share with foreground", fields, { type: "number", step: "0.01", min: "0.01", max: "1" });
  const chances = make_input("chances of classes 0, 1, 2 …", fields, { type: "text", size: "8", title: "of standing in the middle of a patch: 0, 1, 2" });
  const count = make_input("patches a subject", fields, { type: "number", step: "1", min: "1", placeholder: "grid's", title: "as many as the grid has, where left empty" });
  for (const input of [from, share, chances]) input.dataset.setting = "sampling";
  count.dataset.setting = "patches_per_subject";
  const change = (sampling) => store.change({ sampling, ...(sampling === "grid" ? { patches_per_subject: null } : {}) });
  from.onchange = () => change(read_sampling(from.value));
  share.onchange = () => share.reportValidity() && change(Number(share.value));
  chances.onchange = () => change(read_numbers(chances.value));
  count.onchange = () => count.reportValidity() && store.change({ patches_per_subject: count.value ? Number(count.value) : null });
  return () => {
    const { settings, has_label, hints } = store.scene;
    const { sampling, patches_per_subject } = settings;
    const kind = typeof sampling === "number" ? by_share : Array.isArray(sampling) ? by_class : null;
    if (kind) kind.value = String(sampling);
    by_share.hidden = by_class.hidden = !has_label;
    put(from, String(sampling));
    put(share, by_share.value);
    put(chances, by_class.value.replaceAll(",", ", "));
    put(count, patches_per_subject ?? "");
    share.parentElement.hidden = kind !== by_share;
    chances.parentElement.hidden = kind !== by_class;
    count.parentElement.hidden = sampling === "grid";
    say(null, [from], ["sampling"], hints, store.refusal);
    say(null, [count], ["patches_per_subject"], hints, store.refusal);
  };
}

/** A way of sampling as Python takes it: a name, a share, or the chances of classes. */
function read_sampling(text) {
  if (text.includes(",")) return read_numbers(text);
  return Number.isNaN(Number(text)) ? text : Number(text);
}

/** What to change for another policy: a start, given or drawn, goes with one only. */
export function change_policy(store, policy) {
  const none = { start: null, start_offset: store.scene.axes.map(() => 0) };
  return { policy, ...(policy === "centered" ? {} : none) };
}

function read_numbers(text) {
  return text.split(/[^\d.-]+/).filter(Boolean).map(Number);
}

/** A blank rule as Python takes it: false, a name, or a share. */
function read_rule(text) {
  if (text === "false") return false;
  return Number.isNaN(Number(text)) ? text : Number(text);
}

export function render_picture(store, el) {
  const subject = choice("subject", el, store.model.get("choices").subject);
  const channel = choice("channel", el, {});
  Object.entries({ subject, channel }).forEach(([name, select]) => (select.dataset.setting = name));
  const low = slider("darkest", el);
  const high = slider("brightest", el);
  const label = check("label", el);
  subject.onchange = () => store.change({ subject: Number(subject.value), channel: 0, patch_size: store.scene.settings.patch_size });
  channel.onchange = () => store.change({ channel: Number(channel.value) });
  label.onchange = () => store.set({ show_label: label.checked });
  const set_window = () => store.set({ window: [Number(low.value), Math.max(Number(high.value), Number(low.value) + 1)] });
  low.oninput = high.oninput = set_window;
  return () => {
    const { scene, voxels, window, show_label } = store;
    if (channel.options.length !== scene.n_channels) {
      channel.replaceChildren(...range(0, scene.n_channels).map((n) => new Option(String(n + 1), String(n))));
    }
    for (const [name, select] of Object.entries({ subject, channel })) {
      select.value = String(scene.settings[name]);
      select.parentElement.hidden = select.options.length < 2;
    }
    label.checked = show_label;
    label.parentElement.hidden = !scene.has_label;
    put(low, window[0]);
    put(high, window[1]);
    const real = (grey) => (voxels.note === undefined ? "" : (voxels.low + (grey / 255) * (voxels.high - voxels.low)).toPrecision(3));
    low.setAttribute("aria-valuetext", real(window[0]));
    high.setAttribute("aria-valuetext", real(window[1]));
  };
}

/** Turn a control amber or red, and say why. */
function say(note, controls, names, hints, refusal) {
  const refused = names.includes(refusal?.control) ? refusal.text : null;
  const found = hints.filter(({ control }) => names.includes(control)).map(({ text }) => text);
  const level = refused ? "red" : found.length ? "amber" : "";
  controls.forEach((control) => (control.dataset.level = level));
  if (!note) return;
  note.dataset.level = level;
  note.textContent = refused ?? found.join("; ");
}

/** Show a value, unless somebody is typing there. */
function put(input, value) {
  const typing = ["number", "text"].includes(input.type) && input.getRootNode().activeElement === input;
  if (!typing) input.value = String(value);
}

function labelled(name, control, parent) {
  const label = document.createElement("label");
  label.append(name, control);
  parent.append(label);
  return control;
}

function make_input(name, parent, attributes) {
  const input = document.createElement("input");
  Object.entries(attributes).forEach(([key, value]) => input.setAttribute(key, value));
  labelled(name, input, parent);
  return input;
}

function number(name, parent, min = 1) {
  return make_input(name, parent, { type: "number", step: "1", min: String(min) });
}

function slider(name, parent) {
  return make_input(name, parent, { type: "range", min: "0", max: "255" });
}

function check(name, parent) {
  return make_input(name, parent, { type: "checkbox" });
}

function choice(name, parent, options) {
  const select = document.createElement("select");
  select.replaceChildren(...Object.entries(options).map(([value, text]) => new Option(text, value)));
  labelled(name, select, parent);
  return select;
}
