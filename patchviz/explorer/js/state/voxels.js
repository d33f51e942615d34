// The voxels on show: planes one by one as they are looked at, until the whole volume is here, or for good.

const most_bytes = 2 ** 26; // of planes that are kept, the last used ones

export class Voxels {
  low; high; note; has_label; // told by the first answer
  failure = null; // why what was last asked for is not here

  /** `ask` as in the store; `which`: the subject and the channel; `position`: where planes are looked at first. */
  constructor(ask, which, shape, position) {
    this.shape = shape;
    this.strides = [shape[1] * shape[2], shape[2], 1];
    this.whole = null;
    this.arriving = null;
    this.planes = new Map(); // by axis and index, the last used at the end
    this.n_bytes = 0;
    this.latest = [null, null, null]; // what an axis shows until the plane that is wished for is here
    this.asked = [...position]; // the plane that each axis waits for, one at a time
    this.missing = [null, null, null]; // the plane that each axis asked for in vain
    this.ask = (kind, content, hear) => ask(kind, { ...which, ...content }, ({ failure = null, ...answer }, buffers) => {
      this.failure = failure;
      hear(answer, buffers);
    });
    this.ask("volume", { position }, (answer, buffers) => this.receive_volume(answer, buffers));
  }

  /** Whether all planes that are wished for are here. */
  get is_still() {
    return this.failure !== null || this.asked.every((index) => index === null);
  }

  /** How the voxels come, or came. */
  get source() {
    if (this.whole) return "whole";
    return this.note || this.failure ? "planes" : "arriving";
  }

  /**
   * The plane that is `index` along an axis: its arrays, where in them it begins, and the strides of
   * the volume's axes; or the latest plane of this axis, or null, until it is here.
   */
  plane(axis, index) {
    const key = `${axis} ${index}`;
    let plane = this.planes.get(key);
    if (!plane && this.whole) plane = { ...this.whole, base: index * this.strides[axis], strides: this.strides, n_bytes: 0 };
    if (plane) this.keep(key, plane);
    else if (this.asked[axis] === null && this.missing[axis] !== index) {
      this.asked[axis] = index;
      this.ask("plane", { axis, index }, (_, parts) => this.receive_plane(axis, index, parts));
    }
    return plane ?? this.latest[axis];
  }

  keep(key, plane) {
    if (!this.planes.delete(key)) this.n_bytes += plane.n_bytes;
    this.planes.set(key, plane);
    for (const [oldest, { n_bytes }] of this.planes) {
      if (this.n_bytes <= most_bytes) break;
      this.planes.delete(oldest);
      this.n_bytes -= n_bytes;
    }
  }

  /** What there is to know of a volume, and with it the planes on show, or of a small one the whole. */
  receive_volume({ low, high, note, has_label, planes }, buffers) {
    if (this.failure !== null) return;
    Object.assign(this, { low, high, note, has_label });
    const n_parts = has_label ? 2 : 1;
    if (planes) planes.forEach((index, axis) => this.receive_plane(axis, index, buffers.slice(n_parts * axis, n_parts * (axis + 1))));
    else this.take({ image: buffers[0], label: buffers[1] });
  }

  receive_plane(axis, index, [image, label]) {
    if (this.whole) return;
    const [u, v] = [0, 1, 2].filter((a) => a !== axis);
    const strides = [0, 0, 0];
    [strides[u], strides[v]] = [this.shape[v], 1];
    const plane = image ? { image, label, base: 0, strides, n_bytes: image.length + (label?.length ?? 0) } : null;
    this.asked[axis] = null;
    this.missing[axis] = plane ? null : index;
    this.latest[axis] = plane;
    if (plane) this.keep(`${axis} ${index}`, plane);
  }

  /** Once planes are on show, get the whole volume, piece by piece so that other questions come between. */
  fetch_behind() {
    if (this.whole || this.arriving || this.note !== "" || this.failure !== null || !this.is_still) return;
    const size = this.shape.reduce((a, b) => a * b, 1);
    this.arriving = { image: new Uint8Array(size), label: this.has_label ? new Uint8Array(size) : null };
    this.fetch("image", 0);
  }

  fetch(part, offset) {
    this.ask("voxels", { part, offset }, (_, [bytes]) => {
      const { [part]: voxels, image, label } = this.arriving;
      if (!bytes) return void (this.arriving = null);
      voxels.set(bytes, offset);
      const next = offset + bytes.length;
      if (next < voxels.length) this.fetch(part, next);
      else if (part === "image" && label) this.fetch("label", 0);
      else this.take({ image, label });
    });
  }

  /** The whole is here: from now on nothing is asked for. */
  take(whole) {
    Object.assign(this, { whole, arriving: null, planes: new Map(), n_bytes: 0 });
    this.asked.fill(null);
  }
}
