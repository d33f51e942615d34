// The parts of the explorer: which are shown, what each waits for, and which would tell what is still covered.

const kinds = {
  sentence: {},
  patch_size: {},
  planes: { volume: true, boxes: true },
  cage: { volume: true, boxes: true },
  boards: { volume: true, boxes: true, tells: true },
  table: { tells: true },
  queue: { epoch: true, tells: true },
  batch: { volume: true, epoch: true, tells: true },
  split: { tells: true },
  coverage: { tells: true },
  picture: {},
  settings: {},
  policies: { tells: true },
  ledger: { tells: true },
};

/** Whether a part that is shown needs the "volume", the queue of an "epoch", or draws "boxes". */
export function is_needed(model, what) {
  return model.get("show").some((name) => kinds[name][what]);
}

/** Whether a part shows what has to be guessed first. */
export function is_covered(scene, name) {
  return Boolean(scene.covered && kinds[name].tells);
}

const few = 4;

/** Take from the page what isn't to be shown, and the rooms that are left empty; unfold what is left, where that is little. */
export function keep_shown(model, root) {
  const show = model.get("show");
  for (const part of root.querySelectorAll("[data-part]")) if (!show.includes(part.dataset.part)) part.remove();
  for (const room of root.querySelectorAll(".pv-side, .pv-stage")) if (!room.querySelector("[data-part]")) room.remove();
  if (root.querySelectorAll(".pv-side > [data-part]").length < 2) root.querySelector(".pv-tabs")?.remove();
  if (show.length <= few) for (const fold of root.querySelectorAll("details[data-part]")) fold.open = true;
}
