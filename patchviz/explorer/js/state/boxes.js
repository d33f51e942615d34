// The boxes of a scene: where each patch lies, and which patch lies where.

/** Where patch n lies: its place along each axis, its corner and size, and how much of it is image. */
export function box_of(scene, n) {
  const place = place_of(scene, n);
  const corner = place.map((m, a) => scene.axes[a].starts[m]);
  const inside = place.map((m, a) => scene.axes[a].inside[m]);
  const size = scene.axes.map((axis) => axis.patch);
  return { n, place, blank: blanks_of(scene).has(n), ...make_box(corner, inside, size) };
}

/** A box by its corner, the image voxels in it along each axis, and its size. */
export function make_box(corner, inside, size) {
  return { corner, inside, size, real: inside.reduce((real, voxels, a) => (real * voxels) / size[a], 1) };
}

/** Where patch n stands among the starts of each axis: those of a grid are combined, of drawn patches each has its own. */
function place_of({ axes, sampled }, n) {
  if (sampled) return [n, n, n];
  const place = [0, 0, 0];
  for (let a = 2, rest = n; a >= 0; a--) {
    const count = axes[a].starts.length;
    place[a] = rest % count;
    rest = Math.floor(rest / count);
  }
  return place;
}

/** All boxes. */
export function boxes_of(scene) {
  return Array.from({ length: scene.n_patches }, (_, n) => box_of(scene, n));
}

/** The box of a patch of any subject; null where it isn't known, as of patches that are drawn in others. */
export function find_box({ scene, epoch }, subject, patch) {
  const is_own = subject === scene.settings.subject;
  if (is_own) return patch < scene.n_patches ? box_of(scene, patch) : null;
  const grid = epoch?.grid_of(subject);
  return grid ? box_of(grid, patch) : null;
}

/** Whether a scene shows the patches of a subject: its own, or those of an equal grid. */
export function shows_patches_of({ scene, epoch }, subject) {
  if (subject === scene.settings.subject) return true;
  const grid = scene.sampled ? null : epoch?.grid_of(subject);
  return Boolean(grid) && have_same_starts(grid.axes, scene.axes);
}

/** Whether patches start at the same places. */
export function have_same_starts(axes, others) {
  return axes.every(({ starts }, a) => String(starts) === String(others[a].starts));
}

const blanks = new WeakMap();

/** The patches of a scene that are left out for being blank. */
function blanks_of(scene) {
  if (!blanks.has(scene)) blanks.set(scene, new Set(scene.blank));
  return blanks.get(scene);
}

/** The voxel that stands at a position of an axis, or -1 in padding that has none. */
export function index_at({ image_index, span }, at) {
  return image_index[at - span[0]] ?? -1;
}

/** The voxel in the middle of what is image in a box. */
export function heart_of({ corner, inside }) {
  return corner.map((at, a) => Math.max(0, at) + (inside[a] >> 1));
}

/** The number of a grid's patch at one place along each axis. */
export function number_of(scene, place) {
  return place.reduce((n, m, a) => n * scene.axes[a].starts.length + m, 0);
}

/** The layer of a grid that a plane shows, and a click chooses from, at a position of an axis; -1 where no patch is. */
function layer_at({ layer_index, span }, at) {
  return layer_index[at - span[0]] ?? -1;
}

/** The patch that a voxel is most central in, or null where no patch holds it. */
export function box_at(scene, voxel) {
  if (scene.sampled) return drawn_at(scene, voxel);
  const place = scene.axes.map((axis, a) => layer_at(axis, voxel[a]));
  return place.includes(-1) ? null : number_of(scene, place);
}

/** The boxes that a plane shows: all drawn ones that it cuts; of a grid those of one layer, which stands for all. */
export function boxes_on(scene, axis, at) {
  if (scene.sampled) return boxes_of(scene).filter((box) => is_cut(box, axis, at));
  const layer = layer_at(scene.axes[axis], at);
  if (layer < 0) return [];
  const [a, b] = plane_axes(axis);
  return scene.axes[a].starts.flatMap((_, m) => scene.axes[b].starts.map((__, n) => {
    const place = [0, 0, 0];
    [place[axis], place[a], place[b]] = [layer, m, n];
    return box_of(scene, number_of(scene, place));
  }));
}

/** Whether a plane cuts a box. */
export function is_cut({ corner, size }, axis, at) {
  return at >= corner[axis] && at < corner[axis] + size[axis];
}

/** The axes that a plane across an axis shows: to the right, and upwards. */
export function plane_axes(axis) {
  return [0, 1, 2].filter((a) => a !== axis);
}

function drawn_at({ axes, n_patches }, voxel) {
  let [best, least] = [null, 0.5]; // in patch sizes from the middle, where that is farthest
  for (let n = 0; n < n_patches; n++) {
    const off = Math.max(...axes.map(({ starts, patch }, a) => Math.abs(starts[n] + patch / 2 - voxel[a] - 0.5) / patch));
    if (off < least) [best, least] = [n, off];
  }
  return best;
}
