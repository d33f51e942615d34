// The picture: whose it is, its window, and whether the label is shown.

import { make_choice, make_input, put, put_options } from "../draw/inputs.js";

export function render_picture(store, el) {
  const selects = { subject: make_choice("subject", el, store.model.get("choices").subject), channel: make_choice("channel", el, {}) };
  const [low, high] = ["darkest", "brightest"].map((name) => make_input(name, el, { type: "range", min: "0", max: "255" }));
  const label = make_input("label", el, { type: "checkbox" });
  selects.subject.onchange = ({ target }) =>
    store.change({ subject: Number(target.value), channel: 0, patch_size: store.scene.settings.patch_size });
  selects.channel.onchange = ({ target }) => store.change({ channel: Number(target.value) });
  label.onchange = () => store.set({ show_label: label.checked });
  low.oninput = high.oninput = () =>
    store.set({ window: [Number(low.value), Math.max(Number(high.value), Number(low.value) + 1)] });
  return () => {
    const { scene, voxels, window, show_label } = store;
    if (selects.channel.options.length !== scene.n_channels) {
      put_options(selects.channel, Object.fromEntries(Array.from({ length: scene.n_channels }, (_, n) => [n, n + 1])));
    }
    for (const [name, select] of Object.entries(selects)) {
      select.dataset.setting = name;
      select.value = String(scene.settings[name]);
      select.parentElement.hidden = select.options.length < 2;
    }
    label.checked = show_label;
    label.parentElement.hidden = !scene.has_label;
    [low, high].forEach((input, n) => {
      put(input, window[n]);
      const known = voxels && voxels.note !== undefined;
      input.setAttribute("aria-valuetext", known ? (voxels.low + (window[n] / 255) * (voxels.high - voxels.low)).toPrecision(3) : "");
    });
  };
}
