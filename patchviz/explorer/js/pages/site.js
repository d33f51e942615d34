// A page of the site: its questions take guesses, and its frames are as high as what is in them.

import question from "./question.js";
import { follow_theme } from "../draw/canvas.js";

/** In place of a question with its answer in a fold, ask it as a notebook does; the page holds what Python would say. */
function ask(fold) {
  const listeners = [];
  const model = {
    get: () => fold.firstElementChild.textContent,
    on: (_, listener) => listeners.push(listener),
    send: () => listeners.forEach((listener) => listener(JSON.parse(fold.dataset.answer))),
  };
  const place = document.createElement("div");
  fold.replaceWith(place);
  question.render({ model, el: place });
}

function fit_frames() {
  /** @type {NodeListOf<HTMLIFrameElement>} */ const frames = document.querySelectorAll("figure iframe");
  addEventListener("message", ({ source, data }) => {
    const frame = [...frames].find(({ contentWindow }) => contentWindow === source);
    if (frame) frame.style.height = `${Number(data.height)}px`;
  });
  frames.forEach((frame) => frame.contentWindow.postMessage("how high?", "*")); // for those that spoke before
}

follow_theme();
document.querySelectorAll("[data-answer]").forEach(ask);
fit_frames();
