// The sentence: the scheme in numbers, of which those flash that changed; and what is spoken, the outcome of what the user does.

import { describe_entry, describe_selection } from "../state/words.js";

const rest = 300; // ms without a further change

export function render_sentence(store, el) {
  let shown = null;
  return () => {
    if (store.scene === shown) return;
    const before = new Map((shown?.sentence ?? []).map((word) => [word.key, word.text]));
    shown = store.scene;
    el.replaceChildren(
      ...shown.sentence.map(({ text, key, strong }) => {
        const word = document.createElement(strong ? "strong" : "span");
        word.textContent = text;
        if (key) word.dataset.key = key;
        if (key && before.has(key) && before.get(key) !== text) word.className = "pv-flash";
        return word;
      }),
    );
  };
}

/** Speak, in one sentence, when things come to rest. */
export function render_spoken(store, el) {
  const view = el.closest(".patchviz");
  el.ariaLive = "polite";
  let known = null;
  let timer = 0;
  return () => {
    if (store.playing || store.ghost) return; // playing and dragging speak when they end
    const now = describe(store);
    const news = known && tell(now, known);
    known = now;
    if (!news || !view.matches(":focus-within")) return; // what Python or another view changed
    clearTimeout(timer);
    timer = setTimeout(() => (el.textContent = news), rest);
  };
}

/** The picture as a whole, and what is selected in it. */
function describe(store) {
  const { scene, selection: { entry } } = store;
  const [subject, place] = entry === null ? [scene.subject_id, ""] : describe_entry(store, entry);
  const whole = scene.sentence.map(({ text }) => text).join("");
  return { whole, subject, patch: scene.withheld ? [] : describe_selection(store), place };
}

/** The sentence on what is new, or null. */
function tell({ whole, subject, patch, place }, before) {
  if (whole !== before.whole) return whole;
  const is_other = subject !== before.subject;
  const is_new = is_other || String(patch) !== String(before.patch) || (place && place !== before.place);
  if (!is_new) return null;
  const words = [...(is_other || place ? [subject] : []), ...patch].join(", ");
  return place ? `${words}; ${place}` : words;
}
