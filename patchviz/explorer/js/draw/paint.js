// Pixels: voxels to colours, and the colours that mean something.

import { box_of, heart_of, index_at } from "../state/boxes.js";

export const selection = "#ff8f1f"; // the selected patch, and nothing else
export const never_seen = "#ff2fd0"; // voxels that no patch holds, and nothing else
export const ground = "#12171d"; // behind anatomy, in both themes, as on a reading-room screen
const label_tints = [[255, 196, 61], [122, 214, 120], [240, 122, 122], [110, 170, 255]];
const ramp = [[0, 38, 94, 128], [0.25, 47, 120, 156], [0.5, 66, 160, 196], [1, 176, 236, 255]];

/** The colour of a box by how much of it is image: one hue, lighter the more is real. */
export function real_colour(real, alpha = 1) {
  const high = Math.max(1, ramp.findIndex(([at]) => at >= real));
  const [from, to] = [ramp[high - 1], ramp[high]];
  const t = (real - from[0]) / (to[0] - from[0]);
  const mix = [1, 2, 3].map((c) => Math.round(from[c] + t * (to[c] - from[c])));
  return `rgba(${mix.join()},${alpha})`;
}

// dark violet to yellow, evenly in lightness (five stops of matplotlib's viridis)
const subject_ramp = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];

/** The colour of a subject by its place among all: a gradient where they come in order. */
export function subject_colour(n, count) {
  const at = (count > 1 ? n / (count - 1) : 0) * (subject_ramp.length - 1);
  const low = Math.min(Math.floor(at), subject_ramp.length - 2);
  const mix = subject_ramp[low].map((c, i) => Math.round(c + (at - low) * (subject_ramp[low + 1][i] - c)));
  return `rgb(${mix.join()})`;
}

/** The colours of the theme around `el`, for drawing on a canvas. */
export function theme_of(el) {
  const style = getComputedStyle(el);
  const read = (name) => style.getPropertyValue(name).trim();
  return { text: read("--pv-text"), muted: read("--pv-muted"), line: read("--pv-line"), soft: read("--pv-soft"), font: style.fontFamily, scale: Number(read("--pv-scale")) };
}

/** Fit a canvas's pixels to its place on the page; returns its context in CSS pixels. */
export function fit(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  const ctx = (canvas.getContext("2d"));
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.clearRect(0, 0, width, height);
  return ctx;
}

/** Mark a patch that is left out: dimmed, with a cross. */
export function cross_out(ctx, x, y, w, h) {
  ctx.save();
  ctx.fillStyle = "rgba(18,23,29,.6)";
  ctx.fillRect(x, y, w, h);
  ctx.strokeStyle = "rgba(255,255,255,.7)";
  ctx.lineWidth = 1;
  ctx.beginPath();
  ctx.moveTo(x, y);
  ctx.lineTo(x + w, y + h);
  ctx.moveTo(x + w, y);
  ctx.lineTo(x, y + h);
  ctx.stroke();
  ctx.restore();
}

/** Look-up from voxel and label value to a pixel, plain in [0], dimmed and hazy as padding in [1]. */
function make_table([low, high], tinted) {
  return [{ dim: 1, haze: [0, 0, 0] }, { dim: 0.5, haze: [22, 32, 44] }].map(({ dim, haze }) => {
    const table = new Uint32Array(256 * (tinted ? label_tints.length + 1 : 1));
    for (let entry = 0; entry < table.length; entry++) {
      const grey = 255 * Math.min(1, Math.max(0, ((entry & 255) - low) / Math.max(1, high - low)));
      const tint = label_tints[(entry >> 8) - 1];
      const [r, g, b] = [0, 1, 2].map((c) => haze[c] + dim * (tint ? 0.5 * grey + 0.5 * tint[c] : grey));
      table[entry] = (255 << 24) | (b << 16) | (g << 8) | r;
    }
    return table;
  });
}

