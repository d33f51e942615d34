// Keys: which are the explorer's, and what the arrow keys and the page keys mean on a canvas.

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
