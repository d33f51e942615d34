// Labelled inputs: how they are made, what they show, and what can't be chosen.

import { describe_offer, offered_values } from "../state/choices.js";

const elsewhere = " (in the notebook only)";

export function make_input(name, parent, attributes) {
  const input = document.createElement("input");
  Object.entries(attributes).forEach(([key, value]) => input.setAttribute(key, value));
  return label(name, input, parent);
}

export function make_number(name, parent, min = 1) {
  return make_input(name, parent, { type: "number", step: "1", min: String(min) });
}

export function make_choice(name, parent, options) {
  const select = document.createElement("select");
  put_options(select, options);
  return label(name, select, parent);
}

function label(name, control, parent) {
  const element = document.createElement("label");
  element.append(name, control);
  parent.append(element);
  return control;
}

/** Texts to choose from, by their values. */
export function put_options(select, options) {
  select.replaceChildren(...Object.entries(options).map(([value, text]) => new Option(text, value)));
}

/** Show a value, unless somebody is typing there. */
export function put(input, value) {
  const typing = ["number", "text"].includes(input.type) && input.getRootNode().activeElement === input;
  if (!typing) input.value = String(value);
}

/** Turn controls amber or red where something is to be said of settings of these names; returns what. */
export function mark({ scene, refusal }, names, ...controls) {
  const refused = names.includes(refusal?.control) ? refusal.text : null;
  const found = scene.hints.filter(({ control }) => names.includes(control)).map(({ text }) => text);
  const level = refused ? "red" : found.length ? "amber" : "";
  controls.forEach((control) => (control.dataset.level = level));
  return { level, text: refused ?? found.join("; ") };
}

/** Disable what can't be chosen of the controls below `root` that say which setting is theirs, with a word why. */
export function disable({ model, scene }, root) {
  const locked = model.get("lock");
  const is_page = Boolean(model.get("combinations"));
  if (!is_page && !locked.length) return;
  for (const control of root.querySelectorAll("[data-setting]")) {
    const name = control.dataset.setting;
    if (locked.includes(name)) Object.assign(control, { disabled: true, title: "locked here" });
    else if (is_page) disable_one(control, offered_values(model, scene.settings, name), describe_offer(model, scene.settings, name));
  }
}

function disable_one(control, values, reason) {
  if (control.options) for (const option of control.options) disable_option(option, values);
  else if (control.type === "radio") control.disabled = !values.includes(control.value);
  else {
    // all axes alike: there is another way when sizes differ
    control.disabled = control.type === "checkbox" ? !values.some((value) => value.includes(",")) : values.length < 2;
    control.title = reason;
  }
}

function disable_option(option, values) {
  option.disabled = !values.includes(option.value);
  const text = option.text.replace(elsewhere, "");
  const full = option.disabled ? text + elsewhere : text;
  if (option.text !== full) option.text = full;
}
