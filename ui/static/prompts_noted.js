/* What reviewers said of a prompt's answers: verdict, tags, note. Never what a customer wrote. */

import { h } from "./dom.js";
import { badge, moment, note, panel } from "./admin_parts.js";
import { ask } from "./prompts_book.js";

const VERDICTS = { 1: ["Good", "ok", "good"], "-1": ["Poor", "bad", "bad"], 0: ["Skipped", "", null] };

/* The panel, filled once the server told; `name` is the prompt's. */
export function drawNoted(name) {
  const list = h("div", { class: "col", role: "status" }, h("p", { class: "none" }, "Reading…"));
  ask("noted", { prompt: name }).then((told) => {
    if (told.error) list.replaceChildren(note(told.error, "bad", "alert"));
    else if (told.notes.length) list.replaceChildren(h("ul", { class: "lines" }, told.notes.map(line)));
    else list.replaceChildren(h("p", { class: "none" }, "No reviewer has judged an answer of this prompt yet."));
  });
  return panel("What reviewers said", null, list);
}

function line({ at, rating, tags, note: said, model, number, corrected }) {
  const [word, kind, drawing] = VERDICTS[rating];
  return h(
    "li",
    {},
    h("div", { class: "row wrap" }, badge(word, kind, drawing), number !== null && h("span", { class: "b sm num" }, `v${number}`), tags.map((tag) => badge(tag)), corrected && badge("corrected", "acc", "edit"), h("span", { class: "xs dim" }, `${model}, `, moment(at))),
    said && h("p", { class: "sm wrap-any" }, said),
  );
}
