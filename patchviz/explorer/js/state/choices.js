// What there is to choose from: everything where a kernel answers, a declared list in an exported page.

const kept = new WeakMap(); // the values found for each scene's settings

/** Of some changes, those of settings that aren't locked. */
export function unlocked(model, changes) {
  const locked = model.get("lock");
  return Object.fromEntries(Object.entries(changes).filter(([name]) => !locked.includes(name)));
}

/** What to change for another policy: a start, given or drawn, goes with one only. */
export function change_policy({ scene }, policy) {
  const none = { start: null, start_offset: scene.axes.map(() => 0) };
  return { policy, ...(policy === "centered" ? {} : none) };
}

/** The values that one setting can take beside the others as they are, or null where any can be asked for. */
export function offered_values(model, settings, name) {
  if (model.get("lock").includes(name)) return [shorten(settings[name])];
  const combinations = model.get("combinations");
  if (!combinations) return null;
  if (!kept.has(settings)) kept.set(settings, new Map());
  const found = kept.get(settings);
  if (!found.has(name)) found.set(name, find_values(combinations, settings, name));
  return found.get(name);
}

function find_values(combinations, settings, name) {
  const free = name === "policy" ? [name, "start"] : [name]; // a start goes with one policy only
  const fixed = Object.keys(settings).filter((key) => !free.includes(key) && key !== "epoch"); // all have the same epochs
  const alike = combinations.filter((other) => fixed.every((key) => String(other[key]) === String(settings[key])));
  const values = new Set(alike.map((other) => shorten(other[name])));
  return [...values].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

/** A value as people type it: one number where all axes have the same. */
export function shorten(value) {
  const same = Array.isArray(value) && new Set(value).size === 1;
  return same ? String(value[0]) : String(value);
}

/** Numbers as people type them, "16" or "16, 16, 4"; what is none stays text, for Python to refuse. */
export function read_numbers(text) {
  const numbers = text.split(/[,;\s]+/).filter(Boolean).map(Number);
  return numbers.length && !numbers.some(Number.isNaN) ? numbers : text;
}

/** What Python takes as a number, a truth value or a name. */
export function read_value(text) {
  if (text === "false") return false;
  return Number.isNaN(Number(text)) ? text : Number(text);
}

/** What a page says where more was wished for than it holds. */
export function describe_offer(model, settings, name) {
  const values = offered_values(model, settings, name).join(", ");
  return `this page holds ${name.replaceAll("_", " ")} ${values} here; the notebook has all`;
}

/** Whether it can be told how often voxels are seen: a page knows it for the settings that it opens with. */
export function offers_coverage(model, settings) {
  const [first] = model.get("combinations") ?? [settings];
  return JSON.stringify({ ...first, epoch: 0 }) === JSON.stringify({ ...settings, epoch: 0 });
}

/** Of the cubic patch sizes that there are, the one nearest to a wish; by a key never the present one. */
export function nearest_size({ model, scene, target }, wish, by_key) {
  const sizes = offered_values(model, scene.settings, "patch_size")?.map(Number).filter((size) => !Number.isNaN(size));
  const now = target.patch_size[0];
  const beyond = (sizes ?? [wish]).filter((size) => !by_key || (size - now) * (wish - now) > 0);
  return beyond.reduce((best, size) => (Math.abs(size - wish) < Math.abs(best - wish) ? size : best), beyond[0] ?? now);
}
