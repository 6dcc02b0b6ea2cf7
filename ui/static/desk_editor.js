/* The field of the reply: a real <textarea> whose letters are clear, over a layer that shows the same
   text with citations and marks, and under it a waiting draft. What scripts write goes in the way the
   keyboard's does, so Ctrl+Z takes it back. Knows no ticket. */

import { h } from "./dom.js";
import { edited } from "./desk_text.js";

const CITE = /\[(\d{1,2})\]/g;

/* `change` runs after every edit by anybody. Marks are {start, end, kind, text, why}. */
export function makeEditor({ change, keydown }) {
  const layer = h("div", { class: "edit-layer", "aria-hidden": "true" });
  const ghost = h("div", { class: "edit-ghost", hidden: true, role: "group", "aria-label": "Waiting draft" });
  const field = h("textarea", { class: "edit-field", id: "desk-edit", "aria-label": "Reply", spellcheck: "true", "aria-keyshortcuts": "R", "aria-describedby": "desk-ghost-hint" });
  const element = h("div", { class: "edit" }, h("div", { class: "edit-in" }, layer, ghost, field));
  const made = { element, field, ghost, layer, marks: [], internal: new Set(), known: new Set(), was: "" };
  field.addEventListener("input", () => {
    shift(made);
    paint(made);
    change();
  });
  field.addEventListener("keydown", keydown);
  return Object.assign(made, {
    text: () => field.value,
    /* Puts a text in for a ticket that is opened: nothing to take back. */
    set(text) {
      field.value = text;
      made.marks = [];
      made.was = text;
      paint(made);
      element.scrollTop = 0;
    },
    replace: (text) => put(made, 0, field.value.length, text, change),
    insert: (text, from = field.selectionStart, to = field.selectionEnd) => put(made, from, to, text, change),
    selection: () => [field.selectionStart, field.selectionEnd],
    select(start, end) {
      field.focus({ preventScroll: true });
      field.setSelectionRange(start, end);
      made.layer.querySelector(`[data-start="${start}"]`)?.scrollIntoView({ block: "center" });
    },
    /* `internal`: numbers of sources that only colleagues may see; `known`: of all sources. */
    mark(marks, known, internal) {
      Object.assign(made, { marks: [...marks].sort((a, b) => a.start - b.start), known: new Set(known), internal: new Set(internal) });
      paint(made);
    },
  });
}

/* Writes as the keyboard does; where the browser cannot, the text is set all the same. */
function put(made, from, to, text, change) {
  const { field } = made;
  field.focus({ preventScroll: true });
  field.setSelectionRange(from, to);
  const before = field.value;
  const done = document.execCommand(text ? "insertText" : "delete", false, text);
  if (done && field.value !== before) return;
  if (field.value === before && before.slice(from, to) !== text) {
    field.setRangeText(text, from, to, "end");
    shift(made);
    paint(made);
    change();
  }
}

/* Marks after an edit move with their words; those in it are gone until the next check. */
function shift(made) {
  const now = made.field.value;
  const { start, before, after } = edited(made.was, now);
  made.marks = made.marks.flatMap((one) => {
    if (one.end <= start) return [one];
    if (one.start >= before) return [{ ...one, start: one.start + after - before, end: one.end + after - before }];
    return [];
  });
  made.was = now;
}

/* Pieces of the text: marks, and between them citations. */
function paint(made) {
  const text = made.field.value;
  const parts = [];
  let done = 0;
  for (const one of made.marks) {
    if (one.start < done || one.end > text.length || one.end <= one.start) continue;
    parts.push(...cites(made, text.slice(done, one.start)));
    parts.push(h("mark", { class: `is-${one.kind}`, "data-start": String(one.start) }, cites(made, text.slice(one.start, one.end))));
    done = one.end;
  }
  made.layer.replaceChildren(...parts, ...cites(made, text.slice(done)), text.endsWith("\n") ? "\u200b" : "");
  made.layer.hidden = !text;
}

function cites(made, text) {
  const parts = [];
  let done = 0;
  for (const found of text.matchAll(CITE)) {
    const n = Number(found[1]);
    if (!made.known.has(n)) continue;
    parts.push(text.slice(done, found.index), h("span", { class: made.internal.has(n) ? "cite-in int" : "cite-in" }, found[0]));
    done = found.index + found[0].length;
  }
  parts.push(text.slice(done));
  return parts;
}
