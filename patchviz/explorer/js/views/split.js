// The split: who trains and who validates, subject by subject; with folds, one row each.

import { on_arrows } from "./keys.js";
import { fit, selection, theme_of } from "../draw/paint.js";

const row_height = 22;
const training = "#4a90b8";
const validation = "#b8860b";

export function render_split(store, el) {
  el.innerHTML = `<summary></summary>
    <div class="pv-fields">
      <label>training share <input type="range" data-setting="data_split" min="0.05" max="0.95" step="0.05"><output aria-hidden="true"></output></label>
      <label>seed <input type="number" data-setting="seed" min="0" step="1"></label>
      <label>folds <select data-setting="folds"></select></label>
    </div>
    <canvas tabindex="0" role="application"></canvas>
    <p class="pv-readout"></p>`;
  const parts = ["summary", "input[type=range]", "output", "input[type=number]", "select", "canvas", ".pv-readout"];
  const [summary, share, percent, seed, folds, canvas, readout] = parts.map((name) => el.querySelector(name));
  folds.replaceChildren(new Option("none", "0"), ...[3, 5, 10].map((k) => new Option(String(k), String(k))));
  let hover = null;

  el.ontoggle = () => store.touch();
  share.oninput = () => store.change({ data_split: Number(share.value) }, true);
  share.onchange = () => store.commit();
  seed.onchange = () => seed.reportValidity() && store.change({ seed: Number(seed.value) });
  folds.onchange = () => store.change({ folds: Number(folds.value), fold: 0 });
  const under = (event) => {
    const { n_subjects } = store.scene;
    const subject = Math.floor((event.offsetX / canvas.clientWidth) * n_subjects);
    return { subject: Math.min(subject, n_subjects - 1), fold: Math.floor(event.offsetY / row_height) };
  };
  canvas.onpointermove = (event) => {
    hover = under(event).subject;
    store.touch();
  };
  canvas.onpointerleave = () => {
    hover = null;
    store.touch();
  };
  canvas.onclick = (event) => {
    const { subject, fold } = under(event);
    const { folds, fold: now } = store.scene.settings;
    store.change(folds && fold !== now ? { fold } : { subject });
  };
  on_arrows(canvas, "arrow keys select a subject; up and down, a fold", (right, up) => {
    const { settings, n_subjects, validating } = store.scene;
    const [subject, fold] = [settings.subject + right, settings.fold - up];
    if (subject >= 0 && subject < n_subjects && fold >= 0 && fold < validating.length) store.change({ subject, fold });
  });

  return () => {
    const { scene } = store;
    el.hidden = scene.n_subjects < 2;
    const { settings, n_subjects, n_training, n_validation, validating } = scene;
    summary.textContent = `who trains: ${n_training} of ${n_subjects} subjects; ${n_validation} validate`;
    if (!el.open || el.hidden) return;
    if (!store.ghost) share.value = String(settings.data_split);
    share.disabled = settings.folds > 0;
    percent.value = `${Math.round(100 * settings.data_split)} %`;
    seed.value = String(settings.seed);
    folds.value = String(settings.folds);
    const [width, height] = [canvas.clientWidth, validating.length * row_height];
    canvas.style.height = `${height}px`;
    canvas.setAttribute("aria-label", `${n_training} subjects train, ${n_validation} validate`);
    draw(fit(canvas, width, height), scene, width, theme_of(el), hover);
    const shown = hover ?? settings.subject;
    const role = validating[settings.fold].includes(shown) ? "validates" : "trains";
    readout.textContent = `${store.model.get("choices").subject[shown]} ${role}`;
  };
}

/** A cell a subject: training plain, validation raised and with a dot, so that colour is not all. */
function draw(ctx, { settings, n_subjects, validating }, width, theme, hover) {
  const cell = width / n_subjects;
  validating.forEach((members, fold) => {
    const held = new Set(members);
    const y = fold * row_height;
    ctx.globalAlpha = validating.length === 1 || fold === settings.fold ? 1 : 0.45;
    for (let n = 0; n < n_subjects; n++) {
      ctx.fillStyle = held.has(n) ? validation : training;
      ctx.fillRect(n * cell, y + (held.has(n) ? 1 : 5), Math.max(1, cell - 1), row_height - (held.has(n) ? 4 : 10));
      if (!held.has(n) || cell < 6) continue;
      ctx.fillStyle = "#fff";
      ctx.fillRect(n * cell + cell / 2 - 2, y + row_height / 2 - 3, 4, 4);
    }
  });
  ctx.globalAlpha = 1;
  for (const [n, colour] of [[settings.subject, selection], [hover, theme.text]]) {
    if (n === null) continue;
    ctx.strokeStyle = colour;
    ctx.lineWidth = 2;
    ctx.strokeRect(n * cell, settings.fold * row_height + 1, Math.max(2, cell - 1), row_height - 3);
  }
}
