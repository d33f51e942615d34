// Words on patches and entries, the same where they are read and where they are spoken.

import { box_of, has_box } from "./boxes.js";

/** A share as a percentage, by the rule of `percent` in `wording.py`: to a tenth, near nothing and all to a hundredth. */
export function percent(share) {
  const parts = share >= 0.01 && share <= 0.99 ? 10 : 100; // of a percent, that are told apart
  const count = Math.floor(100 * parts * share + 0.5);
  if (share > 0 && share < 1 && (count === 0 || count === 100 * parts)) return count ? "> 99.99 %" : "< 0.01 %";
  return `${count / parts} %`;
}

/** A patch in parts: its number, its corner, how much of it is image, and whether it is left out. */
export function describe_patch(scene, n) {
  if (n >= scene.n_patches) return [`patch ${n + 1}`]; // of a grid larger than this one
  const { corner, real, blank } = box_of(scene, n);
  const share = real === 1 ? "all inside the image" : `${percent(real)} image`;
  return [`patch ${n + 1} of ${scene.n_patches.toLocaleString("en")}`, `corner ${corner.join(", ")}`, share, ...(blank ? ["blank: left out"] : [])];
}

/** The same for an entry of the queue, of which the box may be another subject's. */
export function describe_patch_of(scene, entry) {
  return has_box(scene, entry) ? describe_patch(scene, entry.patch) : [`patch ${entry.patch + 1}`];
}

/** An entry of the queue in two parts: whose it is, and its place among the batches. */
export function describe_entry({ epoch, model }, place) {
  const [batch, at] = epoch.batch_of(place);
  return [model.get("choices").subject[epoch.entry(place).subject], `batch ${batch + 1} of ${epoch.n_batches}, place ${at + 1}`];
}
