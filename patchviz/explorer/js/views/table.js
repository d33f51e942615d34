// All patches as a table: what the boards show, for those who read or listen.

import { Rows } from "./rows.js";
import { box_of } from "../state/boxes.js";
import { range } from "../draw/paint.js";
import { percent } from "../state/words.js";

const most_rows = 500; // of more patches, those around the selected one
const stride = most_rows / 2;

export function render_table(store, el) {
  el.innerHTML = `<summary>all patches as a table</summary><div class="pv-scroll"><table></table></div>`;
  el.ontoggle = () => store.touch();
  const scroll = el.querySelector("div");
  const choose = (n) => store.select(n, { centre: true, save: true });
  const rows = new Rows(el.querySelector("table"), ["patch", "corner", "image", "free of padding"], choose);
  let shown = [];
  return () => {
    const { scene, selected, ghost } = store;
    if (!el.open || ghost) return;
    const { n_patches } = scene;
    const near = Math.floor(selected / stride) * stride - stride / 2;
    const first = Math.max(0, Math.min(near, n_patches - most_rows));
    const now = [scene, first, selected];
    if (now.every((value, n) => value === shown[n])) return;
    if (scene !== shown[0] || first !== shown[1]) {
      const last = Math.min(first + most_rows, n_patches);
      const [from, to, all] = [first + 1, last, n_patches].map((n) => n.toLocaleString("en"));
      rows.caption.textContent = last - first < n_patches ? `patches ${from} to ${to} of ${all}: those around the selected one` : `all ${all} patches`;
      rows.fill(range(first, last).map((n) => list(box_of(scene, n))));
    }
    shown = now;
    rows.mark(selected);
    if (!rows.focused()) scroll.scrollTop = rows.row(selected).offsetTop - scroll.clientHeight / 2;
  };
}

function list({ n, corner, real }) {
  return [n, n + 1, corner.join(", "), percent(real), real === 1 ? "yes" : "no"];
}
