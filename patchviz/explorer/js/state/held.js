// What there is to choose from: everything where a kernel answers, a declared list in an exported page.

const elsewhere = " (in the notebook only)";
const kept = new WeakMap(); // the values found for each scene's settings

/** Of some changes, those of settings that aren't locked. */
export function unlocked(model, changes) {
  const locked = model.get("lock");
  return Object.fromEntries(Object.entries(changes).filter(([name]) => !locked.includes(name)));
}

/** The values that one setting can take beside the others as they are, or null where any can be asked for. */
export function held_values(model, settings, name) {
  if (model.get("lock").includes(name)) return [short(settings[name])];
  const held = model.get("held");
  if (!held) return null;
  if (!kept.has(settings)) kept.set(settings, new Map());
  const found = kept.get(settings);
  if (!found.has(name)) found.set(name, find_values(held, settings, name));
  return found.get(name);
}

function find_values(held, settings, name) {
  const free = name === "policy" ? [name, "start"] : [name]; // a start goes with one policy only
  const fixed = Object.keys(settings).filter((key) => !free.includes(key) && key !== "epoch"); // all have the same epochs
  const alike = held.filter((other) => fixed.every((key) => String(other[key]) === String(settings[key])));
  const values = new Set(alike.map((other) => short(other[name])));
  return [...values].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

/** A value as people type it: one number where all axes have the same. */
function short(value) {
  const same = Array.isArray(value) && new Set(value).size === 1;
  return same ? String(value[0]) : String(value);
}

/** What a page says where more was wished for than it holds. */
export function say_held(model, settings, name) {
  const values = held_values(model, settings, name).join(", ");
  return `this page holds ${name.replaceAll("_", " ")} ${values} here; the notebook has all`;
}

/** Whether it can be told how often voxels are seen: a page knows it for the settings that it opens with. */
export function holds_coverage(model, settings) {
  const [first] = model.get("held") ?? [settings];
  return JSON.stringify({ ...first, epoch: 0 }) === JSON.stringify({ ...settings, epoch: 0 });
}

/** Disable what can't be chosen of the controls below `root` that say which setting is theirs, with a word why. */
export function offer({ model, scene }, root) {
  const locked = model.get("lock");
  if (!model.get("held") && !locked.length) return;
  for (const control of root.querySelectorAll("[data-setting]")) {
    const name = control.dataset.setting;
    if (locked.includes(name)) Object.assign(control, { disabled: true, title: "locked here" });
    if (locked.includes(name) || !model.get("held")) continue;
    const values = held_values(model, scene.settings, name);
    for (const option of control.options ?? []) offer_option(option, values);
    if (control.options) continue;
    if (control.type === "radio") {
      control.disabled = !values.includes(control.value);
      continue;
    }
    // all axes alike: there is another way when sizes differ
    control.disabled = control.type === "checkbox" ? !values.some((value) => value.includes(",")) : values.length < 2;
    control.title = say_held(model, scene.settings, name);
  }
}

function offer_option(option, values) {
  option.disabled = !values.includes(option.value);
  const text = option.text.replace(elsewhere, "");
  const full = option.disabled ? text + elsewhere : text;
  if (option.text !== full) option.text = full;
}

/** Of the cubic patch sizes that there are, the one nearest to a wish; by a key never the present one. */
export function nearest_size({ model, scene, target }, wish, by_key) {
  const sizes = held_values(model, scene.settings, "patch_size")?.map(Number).filter((size) => !Number.isNaN(size));
  const now = target.patch_size[0];
  const beyond = (sizes ?? [wish]).filter((size) => !by_key || (size - now) * (wish - now) > 0);
  return beyond.reduce((best, size) => (Math.abs(size - wish) < Math.abs(best - wish) ? size : best), beyond[0] ?? now);
}
