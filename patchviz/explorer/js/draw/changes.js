// What changed since it was last drawn.

/** A function that tells whether a list of values differs from the list that it was given before. */
export function changes() {
  let before = null;
  return (now) => {
    const differs = !before || now.some((value, n) => value !== before[n]);
    before = now;
    return differs;
  };
}
