// What is spoken: the outcome of what the user does here, in one sentence when it comes to rest.

import { describe_entry, describe_patch, describe_patch_of } from "../state/words.js";

const rest = 300; // ms without a further change

export function render_spoken(store, el) {
  const view = el.closest(".patchviz");
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
  const { scene, entry, epoch, selected } = store;
  const whole = scene.sentence.map(({ text }) => text).join("");
  if (scene.covered) return { whole, subject: scene.subject_id, patch: [], place: "" };
  if (entry === null || !epoch) return { whole, subject: scene.subject_id, patch: describe_patch(scene, selected), place: "" };
  const [subject, place] = describe_entry(store, entry);
  return { whole, subject, patch: describe_patch_of(scene, epoch.entry(entry)), place };
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