/** Hatch a rectangle (x, y, width, height), all but a hole in it: so padding is marked. */
export function hatch(ctx, rect, hole, gap, alpha = 0.3) {
  const [x, y, w, h] = rect;
  ctx.save();
  ctx.beginPath();
  ctx.rect(x, y, w, h);
  if (hole) ctx.rect(...hole);
  ctx.clip("evenodd");
  ctx.beginPath();
  for (let d = -h; d < w; d += gap) {
    ctx.moveTo(x + d, y + h);
    ctx.lineTo(x + d + h, y);
  }
  ctx.strokeStyle = `rgba(255,255,255,${alpha})`;
  ctx.lineWidth = 1;
  ctx.stroke();
  ctx.restore();
}

/** Write a text so that it can be read whatever lies under it. */
export function write_over(ctx, text, x, y) {
  Object.assign(ctx, { strokeStyle: ground, lineWidth: 3, lineJoin: "round" });
  ctx.strokeText(text, x, y);
  ctx.fillText(text, x, y);
}

const blank = { image: null, label: null, base: -1, strides: [0, 0, 0] }; // the plane of padding that has no voxel
const most_small = 256; // pixels along a slice that is not the large one
const most_pictures = 300; // of patches that are kept
const painters = new WeakMap();

/** The painter of a store: its views share the slices that it has painted. */
export function painter_of(store) {
  if (!painters.has(store)) painters.set(store, new Painter(store));
  return painters.get(store);
}

class Painter {
  constructor(store) {
    this.store = store;
    this.key = "";
    this.slices = [0, 1, 2].map(() => ({ canvas: document.createElement("canvas"), from: ([]) }));
    this.pictures = new Map(); // of patches, as long as they look the same
    this.look = [];
  }

  /**
   * The slice through the crosshair across one axis, from end to end of what image and grid span: a
   * pixel a voxel, or fewer where it is shown small.
   */
  slice(axis) {
    const { scene, window, show_label, position, main_axis } = this.store;
    const slice = this.slices[axis];
    const most = axis === main_axis ? Infinity : most_small;
    const from = [scene, this.plane(axis, position[axis]), window, show_label, position[axis], most];
    if (from.some((value, n) => value !== slice.from[n])) this.paint(slice.canvas, axis, most);
    slice.from = from;
    return slice.canvas;
  }

  /** The voxels that a position of an axis shows; null until some are here. */
  plane(axis, at) {
    const index = index_at(this.store.scene.axes[axis], at);
    return index < 0 ? blank : this.store.voxels.plane(axis, index);
  }

  tables() {
    const { scene, window, show_label } = this.store;
    const tinted = scene.has_label && show_label;
    const key = `${window} ${tinted}`;
    if (key !== this.key) this.made = make_table(window, tinted);
    this.key = key;
    return { tables: (this.made), tinted };
  }

  /**
   * Fill `pixels` (row 0 at the top) with the voxels at columns `us` and rows `vs`, positions of the
   * axes u and v, where the third axis stands at `at`; each value comes through the index maps.
   */
  fill(pixels, axis, at, us, vs) {
    const plane = this.plane(axis, at);
    if (!plane) return;
    const { image, label, base, strides } = plane;
    const { scene } = this.store;
    const { tables, tinted } = this.tables();
    const [u_axis, v_axis] = plane_axes(axis);
    const look = (a, p) => {
      const index = index_at(scene.axes[a], p);
      return index < 0 ? -1 : index * strides[a];
    };
    const outside = (a, p) => p < 0 || p >= scene.axes[a].size;
    const far = outside(axis, at);
    const columns = Int32Array.from(us, (p) => look(u_axis, p));
    const beyond = us.map((p) => far || outside(u_axis, p));
    const [plain, dim] = tables;
    let target = (vs.length - 1) * us.length;
    for (const p of vs) {
      const row = look(v_axis, p);
      const start = base < 0 || row < 0 ? -1 : base + row;
      const padded = outside(v_axis, p);
      for (let x = 0; x < columns.length; x++) {
        const voxel = start < 0 || columns[x] < 0 ? -1 : start + columns[x];
        const entry = voxel < 0 ? 0 : tinted ? image[voxel] | (Math.min(label[voxel], 4) << 8) : image[voxel];
        pixels[target + x] = (padded || beyond[x] ? dim : plain)[entry];
      }
      target -= us.length;
    }
  }

