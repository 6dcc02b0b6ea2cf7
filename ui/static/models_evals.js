/* The tab Evaluations: a base model against a tuned one, each a row; one of them with its bars, its
   table, its gate. The answers are models_answers.js. */

import { $, $$, h, icon } from "./dom.js";
import { badge, during, moment, note, whole } from "./admin_parts.js";
import { drawAnswers } from "./models_answers.js";
import { numbers } from "./models_detail.js";
import { openEvaluate } from "./models_evaluate.js";
import { back, empty, fetched, gateList, lasting, link, part, recount, row, stateOf, table } from "./models_learning.js";
import { barPlot } from "./models_plots.js";
import { openPromote } from "./models_release.js";
import { addressOf, go, models } from "./models_shell.js";
import { openMenu, say, toast } from "./overlays.js";
import { legend } from "./plots.js";
import { save } from "./prompts_book.js";
import { call } from "./server.js";

const LOOK = 2000;
const HEAD = [["Evaluation"], ["Gate"], ["Own score", "r"], ["Change", "r"], ["Data", "only-l"], ["Done", "r only-l"]];
const GROUPS = { own: "Own data, held out", general: "General", tests: "Tests of the prompts", injection: "Attacks", bias: "Same message, other people" };

let timer = 0;

export const evaluationsTab = {
  label: "Evaluations",
  places: ["evaluations", "evaluation"],
  draw: (panel, at) => (at.kind === "evaluation" ? drawOne(panel, at) : drawAll(panel, at)),
  leave: () => clearTimeout(timer),
  actions: (at) => (at.kind === "evaluation" ? [] : [h("button", { type: "button", class: "btn pri", id: "evaluate", onclick: (event) => during(event.currentTarget, "Opening…", openEvaluate) }, icon("play"), "Evaluate…")]),
};

function drawAll(panel, at, further = false) {
  const draw = ({ evaluations }) => {
    const focused = panel.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    panel.replaceChildren(evaluations.length ? table("Evaluations", HEAD, evaluations.map(line)) : nothing());
    if (focused) $$("a", panel).find((one) => one.getAttribute("href") === focused)?.focus({ preventScroll: true });
    if (evaluations.some((one) => one.state === "running")) again(at, () => drawAll(panel, at, true));
  };
  fetched(panel, at, "evaluations", {}, draw, further);
}

/* Once more in two seconds, while this is what the page shows and somebody looks at it. */
function again(at, run) {
  clearTimeout(timer);
  timer = setTimeout(() => at.still() && (document.hidden ? again(at, run) : run()), LOOK);
}

const nothing = () =>
  empty(
    h("p", { class: "b" }, "No evaluation yet."),
    h("p", { class: "sm mute" }, "After each run its model is measured against its base: on turns that were held out, on general prompts, under attack."),
    h("div", {}, h("a", { class: "btn", href: addressOf("runs") }, "Runs")),
  );

function line(one) {
  const { own } = one;
  return row(addressOf("evaluation", one.id), `${one.tuned} against ${one.base}`, null, [
    [one.state === "complete" ? verdict(one) : stateOf(one.state, { running: `running, ${share(one)}` })],
    [numbers.score(own?.tuned), "r", "of 100"],
    [own && own.change !== null ? change(own) : "–", "r", "change"],
    [one.dataset || "–", "only-l"],
    [moment(one.at), "r only-l"],
  ]);
}

const share = ({ done, total }) => (total ? `${Math.round((100 * done) / total)} %` : "begins");

export function verdict({ passed }) {
  if (passed === null) return badge("no verdict");
  return passed ? badge("gate passed", "ok", "check") : badge("gate closed", "bad", "close");
}

/* A change with its sign, good or bad only where the interval says that it is one. */
function change(one) {
  const { change: value, low, high, higher_is_better: up, unit } = one;
  const digits = unit === "of 100" ? 1 : 2;
  const sure = low !== null && high !== null && (low > 0 || high < 0);
  const kind = !sure || up === null || up === undefined ? "mute" : value > 0 === up ? "good" : "bad";
  return h("span", { class: kind, title: low === null ? null : `95 of 100 such samples would lie between ${numbers.change(low, digits)} and ${numbers.change(high, digits)}.` }, numbers.change(value, digits));
}

