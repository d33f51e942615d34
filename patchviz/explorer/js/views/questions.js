// The questions: numbers to guess before they are shown, and how near the guesses were.

import { reveal, rows_of } from "../state/cover.js";
import { judge } from "../state/guess.js";

export function render_questions(store, el) {
  el.innerHTML = `<fieldset></fieldset><button disabled>reveal</button><ul role="status"></ul>`;
  const [fields, button, answers] = ["fieldset", "button", "ul"].map((name) => el.querySelector(name));
  const predict = store.model.get("predict");
  let asked = []; // the inputs
  let shown = null;

  const guesses = () => Object.fromEntries(asked.map((input) => [input.name, input.value.trim()]));
  el.oninput = () => (button.disabled = Object.values(guesses()).includes(""));
  el.onsubmit = (event) => {
    event.preventDefault();
    reveal(store, guesses());
  };
  const ask = (rows) => {
    asked = rows.map(({ key }) => Object.assign(document.createElement("input"), { type: "text", name: key, size: 8, autocomplete: "off" }));
    fields.replaceChildren(...rows.map(({ label }, n) => label_of(label, asked[n])));
    button.disabled = true;
  };

  return () => {
    const { scene, model } = store;
    const { covered = false } = scene;
    el.hidden = !predict.length;
    if (el.hidden || covered === shown) return;
    shown = covered;
    fields.hidden = button.hidden = !covered;
    if (covered) ask(rows_of(predict, scene));
    const told = covered ? [] : rows_of(predict, scene);
    answers.replaceChildren(...told.map((row) => answer(row, model.get("guesses")[row.key] ?? "")));
  };
}

function label_of(text, input) {
  const label = document.createElement("label");
  label.append(text, input);
  return label;
}

function answer({ label, value }, guess) {
  const item = document.createElement("li");
  const { right, text } = judge(guess, value, value);
  item.dataset.right = String(right);
  item.append(`${label}: `, Object.assign(document.createElement("b"), { textContent: text }));
  return item;
}
