// The parts of the explorer, in the page's order: the one list that Python reads, too.

import { render_batch } from "../views/batch.js";
import { render_boards } from "../views/boards.js";
import { render_cage } from "../views/cage.js";
import { render_comparison } from "../views/comparison.js";
import { render_coverage } from "../views/coverage.js";
import { render_ledger } from "../views/ledger.js";
import { render_patch_size } from "../views/patch_size.js";
import { render_patch_table } from "../views/patch_table.js";
import { render_picture } from "../views/picture.js";
import { render_planes } from "../views/planes.js";
import { render_questions } from "../views/questions.js";
import { render_queue } from "../views/queue.js";
import { render_sentence, render_spoken } from "../views/sentence.js";
import { render_settings } from "../views/settings.js";
import { render_split } from "../views/split.js";
import { render_tabs, render_toolbar } from "../views/toolbar.js";

/**
 * Of each part: what fills it, its element with that one's role and name, the room that it stands in, what it
 * needs ("volume", the queue of an "epoch", or the patches' "boxes"), whether it `tells` what has to be guessed
 * first, and whether a fold is drawn while it is `closed`, too. Parts that come `with` others can't be chosen.
 */
export const parts = {
  sentence: { render: render_sentence, tag: "h2", room: "head" },
  tools: { with: [], render: render_toolbar, tag: "div", role: "toolbar", label: "explorer", room: "head" },
  patch_size: { render: render_patch_size, tag: "div", role: "group", label: "patch size" },
  questions: { with: [], render: render_questions, tag: "form", label: "guess first" },
  planes: { render: render_planes, tag: "section", label: "planes", room: "stage", needs: ["volume", "boxes"] },
  tabs: { with: ["cage", "boards"], render: render_tabs, tag: "div", role: "group", label: "side view", room: "side" },
  cage: { render: render_cage, tag: "section", label: "three dimensions", room: "side", needs: ["volume", "boxes"] },
  boards: { render: render_boards, tag: "section", label: "all patches", room: "side", needs: ["volume", "boxes"], tells: true },
  table: { render: render_patch_table, tag: "details", room: "side", tells: true },
  queue: { render: render_queue, tag: "section", label: "queue of an epoch", needs: ["epoch"], tells: true },
  batch: { render: render_batch, tag: "section", label: "batch", needs: ["volume", "epoch"], tells: true },
  split: { render: render_split, tag: "details", tells: true, closed: true },
  coverage: { render: render_coverage, tag: "details", tells: true },
  picture: { render: render_picture, tag: "div", role: "group", label: "picture" },
  settings: { render: render_settings, tag: "details", closed: true },
  policies: { render: render_comparison, tag: "details", tells: true },
  ledger: { render: render_ledger, tag: "details", tells: true },
  spoken: { with: [], render: render_spoken, tag: "p" },
};
