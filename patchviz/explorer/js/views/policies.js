// The policies side by side on the volume shown, and the call of each library that gives the same patches.

import { change_policy } from "./controls.js";
import { fit, ground, hatch, never_seen, real_colour, theme_of } from "../draw/paint.js";

const lane = 9; // height of a patch on a ruler, in CSS pixels
const columns = ["policy", "starts", "per axis", "patches", "padding", "voxels cut", "lost"];

export function render_policies(store, el) {
  el.innerHTML = `<summary>policies side by side</summary>
    <form>
      <div class="pv-scroll"><table>
        <thead><tr>${columns.map((name) => `<th scope="col">${name}</th>`).join("")}</tr></thead>
        <tbody></tbody>
      </table></div>
      <div class="pv-row">
        <label>as code for <select></select></label>
        <button type="button">copy</button>
        <span role="status"></span>
      </div>
      <p class="pv-note"></p>
      <pre tabindex="0" role="group" aria-label="call"></pre>
    </form>`;
  const parts = ["form", "tbody", "select", "button", "[role=status]", ".pv-note", "pre"];
  const [form, body, library, copy, status, why, pre] = parts.map((name) => el.querySelector(name));
  const rows = new Map();
  let shown = null;

  form.onsubmit = (event) => event.preventDefault(); // the form only keeps one view's radio buttons from another's
  el.ontoggle = () => store.touch();
  library.onchange = () => store.touch();
  copy.onclick = async () => {
    status.textContent = (await write_to_clipboard(pre)) ? "copied" : "selected: press Ctrl+C";
  };
  const choose = (policy) => {
    if (policy !== store.target.policy) store.change(change_policy(store, policy));
  };

  return () => {
    if (!el.open) return;
    store.ask_comparison();
    const { comparison, scene, target } = store;
    if (!comparison) return;
    if (comparison !== shown) {
      for (const contender of comparison.rows) {
        if (!rows.has(contender.policy)) rows.set(contender.policy, add_row(body, contender, choose));
        put(rows.get(contender.policy), contender);
      }
      shown = comparison;
    }
    const now = comparison.rows.find(({ policy }) => policy === scene.settings.policy);
    rows.forEach((row, policy) => {
      row.querySelector("input").checked = policy === target.policy;
      if (policy === now.policy) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    });
    for (const { policy, axes } of comparison.rows) draw_rulers(rows.get(policy).querySelector("canvas"), scene, axes, comparison);
    if (!library.options.length) library.append(...now.calls.map((call) => new Option(call.library)));
    const { code, reason } = now.calls.find((call) => call.library === library.value);
    if (pre.textContent !== (code ?? "")) status.textContent = "";
    pre.textContent = code ?? "";
    why.textContent = reason ? `No equal call: ${reason}.` : "";
    pre.hidden = copy.disabled = !code;
    why.hidden = Boolean(code);
  };
}

/** A policy's row: a radio button with its name, the rulers, and the numbers. */
function add_row(body, { policy, summary, reference }, choose) {
  const row = body.insertRow();
  row.innerHTML = `<th scope="row"><label><input type="radio" name="policy" data-setting="policy"> ${policy}</label><small>${summary} (${reference})</small></th>
    <td><canvas aria-hidden="true"></canvas><small></small></td>${"<td></td>".repeat(columns.length - 2)}`;
  const radio = row.querySelector("input");
  radio.value = policy;
  radio.setAttribute("aria-label", policy);
  row.onclick = () => !radio.disabled && choose(policy);
  radio.onchange = () => choose(policy);
  return row;
}

function put(row, { reason, starts, counts, n_patches, padding, redundancy, lost }) {
  row.querySelector("input").disabled = Boolean(reason);
  row.classList.toggle("pv-impossible", Boolean(reason));
  row.querySelector("td small").textContent = reason ?? starts;
  row.querySelector("canvas").hidden = Boolean(reason);
  [counts, n_patches, padding, redundancy, lost].forEach((text, n) => (row.cells[n + 2].textContent = text));
  row.cells[1].colSpan = reason ? columns.length - 1 : 1;
  [...row.cells].slice(2).forEach((cell) => (cell.hidden = Boolean(reason)));
}

