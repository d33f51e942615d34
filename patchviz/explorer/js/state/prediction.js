// What has to be guessed first: a scene with its grid taken out, so that no view can show it.

/** The scene as it may be shown: whole, or without grid and numbers while there is something to guess. */
export function withhold(store, scene) {
  const asked = asked_rows(store.model, scene);
  if (!asked.length || store.revealed === key_of_numbers(scene)) return scene;
  const word = (wanted) => scene.sentence.find(({ key }) => key === wanted);
  return {
    ...scene,
    withheld: true,
    sampled: null,
    axes: scene.axes.map(take_grid_out),
    n_patches: 1,
    blank: [],
    classes: [],
    sentence: [word("image_shape"), { text: " cut into patches of " }, word("patch_size")],
    ledger: asked.map(({ key, label }) => ({ key, label })),
    hints: scene.hints.filter(({ control }) => control === "patch_size"),
    size_sweep: take_plot_out(scene.size_sweep),
  };
}

/** The rows of the ledger that are asked for. */
export function asked_rows(model, { ledger }) {
  return model.get("predict").map((key) => ledger.find((row) => row.key === key)).filter(Boolean);
}

/** Everything was guessed: show it, and let Python know. */
export function reveal(store, guesses) {
  const { scene, model } = store;
  store.revealed = key_of_numbers(scene);
  model.set("guesses", guesses);
  model.save_changes();
  store.request(scene.settings);
}

/** What the numbers depend on: another subject of the same shape has the same. */
function key_of_numbers({ settings: { subject, channel, padding_mode, epoch, ...rest }, axes }) {
  return JSON.stringify([rest, axes.map(({ size }) => size)]);
}

/** An axis of the image alone, as if one patch were all of it. */
function take_grid_out(axis) {
  const { size } = axis;
  const image_index = Array.from({ length: size }, (_, n) => n);
  const layer_index = image_index.map(() => 0);
  return { ...axis, patch: size, starts: [0], inside: [size], span: [0, size], image_index, layer_index, unseen: [] };
}

/** A sweep of sizes without its plot. */
function take_plot_out(sweep) {
  const none = sweep.sizes.map(() => null);
  return { ...sweep, padding: none, unseen: none, counts: none };
}
