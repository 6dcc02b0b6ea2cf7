/* The Tests tab: cases against columns (a version and a model), a run while it goes on, its files.
   A cell opens in prompts_result.js, cases are written in prompts_cases.js. */

import { $, $$, h, icon, iconButton, prefs } from "./dom.js";
import { during, formDialog, moment, note, plural } from "./admin_parts.js";
import { openMenu, say, toast } from "./overlays.js";
import { ask, button, save, versionName } from "./prompts_book.js";
import { caseFromTurn, editCase, editSource } from "./prompts_cases.js";
import { drawInjection } from "./prompts_injection.js";
import { drawResult } from "./prompts_result.js";
import { page, shown } from "./prompts_shell.js";

const LOOK = 400;
const ENDS = { complete: "ran", stopped: "were stopped", failed: "failed", interrupted: "were interrupted" };
const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

/* What is drawn: {name, facts, columns, picked, run, place, matrix, result}. One at a time. */
let view = null;

export async function drawTests(place) {
  const told = await ask("matrix", { prompt: shown.name, columns: keptColumns(shown.name) });
  if (told.error) {
    place.replaceChildren(note(told.error, "bad", "alert"));
    return;
  }
  const picked = view?.name === shown.name ? view.picked : null;
  const matrix = h("section", { class: "panel", "aria-label": "Test matrix" });
  const result = h("section", { class: "panel", "aria-label": "Result" });
  const injection = h("section", { class: "panel", "aria-label": "Injection" });
  view = { name: shown.name, place, matrix, result, picked };
  place.replaceChildren(h("div", { class: "split tests" }, h("div", { class: "col wide-gap" }, matrix, injection), result));
  take(told);
  drawInjection(injection, shown.name, () => view.facts.models);
}

/* Which case is shown when the tab is drawn next: the gate leads here. */
let wanted = null;

export function openCase(name) {
  wanted = name;
}

function take(told) {
  view.facts = told;
  view.columns = told.columns;
  const opened = told.cases.find((one) => one.name === wanted);
  if (opened) view.picked = { no: opened.no, column: told.columns.length - 1 };
  wanted = null;
  if (view.picked && !told.cases.some((one) => one.no === view.picked.no)) view.picked = null;
  if (view.picked) view.picked.column = Math.min(view.picked.column, Math.max(0, told.columns.length - 1));
  draw();
  if (told.running && view.run !== told.running) follow(told.running);
}

async function learn() {
  const { name } = view;
  const told = await ask("matrix", { prompt: name, columns: keptColumns(name) });
  if (told.error) toast(told.error, { error: true });
  else if (view.name === name) take(told);
}

/* The columns that somebody chose in this browser, and a version that is newer than their choice;
   none means those that matter now. */
function keptColumns(name) {
  let kept = null;
  try {
    kept = JSON.parse(prefs.get(`prompt-columns-${name}`) ?? "null");
  } catch {
    // as if nothing had been chosen
  }
  const { columns, newest } = kept ?? {};
  if (!Array.isArray(columns) || !columns.length) return [];
  const isNew = shown.version && shown.seq > newest && !columns.some(([sha]) => sha === shown.version);
  return isNew ? [...columns, [shown.version, page.facts.model]] : columns;
}

function keep(columns) {
  const newest = view.facts.versions[0].seq;
  prefs.set(`prompt-columns-${view.name}`, JSON.stringify({ newest, columns: columns.map((one) => [one.sha, one.model]) }));
  learn();
}

function draw() {
  const { facts, matrix } = view;
  const focused = matrix.contains(document.activeElement) ? document.activeElement.id : null;
  matrix.replaceChildren(drawHead(), ...drawBody(), drawFoot());
  if (focused) document.getElementById(focused)?.focus();
  drawResult(view.result, facts, view.picked && { ...view.picked, column: view.columns[view.picked.column] }, tools);
}

function drawHead() {
  const { facts, columns } = view;
  const size = facts.cases.length ? `${plural(facts.cases.length, "case")} × ${plural(columns.length, "column")}, ${plural(facts.repeat, "run")} each` : "No cases yet";
  const stand = view.run ? running() : button("Run all", "play", (event) => begin(event.currentTarget, null), { class: "btn s pri run-all", disabled: !facts.cases.length || !columns.length, "aria-keyshortcuts": "Control+Enter" });
  if (!view.run) stand.append(h("kbd", { class: "only-l" }, "Ctrl Enter"));
  return h(
    "div",
    { class: "ph wrap" },
    h("h2", { class: "grow" }, size),
    button("Column", "plus", addColumn, { disabled: Boolean(view.run) }),
    button("Case", "plus", (event) => moreCases(event.currentTarget), { id: "cases-menu", "aria-haspopup": "menu", "aria-expanded": "false" }),
    stand,
  );
}