// One -----------------------------------------------------------------------------------------------

function drawOne(panel, at) {
  fetched(panel, at, "evaluation", { evaluation: at.rest }, ({ evaluation }) => {
    const running = evaluation.state === "running";
    panel.replaceChildren(
      h("div", { class: "col run-top" }, back("evaluations", "Evaluations", evaluation.tuned), head(evaluation)),
      running ? progress(evaluation) : "",
      evaluation.said && evaluation.state !== "complete" ? note(evaluation.said, evaluation.state === "failed" ? "bad" : "") : "",
      ...(evaluation.parts.length ? results(evaluation) : running ? [] : [note("There are no figures of it.")]),
    );
    if (running) again(at, () => look(panel, at, evaluation));
  });
}

/* While it runs only the bar moves; its end draws all of it. */
async function look(panel, at, { id }) {
  const told = await call("evaluation", { evaluation: id });
  if (!at.still()) return;
  if (told.error || told.evaluation.state === "running") {
    if (!told.error) fill($(".run-progress", panel), told.evaluation);
    again(at, () => look(panel, at, { id }));
    return;
  }
  say(`The evaluation is ${told.evaluation.state}.`);
  recount();
  drawOne(panel, at);
}

function head(one) {
  const counts = Object.entries(one.counts).map(([key, count]) => `${count.toLocaleString("en")} ${{ own: "own turns held out", general: "general prompts", tests: "tests", injection: "attacks", bias: "messages exchanged" }[key] ?? key}`);
  const done = one.state === "complete";
  const report = h("button", { type: "button", class: "btn", id: "eval-report", "aria-haspopup": "menu", "aria-expanded": "false", disabled: !done }, icon("download"), "Report");
  report.addEventListener("click", () => openMenu(report, [["html", "As a page", "text/html"], ["markdown", "As Markdown", "text/markdown"]].map(([form, text, type]) => ({ icon: "page", text, run: () => download(report, one, form, type) })), { label: "Report" }));
  const stop = one.state === "running" && h("button", { type: "button", class: "btn danger", id: "eval-stop" }, icon("stop"), "Stop");
  if (stop) stop.addEventListener("click", async () => {
    const told = await during(stop, "Stopping…", () => call("stop_evaluation", { evaluation: one.id }));
    if (told?.error) toast(told.error, { error: true });
    else if (told) go("evaluation", one.id);
  });
  const known = models.facts.models.some((model) => model.label === one.tuned);
  const promote = models.facts.may_promote && known && h("button", { type: "button", class: "btn pri", id: "eval-promote", onclick: (event) => during(event.currentTarget, "Opening…", () => openPromote(one.tuned, () => go("evaluation", one.id))) }, "Promote…");
  return h(
    "div",
    { class: "head" },
    h("h2", { class: "big", tabindex: "-1" }, `${one.tuned} against ${one.base}`),
    done ? verdict(one) : stateOf(one.state, { running: "running" }),
    h("span", { class: "sm mute" }, [counts.join(", "), one.at && whole(one.at)].filter(Boolean).join(" · ")),
    h("span", { class: "sp" }),
    h("div", { class: "row wrap" }, stop, report, promote),
  );
}

async function download(button, one, form, type) {
  const told = await during(button, "Writing…", () => call("report", { evaluation: one.id, form }));
  if (told?.error) toast(told.error, { error: true });
  else if (told) save(told.text, `${one.tuned}-against-${one.base}.${form === "html" ? "html" : "md"}`.replaceAll("@", "-"), type);
}

function progress(one) {
  const place = h(
    "section",
    { class: "panel pb run-progress", "aria-label": "Progress" },
    h("div", { class: "row sm num" }, h("b", {}), h("span", { class: "sp" }), h("span", { class: "mute" })),
    h("div", { class: "bar", role: "progressbar", "aria-label": "Evaluation progress", "aria-valuemin": "0", "aria-valuemax": "100" }, h("i", {})),
  );
  fill(place, one);
  return place;
}

