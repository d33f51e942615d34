// The fold of settings that are seldom changed.

import { make_choice, make_input, make_number, mark, put } from "../draw/inputs.js";
import { change_policy, read_numbers, read_value, shorten } from "../state/choices.js";

export function render_settings(store, el) {
  el.innerHTML = `<summary>overlap, policy, padding mode, batch size, blanks, random starts, patches drawn</summary>
    <div class="pv-fields"></div><p class="pv-note" role="status"></p>`;
  const [, fields, note] = el.children;
  const choices = store.model.get("choices");
  const on_all_axes = (value) => store.scene.axes.map(() => value);
  const controls = {
    overlap: make_input("overlap", fields, { type: "text", inputmode: "numeric", size: "8", title: "voxels, for all axes or one per axis: 16, 16, 4" }),
    policy: make_choice("policy", fields, choices.policy),
    padding_mode: make_choice("padding mode", fields, choices.padding_mode),
    batch_size: make_number("batch size", fields),
    skip_blank: make_choice("blank patches", fields, choices.skip_blank),
    start_offset: make_number("random starts, from minus", fields, 0),
  };
  const read = {
    overlap: (text) => {
      const given = read_numbers(text);
      return { overlap: Array.isArray(given) && given.length === 1 ? on_all_axes(given[0]) : given };
    },
    policy: (name) => change_policy(store, name),
    padding_mode: (name) => ({ padding_mode: name }),
    batch_size: (text) => ({ batch_size: Number(text) }),
    skip_blank: (text) => ({ skip_blank: read_value(text) }),
    start_offset: (text) => ({ start_offset: on_all_axes(Number(text)) }),
  };
  for (const [name, control] of Object.entries(controls)) {
    control.dataset.setting = name;
    control.onchange = () => store.change(read[name](control.value));
  }
  const show_sampling = make_sampling(store, fields);

  return () => {
    const { settings, has_label, hints } = store.scene;
    controls.skip_blank.parentElement.hidden = !has_label;
    const shown = { ...settings, overlap: shorten(settings.overlap).replaceAll(",", ", "), start_offset: Math.max(...settings.start_offset) };
    for (const [name, control] of Object.entries(controls)) {
      put(control, shown[name]);
      mark(store, name === "policy" ? ["policy", "start"] : [name], control);
    }
    show_sampling();
    const { refusal } = store;
    const is_ours = refusal && refusal.control !== "patch_size";
    const about = hints.filter(({ control }) => control !== "patch_size");
    note.textContent = is_ours ? refusal.text : about.map(({ text }) => text).join("; ");
    note.dataset.level = is_ours ? "red" : "amber";
    if (is_ours) el.open = true;
  };
}

/** Where patches come from, and what belongs to it; returns what shows the present choice. */
function make_sampling(store, fields) {
  const from = make_choice("patches from", fields, store.model.get("choices").sampling);
  const [, , by_share, by_class] = from.options;
  const share = make_input("share with foreground", fields, { type: "number", step: "0.01", min: "0.01", max: "1" });
  const chances = make_input("chances of classes 0, 1, 2 …", fields, { type: "text", size: "8", title: "of standing in the middle of a patch: 0, 1, 2" });
  const count = make_input("patches a subject", fields, { type: "number", step: "1", min: "1", placeholder: "grid's", title: "as many as the grid has, where left empty" });
  for (const input of [from, share, chances]) input.dataset.setting = "sampling";
  count.dataset.setting = "patches_per_subject";
  const change = (sampling) => store.change({ sampling, ...(sampling === "grid" ? { patches_per_subject: null } : {}) });
  from.onchange = () => change(from.value.includes(",") ? read_numbers(from.value) : read_value(from.value));
  share.onchange = () => share.reportValidity() && change(Number(share.value));
  chances.onchange = () => change(read_numbers(chances.value));
  count.onchange = () => count.reportValidity() && store.change({ patches_per_subject: count.value ? Number(count.value) : null });
  return () => {
    const { sampling, patches_per_subject } = store.scene.settings;
    const kind = typeof sampling === "number" ? by_share : Array.isArray(sampling) ? by_class : null;
    if (kind) kind.value = String(sampling);
    by_share.hidden = by_class.hidden = !store.scene.has_label;
    put(from, String(sampling));
    put(share, by_share.value);
    put(chances, by_class.value.replaceAll(",", ", "));
    put(count, patches_per_subject ?? "");
    share.parentElement.hidden = kind !== by_share;
    chances.parentElement.hidden = kind !== by_class;
    count.parentElement.hidden = sampling === "grid";
    mark(store, ["sampling"], from);
    mark(store, ["patches_per_subject"], count);
  };
}
