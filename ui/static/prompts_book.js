/* What the tabs Tests, History, Releases and Use share: calls of their commands, and small parts.
   Knows no tab. A version is {sha, seq}; a share is a number from 0 to 1. */

import { h, icon } from "./dom.js";
import { island } from "./islands.js";
import { callsOf } from "./server.js";

const book = island("prompts-tests-data");

/* Asks a command of these tabs; comes back with what was asked for, or with {error, code}. */
export const ask = async (what, given) => callsOf(await book)(what, given);

export const short = (sha) => sha.slice(0, 7);

export const versionName = ({ seq }) => `v${seq}`;

/* A share as people compare it: one decimal below ten per cent of either end. */
export function percent(share) {
  const value = share * 100;
  return `${value.toFixed(value > 0 && value < 100 && (value < 10 || value > 90) ? 1 : 0)} %`;
}

/* A rate with what it may really be, [share, low, high, counted]; a dash where nothing was counted. */
export function rate([share, low, high, counted]) {
  if (!counted) return h("span", { class: "dim", title: "Nothing counted yet" }, "–");
  const range = `${percent(low)} to ${percent(high)}`;
  return h(
    "span",
    { title: `${counted.toLocaleString("en")} counted. 95 of 100 such samples would lie between ${range}.` },
    percent(share),
    h("span", { class: "sub" }, range),
  );
}

export const seconds = (value) => (value === null ? "–" : `${value < 10 ? value.toFixed(2) : value.toFixed(1)} s`);

/* A button of text with an icon before it. */
export const button = (text, drawing, onclick, attributes = {}) =>
  h("button", { type: "button", class: "btn s", onclick, ...attributes }, drawing && icon(drawing), text);

/* A row of buttons of which one is pressed. `choose` gets the key of the one that is chosen. */
export function segments(label, choices, chosen, choose) {
  const all = choices.map(([key, text]) =>
    h("button", { type: "button", "aria-pressed": String(key === chosen), onclick: () => press(key) }, text),
  );
  const press = (key) => {
    choices.forEach(([one], at) => all[at].setAttribute("aria-pressed", String(one === key)));
    choose(key);
  };
  return h("div", { class: "seg", role: "group", "aria-label": label }, all);
}

/* Hands a text to the browser as a file. */
export function save(text, name, type) {
  const file = URL.createObjectURL(new Blob([text], { type }));
  h("a", { href: file, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(file), 10_000);
}

/* A line of a list of checks: fulfilled or not, the sentence, why, and where it can be mended. */
export const checkLine = (fine, sentence, detail = null, end = null) =>
  h(
    "li",
    {},
    h("span", { class: fine ? "good" : "bad" }, icon(fine ? "check" : "close"), h("span", { class: "vh" }, fine ? "Fulfilled: " : "Not fulfilled: ")),
    h("span", { class: "grow wrap-any" }, sentence, detail && h("span", { class: `xs block ${fine ? "dim" : "bad"}` }, detail)),
    end,
  );
