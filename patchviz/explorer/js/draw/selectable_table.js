// A table to choose from: one stop of the Tab key, arrow keys within, a click or Enter chooses.

import { on_arrows } from "./gestures.js";

export class SelectableTable {
  caption; body;
  ids = []; // what each row stands for
  chosen = null;
  stop = null; // the row that Tab comes to

  constructor(table, columns, choose) {
    const caption = table.createCaption();
    table.createTHead().innerHTML = `<tr>${columns.map((name) => `<th scope="col">${name}</th>`).join("")}</tr>`;
    table.setAttribute("role", "grid"); // its rows take keys
    Object.assign(this, { caption, body: table.createTBody() });
    const choose_at = ({ target }) => choose(this.ids[target.closest("tr").sectionRowIndex]);
    this.body.onclick = choose_at;
    this.body.onkeydown = (event) => {
      if (event.key === "Enter") choose_at(event);
    };
    on_arrows(table, "up and down move between rows, Enter selects", (_, up) => {
      const row = this.focused()?.[up > 0 ? "previousElementSibling" : "nextElementSibling"];
      if (!up || !row) return;
      row.focus();
      this.mark(this.chosen);
    });
  }

  focused() {
    return this.body.querySelector("tr:focus");
  }

  row(id) {
    return this.body.rows[this.ids.indexOf(id)] ?? null;
  }

  /** Put rows in place of those before, each an id and its texts; the focus goes to the same id. */
  fill(rows) {
    const before = this.focused();
    const id = before && this.ids[before.sectionRowIndex];
    this.ids = rows.map(([id]) => id);
    this.stop = null;
    this.body.replaceChildren(...rows.map(([, ...texts]) => make_row(texts)));
    if (before) (this.row(id) ?? this.body.rows[0])?.focus();
  }

  /** Mark the row of what is chosen, if there is one. */
  mark(id) {
    const stop = this.focused() ?? this.row(id) ?? this.body.rows[0];
    if (id === this.chosen && stop === this.stop) return;
    Object.assign(this, { chosen: id, stop });
    [...this.body.rows].forEach((row, n) => {
      row.setAttribute("aria-selected", String(this.ids[n] === id));
      row.tabIndex = row === stop ? 0 : -1;
    });
  }
}

function make_row(texts) {
  const row = document.createElement("tr");
  row.append(...texts.map((text) => Object.assign(document.createElement("td"), { textContent: text })));
  row.tabIndex = -1;
  return row;
}