function moreCases(opener) {
  const { facts } = view;
  openMenu(opener, [
    { icon: "plus", text: "Write a case…", run: () => editCase(facts, null, saved) },
    { icon: "clock", text: "From a conversation…", run: () => caseFromTurn(facts, saved) },
    { icon: "edit", text: "Test file as text…", run: () => editSource(facts, saved) },
  ]);
}

/* How far a run is, and the end of it. */
function running() {
  const stop = button("Stop", "stop", () => during(stop, "Stopping…", () => ask("stop", { run: view.run })));
  return h("span", { class: "row going" }, h("progress", { max: "1", "aria-label": "Progress" }), h("span", { class: "sm num", role: "status" }), stop);
}

function drawBody() {
  const { facts, columns } = view;
  if (facts.problem) return [h("div", { class: "pb" }, note(facts.problem, "bad", "alert"))];
  if (!facts.cases.length) {
    return [h("div", { class: "none pb" }, "A case is a question with what must hold of the answer. ", h("button", { type: "button", class: "as-link", onclick: () => editCase(facts, null, saved) }, "Write the first one"), ", or ", h("button", { type: "button", class: "as-link", onclick: () => caseFromTurn(facts, saved) }, "make one of a conversation"), ".")];
  }
  const head = h("tr", {}, h("th", { scope: "col" }, "Case"), columns.map(columnHead));
  const foot = h("tr", {}, h("th", { scope: "row" }, "Passed"), columns.map((one, at) => h("td", { class: "b num", id: `total-${at}` }, totalOf(one))));
  return [
    h(
      "div",
      { class: "across" },
      h("table", { class: "t matrix", role: "grid", "aria-label": "Cases and columns", onkeydown: move }, h("thead", {}, head), h("tbody", {}, facts.cases.map(row)), h("tfoot", {}, foot)),
    ),
  ];
}

const columnName = (one) => `${versionName(one)} · ${one.model}`;

function columnHead(one, at) {
  const remove = iconButton("close", `Remove column ${columnName(one)}`, () => keep(view.columns.filter((_, other) => other !== at)), { class: "ib tiny", disabled: Boolean(view.run) });
  return h("th", { scope: "col" }, h("span", { class: "row" }, h("span", { class: "grow" }, columnName(one), one.live && h("span", { class: "acc block" }, one.live)), remove));
}

function row(one) {
  const chosen = view.picked?.no === one.no;
  const name = h("button", { type: "button", class: "as-case", tabindex: "-1", id: `case-${one.no}`, onclick: () => pick(one.no, view.picked?.column ?? 0) }, one.name);
  return h(
    "tr",
    { class: chosen ? "sel" : null },
    h("th", { scope: "row" }, name, one.critical && h("span", { class: "sub" }, "critical")),
    view.columns.map((column, at) => h("td", { role: "gridcell", class: chosen && view.picked.column === at ? "pick2" : null }, cell(one, column, at))),
  );
}

/* One tab stop for the whole matrix: the cell that is chosen, or the first. */
function cell(one, column, at) {
  const result = resultOf(one, column);
  const stop = view.picked ? view.picked.no === one.no && view.picked.column === at : one === view.facts.cases[0] && !at;
  const [kind, drawing, text] = lookOf(result, one);
  return h(
    "button",
    { type: "button", class: `cell ${kind}`, id: `cell-${one.no}-${at}`, tabindex: stop ? "0" : "-1", "data-no": one.no, "data-at": at, "aria-label": `${one.name}, ${columnName(column)}: ${text}${result?.was ? `, was ${result.was}` : ""}`, onclick: () => pick(one.no, at) },
    drawing && icon(drawing),
    h("span", {}, text),
    result?.was && h("span", { class: "xs dim" }, `was ${result.was}`),
  );
}

export const resultOf = (one, column) => view.facts.results[`${column.sha} ${column.model}`]?.[one.no] ?? null;

/* Kind, drawing and words of a result: a colour never speaks alone. */
export function lookOf(result, one) {
  if (!result) return ["dim", null, view.run ? "waits" : "not run"];
  if (result.status === "error") return ["bad", "warn", "error"];
  const text = `${result.passes}/${result.repeats}`;
  if (result.status === "passed" && result.passes === result.repeats) return ["good", "check", text];
  return [one.critical || result.was || !result.passes ? "bad" : "warned", "close", text];
}

function totalOf(column) {
  const all = Object.values(view.facts.results[`${column.sha} ${column.model}`] ?? {});
  const sum = (field) => all.reduce((total, one) => total + one[field], 0);
  return all.length ? `${sum("passes")} / ${sum("repeats")}` : "–";
}

