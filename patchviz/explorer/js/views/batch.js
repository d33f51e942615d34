// The batch: patches side by side as the network gets them, filling as the queue is popped, and as a table.

import { box_of, has_box } from "../state/boxes.js";
import { on_arrows } from "./keys.js";
import { Rows } from "./rows.js";
import { percent } from "../state/words.js";
import { fit, ground, hatch, painter_of, plane_axes, real_colour, selection, subject_colour, theme_of } from "../draw/paint.js";
import { select_entry } from "../state/epoch.js";

const large = 168; // the selected patch, in CSS pixels
const most_shown = 64; // patches of a batch: larger batches show their first

export function render_batch(store, el) {
  el.innerHTML = `<p class="pv-title"></p><canvas tabindex="0" role="application"></canvas>
    <details><summary>the batch as a table</summary><table></table></details>`;
  const [title, canvas, details, table] = ["p", "canvas", "details", "table"].map((name) => el.querySelector(name));
  let cells = [];
  let shown = null;

  details.addEventListener("toggle", () => store.touch());
  const go = (place) => {
    store.set({ playing: false });
    select_entry(store, place);
    store.settle_entry();
  };
  const rows = new Rows(table, ["place", "entry", "subject", "patch", "corner", "image", "foreground"], go);
  canvas.onclick = (event) => {
    const cell = cells.find(({ x, y, side }) => event.offsetX >= x && event.offsetX < x + side && event.offsetY >= y && event.offsetY < y + side);
    if (cell) go(cell.place);
  };
  on_arrows(canvas, "arrow keys select the patch before or after", (right, up) => {
    if (store.entry === null) return;
    go(Math.min(Math.max(store.entry + up - right, 0), store.epoch.total - 1));
  });

  return () => {
    const { epoch, left, entry, playing } = store;
    if (!epoch || store.ghost) return; // its patches are of the grid before the drag
    const at = entry ?? Math.min(left, epoch.total - 1);
    const [batch] = epoch.batch_of(at);
    const places = epoch.places(batch).slice(0, most_shown);
    const entries = places.map((place) => epoch.entry(place));
    const begun = entry !== null || left < epoch.total; // before that there is nothing to see
    if (begun && !playing) store.ask_patches(entries);
    const partial = places.length < Math.min(epoch.batch_size, most_shown) ? ", the last, partial one" : "";
    const hollow = store.model.get("held") ? `; voxels of other subjects than ${store.scene.subject_id} in the notebook only` : "";
    const empty = begun ? "" : ", none popped yet";
    const unseen = playing && !store.model.get("held") ? "; pause to see what they hold" : "";
    title.textContent = `batch ${batch + 1} of ${epoch.n_batches}: ${places.length} patches${partial}${empty}${hollow}${unseen}`;
    const width = canvas.clientWidth;
    const theme = theme_of(el);
    const row = 22 * theme.scale; // below a patch: its subject's colour, and its number
    const side = Math.max(40, Math.min(80, (width - large - 16) / Math.min(places.length, epoch.batch_size) - 6));
    const across = Math.max(1, Math.floor((width - large - 16) / (side + 6)));
    cells = places.map((place, n) => ({ place, x: large + 16 + (n % across) * (side + 6), y: Math.floor(n / across) * (side + row), side }));
    const height = Math.max(large, Math.ceil(places.length / across) * (side + row));
    canvas.style.height = `${height}px`;
    canvas.setAttribute("aria-label", title.textContent);
    const ctx = fit(canvas, width, height);
    draw_patch(ctx, store, epoch.entry(at), { x: 0, y: 0, side: large }, begun, theme);
    cells.forEach((cell, n) => draw_patch(ctx, store, entries[n], cell, cell.place >= left, theme));
    if (!details.open) return;
    const about = `${store.epoch_of} ${batch}`;
    if (!playing) store.ask_contents(epoch.places(batch).map((place) => epoch.entry(place)), about);
    const contents = store.contents?.key === about ? store.contents : null;
    const key = [epoch, batch, store.scene, contents];
    if (!shown || key.some((value, n) => value !== shown[n])) {
      rows.caption.textContent = [`batch ${batch + 1} of ${epoch.n_batches}`, contents?.text].filter(Boolean).join(": ");
      rows.fill(entries.map((e, n) => list(store, e, n, contents)));
    }
    shown = key;
    rows.mark(entry);
  };
}

/** One patch in its cell: its voxels where they are known, hatched where it is padding; empty until popped. */
function draw_patch(ctx, store, entry, { x, y, side }, popped, theme) {
  const { scene, epoch } = store;
  const { place, row, subject, patch } = entry;
  ctx.fillStyle = popped ? ground : theme.soft;
  ctx.fillRect(x, y, side, side);
  const key = store.patch_key(subject, patch);
  const foreign = store.patches.get(key);
  const box = has_box(scene, entry) ? box_of(scene, patch) : null;
  if (popped) {
    const painter = painter_of(store);
    const mine = box && subject === scene.settings.subject;
    if (mine && store.voxels.whole) ctx.drawImage(painter.patch(patch, store.main_axis, side, side), x, y, side, side);
    else if (foreign) ctx.drawImage(painter.foreign_patch(`${key} ${side}`, foreign, store.main_axis, side, side), x, y, side, side);
    const corner = foreign?.corner ?? box?.corner;
    if (corner) hatch(ctx, [x, y, side, side], image_part(scene, corner, store.main_axis, x, y, side), 7);
  }
  const real = foreign?.real ?? box?.real;
  ctx.strokeStyle = place === store.entry ? selection : real === undefined ? theme.line : real_colour(real);
  ctx.lineWidth = place === store.entry ? 3 : 1.5;
  ctx.strokeRect(x + 1, y + 1, side - 2, side - 2);
  ctx.fillStyle = subject_colour(row, epoch.sizes.length);
  ctx.fillRect(x, y + side + 2, side, 4);
  if (side > 100) return;
  ctx.fillStyle = theme.muted;
  ctx.font = `${12 * theme.scale}px ${theme.font}`;
  ctx.textBaseline = "top";
  ctx.textAlign = "left";
  ctx.fillText(`${patch + 1}`, x, y + side + 7, side);
}

/** Where in a patch's cell its image part lies: x, y, width, height. */
function image_part(scene, corner, axis, x, y, side) {
  const [u, v] = plane_axes(axis);
  const ends = [u, v].map((a) => {
    const { size, patch } = scene.axes[a];
    return [-corner[a], size - corner[a]].map((p) => (Math.min(Math.max(p, 0), patch) / patch) * side);
  });
  const [[left, right], [bottom, top]] = ends;
  return [x + left, y + side - top, right - left, top - bottom];
}

/** The texts of a row; what is in a patch is known once the kernel has told. */
function list({ scene, model }, entry, n, contents) {
  const { place, subject, patch } = entry;
  const box = has_box(scene, entry) ? box_of(scene, patch) : null;
  const corner = contents?.corners[n] ?? box?.corner;
  const real = contents?.real[n] ?? box?.real;
  const share = contents?.foreground?.[n];
  const texts = [corner?.join(", ") ?? "", ...[real, share].map((part) => (part === undefined ? "" : percent(part)))];
  return [place, n + 1, place + 1, model.get("choices").subject[subject], patch + 1, ...texts];
}
