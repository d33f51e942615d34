// The patch size: its slider on a plot of what each size gives, or one slider for each axis.

import { changes } from "../draw/changes.js";
import { make_input, make_number, mark, put } from "../draw/inputs.js";
import { nearest_size } from "../state/choices.js";
import { percent } from "../state/words.js";

const thumb = 16; // width of a slider's handle, which its track is shorter by

export function render_patch_size(store, el) {
  el.innerHTML = `
    <div class="pv-track">
      <svg preserveAspectRatio="none" aria-hidden="true"></svg>
      <output aria-hidden="true"></output>
      <input type="range" step="1" aria-label="patch size">
      <ol aria-hidden="true"></ol>
    </div>
    <div class="pv-axes">${[..."ijk"].map(row).join("")}</div>
    <div class="pv-sizes"></div>
    <p class="pv-note" role="status"></p>`;
  const [track, axes, sizes, note] = el.children;
  const slider = track.querySelector("input");
  const link = make_input("same on all axes", sizes, { type: "checkbox" });
  const size = make_number("patch size", sizes);
  const rows = [...axes.children].map((label, a) => watch_row(store, a, label));
  const differs = changes();
  let known_shape = null;
  let by_key = false;

  const change = (edge, dragging = false) => store.change({ patch_size: [edge, edge, edge] }, dragging);
  for (const control of [slider, link, size]) control.dataset.setting = "patch_size";
  slider.onkeydown = slider.onpointerdown = ({ type }) => {
    by_key = type === "keydown";
  };
  slider.oninput = () => {
    put(slider, nearest_size(store, Number(slider.value), by_key));
    change(Number(slider.value), true);
  };
  commit_at_end(store, slider);
  size.onchange = () => change(Number(size.value));
  const show_linked = () => {
    track.hidden = size.parentElement.hidden = !link.checked;
    axes.hidden = link.checked;
  };
  link.onchange = () => {
    show_linked();
    if (link.checked) change(store.scene.settings.patch_size[0]);
  };

  return () => {
    const { scene, target } = store;
    const { patch_size } = scene.settings;
    const shape = scene.axes.map((axis) => axis.size).join();
    if (new Set(patch_size).size > 1) link.checked = false;
    else if (known_shape !== shape) link.checked = true;
    known_shape = shape;
    show_linked();
    put(size, patch_size[0]);
    rows.forEach((row) => row());
    if (differs([JSON.stringify(scene.size_sweep)])) plot(track, scene.size_sweep); // once a drag
    put(slider, target.patch_size[0]); // what is wished for, before it is known to be possible
    mark_now(track, scene.size_sweep, patch_size[0]);
    const { level, text } = mark(store, ["patch_size"], track, size);
    note.dataset.level = level;
    note.textContent = text;
  };
}

/** Slider and number for the patch size along one axis. */
const row = (letter) => `<label>patch size along ${letter}
  <input type="range" min="1" step="1" data-setting="patch_size">
  <input type="number" min="1" step="1" data-setting="patch_size" aria-label="patch size along ${letter}"></label>`;

function watch_row(store, axis, label) {
  const [slider, input] = label.querySelectorAll("input");
  const change = (value, dragging = false) => store.change({ patch_size: store.target.patch_size.with(axis, Number(value)) }, dragging);
  slider.oninput = () => change(slider.value, true);
  commit_at_end(store, slider);
  input.onchange = () => change(input.value);
  return () => {
    const { size, patch } = store.scene.axes[axis];
    slider.max = String(Math.max(size, patch));
    put(slider, store.target.patch_size[axis]);
    put(input, patch);
  };
}

/** End a slider's drag however it ends: back at its start it doesn't change, and a page that scrolls takes the pointer. */
function commit_at_end(store, slider) {
  slider.onchange = slider.onpointerup = slider.onpointercancel = () => store.commit();
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
  const lost = unseen[n] ? `, ${percent(unseen[n])} lost` : "";
  const text = counts[n] == null ? "" : `${counts[n]} ${counts[n] === 1 ? "patch" : "patches"}, ${percent(padding[n])} padding${lost}`;
  track.querySelector("input").setAttribute("aria-valuetext", `${size} voxels, ${text}`);
  track.querySelector("output").value = text;
}
