// How often voxels are seen, as colours over a plane.

import { plane_axes } from "../state/boxes.js";
import { fill, never_seen } from "./canvas.js";

const ramp = ["43,122,75,.35", "63,166,106,.45", "127,206,143,.55", "201,239,176,.65"]; // from seldom to often
const slices = new WeakMap(); // what is painted for each answer of the kernel and axis

export function coverage_colour(times, most) {
  if (times === 0) return `${never_seen}90`;
  return `rgba(${ramp[Math.floor(((times - 1) / most) * ramp.length)]})`;
}

/** The picture of how often the voxels of a plane are seen, or null where that is not to be shown. */
export function coverage_slice(store, axis) {
  const { scene, position } = store;
  const coverage = store.show_coverage ? store.answers.get("coverage")?.answer : null;
  if (coverage?.asked.settings !== scene.settings || coverage.failure) return null;
  const block = block_at(coverage.edges[axis], position[axis]);
  if (block < 0) return null;
  if (!slices.has(coverage)) slices.set(coverage, []);
  const made = slices.get(coverage);
  if (made[axis]?.block !== block) made[axis] = { block, canvas: paint(coverage, axis, block) };
  return made[axis].canvas;
}

function block_at(edges, at) {
  return at < 0 || at >= edges[edges.length - 1] ? -1 : edges.findLastIndex((edge) => edge <= at);
}

/** A voxel a pixel, row 0 at the top. */
function paint({ edges, buffers, shares }, axis, block) {
  const [u, v] = plane_axes(axis);
  const [width, height] = [edges[u].at(-1), edges[v].at(-1)];
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const ctx = canvas.getContext("2d");
  const counts = new Uint16Array(buffers[0].slice().buffer);
  const sizes = edges.map((axis_edges) => axis_edges.length - 1);
  const place = [0, 0, 0];
  place[axis] = block;
  const most = shares[shares.length - 1][0];
  for (place[u] = 0; place[u] < sizes[u]; place[u]++)
    for (place[v] = 0; place[v] < sizes[v]; place[v]++) {
      const times = counts[(place[0] * sizes[1] + place[1]) * sizes[2] + place[2]];
      const [left, right] = [edges[u][place[u]], edges[u][place[u] + 1]];
      const [low, high] = [edges[v][place[v]], edges[v][place[v] + 1]];
      fill(ctx, [left, height - high, right - left, high - low], coverage_colour(times, most));
    }
  return canvas;
}
