// The policies side by side on the volume shown, and the call of each library that gives the same patches.

import { change_policy } from "../state/choices.js";

const lane = 9; // of a ruler, in CSS pixels
const columns = ["policy", "starts", "per axis", "patches", "padding", "voxels cut", "lost"];

export function render_comparison(store, el) {
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
  library.onchange = () => store.touch();
  copy.onclick = async () => {
    status.textContent = (await write_to_clipboard(pre)) ? "copied" : "selected: press Ctrl+C";
  };
  const choose = (policy) => {
    if (policy !== store.target.policy) store.change(change_policy(store, policy));
  };
  const show_calls = ({ calls }) => {
    if (!library.options.length) library.append(...calls.map((call) => new Option(call.library)));
    const { code, reason } = calls.find((call) => call.library === library.value);
    if (pre.textContent !== (code ?? "")) {
      status.textContent = "";
      pre.textContent = code ?? ""; // only then: to put the same text again ends a selection in it
    }
    why.textContent = reason ? `No equal call: ${reason}.` : "";
    pre.hidden = copy.disabled = !code;
    why.hidden = Boolean(code);
  };

  return () => {
    const { scene, target } = store;
    const latest = store.look_up("comparison", { settings: scene.settings });
    if (latest?.rows && latest !== shown) {
      // all policies share a scale, so that they can be compared
      const { axes } = scene;
      const possible = latest.rows.filter((row) => row.axes.length);
      const from = Math.min(0, ...possible.flatMap((row) => row.axes.map(([first]) => first)));
      const to = Math.max(...possible.flatMap((row) => row.axes.map((starts, a) => Math.max(axes[a].size, starts.at(-1) + axes[a].patch))));
      for (const row of latest.rows) {
        if (!rows.has(row.policy)) rows.set(row.policy, add_row(body, row, choose));
        put_row(rows.get(row.policy), row, row.axes.length ? make_rulers(axes, row.axes, from, to) : "");
      }
      shown = latest;
    }
    rows.forEach((row, policy) => {
      row.querySelector("input").checked = policy === target.policy;
      if (policy === scene.settings.policy) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    });
    if (latest?.failure) Object.assign(why, { textContent: latest.failure, hidden: false });
    else if (shown) show_calls(shown.rows.find(({ policy }) => policy === scene.settings.policy));
  };
}

/** A policy's row: a radio button with its name, the rulers, and the numbers. */
function add_row(body, { policy, summary, reference }, choose) {
  const row = body.insertRow();
  row.innerHTML = `<th scope="row"><label><input type="radio" name="policy" data-setting="policy"> ${policy}</label><small>${summary} (${reference})</small></th>
    <td><div aria-hidden="true"></div><small></small></td>${"<td></td>".repeat(columns.length - 2)}`;
  const radio = row.querySelector("input");
  radio.value = policy;
  radio.setAttribute("aria-label", policy);
  row.onclick = () => !radio.disabled && choose(policy);
  radio.onchange = () => choose(policy);
  return row;
}

function put_row(row, { reason, starts, counts, n_patches, padding, redundancy, lost }, rulers) {
  row.querySelector("input").disabled = Boolean(reason);
  row.classList.toggle("pv-impossible", Boolean(reason));
  row.querySelector("td small").textContent = reason ?? starts;
  row.querySelector("td div").innerHTML = rulers;
  [counts, n_patches, padding, redundancy, lost].forEach((text, n) => (row.cells[n + 2].textContent = text));
  row.cells[1].colSpan = reason ? columns.length - 1 : 1;
  [...row.cells].slice(2).forEach((cell) => (cell.hidden = Boolean(reason)));
}

/** One ruler for each axis that differs from those before: the image, and the patches in as many lanes as they need. */
function make_rulers(axes, starts, from, to) {
  const bar = (kind, begin, end, n = 0) => {
    const [left, width] = [begin - from, Math.max(0, end - begin)].map((voxels) => (100 * voxels) / (to - from));
    return `<i class="pv-${kind}" style="left: ${left}%; width: ${width}%; top: ${lane * n}px"></i>`;
  };
  const rulers = axes.map(({ size, patch }, a) => {
    const n_lanes = count_lanes(starts[a], patch);
    const seen = starts[a].map((start) => bar("seen", Math.max(start, 0), Math.min(start + patch, size)));
    const patches = starts[a].flatMap((start, n) => {
      const [end, row] = [start + patch, n % n_lanes];
      return [bar("patch", start, end, row), bar("padding", start, Math.min(end, 0), row), bar("padding", Math.max(start, size), end, row)];
    });
    const bars = [bar("lost", 0, size), ...seen, ...patches, bar("image", 0, size)]; // what is not seen of the image is lost
    return `<div class="pv-ruler" style="height: ${lane * n_lanes}px">${bars.join("")}</div>`;
  });
  return [...new Set(rulers)].join("");
}

/** Overlapping patches take turns, so that none hides another: up to four of them. */
function count_lanes(starts, patch) {
  const most = starts.map((start, n) => starts.slice(n).findIndex((other) => other >= start + patch));
  return Math.min(4, Math.max(1, ...most.map((count, n) => (count < 0 ? starts.length - n : count))));
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
