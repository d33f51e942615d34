// A question: Python computes what is right when a guess is checked.

import { judge } from "../state/guess.js";
import { keep_keys } from "../draw/gestures.js";

const page = `
  <label><span></span> <input type="text" size="12" autocomplete="off"></label>
  <button>check</button>
  <p role="status"></p>`;

function render({ model, el }) {
  const form = document.createElement("form");
  form.className = "patchviz-question";
  form.innerHTML = page;
  const [question, input, status] = [form.querySelector("span"), form.querySelector("input"), form.querySelector("p")];
  question.textContent = model.get("question");
  let guess = ""; // what is being checked, in this view
  const say = ({ text, right = null }) => {
    status.textContent = text;
    status.dataset.right = String(right);
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    guess = input.value.trim();
    say({ text: guess ? "checking …" : "type a guess first" });
    if (guess) model.send({ kind: "answer" });
  };
  const hear = ({ right, text }) => {
    if (guess) say(right ? judge(guess, right, text) : { text });
    guess = "";
  };
  model.on("msg:custom", hear);
  const let_go = keep_keys(form);
  el.append(form);
  return () => {
    model.off("msg:custom", hear);
    let_go();
    form.remove();
  };
}

export default { render };
