// A question: what is typed goes to Python, which says whether it is right.

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
  const say = (text, right) => {
    status.textContent = text;
    status.dataset.right = String(right);
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    const guess = input.value.trim();
    say(guess ? "checking …" : "type a guess first", null);
    if (guess) model.send({ guess });
  };
  const hear = ({ text, right }) => say(text, right);
  model.on("msg:custom", hear);
  // plain keys typed here are not JupyterLab's
  form.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
  });
  el.append(form);
  return () => {
    model.off("msg:custom", hear);
    form.remove();
  };
}

export default { render };