function fill(place, { done, total, said }) {
  const part = total ? Math.min(1, done / total) : 0;
  const [words, , percent] = place.firstElementChild.children;
  words.textContent = said || (total ? `${done.toLocaleString("en")} of ${total.toLocaleString("en")} answers` : "It begins");
  percent.textContent = total ? `${Math.round(100 * part)} %` : "";
  place.lastElementChild.setAttribute("aria-valuenow", String(Math.round(100 * part)));
  place.lastElementChild.firstElementChild.style.width = `${100 * part}%`;
}

function results(one) {
  const bars = one.parts.filter((each) => each.unit === "of 100" && (each.base !== null || each.tuned !== null));
  const plot = barPlot(`Judged right, of 100: ${one.base} and ${one.tuned}. Arrow keys read the values.`, bars.map((each) => barRow(each, one)));
  const answers = h("section", { class: "panel", "aria-label": "Answers side by side" });
  drawAnswers(answers, one);
  return [
    h(
      "div",
      { class: "g21" },
      h("div", { class: "col" }, part("Judged right, of 100", h("span", { class: "leg" }, legend("f2", one.base), legend("f1", one.tuned)), h("div", { class: "pb" }, plot.root)), gatePanel(one)),
      scores(one),
    ),
    answers,
    one.notes.length || one.seconds !== null ? h("p", { class: "xs dim" }, [...one.notes, one.seconds !== null && `Measured in ${lasting(one.seconds)}.`, one.dataset && "Data: "].filter(Boolean).join(" "), one.dataset && link("dataset", one.dataset)) : "",
  ];
}

function barRow(each, { base, tuned }) {
  const value = (number) => (number === null ? "not measured" : number.toFixed(1));
  const lines = [`${base} ${value(each.base)}`, `${tuned} ${value(each.tuned)}`];
  if (each.change !== null) lines.push(`change ${numbers.change(each.change)}${each.low === null ? "" : `, ${numbers.change(each.low)} to ${numbers.change(each.high)}`}`);
  lines.push(`of ${each.count.toLocaleString("en")}`);
  return { title: each.title, base: each.base, tuned: each.tuned, lines };
}

function gatePanel({ gate, tuned }) {
  if (!gate.length) return "";
  const lines = gate.map((one) => ({ ok: one.passed, name: one.name, sentence: one.said, change: one.change === null ? "" : numbers.change(one.change, Math.abs(one.change) < 1 ? 2 : 1) }));
  return part("Gate for production", null, h("div", { class: "pb" }, gateList(lines, `Gate of ${tuned}`)));
}

function scores({ parts }) {
  const groups = [...new Set(parts.map((one) => one.group))];
  const figure = (value, unit) => (value === null ? "–" : value.toFixed(unit === "of 100" ? 1 : 2));
  const line = (one) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, one.title, (one.unit !== "of 100" || one.note) && h("span", { class: "sub" }, [one.unit !== "of 100" && one.unit, one.note].filter(Boolean).join(", "))),
      h("td", { class: "r" }, figure(one.base, one.unit)),
      h("td", { class: "r" }, figure(one.tuned, one.unit)),
      h("td", { class: "r" }, one.change === null ? "–" : change(one)),
    );
  const body = groups.map((group) => h("tbody", {}, groups.length > 1 && h("tr", {}, h("th", { colspan: "4", scope: "rowgroup", class: "group" }, GROUPS[group] ?? group)), parts.filter((one) => one.group === group).map(line)));
  return part("Table", null, h("div", { class: "across" }, h("table", { class: "t scores", "aria-label": "Scores" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Part"), h("th", { scope: "col", class: "r" }, "base"), h("th", { scope: "col", class: "r" }, "tuned"), h("th", { scope: "col", class: "r" }, "change"))), body)));
}