  /** A picture of a patch, painted once for as long as it looks the same. */
  picture(key, make) {
    const { scene, voxels, window, show_label } = this.store;
    const look = [scene, voxels.whole, window, show_label];
    if (look.some((value, n) => value !== this.look[n]) || this.pictures.size > most_pictures) this.pictures.clear();
    this.look = look;
    if (!this.pictures.has(key)) this.pictures.set(key, make());
    return this.pictures.get(key);
  }

  /** A patch as the network gets it, in w × h pixels: the slice through the middle of its image part. */
  patch(n, axis, w, h) {
    return this.picture(`${n} ${axis} ${w} ${h}`, () => {
      const at = heart_of(this.store.scene, n)[axis];
      const [us, vs] = this.sample(box_of(this.store.scene, n).corner, axis, w, h);
      return this.canvas(w, h, (pixels) => this.fill(pixels, axis, at, us, vs));
    });
  }

  /** The same for another subject's patch, whose greys came from the kernel. */
  foreign_patch(key, patch, axis, w, h) {
    return this.picture(key, () => this.paint_foreign(patch, axis, w, h));
  }

  paint_foreign({ width, height, grey, corner }, axis, w, h) {
    const [us, vs] = this.sample(corner, axis, w, h);
    const [u, v] = plane_axes(axis).map((a) => this.store.scene.axes[a]);
    const { tables } = this.tables();
    return this.canvas(w, h, (pixels) => {
      for (let y = 0; y < h; y++)
        for (let x = 0; x < w; x++) {
          const outside = us[x] < 0 || us[x] >= u.size || vs[y] < 0 || vs[y] >= v.size;
          const [column, row] = [Math.floor(((x + 0.5) / w) * width), Math.floor(((y + 0.5) / h) * height)];
          pixels[(h - 1 - y) * w + x] = tables[outside ? 1 : 0][grey[column * height + row]];
        }
    });
  }

  /** Positions along both axes of the plane that stand for the pixels of a patch's picture. */
  sample(corner, axis, w, h) {
    const { axes } = this.store.scene;
    const along = (a, count) => range(0, count).map((m) => corner[a] + Math.floor(((m + 0.5) / count) * axes[a].patch));
    const [u, v] = plane_axes(axis);
    return [along(u, w), along(v, h)];
  }

  canvas(w, h, paint) {
    const canvas = Object.assign(document.createElement("canvas"), { width: w, height: h });
    const image = new ImageData(w, h);
    paint(new Uint32Array(image.data.buffer));
    canvas.getContext("2d").putImageData(image, 0, 0);
    return canvas;
  }

  paint(canvas, axis, most) {
    const [us, vs] = plane_axes(axis).map((a) => thin_out(range(...this.store.scene.axes[a].span), most));
    const image = new ImageData(us.length, vs.length);
    const pixels = new Uint32Array(image.data.buffer);
    this.fill(pixels, axis, this.store.position[axis], us, vs);
    Object.assign(canvas, { width: us.length, height: vs.length });
    canvas.getContext("2d").putImageData(image, 0, 0);
  }
}

/** At most so many of some positions, evenly. */
function thin_out(positions, most) {
  const n = positions.length;
  return n <= most ? positions : range(0, most).map((m) => positions[Math.floor(((m + 0.5) / most) * n)]);
}

/** The axes that a plane shows: to the right, and upwards. */
export function plane_axes(axis) {
  return [0, 1, 2].filter((a) => a !== axis);
}

export function range(from, to) {
  return Array.from({ length: to - from }, (_, n) => from + n);
}
