// Questions to the kernel, or to what stands in for it: each has one answer, its result or the reason why there is none.

export class Kernel {
  constructor(model) {
    this.model = model;
    this.waiting = new Map(); // who hears the answer to each question
    this.name = Math.random().toString(36).slice(2); // other pages of this kernel get its answers, too
    this.count = 0;
    model.on("msg:custom", this.receive);
  }

  /** Ask; `hear(answer, buffers)` is called once, where there is none with `answer.failure`, the reason. */
  ask(kind, content, hear) {
    const id = `${this.name} ${this.count++}`;
    this.waiting.set(id, hear);
    this.model.send({ ...content, kind, id });
  }

  receive = ({ id, ...answer }, buffers = []) => {
    const hear = this.waiting.get(id);
    this.waiting.delete(id);
    hear?.(answer, buffers.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength)));
  };

  /** Nobody looks any more: answers on their way are not heard, and the kernel may forget what it keeps. */
  close() {
    this.model.off("msg:custom", this.receive);
    this.model.send({ kind: "gone" });
  }
}
