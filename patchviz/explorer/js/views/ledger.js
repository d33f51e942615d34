// The ledger: every number, and on a click the formula that gives it.

export function render_ledger(store, el) {
  el.innerHTML = `<summary>every number, and its formula</summary><div class="pv-ledger"></div>`;
  el.addEventListener("toggle", () => store.touch());
  const body = el.querySelector(".pv-ledger");
  const rows = new Map();
  let shown = null;
  return () => {
    if (store.scene === shown || !el.open) return;
    shown = store.scene;
    const groups = new Map();
    for (const row of shown.ledger) {
      if (!rows.has(row.key)) rows.set(row.key, make_row(row.key));
      put(rows.get(row.key), row);
      groups.set(row.group, [...(groups.get(row.group) ?? []), rows.get(row.key)]);
    }
    const wanted = [...groups.values()].flat();
    if (wanted.length === body.querySelectorAll("details").length) return; // texts are in place
    body.replaceChildren(
      ...[...groups].map(([name, members]) => {
        const section = document.createElement("section");
        const title = document.createElement("h3");
        title.textContent = name;
        section.append(title, ...members);
        return section;
      }),
    );
  };
}

function make_row(key) {
  const row = document.createElement("details");
  row.dataset.key = key;
  row.innerHTML = `<summary><span></span><b></b><small></small></summary><code></code>`;
  return row;
}

function put(row, { label, value, formula, reason }) {
  row.querySelector("span").textContent = label;
  row.querySelector("b").textContent = value;
  row.querySelector("small").textContent = reason;
  row.querySelector("code").textContent = formula;
}
