/* One cell of the matrix: the question, what was answered run by run, each assertion, and what the
   model was sent. */

import { h, icon, iconButton } from "./dom.js";
import { badge, note } from "./admin_parts.js";
import { openDialog } from "./overlays.js";
import { ask, button, checkLine, seconds, versionName } from "./prompts_book.js";
import { editCase } from "./prompts_cases.js";
import { lookOf, resultOf } from "./prompts_tests.js";

const BADGE = { good: "ok", bad: "bad", warned: "warn", dim: "" };

let wanted = null;

/* Draws what is picked ({no, column, repeat}), or what to do when nothing is. */
export async function drawResult(place, facts, picked, tools) {
  if (!picked) {
    place.replaceChildren(h("div", { class: "ph" }, h("h2", {}, "Result")), h("p", { class: "none pb" }, "Choose a cell: it shows the question, each answer and what was checked."));
    return;
  }
  const one = facts.cases.find((other) => other.no === picked.no);
  const result = picked.column ? resultOf(one, picked.column) : null;
  const [kind, drawing, text] = lookOf(result, one);
  const head = h("div", { class: "ph" }, h("h2", { class: "grow" }, one.name), badge(text, BADGE[kind], drawing));
  const answers = h("div", { class: "col" });
  const body = h("div", { class: "pb col wide-gap" }, question(one), answers, toolbar(facts, one, picked, tools));
  place.replaceChildren(head, body);
  wanted = `${result?.run} ${picked.no} ${picked.column?.sha} ${picked.column?.model}`;
  const asked = wanted;
  if (!result) {
    answers.replaceChildren(h("p", { class: "sm dim" }, "Not run in this column yet. It must hold:"), assertions(one.checks.map((sentence) => ({ sentence }))));
    return;
  }
  const told = await ask("cell", { prompt: facts.prompt, run: result.run, version: picked.column.sha, model: picked.column.model, no: picked.no });
  if (wanted !== asked) return;
  if (told.error) answers.replaceChildren(note(told.error, "bad", "alert"));
  else drawAnswer(answers, told.outputs, picked.repeat ?? firstFailure(told.outputs));
}

const firstFailure = (outputs) => Math.max(0, outputs.findIndex((one) => !one.passed));

function question({ values, history }) {
  const others = values.filter(([name]) => name !== "question");
  const asked = values.find(([name]) => name === "question");
  return h(
    "div",
    { class: "col" },
    history && h("p", { class: "xs dim" }, history),
    asked && h("div", {}, h("p", { class: "lab" }, "Question"), h("p", { class: "sm asked-text" }, asked[1])),
    others.length > 0 && h("dl", { class: "kv" }, others.flatMap(([name, value]) => [h("dt", {}, name), h("dd", { class: "asked-text" }, value)])),
  );
}

function drawAnswer(place, outputs, at) {
  const one = outputs[at];
  const to = (step) => drawAnswer(place, outputs, at + step);
  const back = iconButton("left", "Previous run", () => to(-1), { disabled: at === 0 });
  const next = iconButton("right", "Next run", () => to(1), { disabled: at === outputs.length - 1 });
  const had = place.contains(document.activeElement) ? document.activeElement.getAttribute("aria-label") : null;
  const tokens = one.tokens === null ? "" : `${one.tokens} tokens`;
  place.replaceChildren(
    h("div", { class: "row" }, h("p", { class: "lab grow", role: "status" }, `Answer, run ${at + 1} of ${outputs.length}`), back, next),
    answer(one),
    isRendered(one) ? "" : h("p", { class: "xs dim num" }, [tokens, seconds(one.latency_s)].filter(Boolean).join(" · ")),
    assertions(one.assertions),
  );
  const focus = { "Previous run": back, "Next run": next }[had];
  if (focus) (focus.disabled ? [back, next].find((other) => !other.disabled) : focus)?.focus();
}

/* A case that looks at the messages alone asks no model. */
const isRendered = ({ text, error, latency_s: took }) => !text && !error && took === null;

function answer(one) {
  if (one.error) return note(one.error, "bad");
  if (isRendered(one)) return h("p", { class: "sm dim" }, "No model was asked: this case looks at the messages alone.");
  return h("p", { class: "said sm" }, marked(one));
}

/* The text with what must not stand in it marked, where that was found. */
function marked({ text, assertions: checks }) {
  const unwanted = checks.find((one) => !one.passed && one.found && place(text, one.found) >= 0)?.found;
  if (!unwanted) return text || h("span", { class: "dim" }, "No text");
  const at = place(text, unwanted);
  return [text.slice(0, at), h("mark", {}, text.slice(at, at + unwanted.length)), text.slice(at + unwanted.length)];
}

const place = (text, words) => text.toLowerCase().indexOf(words.toLowerCase());

function assertions(checks) {
  const line = ({ passed, sentence }) =>
    passed === undefined ? h("li", {}, h("span", { class: "dim" }, icon("check")), h("span", { class: "grow wrap-any" }, sentence)) : checkLine(passed, sentence);
  return h("ul", { class: "gate", "aria-label": "Assertions" }, checks.map(line));
}

function toolbar(facts, one, picked, tools) {
  const rendered = button("Rendered messages", "eye", () => showMessages(facts, one, picked.column));
  return h(
    "div",
    { class: "row wrap" },
    button("Edit case", "edit", () => editCase(facts, one, tools.saved), { id: "edit-case" }),
    picked.column && rendered,
    picked.column && button("Run this case", "play", (event) => tools.run(event.currentTarget, one.no), { disabled: tools.busy() }),
  );
}

/* What the model of a column is sent for a case, values marked. */
async function showMessages(facts, one, column) {
  const told = await ask("rendered", { prompt: facts.prompt, version: column.sha, no: one.no });
  const span = (part) => (part.input ? h("span", { class: "var", title: part.input }, part.text) : part.text);
  const message = ({ role, part, spans }) => h("div", { class: "pm" }, h("div", { class: "h" }, h("b", { class: "grow" }, role), part), h("div", { class: "c" }, spans.map(span)));
  const body = told.error ? note(told.error, "bad", "alert") : h("div", { class: "col" }, told.messages.map(message));
  openDialog(`Rendered by ${versionName(column)}: ${one.name}`, h("div", { class: "pb" }, body), { wide: true });
}