function drawFoot() {
  const { last } = view.facts;
  if (!last) return h("div", { class: "row under-table" }, h("span", { class: "none" }, "Not run yet."));
  const about = h("span", { class: "xs dim num grow" }, "Last run ", moment(last.at), ` · ${plural(last.cells, "cell")} in ${last.seconds < 90 ? `${Math.round(last.seconds)} s` : `${Math.round(last.seconds / 60)} min`} · ${last.columns}${last.status === "complete" ? "" : ` · ${last.status}`}`);
  const file = (form, type, end) => button(end, "download", async (event) => {
    const told = await during(event.currentTarget, "Collecting…", () => ask("report", { run: last.id, form }));
    if (told?.error) toast(told.error, { error: true });
    else if (told) save(told.text, `${view.name}-tests.${form === "junit" ? "xml" : "json"}`, type);
  }, { class: "btn quiet s" });
  return h("div", { class: "row wrap under-table" }, about, file("junit", "application/xml", "JUnit"), file("json", "application/json", "JSON"));
}

function pick(no, at) {
  view.picked = { no, column: Math.min(at, Math.max(0, view.columns.length - 1)) };
  draw();
  document.getElementById(`cell-${no}-${view.picked.column}`)?.focus();
}

function move(event) {
  const step = ARROWS[event.key];
  const from = event.target.closest(".cell");
  if (!step || !from) return;
  event.preventDefault();
  const rows = view.facts.cases.map((one) => one.no);
  const at = rows.indexOf(Number(from.dataset.no)) + step[0];
  const to = document.getElementById(`cell-${rows[at]}-${Number(from.dataset.at) + step[1]}`);
  if (!to) return;
  for (const other of $$(".cell", view.matrix)) other.tabIndex = other === to ? 0 : -1;
  to.focus();
}

/* Adds a version with a model. A column may be there once. */
function addColumn() {
  const { facts } = view;
  const version = h("select", { class: "in" }, facts.versions.map((one) => h("option", { value: one.sha }, `${versionName(one)} ${one.note}`.slice(0, 80))));
  const model = h("select", { class: "in" }, facts.models.map((one) => h("option", { value: one, selected: one === facts.model }, one)));
  const labelled = (text, control) => h("label", { class: "fld" }, h("span", { class: "lab" }, text), control);
  formDialog("Add a column", [labelled("Version", version), labelled("Model", model)], {
    action: "Add column",
    words: "Adding…",
    async run() {
      if (view.columns.some((one) => one.sha === version.value && one.model === model.value)) return { error: "This column is there. Choose another version or model." };
      keep([...view.columns, { sha: version.value, model: model.value }]);
      return {};
    },
  });
}

/* Cases were changed: their results are of other tests now, and gone from the matrix. `name` is the
   one to show. */
async function saved(words, name = null) {
  wanted = name;
  await learn();
  const count = view.facts.cases.length;
  if (shown.counts) shown.counts.tests = count;
  $("#tab-tests .cnt").textContent = count;
  toast(words);
}

const tools = {
  saved,
  step: (to) => { view.picked.repeat = to; draw(); },
  run: (event, no) => begin(event, [no]),
  busy: () => Boolean(view.run),
};

/* Runs all cases, or some of them by number. */
async function begin(pressed, cases) {
  const columns = view.columns.map((one) => [one.sha, one.model]);
  const told = await during(pressed, "Starting…", () => ask("run", { prompt: view.name, columns, cases }));
  if (!told) return;
  if (told.error) toast(told.error, { error: true });
  else follow(told.run);
}

async function follow(run) {
  const own = view;
  own.run = run;
  draw();
  for (;;) {
    const told = await ask("progress", { run });
    if (view !== own) return;
    if (told.error || told.status !== "running") {
      own.run = null;
      if (told.error) toast(told.error, { error: true });
      await learn();
      say(told.error ?? `The tests ${ENDS[told.status]}: ${told.done} of ${plural(told.total, "cell")}.`);
      return;
    }
    showProgress(told);
    await new Promise((next) => setTimeout(next, LOOK));
  }
}

/* Only what changed is drawn while a run goes on: the focus and the result stay. */
function showProgress({ done, total, results }) {
  const place = $(".going", view.matrix);
  if (!place) return;
  $("progress", place).value = total ? done / total : 0;
  $("[role=status]", place).textContent = `${done} of ${total}`;
  for (const [column, found] of Object.entries(results)) view.facts.results[column] = { ...view.facts.results[column], ...found };
  view.columns.forEach((one, at) => { $(`#total-${at}`).textContent = totalOf(one); });
  for (const old of $$(".cell", view.matrix)) {
    const one = view.facts.cases.find((other) => other.no === Number(old.dataset.no));
    const at = Number(old.dataset.at);
    const fresh = cell(one, view.columns[at], at);
    if (fresh.textContent === old.textContent) continue;
    const focused = document.activeElement === old;
    old.replaceWith(fresh);
    if (focused) fresh.focus();
  }
}
