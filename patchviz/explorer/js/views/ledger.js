// The ledger: every number, and on a click the formula that gives it.

import { changes } from "../draw/changes.js";

export function render_ledger(store, el) {
  el.innerHTML = `<summary>every number, and its formula</summary><div class="pv-numbers"></div>`;
  const body = el.querySelector(".pv-numbers");
  const differ = changes();
  let listed = "";
  return () => {
    if (!differ([store.scene])) return;
    const { ledger } = store.scene;
    const rows = ledger.map(({ group, key }) => `${group} ${key}`).join();
    if (rows !== listed) list(body, ledger);
    listed = rows;
    for (const row of body.querySelectorAll("details")) {
      const { label, value, formula, reason } = ledger.find(({ key }) => key === row.dataset.key);
      const texts = { span: label, b: value, small: reason, code: formula };
      for (const [name, text] of Object.entries(texts)) row.querySelector(name).textContent = text;
    }
  };
}

/** Make a row for each number, under the titles of their groups; those that are open stay so. */
function list(body, ledger) {
  const open = new Set([...body.querySelectorAll("[open]")].map((row) => row.dataset.key));
  const groups = [...new Set(ledger.map(({ group }) => group))];
  const make_row = ({ key }) =>
    `<details data-key="${key}" ${open.has(key) ? "open" : ""}><summary><span></span><b></b><small></small></summary><code></code></details>`;
  const rows_of = (name) => ledger.filter(({ group }) => group === name).map(make_row).join("");
  body.innerHTML = groups.map((name) => `<section><h3>${name}</h3>${rows_of(name)}</section>`).join("");
}
