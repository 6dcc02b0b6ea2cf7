/* Two authors began from one version: both texts side by side, and what to do. Nothing is lost. */

import { $, $$, h } from "./dom.js";
import { whole } from "./admin_parts.js";
import { openDialog } from "./overlays.js";

const MOST = 4000;

/* `mine` and `theirs` are {source, partials, examples}; `keep` and `take` run when they are chosen. */
export function showConflict(sentence, mine, theirs, { keep, take }) {
  const files = names(mine, theirs);
  const keepButton = h("button", { type: "button", class: "btn pri" }, "Keep mine as a new version");
  const takeButton = h("button", { type: "button", class: "btn" }, "Take theirs");
  const dialog = openDialog(
    "Somebody else saved meanwhile",
    h(
      "div",
      { class: "pb col wide-gap" },
      h("p", { class: "sm" }, sentence),
      h("p", { class: "sm mute" }, `Theirs: v${theirs.seq} by ${theirs.author}, ${whole(theirs.at)}${theirs.note ? `: ${theirs.note}` : ""}`),
      ...files.map((name) => pair(name, textOf(mine, name), textOf(theirs, name))),
      h("div", { class: "row wrap" }, h("span", { class: "sp" }), takeButton, keepButton),
    ),
    { wide: true },
  );
  dialog.classList.add("widest");
  const choose = (run) => () => {
    dialog.close();
    run();
  };
  keepButton.addEventListener("click", choose(keep));
  takeButton.addEventListener("click", choose(take));
  for (const place of $$(".lines-of", dialog)) {
    const first = $(".p, .m", place);
    if (first) place.scrollTop = first.offsetTop - place.offsetTop - 60;
  }
  keepButton.focus();
}

/* The files that differ; the source where none does. */
function names(mine, theirs) {
  const all = ["source", ...new Set([...Object.keys(mine.partials), ...Object.keys(theirs.partials)]), "examples"];
  const differ = all.filter((name) => textOf(mine, name) !== textOf(theirs, name));
  return differ.length ? differ : ["source"];
}

const textOf = (texts, name) =>
  (name === "source" || name === "examples" ? texts[name] : texts.partials[name]) ?? "";

function pair(name, mine, theirs) {
  const [left, right] = compare(mine.split("\n"), theirs.split("\n"));
  return h(
    "div",
    { class: "sides" },
    side(`Yours: ${name}`, left, "p"),
    side(`Theirs: ${name}`, right, "m"),
  );
}

const side = (title, lines, kind) =>
  h(
    "section",
    { "aria-label": title },
    h("h3", {}, title),
    h("div", { class: "lines-of", tabindex: "0" }, lines.map(([text, same]) => h("div", { class: same ? null : kind }, h("span", { "aria-hidden": "true" }, same ? "\u00a0 " : "≠ "), text || "\u00a0"))),
  );

/* Each side's lines as [text, whether the other side has it too], by the longest common sequence. */
function compare(left, right) {
  if (left.length * right.length > MOST * MOST) return [left, right].map((lines) => lines.map((text) => [text, true]));
  const table = Array.from({ length: left.length + 1 }, () => new Uint16Array(right.length + 1));
  for (let i = left.length - 1; i >= 0; i -= 1) {
    for (let j = right.length - 1; j >= 0; j -= 1) {
      table[i][j] = left[i] === right[j] ? table[i + 1][j + 1] + 1 : Math.max(table[i + 1][j], table[i][j + 1]);
    }
  }
  const [one, other] = [[], []];
  let [i, j] = [0, 0];
  while (i < left.length && j < right.length) {
    if (left[i] === right[j]) {
      one.push([left[(i += 1) - 1], true]);
      other.push([right[(j += 1) - 1], true]);
    } else if (table[i + 1][j] >= table[i][j + 1]) one.push([left[(i += 1) - 1], false]);
    else other.push([right[(j += 1) - 1], false]);
  }
  while (i < left.length) one.push([left[(i += 1) - 1], false]);
  while (j < right.length) other.push([right[(j += 1) - 1], false]);
  return [one, other];
}
