// The batch: patches side by side as the network gets them, filling as the queue is popped, and as a table.

import { fill, fit, ground, hatch, outline, real_colour, selection, subject_colour, theme_of } from "../draw/canvas.js";
import { changes } from "../draw/changes.js";
import { on_arrows, on_point } from "../draw/gestures.js";
import { painter_of } from "../draw/painter.js";
import { SelectableTable } from "../draw/selectable_table.js";
import { find_box, make_box, plane_axes } from "../state/boxes.js";
import { choose_entry } from "../state/epoch.js";
import { percent } from "../state/words.js";

const large = 168; // the selected patch, in CSS pixels
const most_shown = 64; // patches of a batch: larger batches show their first
const columns = ["place", "entry", "subject", "patch", "corner", "image", "foreground"];

export function render_batch(store, el) {
  el.innerHTML = `<p class="pv-title"></p><canvas tabindex="0" role="application"></canvas>
    <details><summary>the batch as a table</summary><table></table></details>`;
  const [title, canvas, details] = el.children;
  let cells = [];

  details.addEventListener("toggle", () => store.touch());
  const choose = (place) => choose_entry(store, place);
  const find = (px, py) => cells.find(({ x, y, side }) => px >= x && px < x + side && py >= y && py < y + side) ?? null;
  on_point(canvas, find, () => {}, ({ entry }) => choose(entry.place));
  on_arrows(canvas, "arrow keys select the patch before or after", (right, up) => {
    const { entry } = store.selection;
    if (entry !== null) choose(entry + up - right);
  });
  const show_table = make_table(store, details, choose);

  return () => {
    const { epoch, left, playing, selection: { entry } } = store;
    if (!epoch || store.ghost) return; // its patches are of the grid before the drag
    const at = entry ?? Math.min(left, epoch.total - 1);
    const [batch] = epoch.batch_of(at);
    const entries = epoch.places(batch).slice(0, most_shown).map((place) => epoch.entry(place));
    const begun = entry !== null || left < epoch.total; // before that there is nothing to see
    if (begun && !playing) store.pictures.ask(entries);
    title.textContent = `batch ${batch + 1} of ${epoch.n_batches}: ${describe(store, entries, begun)}`;
    const width = canvas.clientWidth;
    const theme = theme_of(el);
    const [laid_out, height] = lay_out(entries, epoch.batch_size, width, theme);
    cells = laid_out;
    canvas.style.height = `${height}px`;
    canvas.setAttribute("aria-label", title.textContent);
    const ctx = fit(canvas, width, height);
    draw_patch(ctx, store, { entry: epoch.entry(at), x: 0, y: 0, side: large }, begun, theme);
    cells.forEach((cell) => draw_patch(ctx, store, cell, cell.entry.place >= left, theme));
    if (details.open) show_table(batch, entries);
  };
}

function describe({ epoch, model, playing, scene }, entries, begun) {
  const is_page = Boolean(model.get("combinations"));
  const is_partial = entries.length < Math.min(epoch.batch_size, most_shown);
  return [
    `${entries.length} patches`,
    is_partial ? ", the last, partial one" : "",
    begun ? "" : ", none popped yet",
    is_page ? `; voxels of other subjects than ${scene.subject_id} in the notebook only` : "",
    playing && !is_page ? "; pause to see what they hold" : "",
  ].join("");
}

/** Where the patches of a batch lie, beside the large one, and how high all is. */
function lay_out(entries, batch_size, width, theme) {
  const row = 22 * theme.scale; // below a patch: its subject's colour, and its number
  const beside = width - large - 16;
  const side = Math.max(40, Math.min(80, beside / Math.min(entries.length, batch_size) - 6));
  const across = Math.max(1, Math.floor(beside / (side + 6)));
  const place = (n) => ({ x: large + 16 + (n % across) * (side + 6), y: Math.floor(n / across) * (side + row), side });
  const height = Math.max(large, Math.ceil(entries.length / across) * (side + row));
  return [entries.map((entry, n) => ({ entry, ...place(n) })), height];
}

/** One patch in its cell: its voxels where they are known, hatched where it is padding; empty until popped. */
function draw_patch(ctx, store, { entry, x, y, side }, is_popped, theme) {
  const { scene, epoch, main_axis, pictures, voxels } = store;
  const { place, row, subject, patch } = entry;
  const square = [x, y, side, side];
  fill(ctx, square, is_popped ? ground : theme.soft);
  const picture = pictures.get(subject, patch);
  const box = picture?.box ?? find_box(store, subject, patch);
  if (is_popped && box) {
    const painter = painter_of(store);
    const pixels = Math.max(1, Math.round(side));
    const is_here = subject === scene.settings.subject && voxels.whole;
    if (is_here) ctx.drawImage(painter.patch(box, main_axis, pixels, pixels), ...square);
    else if (picture) ctx.drawImage(painter.foreign_patch(pictures.key(subject, patch), picture, main_axis, pixels, pixels), ...square);
    hatch(ctx, square, image_part(box, main_axis, square), 7);
  }
  const is_selected = place === store.selection.entry;
  const colour = is_selected ? selection : box ? real_colour(box.real) : theme.line;
  outline(ctx, [x + 1, y + 1, side - 2, side - 2], colour, is_selected ? 3 : 1.5);
  fill(ctx, [x, y + side + 2, side, 4], subject_colour(row, epoch.sizes.length));
  if (side > 100) return;
  const font = `${12 * theme.scale}px ${theme.font}`;
  Object.assign(ctx, { fillStyle: theme.muted, font, textBaseline: "top", textAlign: "left" });
  ctx.fillText(`${patch + 1}`, x, y + side + 7, side);
}

/** Where in a patch's cell its image part lies. */
function image_part({ corner, inside, size }, axis, square) {
  const [x, y, side] = square;
  const [[left, wide], [low, high]] = plane_axes(axis).map((a) => [Math.max(0, -corner[a]), inside[a]].map((n) => (n / size[a]) * side));
  return [x + left, y + side - low - high, wide, high];
}

/** The batch as a table; what is in a patch is known once the kernel has told. */
function make_table(store, details, choose) {
  const table = new SelectableTable(details.querySelector("table"), columns, choose);
  const differ = changes();
  return (batch, entries) => {
    const { epoch, scene: { settings }, playing } = store;
    const asked = epoch.places(batch).map((place) => epoch.entry(place)).map(({ subject, patch }) => [subject, patch]);
    const contents = playing ? null : store.look_up("contents", { settings, entries: asked });
    if (differ([epoch, batch, store.scene, contents])) {
      const said = contents?.failure ?? contents?.text;
      table.caption.textContent = [`batch ${batch + 1} of ${epoch.n_batches}`, said].filter(Boolean).join(": ");
      table.fill(entries.map((entry, n) => list(store, entry, n, contents)));
    }
    table.mark(store.selection.entry);
  };
}

/** The texts of a row. */
function list(store, { place, subject, patch }, n, contents) {
  const { model, scene: { settings } } = store;
  const is_told = contents?.corners;
  const box = is_told ? make_box(contents.corners[n], contents.insides[n], settings.patch_size) : find_box(store, subject, patch);
  const shares = [box?.real, contents?.foreground?.[n]].map((share) => (share === undefined ? "" : percent(share)));
  return [place, n + 1, place + 1, model.get("choices").subject[subject], patch + 1, box?.corner.join(", ") ?? "", ...shares];
}
