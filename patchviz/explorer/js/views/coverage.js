// Coverage: how often each voxel is seen in an epoch, or over several, painted over the planes.

import { holds_coverage } from "../state/held.js";
import { fit, never_seen, plane_axes, theme_of } from "../draw/paint.js";

const most_epochs = 16;
const ramp = ["43,122,75,.35", "63,166,106,.45", "127,206,143,.55", "201,239,176,.65"]; // from seldom to often
const slices = new WeakMap(); // what is painted for each store and axis

export function render_coverage(store, el) {
  el.innerHTML = `<summary>coverage: how often each voxel is seen</summary>
    <div class="pv-fields"><label>epochs <input type="range" min="1" max="${most_epochs}" step="1" value="1"><output></output></label></div>
    <p class="pv-readout"></p><canvas role="img"></canvas>`;
  const [slider, output, readout, canvas] = ["input", "output", ".pv-readout", "canvas"].map((name) => el.querySelector(name));
  el.addEventListener("toggle", () => store.set({ show_coverage: el.open }));
  slider.oninput = () => store.touch();
  slider.max = String(store.model.get("n_covered") ?? most_epochs);
  return () => {
    if (!el.open) return;
    canvas.hidden = slider.disabled = !holds_coverage(store.model, store.scene.settings);
    if (canvas.hidden) readout.textContent = "this page holds it for the settings that it opens with; the notebook has all";
    if (canvas.hidden) return;
    output.value = slider.value;
    store.ask_coverage(Number(slider.value));
    const { coverage } = store;
    if (!coverage) return;
    readout.textContent = coverage.text;
    canvas.hidden = !coverage.shares.length; // too much to be counted
    if (canvas.hidden) return;
    const width = canvas.clientWidth;
    canvas.style.height = "64px";
    canvas.setAttribute("aria-label", `voxels by how often they are seen: ${coverage.text}`);
    draw_histogram(fit(canvas, width, 64), coverage, width, theme_of(el));
  };
}

/** A bar for each number of times that occurs: the legend of the planes, too. */
function draw_histogram(ctx, { shares }, width, theme) {
  const most = shares[shares.length - 1][0];
  const slot = Math.min(72, width / shares.length);
  ctx.font = `${13 * theme.scale}px ${theme.font}`;
  ctx.textAlign = "center";
  ctx.textBaseline = "top";
  shares.forEach(([times, share], n) => {
    const height = Math.max(2, 40 * share);
    ctx.fillStyle = colour_of(times, most);
    ctx.fillRect(n * slot + 2, 44 - height, Math.max(2, slot - 4), height);
    if (slot < 26) return;
    ctx.fillStyle = theme.text;
    ctx.fillText(times === 0 ? "never" : `${times} ×`, n * slot + slot / 2, 48);
  });
}

function colour_of(times, most) {
  if (times === 0) return `${never_seen}90`;
  return `rgba(${ramp[Math.floor(((times - 1) / most) * ramp.length)]})`;
}

/** The picture of how often the voxels of a plane are seen, or null where that is not to be shown. */
export function coverage_slice(store, axis) {
  const { coverage, scene, show_coverage, position } = store;
  if (!show_coverage || coverage?.settings !== scene.settings || !coverage.shares.length) return null;
  if (!slices.has(store)) slices.set(store, []);
  const made = slices.get(store);
  const block = block_at(coverage.edges[axis], position[axis]);
  if (block < 0) return null;
  if (made[axis]?.coverage !== coverage || made[axis].block !== block) made[axis] = { coverage, block, canvas: paint(coverage, axis, block) };
  return made[axis].canvas;
}

function block_at(edges, at) {
  return at < 0 || at >= edges[edges.length - 1] ? -1 : edges.findLastIndex((edge) => edge <= at);
}

/** A voxel a pixel, row 0 at the top. */
function paint({ edges, counts, shares }, axis, block) {
  const [u, v] = plane_axes(axis);
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: edges[u].at(-1), height: edges[v].at(-1) });
  const ctx = canvas.getContext("2d");
  const sizes = edges.map((axis_edges) => axis_edges.length - 1);
  const place = [0, 0, 0];
  place[axis] = block;
  const most = shares[shares.length - 1][0];
  for (place[u] = 0; place[u] < sizes[u]; place[u]++)
    for (place[v] = 0; place[v] < sizes[v]; place[v]++) {
      const times = counts[(place[0] * sizes[1] + place[1]) * sizes[2] + place[2]];
      ctx.fillStyle = colour_of(times, most);
      const [left, right] = [edges[u][place[u]], edges[u][place[u] + 1]];
      const [low, high] = [edges[v][place[v]], edges[v][place[v] + 1]];
      ctx.fillRect(left, canvas.height - high, right - left, high - low);
    }
  return canvas;
}
