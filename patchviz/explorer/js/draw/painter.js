// Pixels: voxels to colours.

import { heart_of, index_at, plane_axes } from "../state/boxes.js";
import { label_tints, paint_pixels } from "./canvas.js";
import { changes } from "./changes.js";

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
    this.slices = [0, 1, 2].map(() => ({ canvas: null, differs: changes() }));
    this.pictures = new Map(); // of patches, as long as they look the same
    this.looks_different = changes();
    this.is_tinted_anew = changes();
  }

  /**
   * The slice through the crosshair across one axis, from end to end of what image and grid span: a
   * pixel a voxel, or fewer where it is shown small.
   */
  slice(axis) {
    const { scene, window, show_label, position, main_axis } = this.store;
    const slice = this.slices[axis];
    const most = axis === main_axis ? Infinity : most_small;
    const at = position[axis];
    if (slice.differs([scene, this.plane(axis, at), window, show_label, at, most])) {
      const [us, vs] = plane_axes(axis).map((a) => thin_out(range(...scene.axes[a].span), most));
      slice.canvas = this.paint(axis, at, us, vs);
    }
    return slice.canvas;
  }

  /** The voxels that a position of an axis shows; null until some are here. */
  plane(axis, at) {
    const index = index_at(this.store.scene.axes[axis], at);
    return index < 0 ? blank : this.store.voxels.plane(axis, index);
  }

  tables() {
    const { scene, window, show_label } = this.store;
    this.tinted = scene.has_label && show_label;
    if (this.is_tinted_anew([window, this.tinted])) this.made = make_tables(window, this.tinted);
    return this.made;
  }

  /**
   * A canvas with the voxels at columns `us` and rows `vs` (the first row at the bottom), positions of the
   * axes u and v, where the third axis stands at `at`; each value comes through the index maps.
   */
  paint(axis, at, us, vs) {
    return paint_pixels(us.length, vs.length, (pixels) => this.fill(pixels, axis, at, us, vs));
  }

  fill(pixels, axis, at, us, vs) {
    const plane = this.plane(axis, at);
    if (!plane) return;
    const { image, label, base, strides } = plane;
    const { axes } = this.store.scene;
    const [plain, dim] = this.tables();
    const { tinted } = this;
    const [u_axis, v_axis] = plane_axes(axis);
    const look = (a, p) => {
      const index = index_at(axes[a], p);
      return index < 0 ? -1 : index * strides[a];
    };
    const outside = (a, p) => p < 0 || p >= axes[a].size;
    const far = outside(axis, at);
    const columns = Int32Array.from(us, (p) => look(u_axis, p));
    const beyond = us.map((p) => far || outside(u_axis, p));
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
    if (this.looks_different(look) || this.pictures.size > most_pictures) this.pictures.clear();
    if (!this.pictures.has(key)) this.pictures.set(key, make());
    return this.pictures.get(key);
  }

  /** A patch of the subject shown as the network gets it, in w × h pixels: the slice through the middle of its image part. */
  patch(box, axis, w, h) {
    return this.picture(`${box.corner} ${axis} ${w} ${h}`, () => {
      const along = (a, count) => range(0, count).map((m) => box.corner[a] + Math.floor(((m + 0.5) / count) * box.size[a]));
      const [u, v] = plane_axes(axis);
      return this.paint(axis, heart_of(box)[axis], along(u, w), along(v, h));
    });
  }

  /** The same for another subject's patch, whose greys came from the kernel. */
  foreign_patch(key, { width, height, grey, box }, axis, w, h) {
    return this.picture(`${key} ${w} ${h}`, () => {
      const [plain, dim] = this.tables();
      const [u, v] = plane_axes(axis);
      const outside = (a, share) => {
        const p = box.corner[a] + Math.floor(share * box.size[a]) - Math.max(0, box.corner[a]);
        return p < 0 || p >= box.inside[a];
      };
      return paint_pixels(w, h, (pixels) => {
        for (let y = 0; y < h; y++)
          for (let x = 0; x < w; x++) {
            const [right, up] = [(x + 0.5) / w, (y + 0.5) / h];
            const value = grey[Math.floor(right * width) * height + Math.floor(up * height)];
            pixels[(h - 1 - y) * w + x] = (outside(u, right) || outside(v, up) ? dim : plain)[value];
          }
      });
    });
  }
}

/** Look-up from voxel and label value to a pixel, plain in [0], dimmed and hazy as padding in [1]. */
function make_tables([low, high], tinted) {
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

/** At most so many of some positions, evenly. */
function thin_out(positions, most) {
  const n = positions.length;
  return n <= most ? positions : range(0, most).map((m) => positions[Math.floor(((m + 0.5) / most) * n)]);
}

export function range(from, to) {
  return Array.from({ length: to - from }, (_, n) => from + n);
}
