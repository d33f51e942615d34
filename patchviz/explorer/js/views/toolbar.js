// The tools in the corner: undo, reset, and the presenter's large print; and the tabs where there is little width.

import { is_plain, is_undo } from "../draw/gestures.js";

export function render_toolbar(store, el) {
  el.innerHTML = `
    <button aria-label="undo" title="undo: the settings before the last change (Ctrl+Z)">↶</button>
    <button aria-label="reset" title="reset: the settings that it opened with">⟲</button>
    <button aria-label="presenter" title="presenter: large print for a projector (P)" aria-pressed="false">Aa</button>`;
  const [undo, reset, presenter] = el.children;
  const root = el.closest(".patchviz");
  const { history } = store;
  const present = () => {
    presenter.setAttribute("aria-pressed", String(root.toggleAttribute("data-presenter")));
    store.touch();
  };
  undo.onclick = () => history.undo();
  reset.onclick = () => history.reset();
  presenter.onclick = present;
  root.addEventListener("keydown", (event) => {
    if (is_typing(event.target)) return;
    if (is_undo(event)) history.undo();
    else if (is_plain(event) && event.key.toLowerCase() === "p" && !event.repeat) present();
    else return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab has an undo of its own
  });

  return () => {
    history.note();
    undo.disabled = !history.can_undo;
    reset.disabled = !history.can_reset;
  };
}

/** Whether a key typed there is text, or goes to the choice that begins with it. */
function is_typing({ tagName, type }) {
  return tagName === "SELECT" || (tagName === "INPUT" && ["text", "number"].includes(type));
}

/** Cage and boards take turns. */
export function render_tabs(store, el) {
  const names = ["3-D", "all patches"];
  el.innerHTML = names.map((name, n) => `<button aria-pressed="${n === 0}">${name}</button>`).join("");
  const tabs = [...el.children];
  tabs.forEach((tab, n) => {
    tab.onclick = () => {
      el.parentElement.dataset.tab = String(n);
      tabs.forEach((other) => other.setAttribute("aria-pressed", String(other === tab)));
      store.touch();
    };
  });
  return () => {};
}
