// The voxels on show: planes one by one as they are looked at, until the whole volume is here, or for good.

const most_bytes = 2 ** 26; // of planes that are kept, the last used ones

export class Voxels {
  model; which; shape;
  low; high; note; has_label; // told by the first answer

  /** `which`: the subject and the channel; `position`: where planes are looked at first. */
  constructor(model, which, shape, position) {
    Object.assign(this, { model, which, shape });
    this.strides = [shape[1] * shape[2], shape[2], 1];
    this.whole = null;
    this.arriving = null;
    this.planes = new Map(); // by axis and index, the last used at the end
    this.n_bytes = 0;
    this.latest = [null, null, null]; // what an axis shows until the plane that is wished for is here
    this.asked = [...position]; // the plane that each axis waits for, one at a time
    this.send("volume", { position });
  }

  send(kind, content) {
    this.model.send({ kind, ...this.which, ...content });
  }

  /** Whether a message is about these voxels, and not those that were left meanwhile. */
  is_about({ subject, channel }) {
    return this.which.subject === subject && this.which.channel === channel;
  }

  /** Whether all planes that are wished for are here. */
  get is_still() {
    return this.asked.every((index) => index === null);
  }

  /** How the voxels come, or came. */
  get source() {
    if (this.whole) return "whole";
    return this.note ? "planes" : "arriving";
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
    else if (this.asked[axis] === null) {
      this.asked[axis] = index;
      this.send("plane", { axis, index });
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

  receive(message, buffers) {
    const bytes = buffers.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength));
    if (message.kind === "volume") this.receive_volume(message, bytes);
    if (message.kind === "plane") this.receive_plane(message, bytes);
    if (message.kind === "voxels") this.receive_voxels(message, bytes[0]);
  }

  receive_volume({ low, high, note, has_label }, [image, label]) {
    Object.assign(this, { low, high, note, has_label });
    if (image) this.take({ image, label });
  }

  receive_plane({ axis, index }, [image, label]) {
    const [u, v] = [0, 1, 2].filter((a) => a !== axis);
    const strides = [0, 0, 0];
    [strides[u], strides[v]] = [this.shape[v], 1];
    this.asked[axis] = null;
    this.latest[axis] = { image, label, base: 0, strides, n_bytes: image.length + (label?.length ?? 0) };
    this.keep(`${axis} ${index}`, this.latest[axis]);
  }

  /** Once planes are on show, get the whole volume, piece by piece so that other questions come between. */
  fetch_behind() {
    if (this.whole || this.arriving || this.note !== "" || !this.is_still) return;
    const size = this.shape.reduce((a, b) => a * b, 1);
    this.arriving = { image: new Uint8Array(size), label: this.has_label ? new Uint8Array(size) : null };
    this.send("voxels", { part: "image", offset: 0 });
  }

  receive_voxels({ part, offset }, bytes) {
    if (!this.arriving) return; // it was asked for twice: before another subject, and after it
    const { [part]: voxels, image, label } = this.arriving;
    voxels.set(bytes, offset);
    const next = offset + bytes.length;
    if (next < voxels.length) this.send("voxels", { part, offset: next });
    else if (part === "image" && label) this.send("voxels", { part: "label", offset: 0 });
    else this.take({ image, label });
  }

  /** The whole is here: from now on nothing is asked for. */
  take(whole) {
    Object.assign(this, { whole, arriving: null, planes: new Map(), n_bytes: 0 });
    this.asked.fill(null);
  }
}
