/* A text field for prompts: a real <textarea> whose letters are clear, over a layer that shows the
   same text with marks, line numbers and tinted lines. Only lines that changed are drawn again, so a
   text of 64 KiB stays quick. Knows no prompt. */

import { h } from "./dom.js";
import { composing } from "./keys.js";
import { begin, marks } from "./prompts_marks.js";

const STEP = "  ";

/* `change` runs after every edit by the person. Returns {element, field, text, set, tint, goTo}. */
export function makeSource(label, { change, hint = null }) {
  const layer = h("div", { class: "src-layer", "aria-hidden": "true" });
  const field = h("textarea", { class: "src-field", "aria-label": label, spellcheck: "false", autocapitalize: "off", autocomplete: "off", autocorrect: "off", wrap: "soft", "aria-describedby": hint });
  const element = h("div", { class: "src scroll" }, h("div", { class: "src-in" }, layer, field));
  const made = { element, field, lines: [], form: "prompt", tints: new Map() };
  field.addEventListener("input", () => {
    draw(made, layer);
    change();
  });
  field.addEventListener("keydown", (event) => keys(event, made));
  return Object.assign(made, {
    text: () => field.value,
    set(text, form) {
      made.form = form;
      made.lines = [];
      layer.replaceChildren();
      field.value = text;
      draw(made, layer);
    },
    tint: (problems) => tint(made, problems),
    goTo: (line, column) => goTo(made, line, column),
  });
}

function draw(made, layer) {
  const texts = made.field.value.split("\n");
  const old = made.lines;
  const most = Math.min(texts.length, old.length);
  let first = 0;
  while (first < most && texts[first] === old[first].text) first += 1;
  let same = 0;
  while (same < most - first && texts[texts.length - 1 - same] === old[old.length - 1 - same].text) same += 1;
  const kept = old.slice(old.length - same);
  for (const line of old.slice(first, old.length - same)) line.element.remove();
  const before = kept[0]?.element ?? null;
  const fresh = texts.slice(first, texts.length - same).map((text) => {
    const element = h("div", { class: "ln" });
    layer.insertBefore(element, before);
    return { text, element, state: null, after: null };
  });
  made.lines = [...old.slice(0, first), ...fresh, ...kept];
  let state = first ? made.lines[first - 1].after : begin(made.form);
  for (let at = first; at < made.lines.length; at += 1) {
    const line = made.lines[at];
    if (line.state === state) break; // from here on nothing changed
    line.state = state;
    state = paint(line);
  }
}

/* Draws the pieces of a line; `squiggle` is the place in it that is wrong, as [from, to]. */
function paint(line, squiggle = null) {
  const { pieces, after } = marks(line.text, line.state);
  line.after = after;
  const parts = [];
  let at = 0;
  for (const [kind, text] of pieces) {
    parts.push(...cut(text, at, squiggle).map(([part, wrong]) => piece(kind, part, wrong)));
    at += text.length;
  }
  line.element.replaceChildren(...parts);
  return after;
}

function cut(text, at, squiggle) {
  if (!squiggle) return [[text, false]];
  const [from, to] = squiggle.map((place) => Math.min(Math.max(place - at, 0), text.length));
  return [[text.slice(0, from), false], [text.slice(from, to), true], [text.slice(to), false]].filter(([part]) => part);
}

function piece(kind, text, wrong) {
  if (!kind && !wrong) return text;
  return h("span", { class: [kind, wrong && "squig"].filter(Boolean).join(" ") }, text);
}

/* Tints the lines of the problems, and marks the word at their column. */
function tint(made, problems) {
  for (const [line, worst] of made.tints) {
    line.element.classList.remove(worst);
    if (made.lines.includes(line)) paint(line);
  }
  made.tints.clear();
  for (const { line: number, column, severity } of problems) {
    const line = made.lines[number - 1];
    const worst = severity === "error" ? "e" : "w";
    if (!line || made.tints.get(line) === "e") continue;
    if (made.tints.has(line)) line.element.classList.remove("w");
    made.tints.set(line, worst);
    line.element.classList.add(worst);
    paint(line, word(line.text, column - 1));
  }
}

function word(text, at) {
  const rest = /^[\w-]+|^\S/.exec(text.slice(at));
  return rest ? [at, at + rest[0].length] : null;
}

function goTo(made, number, column) {
  const lines = made.field.value.split("\n");
  const line = Math.min(Math.max(number, 1), lines.length);
  const before = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
  const start = before + Math.min(Math.max(column - 1, 0), lines[line - 1].length);
  made.field.focus({ preventScroll: true });
  made.field.setSelectionRange(start, word(lines[line - 1], column - 1)?.[1] + before || start);
  made.lines[line - 1]?.element.scrollIntoView({ block: "center", behavior: "instant" });
}

/* Tab indents; after Esc it leaves, as the head says. Enter keeps the indentation. */
function keys(event, made) {
  if (composing(event)) return;
  const left = made.leaving;
  made.leaving = event.key === "Escape" || (event.key === "Shift" && left);
  const plain = !event.ctrlKey && !event.altKey && !event.metaKey;
  if (event.key === "Tab" && plain && !left) {
    event.preventDefault();
    indent(made.field, event.shiftKey);
  } else if (event.key === "Enter" && plain && !event.shiftKey) {
    const { value, selectionStart } = made.field;
    const spaces = /^ */.exec(value.slice(value.lastIndexOf("\n", selectionStart - 1) + 1, selectionStart))[0];
    if (!spaces) return;
    event.preventDefault();
    insert(made.field, `\n${spaces}`);
  }
}

/* The browser's own command, so that Ctrl+Z takes it back. */
const insert = (field, text) => {
  field.focus();
  document.execCommand(text ? "insertText" : "delete", false, text);
};

function indent(field, back) {
  const { value, selectionStart: start, selectionEnd: end } = field;
  const from = value.lastIndexOf("\n", start - 1) + 1;
  if (start === end && !back) {
    insert(field, STEP);
    return;
  }
  const lines = value.slice(from, end).split("\n");
  const moved = lines.map((line) => (back ? line.replace(/^ {1,2}/, "") : line && STEP + line));
  const text = moved.join("\n");
  if (text === lines.join("\n")) return;
  field.setSelectionRange(from, end);
  insert(field, text);
  if (start === end) field.setSelectionRange(Math.max(from, start + text.length - lines.join("\n").length), Math.max(from, start + text.length - lines.join("\n").length));
  else field.setSelectionRange(from, from + text.length);
}
