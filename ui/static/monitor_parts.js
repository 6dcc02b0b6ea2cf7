/* Parts of the Monitor page that only draw: alerts that go on, the six figures, the table by version. */

import { h, icon } from "./dom.js";
import { badge, during } from "./admin_parts.js";
import { percent } from "./prompts_book.js";
import { addressOf, monitor } from "./monitor_shell.js";
import { BEFORE, CHANNELS, change, compact, headline, momentName, worded } from "./monitor_words.js";

// Alerts ------------------------------------------------------------------------------------------

const SEE = { first: "See the slow answers", errors: "See the failed answers", distance: "See the replies" };

/* `mute(alert, hours)` asks the server, and says itself what went wrong. */
export const alertNotes = (alerts, mute) => [...alerts.filter((one) => !one.muted).map((one) => firing(one, mute)), ...alerts.filter((one) => one.muted).map((one) => muted(one, mute))];

function firing(alert, mute) {
  const button = h("button", { type: "button", class: "btn s", id: `mute-${alert.id}` }, "Mute for a day");
  button.addEventListener("click", () => during(button, "Muting…", () => mute(alert, 24)));
  return h(
    "div",
    { class: "note bad mon-alert", role: "alert", "data-alert": alert.id },
    icon("warn"),
    h("span", { class: "grow" }, h("b", {}, alert.text), ` Since ${momentName(alert.since)}.`, alert.cause && ` ${alert.cause}`, alert.behind && [" ", h("a", { href: addressOf(monitor.wanted, alert.behind) }, SEE[alert.behind.plot] ?? "See the answers")]),
    button,
  );
}

function muted(alert, mute) {
  const button = h("button", { type: "button", class: "btn s", id: `mute-${alert.id}` }, "Speak again");
  button.addEventListener("click", () => during(button, "Asking…", () => mute(alert, 0)));
  return h("div", { class: "note mon-alert", "data-alert": alert.id }, icon("clock"), h("span", { class: "grow" }, `Muted until ${momentName(alert.muted)}: ${alert.text}`), button);
}

// Figures -----------------------------------------------------------------------------------------

export const figures = (shown) => h("div", { class: "figs", role: "group", "aria-label": "Figures" }, shown.figures.map((one) => figure(one, shown.period)));

function figure(one, period) {
  const found = change(one);
  const kind = found?.good ? (found.good > 0 ? "good" : "bad") : "mute";
  const sense = found?.good ? h("span", { class: "vh" }, found.good > 0 ? " better" : " worse") : null;
  const line = found ? [h("span", { class: kind }, found.text, sense), " ", h("span", { class: "dim" }, `against ${BEFORE[period]}`)] : h("span", { class: "dim" }, one.value === null ? "nothing to measure" : "nothing before it");
  return h("div", { class: "panel fig", "data-figure": one.key }, h("p", { class: "n" }, one.title), h("p", { class: "v" }, headline(one.value, one.unit)), h("p", { class: "d num" }, line));
}

// By version --------------------------------------------------------------------------------------

const pair = (first, second, unit) => (first === null && second === null ? "–" : `${worded(first, unit).replace(" s", "")} / ${worded(second, unit)}`);
const share = (value, of) => h("span", { title: of ? `of ${of.toLocaleString("en")}` : null }, value === null ? "–" : percent(value));

const COLUMNS = [
  ["Model", "", (one) => one.model],
  ["Answers", "r", (one) => one.answers.toLocaleString("en")],
  ["Thumbs up", "r", (one) => share(one.thumbs, one.thumbs_of)],
  ["Sent unchanged", "r", (one) => share(one.unchanged, one.replies)],
  ["Edit distance", "r", (one) => worded(one.distance, "distance")],
  ["p50 / p95 first word", "r", (one) => pair(one.first_p50, one.first_p95, "seconds")],
  ["Tokens in / out", "r", (one) => (one.tokens_in || one.tokens_out ? `${compact(one.tokens_in)} / ${compact(one.tokens_out)}` : "–")],
  ["Errors", "r", (one) => share(one.errors)],
];
const MORE = [
  ["p99 first word", "r", (one) => worded(one.first_p99, "seconds")],
  ["p50 / p95 total", "r", (one) => pair(one.total_p50, one.total_p95, "seconds")],
  ["p99 total", "r", (one) => worded(one.total_p99, "seconds")],
  ["Cost", "r", (one) => worded(one.cost, "money")],
  ["Stopped", "r", (one) => share(one.stops)],
  ["Refused", "r", (one) => share(one.refused)],
  ["No passage", "r", (one) => share(one.lacked)],
  ["Verdict good", "r", (one) => share(one.verdicts, one.verdicts_of)],
];

/* The table; `all`: with the columns that do not fit beside each other. */
export function versions(lines, all) {
  const columns = all ? [...COLUMNS, ...MORE] : COLUMNS;
  const name = (one) => h("th", { scope: "row" }, h("span", { class: "row" }, h("span", {}, one.name), one.arm && one.arm !== "100 %" && badge(one.arm, "acc")), one.channel && h("span", { class: "sub" }, CHANNELS[one.channel] ?? one.channel));
  const row = (one) => h("tr", {}, name(one), columns.map(([title, kind, text]) => h("td", { class: kind || null }, h("span", { class: "only-s dim" }, title), text(one))));
  return h(
    "div",
    { class: "across", tabindex: "0", role: "group", "aria-label": "By version, table" },
    h(
      "table",
      { class: "t labelled", id: "mon-table", "aria-label": "By version" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Prompt"), columns.map(([title, kind]) => h("th", { scope: "col", class: kind || null }, title)))),
      h("tbody", {}, lines.map(row)),
    ),
  );
}
