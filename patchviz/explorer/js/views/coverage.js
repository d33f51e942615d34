// Coverage: how often each voxel is seen in an epoch, or over several, painted over the planes.

import { coverage_colour } from "../draw/coverage.js";
import { offers_coverage } from "../state/choices.js";

const most_epochs = 16;

export function render_coverage(store, el) {
  el.innerHTML = `<summary>coverage: how often each voxel is seen</summary>
    <div class="pv-fields"><label>epochs <input type="range" min="1" max="${most_epochs}" step="1" value="1"><output></output></label></div>
    <p class="pv-readout"></p><div class="pv-bars" role="img" aria-label="voxels by how often they are seen"></div>`;
  const [slider, output, readout, bars] = ["input", "output", ".pv-readout", ".pv-bars"].map((name) => el.querySelector(name));
  el.addEventListener("toggle", () => store.set({ show_coverage: el.open }));
  slider.oninput = () => store.touch();
  slider.max = String(store.model.get("n_coverage_epochs") ?? most_epochs);
  return () => {
    const { model, scene: { settings } } = store;
    const is_known = offers_coverage(model, settings);
    const coverage = is_known ? store.look_up("coverage", { settings, n_epochs: Number(slider.value) }) : null;
    slider.disabled = !is_known;
    output.value = slider.value;
    if (!is_known) readout.textContent = "this page holds it for the settings that it opens with; the notebook has all";
    else if (coverage) readout.textContent = coverage.failure ?? coverage.text;
    bars.hidden = !is_known || Boolean(coverage?.failure);
    if (!coverage || bars.hidden) return;
    bars.ariaLabel = `voxels by how often they are seen: ${coverage.text}`;
    const most = coverage.shares.at(-1)[0];
    bars.innerHTML = coverage.shares.map((bar) => make_bar(bar, most)).join("");
  };
}

/** A bar for each number of times that occurs: the legend of the planes, too. */
function make_bar([times, share], most) {
  const style = `height: ${Math.max(2, 40 * share)}px; background: ${coverage_colour(times, most)}`;
  return `<span><i style="${style}"></i>${times === 0 ? "never" : `${times} ×`}</span>`;
}
