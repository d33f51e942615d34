// The explorer: puts the views on the page and keeps them in step with one store.

import { open_store } from "./store.js";
import { render_batch } from "./batch.js";
import { render_boards } from "./boards.js";
import { render_cage } from "./cage.js";
import { render_fold, render_patch_size, render_picture, render_sentence } from "./controls.js";
import { offer } from "./held.js";
import { render_ledger } from "./ledger.js";
import { render_planes } from "./planes.js";
import { render_policies } from "./policies.js";
import { render_queue } from "./queue.js";
import { render_split } from "./split.js";

/**
 * Each view and control by the class of the element that it fills, in the order of drawing: first
 * those that read their widths, then those that write texts, so that the page is laid out once.
 */
const views = {
  "pv-cage": render_cage,
  "pv-boards": render_boards,
  "pv-planes": render_planes,
  "pv-queue": render_queue,
  "pv-batch": render_batch,
  "pv-split": render_split,
  "pv-sentence": render_sentence,
  "pv-patch-size": render_patch_size,
  "pv-picture": render_picture,
  "pv-fold": render_fold,
  "pv-policies": render_policies,
  "pv-numbers": render_ledger,
};

const page = `
  <h3 class="pv-sentence"></h3>
  <div class="pv-patch-size" role="group" aria-label="patch size"></div>
  <div class="pv-stage">
    <section class="pv-planes" aria-label="planes"></section>
    <div class="pv-side">
      <div class="pv-tabs"><button aria-pressed="true">3-D</button><button aria-pressed="false">all patches</button></div>
      <section class="pv-cage" aria-label="three dimensions"></section>
      <section class="pv-boards" aria-label="all patches"></section>
    </div>
  </div>
  <section class="pv-queue" aria-label="queue of an epoch"></section>
  <section class="pv-batch" aria-label="batch"></section>
  <details class="pv-split"></details>
  <div class="pv-picture" role="group" aria-label="picture"></div>
  <details class="pv-fold"></details>
  <details class="pv-policies"></details>
  <details class="pv-numbers"></details>
  <p class="pv-message" role="alert"></p>`;

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
  // plain keys typed here are the explorer's; Ctrl+S and its like stay JupyterLab's
  root.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
  });
  root.inert = true; // until there is something to touch
  el.append(root);

  const store = open_store(model);
  const draws = Object.entries(views).map(([name, render]) => render(store, root.querySelector(`.${name}`)));
  const message = root.querySelector(".pv-message");
  const forget = store.watch(() => {
    draws.forEach((draw) => draw());
    offer(store, root);
    root.inert = false;
    message.textContent = store.failure ?? "";
    root.dataset.ready = store.voxels.is_still && store.epoch ? "1" : "0";
    root.dataset.volume = store.voxels.source;
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
    sizes.disconnect();
    themes.disconnect();
    forget();
    store.close();
    root.remove();
  };
}

/** Where there is little width, cage and boards take turns. */
function add_tabs(root, redraw) {
  const side = root.querySelector(".pv-side");
  const tabs = [...side.querySelectorAll("button")];
  tabs.forEach((tab, n) => {
    tab.onclick = () => {
      side.dataset.tab = String(n);
      tabs.forEach((other) => other.setAttribute("aria-pressed", String(other === tab)));
      redraw();
    };
  });
}
