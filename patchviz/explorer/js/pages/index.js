// The explorer: puts the views on the page and keeps them in step with one store.

import { open_store } from "../state/store.js";
import { render_batch } from "../views/batch.js";
import { render_boards } from "../views/boards.js";
import { render_cage } from "../views/cage.js";
import { render_fold, render_patch_size, render_picture, render_sentence } from "../views/controls.js";
import { render_coverage } from "../views/coverage.js";
import { offer } from "../state/held.js";
import { keep_keys } from "../views/keys.js";
import { render_ledger } from "../views/ledger.js";
import { is_covered, is_needed, keep_shown } from "../state/parts.js";
import { render_planes } from "../views/planes.js";
import { render_policies } from "../views/policies.js";
import { render_questions } from "../views/questions.js";
import { render_queue } from "../views/queue.js";
import { render_split } from "../views/split.js";
import { render_spoken } from "../views/spoken.js";
import { render_table } from "../views/table.js";
import { render_tools } from "../views/tools.js";

/**
 * What fills each part, in the order of drawing: first those that read their widths, then those that
 * write texts, so that the page is laid out once.
 */
const views = {
  cage: render_cage,
  boards: render_boards,
  planes: render_planes,
  queue: render_queue,
  batch: render_batch,
  split: render_split,
  coverage: render_coverage,
  sentence: render_sentence,
  patch_size: render_patch_size,
  picture: render_picture,
  settings: render_fold,
  policies: render_policies,
  ledger: render_ledger,
  table: render_table,
};

const page = `
  <div class="pv-head">
    <h2 class="pv-sentence" data-part="sentence"></h2>
    <div class="pv-tools" role="toolbar" aria-label="explorer"></div>
  </div>
  <div class="pv-patch-size" data-part="patch_size" role="group" aria-label="patch size"></div>
  <form class="pv-questions" aria-label="guess first"></form>
  <div class="pv-stage">
    <section class="pv-planes" data-part="planes" aria-label="planes"></section>
    <div class="pv-side">
      <div class="pv-tabs" role="group" aria-label="side view"><button aria-pressed="true">3-D</button><button aria-pressed="false">all patches</button></div>
      <section class="pv-cage" data-part="cage" aria-label="three dimensions"></section>
      <section class="pv-boards" data-part="boards" aria-label="all patches"></section>
      <details class="pv-table" data-part="table"></details>
    </div>
  </div>
  <section class="pv-queue" data-part="queue" aria-label="queue of an epoch"></section>
  <section class="pv-batch" data-part="batch" aria-label="batch"></section>
  <details class="pv-split" data-part="split"></details>
  <details class="pv-coverage" data-part="coverage"></details>
  <div class="pv-picture" data-part="picture" role="group" aria-label="picture"></div>
  <details class="pv-fold" data-part="settings"></details>
  <details class="pv-policies" data-part="policies"></details>
  <details class="pv-numbers" data-part="ledger"></details>
  <p class="pv-message" role="alert"></p>
  <p class="pv-spoken" aria-live="polite"></p>`;

export default () => {
  let shared; // the model for all views: the one that `render` is given ends with its view
  return {
    initialize({ model }) {
      shared = model;
    },
    render({ el }) {
      return render_all(shared, el);
    },
  };
};

function render_all(model, el) {
  const root = document.createElement("div");
  root.className = "patchviz";
  root.innerHTML = page;
  keep_shown(model, root);
  const let_go = keep_keys(root);
  root.inert = true; // until there is something to touch
  el.append(root);

  const store = open_store(model);
  const draws = render_parts(store, root);
  const message = root.querySelector(".pv-message");
  const forget = store.watch(() => {
    draws.forEach((draw) => draw());
    offer(store, root);
    root.inert = false;
    message.textContent = store.failure ?? "";
    const here = { volume: store.voxels?.is_still, epoch: store.epoch };
    root.dataset.ready = ["volume", "epoch"].every((what) => here[what] || !is_needed(model, what)) ? "1" : "0";
    root.dataset.volume = store.voxels?.source ?? "none";
  });
  const redraw = () => store.touch();
  add_tabs(root, redraw);
  let width = 0;
  const sizes = new ResizeObserver(() => {
    if (width !== root.clientWidth) redraw(); // heights follow from what is drawn
    width = root.clientWidth;
  });
  sizes.observe(root);
  const themes = new MutationObserver(redraw);
  themes.observe(document.body, { attributeFilter: ["data-jp-theme-name", "class"] });
  return () => {
    let_go();
    sizes.disconnect();
    themes.disconnect();
    forget();
    store.close();
    root.remove();
  };
}

/** Fill the parts that are there; what each returns draws it, but not while it would tell what is to be guessed. */
function render_parts(store, root) {
  const draws = [];
  for (const [name, render] of Object.entries(views)) {
    const part = root.querySelector(`[data-part="${name}"]`);
    if (!part) continue;
    const draw = render(store, part);
    draws.push(() => {
      part.classList.toggle("pv-covered", is_covered(store.scene, name));
      if (!is_covered(store.scene, name)) draw();
    });
  }
  draws.push(render_questions(store, root.querySelector(".pv-questions")), render_tools(store, root.querySelector(".pv-tools")), render_spoken(store, root.querySelector(".pv-spoken")));
  return draws;
}

/** Where there is little width, cage and boards take turns. */
function add_tabs(root, redraw) {
  const side = root.querySelector(".pv-side");
  const tabs = [...root.querySelectorAll(".pv-tabs button")];
  tabs.forEach((tab, n) => {
    tab.onclick = () => {
      side.dataset.tab = String(n);
      tabs.forEach((other) => other.setAttribute("aria-pressed", String(other === tab)));
      redraw();
    };
  });
}
