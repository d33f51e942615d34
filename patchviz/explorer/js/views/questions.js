// The questions: numbers to guess before they are shown, and how near the guesses were.

import { make_input } from "../draw/inputs.js";
import { judge } from "../state/guess.js";
import { asked_rows, reveal } from "../state/prediction.js";

export function render_questions(store, el) {
  el.innerHTML = `<fieldset></fieldset><button disabled>reveal</button><ul role="status"></ul>`;
  const [fields, button, answers] = el.children;
  let asked = []; // the inputs
  let shown = null;

  const guesses = () => Object.fromEntries(asked.map((input) => [input.name, input.value.trim()]));
  el.oninput = () => (button.disabled = Object.values(guesses()).includes(""));
  el.onsubmit = (event) => {
    event.preventDefault();
    reveal(store, guesses());
  };
  const ask = (rows) => {
    fields.replaceChildren();
    asked = rows.map(({ key, label }) => make_input(label, fields, { type: "text", name: key, size: "8", autocomplete: "off" }));
    button.disabled = true;
  };

  return () => {
    const { scene, model } = store;
    const { withheld = false } = scene;
    el.hidden = !model.get("predict").length;
    if (el.hidden || withheld === shown) return;
    shown = withheld;
    fields.hidden = button.hidden = !withheld;
    const rows = asked_rows(model, scene);
    if (withheld) ask(rows);
    const told = withheld ? [] : rows;
    answers.replaceChildren(...told.map((row) => answer(row, model.get("guesses")[row.key] ?? "")));
  };
}

function answer({ label, value }, guess) {
  const item = document.createElement("li");
  const { right, text } = judge(guess, value, value);
  item.dataset.right = String(right);
  item.append(`${label}: `, Object.assign(document.createElement("b"), { textContent: text }));
  return item;
}
