/* What the tabs Datasets, Runs and Evaluations share: small parts, and words for states. Knows no tab. */

import { $, h, icon } from "./dom.js";
import { badge, refused } from "./admin_parts.js";
import { addressOf, drawCounts, models } from "./models_shell.js";
import { checkLine } from "./prompts_book.js";
import { call } from "./server.js";

const STATES = {
  queued: ["", "clock", "waits"],
  running: ["acc", "play", "training"],
  stopping: ["warn", "clock", "stopping"],
  complete: ["ok", "check", "complete"],
  stopped: ["", "stop", "stopped"],
  failed: ["bad", "warn", "failed"],
  interrupted: ["warn", "warn", "interrupted"],
};

/* How a run or an evaluation stands; `words` replaces the word of a state. */
export function stateOf(state, words = {}) {
  const [kind, drawing, text] = STATES[state] ?? ["", null, state];
  return badge(words[state] ?? text, kind, drawing);
}

export const METHODS = { full: "All weights", lora: "LoRA", preference: "Preferences" };

export const link = (kind, rest, text = rest, attributes = {}) => h("a", { href: addressOf(kind, rest), ...attributes }, text);

/* A time that is left or passed, as people say it. */
export function lasting(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/* Grey lines while something is fetched, from 0.3 s on; the function ends them. */
export function loading(panel) {
  const timer = setTimeout(() => panel.replaceChildren(h("div", { class: "panel pb waiting", role: "status", "aria-label": "Loading" })), 300);
  return () => clearTimeout(timer);
}

/* Fetches what a tab shows and draws it, or the error with another try. `at.still()` says whether the
   tab is still the one; `again`: what is shown meanwhile is this already; `ask`: through which commands. */
export async function fetched(panel, at, what, given, draw, again = false, ask = call) {
  const followed = again ? panel.contains(document.activeElement) : at.followed;
  const done = again ? () => {} : loading(panel);
  const told = await ask(what, given);
  done();
  if (!at.still()) return;
  if (told.error) panel.replaceChildren(refused(told, () => fetched(panel, at, what, given, draw, false, ask)));
  else draw(told);
  // The link that led here is gone: who uses the keyboard goes on where it led to.
  if (followed && document.activeElement === document.body) ($("h2[tabindex]", panel) ?? $("a, button", panel))?.focus();
}

/* The models and the numbers on the tabs, after something was made or removed. */
export async function recount() {
  const [counts, known] = await Promise.all([call("counts"), call("models")]);
  if (!counts.error) models.facts.counts = counts;
  if (!known.error) Object.assign(models.facts, known);
  drawCounts();
}

/* A table of rows that open something: {label, head: [[title, class]], rows}. */
export const table = (label, head, rows) =>
  h(
    "section",
    { class: "panel", "aria-label": label },
    h(
      "table",
      { class: "t cards", "aria-label": label },
      h("thead", {}, h("tr", {}, head.map(([name, kind]) => h("th", { scope: "col", class: kind }, name)))),
      h("tbody", {}, rows),
    ),
  );

/* A row whose first cell is the link that it opens; the rest as [content, class, unit], the unit for
   where a narrow screen shows no heads. */
export function row(href, name, sub, cells) {
  return h(
    "tr",
    { onclick: (event) => event.target.closest("a, button") || location.assign(href) },
    h("td", {}, h("a", { class: "b", href }, name), sub && h("span", { class: "sub" }, sub)),
    cells.map(([content, kind, unit]) => h("td", { class: kind ?? null }, content, unit && h("span", { class: "only-s" }, `\u00a0${unit}`))),
  );
}

/* What an empty tab says, and what to do next. */
export const empty = (...parts) => h("div", { class: "panel pb nothing col" }, parts);

/* A panel with a head. */
export const part = (label, tools, ...body) =>
  h("section", { class: "panel", "aria-label": label }, h("div", { class: "ph wrap" }, h("h2", {}, label), h("span", { class: "sp" }), tools), body);

export const pairs = (list) => h("dl", { class: "kv big" }, list.filter(Boolean).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));

/* The way back from one thing to the list of all. */
export const back = (kind, text, here) => h("nav", { class: "xs row crumbs", "aria-label": "Breadcrumb" }, h("a", { href: addressOf(kind) }, text), icon("right"), h("span", { class: "mute ell", "aria-current": "page" }, here));

const MAIN = ["evaluated", "files", "served", "gain", "general", "tests"];

/* A gate, line by line: {ok, name, sentence, change}. What is not met comes first; of the rest only
   what matters most is shown at once. */
export function gateList(lines, label) {
  const ordered = [...lines.filter((one) => !one.ok), ...lines.filter((one) => one.ok)];
  const shown = ordered.filter((one) => !one.ok || MAIN.includes(one.name));
  const folded = ordered.filter((one) => !shown.includes(one));
  const draw = (list, name) => h("ul", { class: "gate", "aria-label": name }, list.map((one) => checkLine(one.ok, one.sentence, null, one.change && h("span", { class: `xs num ${one.ok ? "dim" : "bad"}` }, one.change))));
  return h("div", {}, draw(shown, label), folded.length > 0 && h("details", { class: "folded" }, h("summary", { class: "xs mute" }, `${folded.length} more, all met`), draw(folded, `${label}, the rest`)));
}
