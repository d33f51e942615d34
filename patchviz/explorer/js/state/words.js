// Words on patches and entries, the same where they are read and where they are spoken.

/** A share as a percentage, by the rule of `percent` in `wording.py`: to a tenth, near nothing and all to a hundredth. */
export function percent(share) {
  const parts = share >= 0.01 && share <= 0.99 ? 10 : 100; // of a percent, that are told apart
  const count = Math.floor(100 * parts * share + 0.5);
  if (share > 0 && share < 1 && (count === 0 || count === 100 * parts)) return count ? "> 99.99 %" : "< 0.01 %";
  return `${count / parts} %`;
}

/** A patch in parts: its number, its corner, how much of it is image, and whether it is left out; of one whose box isn't known, its number. */
export function describe_patch(patch, box, n_patches) {
  if (!box) return [`patch ${patch + 1}`];
  const share = box.real === 1 ? "all inside the image" : `${percent(box.real)} image`;
  return [`patch ${patch + 1} of ${n_patches.toLocaleString("en")}`, `corner ${box.corner.join(", ")}`, share, ...(box.blank ? ["blank: left out"] : [])];
}

/** The same for what is selected. */
export function describe_selection({ scene, epoch, selection: { patch, box, entry } }) {
  const n_patches = entry === null ? scene.n_patches : epoch.sizes[epoch.entry(entry).row];
  return describe_patch(patch, box, n_patches);
}

/** An entry of the queue in two parts: whose it is, and its place among the batches. */
export function describe_entry({ epoch, model }, place) {
  const [batch, at] = epoch.batch_of(place);
  return [model.get("choices").subject[epoch.entry(place).subject], `batch ${batch + 1} of ${epoch.n_batches}, place ${at + 1}`];
}
