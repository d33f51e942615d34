// The split: who trains and who validates, subject by subject; with folds, one row each.

import { changes } from "../draw/changes.js";
import { on_arrows } from "../draw/gestures.js";
import { put_options } from "../draw/inputs.js";

export function render_split(store, el) {
  el.innerHTML = `<summary></summary>
    <div class="pv-fields">
      <label>training share <input type="range" data-setting="data_split" min="0.05" max="0.95" step="0.05"><output aria-hidden="true"></output></label>
      <label>seed <input type="number" data-setting="seed" min="0" step="1"></label>
      <label>folds <select data-setting="folds"></select></label>
    </div>
    <div class="pv-subjects" tabindex="0" role="application"></div>
    <p class="pv-readout"></p>`;
  const parts = ["summary", "input[type=range]", "output", "input[type=number]", "select", ".pv-subjects", ".pv-readout"];
  const [summary, share, percent, seed, folds, subjects, readout] = parts.map((name) => el.querySelector(name));
  put_options(folds, { 0: "none", 3: "3", 5: "5", 10: "10" });
  let hover = null;

  share.oninput = () => store.change({ data_split: Number(share.value) }, true);
  share.onchange = () => store.commit();
  seed.onchange = () => seed.reportValidity() && store.change({ seed: Number(seed.value) });
  folds.onchange = () => store.change({ folds: Number(folds.value), fold: 0 });
  const find = ({ target: { dataset } }) => (dataset.subject ? [Number(dataset.subject), Number(dataset.fold)] : null);
  subjects.onpointermove = (event) => {
    hover = find(event)?.[0] ?? null;
    store.touch();
  };
  subjects.onpointerleave = subjects.onpointermove;
  subjects.onclick = (event) => {
    const { settings } = store.scene;
    const [subject, fold] = find(event) ?? [settings.subject, settings.fold];
    store.change(fold === settings.fold ? { subject } : { fold });
  };
  on_arrows(subjects, "arrow keys select a subject; up and down, a fold", (right, up) => {
    const { settings, n_subjects, validating } = store.scene;
    const [subject, fold] = [settings.subject + right, settings.fold - up];
    if (subject >= 0 && subject < n_subjects && fold >= 0 && fold < validating.length) store.change({ subject, fold });
  });
  const differ = changes();

  return () => {
    const { scene, ghost } = store;
    const { settings, n_subjects, n_training, n_validation, validating } = scene;
    el.hidden = n_subjects < 2;
    summary.textContent = `who trains: ${n_training} of ${n_subjects} subjects; ${n_validation} validate`;
    if (!el.open || el.hidden) return;
    if (!ghost) share.value = String(settings.data_split);
    share.disabled = settings.folds > 0;
    percent.value = `${Math.round(100 * settings.data_split)} %`;
    seed.value = String(settings.seed);
    folds.value = String(settings.folds);
    subjects.setAttribute("aria-label", `${n_training} subjects train, ${n_validation} validate`);
    if (differ([scene])) subjects.innerHTML = validating.map((members, fold) => make_row(members, fold, scene)).join("");
    const shown = hover ?? settings.subject;
    const role = validating[settings.fold].includes(shown) ? "validates" : "trains";
    readout.textContent = `${store.model.get("choices").subject[shown]} ${role}`;
  };
}

/** A cell a subject: training plain, validation raised and with a dot, so that colour is not all. */
function make_row(members, fold, { settings, n_subjects }) {
  const validating = new Set(members);
  const cells = Array.from({ length: n_subjects }, (_, n) => {
    const is_shown = n === settings.subject && fold === settings.fold;
    return `<i class="${validating.has(n) ? "pv-validates" : ""}${is_shown ? " pv-shown" : ""}" data-subject="${n}" data-fold="${fold}"></i>`;
  });
  return `<div class="${fold === settings.fold ? "" : "pv-other"}">${cells.join("")}</div>`;
}
