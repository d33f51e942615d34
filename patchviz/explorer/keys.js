// Keys: what the arrow keys and the page keys mean on a canvas.

const arrows = { ArrowLeft: [-1, 0, 0], ArrowRight: [1, 0, 0], ArrowDown: [0, -1, 0], ArrowUp: [0, 1, 0] };
const pages = { PageDown: [0, 0, -1], PageUp: [0, 0, 1] };

/**
 * Call `go(right, up, page)`, one of them 1 or -1, for each arrow key on `el`, and for each page key
 * where `go` asks for pages; other keys keep their meaning. `help` tells a listener of them.
 */
export function on_arrows(el, help, go) {
  const steps = go.length > 2 ? { ...arrows, ...pages } : arrows;
  el.setAttribute("aria-description", help);
  el.addEventListener("keydown", (event) => {
    const step = steps[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return; // Alt with an arrow goes back a page
    event.preventDefault();
    go(...step);
  });
}
