// The explorer: puts the parts on the page and keeps them in step with one store.

import { keep_keys } from "../draw/gestures.js";
import { disable } from "../draw/inputs.js";
import { open_store } from "../state/store.js";
import { parts } from "./parts.js";

const few = 4; // parts, of which those that fold are open

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
  root.inert = true; // until there is something to touch
  el.append(root);

  const show = model.get("show");
  const needs = new Set(show.flatMap((name) => parts[name].needs ?? []));
  const store = open_store(model, needs);
  const draw = add_parts(store, root, show);
  const message = add(root, "p", "message");
  message.role = "alert";
  const forget = store.watch(() => {
    const { scene, refusal, voxels, pictures, epoch, epoch_failure } = store;
    const failures = [scene ? null : refusal?.text, voxels?.failure, pictures.failure];
    message.textContent = [...new Set(failures.filter(Boolean))].join("; ");
    if (!scene) return;
    draw();
    disable(store, root);
    root.inert = false;
    const here = { volume: voxels?.is_still, epoch: epoch || epoch_failure };
    root.dataset.ready = ["volume", "epoch"].every((what) => here[what] || !needs.has(what)) ? "1" : "0";
    root.dataset.volume = voxels?.source ?? "none";
  });
  const undo = [forget, keep_keys(root), draw_anew(root, () => store.touch())];
  return () => {
    undo.forEach((step) => step());
    store.close();
    root.remove();
  };
}

/** Put what is shown on the page, and fill it; returns what draws it, but not while it would tell what is to be guessed. */
function add_parts(store, root, show) {
  const added = [];
  for (const [name, part] of Object.entries(parts)) {
    if (!(part.with ?? [name]).every((other) => show.includes(other))) continue;
    const el = add(find_room(root, part.room), part.tag, name);
    if (!part.with) el.dataset.part = name;
    if (part.label) el.ariaLabel = part.label;
    if (part.role) el.role = part.role;
    const folds = part.tag === "details";
    el.toggleAttribute("open", folds && show.length <= few);
    if (folds) el.addEventListener("toggle", () => store.touch());
    added.push({ ...part, folds, el, draw: part.render(store, el) });
  }
  // first those that read their widths, then those that write texts, so that the page is laid out once
  const rank = ({ el }) => (el.querySelector("canvas") ? 0 : 1);
  added.sort((one, other) => rank(one) - rank(other));
  return () => {
    for (const { el, folds, closed, tells, draw } of added) {
      const is_withheld = Boolean(tells && store.scene.withheld);
      el.classList.toggle("pv-withheld", is_withheld);
      if (!is_withheld && (!folds || closed || el.open)) draw();
    }
  };
}

function add(parent, tag, name) {
  const el = document.createElement(tag);
  el.className = `pv-${name.replaceAll("_", "-")}`;
  parent.append(el);
  return el;
}

/** The room of a part, made for the first that stands in it. */
function find_room(root, name) {
  if (!name) return root;
  return root.querySelector(`.pv-${name}`) ?? add(name === "side" ? find_room(root, "stage") : root, "div", name);
}

/** Draw anew when width or theme change; returns the undoing. */
function draw_anew(root, redraw) {
  let width = 0;
  const sizes = new ResizeObserver(() => {
    if (width !== root.clientWidth) redraw(); // heights follow from what is drawn
    width = root.clientWidth;
  });
  sizes.observe(root);
  const themes = new MutationObserver(redraw);
  themes.observe(document.body, { attributeFilter: ["data-jp-theme-name", "class"] });
  return () => [sizes, themes].forEach((observer) => observer.disconnect());
}
