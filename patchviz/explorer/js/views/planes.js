// The planes: one large with rulers, boxes and padding, two small ones that a click makes large.

import { fit, theme_of } from "../draw/canvas.js";
import { on_arrows, on_drag } from "../draw/gestures.js";
import { Plane } from "../draw/plane.js";
import { box_at, box_of, plane_axes } from "../state/boxes.js";
import { describe_patch, describe_selection } from "../state/words.js";

const plane_names = { S: "axial", I: "axial", A: "coronal", P: "coronal", L: "sagittal", R: "sagittal" };
const highest = 680; // of the large plane, in CSS pixels, where it has all the width
const thumb = `<button title="Show this plane large"><canvas></canvas><span></span></button>`;
const make_slider = (letter) =>
  `<label><span>${letter}</span><input type="range" step="1" aria-label="slice along ${letter}"><output aria-hidden="true"></output></label>`;

export function render_planes(store, el) {
  el.innerHTML = `
    <div class="pv-main"><canvas tabindex="0" role="application"></canvas><p class="pv-readout"></p><p class="pv-note" role="status" hidden></p></div>
    <div class="pv-thumbs">${thumb.repeat(2)}</div>
    <div class="pv-sliders">${[..."ijk"].map(make_slider).join("")}</div>`;
  const [canvas, readout, note] = [".pv-main canvas", ".pv-readout", ".pv-note"].map((name) => el.querySelector(name));
  const [thumbs, sliders] = ["button", "input"].map((name) => [...el.querySelectorAll(name)]);
  let plane = null;

  const at = (x, y) => plane.position(x, y, store.position);
  on_drag(canvas, {
    move: (x, y) => store.set({ position: at(x, y) }),
    hover: (x, y) => store.set({ hover: box_at(store.scene, at(x, y)) }),
    click: (x, y) => {
      const position = at(x, y);
      const n = box_at(store.scene, position);
      store.set({ position });
      if (n !== null) store.choose(n, { voxel: position });
    },
  });
  canvas.onpointerleave = () => store.set({ hover: null });
  const slide = (axis, by) => store.move_to(store.position.with(axis, store.position[axis] + by));
  canvas.onwheel = (event) => {
    if (document.activeElement !== canvas) return; // the page scrolls until the plane is clicked
    event.preventDefault();
    slide(store.main_axis, -Math.sign(event.deltaY));
  };
  const help = "arrow keys move the crosshair, page keys the slice; Enter selects the patch there";
  on_arrows(canvas, help, (right, up, page) => {
    const [u, v] = plane_axes(store.main_axis);
    slide(page ? store.main_axis : up ? v : u, right + up + page);
  });
  canvas.onkeydown = (event) => {
    const n = event.key === "Enter" ? box_at(store.scene, store.position) : null;
    if (n !== null) store.choose(n);
  };
  thumbs.forEach((button, n) => (button.onclick = () => store.set({ main_axis: plane_axes(store.main_axis)[n] })));
  sliders.forEach((input, a) => (input.oninput = () => store.move_to(store.position.with(a, Number(input.value)))));

  return () => {
    const { scene, main_axis: axis, position, hover } = store;
    const width = canvas.parentElement.clientWidth;
    plane = new Plane(scene, axis, width, Math.min(width, highest), theme_of(el));
    canvas.style.height = `${plane.height}px`;
    plane.draw(fit(canvas, plane.width, plane.height), store);
    plane_axes(axis).forEach((a, n) => draw_thumb(thumbs[n], store, a));
    canvas.setAttribute("aria-label", name_plane(scene, axis, position[axis]) + (scene.withheld ? "" : ", with patch boxes"));
    const words = hover === null ? describe_selection(store) : describe_patch(hover, box_of(scene, hover), scene.n_patches);
    readout.textContent = scene.withheld ? "" : words.join(" · ");
    note.hidden = !store.voxels.note;
    if (!note.hidden) note.textContent = store.voxels.note;
    sliders.forEach((input, a) => {
      const [min, end] = scene.axes[a].span;
      Object.assign(input, { min, max: end - 1, value: position[a] });
      input.nextElementSibling.value = String(position[a]);
    });
  };
}

function name_plane(scene, axis, at) {
  const { name, ends } = scene.axes[axis];
  return `${plane_names[ends[1]] ?? "plane"} ${name} = ${at}`;
}

function draw_thumb(button, store, axis) {
  const [canvas, caption] = button.children;
  const width = button.clientWidth;
  const plane = new Plane(store.scene, axis, width, width);
  canvas.style.height = `${plane.height}px`;
  plane.draw(fit(canvas, plane.width, plane.height), store);
  const title = name_plane(store.scene, axis, store.position[axis]);
  if (caption.textContent !== title) caption.textContent = title;
}
