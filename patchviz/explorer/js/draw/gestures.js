// What keys and pointers mean: which keys are the explorer's, and how things are pointed at, chosen and dragged.

const most_still = 4; // CSS pixels that a click may move
const arrows = { ArrowLeft: [-1, 0, 0], ArrowRight: [1, 0, 0], ArrowDown: [0, -1, 0], ArrowUp: [0, 1, 0] };
const pages = { PageDown: [0, 0, -1], PageUp: [0, 0, 1] };

/** Whether a key is pressed alone, or with Shift. */
export function is_plain({ ctrlKey, metaKey, altKey }) {
  return !ctrlKey && !metaKey && !altKey;
}

export function is_undo({ key, ctrlKey, metaKey, altKey, shiftKey }) {
  return key.toLowerCase() === "z" && (ctrlKey || metaKey) && !shiftKey && !altKey;
}

/**
 * Keep what is typed in `root` from Jupyter's shortcuts: plain keys and undo; Ctrl+S and its like stay
 * Jupyter's. Returns the undoing.
 */
export function keep_keys(root) {
  root.addEventListener("keydown", (event) => {
    if (is_plain(event)) event.stopPropagation();
  });
  // Notebook 7 takes keys before they come down to `root`, unless what has the focus bears this mark
  const mark = (event) => {
    if (root.contains(event.target)) event.target.toggleAttribute("data-lm-suppress-shortcuts", is_plain(event) || is_undo(event));
  };
  window.addEventListener("keydown", mark, true);
  return () => window.removeEventListener("keydown", mark, true);
}

/**
 * Call `go(right, up, page)`, one of them 1 or -1, for each arrow key on `el`, and for each page key
 * where `go` asks for pages; other keys keep their meaning. `help` tells a listener of them.
 */
export function on_arrows(el, help, go) {
  const steps = go.length > 2 ? { ...arrows, ...pages } : arrows;
  el.setAttribute("aria-description", help);
  el.addEventListener("keydown", (event) => {
    const step = steps[event.key];
    if (!step || !is_plain(event)) return; // Alt with an arrow goes back a page
    event.preventDefault();
    go(...step);
  });
}

/** Light up what lies under the pointer, and choose it by a click; `find(x, y)` tells what that is, or null. */
export function on_point(canvas, find, light_up, choose) {
  canvas.onpointermove = ({ offsetX, offsetY }) => light_up(find(offsetX, offsetY));
  canvas.onpointerleave = () => light_up(null);
  canvas.onclick = ({ offsetX, offsetY }) => {
    const found = find(offsetX, offsetY);
    if (found !== null) choose(found);
  };
}

/** Drag: `move(x, y, dx, dy)` with each step, or `click(x, y)` where it stayed; `hover(x, y)` while no button is down. */
export function on_drag(canvas, { move, click, hover }) {
  canvas.classList.add("pv-dragged"); // a finger scrolls elsewhere
  let last = null;
  let way = 0;
  canvas.onpointerdown = (event) => {
    canvas.focus();
    canvas.setPointerCapture(event.pointerId);
    [last, way] = [[event.offsetX, event.offsetY], 0];
  };
  canvas.onpointermove = ({ offsetX: x, offsetY: y }) => {
    if (!last) return hover?.(x, y);
    const [dx, dy] = [x - last[0], y - last[1]];
    way += Math.hypot(dx, dy);
    last = [x, y];
    if (way > most_still) move(x, y, dx, dy);
  };
  canvas.onpointerup = ({ offsetX, offsetY }) => {
    if (last && way <= most_still) click(offsetX, offsetY);
    last = null;
  };
  canvas.onpointercancel = () => (last = null); // the page scrolls instead, or a second finger came
}
