// All patches as a table: what the boards show, for those who read or listen.

import { changes } from "../draw/changes.js";
import { range } from "../draw/painter.js";
import { SelectableTable } from "../draw/selectable_table.js";
import { box_of } from "../state/boxes.js";
import { percent } from "../state/words.js";

const most_rows = 500; // of more patches, those around the selected one
const stride = most_rows / 2;

export function render_patch_table(store, el) {
  el.innerHTML = `<summary>all patches as a table</summary><div class="pv-scroll"><table></table></div>`;
  const scroll = el.querySelector("div");
  const choose = (n) => store.choose(n, { centre: true });
  const table = new SelectableTable(el.querySelector("table"), ["patch", "corner", "image", "free of padding"], choose);
  const differ = [changes(), changes()];
  return () => {
    const { scene, selection: { here }, ghost } = store;
    if (ghost) return;
    const { n_patches } = scene;
    const near = Math.floor((here ?? 0) / stride) * stride - stride / 2;
    const first = Math.max(0, Math.min(near, n_patches - most_rows));
    if (!differ[0]([scene, first, here])) return;
    if (differ[1]([scene, first])) {
      const last = Math.min(first + most_rows, n_patches);
      const [from, to, all] = [first + 1, last, n_patches].map((n) => n.toLocaleString("en"));
      const some = `patches ${from} to ${to} of ${all}: those around the selected one`;
      table.caption.textContent = last - first < n_patches ? some : `all ${all} patches`;
      table.fill(range(first, last).map((n) => list(box_of(scene, n))));
    }
    table.mark(here);
    const row = table.row(here);
    if (row && !table.focused()) scroll.scrollTop = row.offsetTop - scroll.clientHeight / 2;
  };
}

function list({ n, corner, real }) {
  return [n, n + 1, corner.join(", "), percent(real), real === 1 ? "yes" : "no"];
}
