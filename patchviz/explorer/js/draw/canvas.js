// Strokes and colours that several views draw with; a rectangle is [x, y, width, height].

export const selection = "#ff8f1f"; // the selected patch, and nothing else
export const never_seen = "#ff2fd0"; // voxels that no patch holds, and nothing else
export const ground = "#12171d"; // behind anatomy, in both themes, as on a reading-room screen
export const label_tints = [[255, 196, 61], [122, 214, 120], [240, 122, 122], [110, 170, 255]];
const real_ramp = [[38, 94, 128], [47, 120, 156], [66, 160, 196], [121, 198, 225.5], [176, 236, 255]];
// dark violet to yellow, evenly in lightness (five stops of matplotlib's viridis)
const subject_ramp = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];

/** The colour of a box by how much of it is image: one hue, lighter the more is real. */
export function real_colour(real, alpha = 1) {
  return `rgba(${mix(real_ramp, real)},${alpha})`;
}

/** The colour of a subject by its place among all: a gradient where they come in order. */
export function subject_colour(n, count) {
  return `rgb(${mix(subject_ramp, count > 1 ? n / (count - 1) : 0)})`;
}

/** The colour at a share of a ramp whose stops lie at equal distances. */
function mix(ramp, share) {
  const at = share * (ramp.length - 1);
  const low = Math.min(Math.floor(at), ramp.length - 2);
  return ramp[low].map((c, i) => Math.round(c + (at - low) * (ramp[low + 1][i] - c)));
}

/** The colours of the theme around `el`, for drawing on a canvas, and its type. */
export function theme_of(el) {
  const style = getComputedStyle(el);
  const [text, muted, line, soft, scale] = ["text", "muted", "line", "soft", "scale"].map((name) => style.getPropertyValue(`--pv-${name}`).trim());
  return { text, muted, line, soft, scale: Number(scale), font: style.fontFamily };
}

/** Fit a canvas's pixels to its place on the page; returns its context in CSS pixels. */
export function fit(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  const ctx = canvas.getContext("2d");
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.clearRect(0, 0, width, height);
  return ctx;
}

/** A canvas on no page, painted pixel by pixel. */
export function paint_pixels(width, height, paint) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const image = new ImageData(width, height);
  paint(new Uint32Array(image.data.buffer));
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

export function fill(ctx, rect, colour) {
  ctx.fillStyle = colour;
  ctx.fillRect(...rect);
}

export function outline(ctx, rect, colour, width) {
  Object.assign(ctx, { strokeStyle: colour, lineWidth: width });
  ctx.strokeRect(...rect);
}

/** Draw lines of [x, y, x, y] each. */
export function draw_lines(ctx, lines, colour, width = 1) {
  Object.assign(ctx, { strokeStyle: colour, lineWidth: width });
  ctx.beginPath();
  for (const [x, y, to_x, to_y] of lines) {
    ctx.moveTo(x, y);
    ctx.lineTo(to_x, to_y);
  }
  ctx.stroke();
}

/** Mark a patch that is left out: dimmed, with a cross. */
export function cross_out(ctx, rect) {
  const [x, y, w, h] = rect;
  fill(ctx, rect, "rgba(18,23,29,.6)");
  draw_lines(ctx, [[x, y, x + w, y + h], [x + w, y, x, y + h]], "rgba(255,255,255,.7)");
}

/** Hatch a rectangle, all but a hole in it: so padding is marked. */
export function hatch(ctx, rect, hole, gap, alpha = 0.3) {
  const [x, y, w, h] = rect;
  ctx.save();
  ctx.beginPath();
  ctx.rect(...rect);
  if (hole) ctx.rect(...hole);
  ctx.clip("evenodd");
  const n_lines = Math.ceil((w + h) / gap);
  const lines = Array.from({ length: n_lines }, (_, n) => [x + n * gap - h, y + h, x + n * gap, y]);
  draw_lines(ctx, lines, `rgba(255,255,255,${alpha})`);
  ctx.restore();
}

/** Write a text so that it can be read whatever lies under it. */
export function write_over(ctx, text, x, y) {
  Object.assign(ctx, { strokeStyle: ground, lineWidth: 3, lineJoin: "round" });
  ctx.strokeText(text, x, y);
  ctx.fillText(text, x, y);
}

/** Say the theme of a page of ours as JupyterLab says it. */
export function follow_theme() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => Object.assign(document.body.dataset, { jpThemeLight: String(!dark.matches), jpThemeName: dark.matches ? "dark" : "light" });
  dark.addEventListener("change", apply);
  apply();
}