/** One ruler for each axis that differs from those before: the image, and the patches in as many lanes as they need. */
function draw_rulers(canvas, scene, starts, { rows, settings }) {
  if (!starts.length || settings !== scene.settings) return; // the numbers of another grid are on their way out
  const kinds = starts.map((list, a) => JSON.stringify([scene.axes[a].size, scene.axes[a].patch, list]));
  const axes = [0, 1, 2].filter((a) => kinds.indexOf(kinds[a]) === a);
  // all policies share a scale, so that they can be compared
  const every = rows.filter((row) => row.axes.length);
  const from = Math.min(...every.flatMap((row) => axes.map((a) => Math.min(0, row.axes[a][0]))));
  const to = Math.max(...every.flatMap((row) => axes.map((a) => Math.max(scene.axes[a].size, row.axes[a].at(-1) + scene.axes[a].patch))));
  const height = axes.map((a) => lane * lanes_of(starts[a], scene.axes[a].patch) + 9);
  const width = canvas.clientWidth;
  canvas.style.height = `${height.reduce((sum, h) => sum + h, 0)}px`;
  const ctx = fit(canvas, width, height.reduce((sum, h) => sum + h, 0));
  const at = (voxel) => Math.round(1 + ((voxel - from) / (to - from)) * (width - 2)); // whole pixels: no seams
  axes.forEach((a, n) => {
    const top = height.slice(0, n).reduce((sum, h) => sum + h, 0) + 2;
    draw_ruler(ctx, scene.axes[a], starts[a], at, top, height[n] - 8, theme_of(canvas));
  });
}

/** Overlapping patches take turns, so that none hides another: up to four of them. */
function lanes_of(starts, patch) {
  const most = starts.map((start, n) => starts.slice(n).findIndex((other) => other >= start + patch));
  return Math.min(4, Math.max(1, ...most.map((count, n) => (count < 0 ? starts.length - n : count))));
}

function draw_ruler(ctx, { size, patch }, starts, at, top, height, theme) {
  const lanes = lanes_of(starts, patch);
  const [left, right] = [at(0), at(size)];
  ctx.fillStyle = never_seen; // what the patches leave of it is what they lose
  ctx.fillRect(left, top, right - left, height);
  ctx.fillStyle = theme.soft;
  for (const start of starts) {
    const [x, end] = [Math.max(start, 0), Math.min(start + patch, size)].map(at);
    if (end > x) ctx.fillRect(x, top, end - x, height);
  }
  starts.forEach((start, n) => {
    const [x, y, w] = [at(start), top + 1 + (n % lanes) * lane, at(start + patch) - at(start)];
    ctx.fillStyle = real_colour(1, 0.55);
    ctx.fillRect(x, y, w, lane - 1);
    mark_padding(ctx, x, Math.min(x + w, left), y);
    mark_padding(ctx, Math.max(x, right), x + w, y);
    ctx.strokeStyle = real_colour(0.25);
    ctx.lineWidth = 1;
    if (w > 3) ctx.strokeRect(x + 0.5, y + 0.5, w - 1, lane - 2);
  });
  ctx.strokeStyle = theme.text;
  ctx.lineWidth = 1.5;
  ctx.strokeRect(left, top - 1, right - left, height + 2);
}

/** The part of a patch that is padding, dark and hatched. */
function mark_padding(ctx, from, to, y) {
  if (to <= from) return;
  ctx.fillStyle = ground;
  ctx.fillRect(from, y, to - from, lane - 1);
  hatch(ctx, [from, y, to - from, lane - 1], null, 4, 0.75);
}

/** Copy an element's text; where that is not allowed select it, for the user to copy. */
async function write_to_clipboard(element) {
  try {
    await navigator.clipboard.writeText(element.textContent);
    return true;
  } catch {
    getSelection().selectAllChildren(element);
    return false;
  }
}
