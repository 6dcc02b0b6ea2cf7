/* One run, live: how far it is, its losses, what it is doing now, its settings, the same questions at
   each check. Its row is read every two seconds while it goes and the page is looked at. */

import { $, h, icon } from "./dom.js";
import { during, moment, note } from "./admin_parts.js";
import { METHODS, back, fetched, lasting, link, pairs, part, recount, stateOf } from "./models_learning.js";
import { newRun } from "./models_new_run.js";
import { linePlot } from "./models_plots.js";
import { confirmed, say, toast } from "./overlays.js";
import { legend } from "./plots.js";
import { call } from "./server.js";

const LOOK = 2000;
const GOING = ["queued", "running", "stopping"];
const RESUMABLE = ["stopped", "failed", "interrupted"];

/* What is shown: {at, panel, run, points, plot, table}. One at a time. */
let view = null;
let timer = 0;

export function leaveRun() {
  clearTimeout(timer);
  document.removeEventListener("visibilitychange", seen);
  view = null;
}

export function drawRun(panel, at) {
  fetched(panel, at, "run", { run: at.rest }, ({ run }) => {
    view = { at, panel, run, points: new Map(), table: false };
    take(run);
    draw();
    document.addEventListener("visibilitychange", seen);
    lookAgain();
  });
}

/* Points that came since; a step that is told again, after a kill, counts as it was told last. */
function take(run) {
  view.run = run;
  for (const [step, train, validation] of run.points) {
    const known = view.points.get(step) ?? [null, null];
    view.points.set(step, [train ?? known[0], validation ?? known[1]]);
  }
}

/* The step from which points are asked for again: what was trained after the last kept step may be
   told a second time. */
const known = () => Math.min(Math.max(-1, ...view.points.keys()), view.run.kept_step) - 1;

function lookAgain() {
  clearTimeout(timer);
  if (view && GOING.includes(view.run.state) && !document.hidden) timer = setTimeout(look, LOOK);
}

const seen = () => (document.hidden ? clearTimeout(timer) : look());

async function look() {
  const own = view;
  if (!own || !GOING.includes(own.run.state)) return;
  const told = await call("run", { run: own.run.id, after: Math.max(-1, known()) });
  if (view !== own) return;
  const before = own.run.state;
  if (told.error) {
    $(".run-problem", own.panel)?.replaceChildren(note(told.error, "bad", "alert"));
  } else {
    take(told.run);
    if (told.run.state === before) refresh();
    else changed(before);
  }
  lookAgain();
}

/* Its state changed: other buttons, other words, and perhaps a new model. */
function changed(before) {
  draw();
  const { run } = view;
  say(`Run ${run.number} is ${run.state}. ${run.said}`);
  if (GOING.includes(before) && !GOING.includes(run.state)) recount();
}

// Drawing -----------------------------------------------------------------------------------------

function draw() {
  const { panel, run } = view;
  const focused = panel.contains(document.activeElement) ? document.activeElement.id : null;
  view.plot = lossPlot();
  panel.replaceChildren(
    h("div", { class: "col run-top" }, back("runs", "Runs", `Run ${run.number}`), head(run)),
    h("div", { class: "run-problem" }),
    h("div", { class: "run-said" }),
    progress(),
    h("div", { class: "g21 run-parts" }, lossPanel(), h("div", { class: "col" }, part("Now", null, h("div", { class: "pb run-now" })), part("Settings of the run", null, h("div", { class: "pb" }, settings(run))))),
    h("div", { class: "run-samples" }),
  );
  refresh();
  if (focused) document.getElementById(focused)?.focus();
}

function head(run) {
  const again = h("button", { type: "button", class: "btn", id: "run-like" }, icon("copy"), "New run like this");
  again.addEventListener("click", async () => {
    const told = await during(again, "Reading…", () => call("like_run", { run: run.id }));
    if (told?.error) toast(told.error, { error: true });
    else if (told) newRun(told.like);
  });
  return h("div", { class: "head" }, h("h2", { class: "big", tabindex: "-1" }, `Run ${run.number}, ${run.model} from ${run.base}`), stateOf(run.state), h("span", { class: "sp" }), h("div", { class: "row wrap" }, again, stopButton(run), resumeButton(run)));
}

function stopButton(run) {
  if (!["queued", "running"].includes(run.state)) return null;
  const words = run.state === "queued" ? "Take out of the queue" : "Stop and keep best";
  const stop = h("button", { type: "button", class: "btn danger", id: "run-stop" }, icon("stop"), words);
  stop.addEventListener("click", async () => {
    const question = run.state === "queued" ? "Take this run out of the queue?" : `Stop run ${run.number} at step ${view.run.step.toLocaleString("en")} and keep the best so far?`;
    if (await confirmed(question, words)) act(stop, "Stopping…", "stop_run");
  });
  return stop;
}

function resumeButton(run) {
  if (!RESUMABLE.includes(run.state) || (run.kept && run.state === "stopped")) return null;
  const words = run.kept ? "Compare with its base" : run.kept_step ? `Resume from step ${run.kept_step.toLocaleString("en")}` : "Begin again";
  const resume = h("button", { type: "button", class: "btn pri", id: "run-resume" }, icon("play"), words);
  resume.addEventListener("click", () => act(resume, "Starting…", "resume_run"));
  return resume;
}

async function act(button, words, what) {
  const own = view;
  const told = await during(button, words, () => call(what, { run: own.run.id }));
  if (!told || view !== own) return;
  if (told.error) {
    $(".run-problem", own.panel).replaceChildren(note(told.error, "bad", "alert"));
    return;
  }
  const before = own.run.state;
  Object.assign(own.run, told.run);
  changed(before);
  lookAgain();
}

/* What changes while it goes, in the places that stay. */
function refresh() {
  const { panel, run } = view;
  $(".run-said", panel).replaceChildren(...said(run));
  fill($(".run-progress", panel), run);
  $(".run-now", panel).replaceChildren(now(run));
  $(".run-samples", panel).replaceChildren(...samples(run));
  drawLosses();
}

function said(run) {
  if (!run.said && !run.kept) return [];
  const kind = { failed: "bad", interrupted: "warn" }[run.state] ?? "";
  const line = run.said ? [note(run.said, kind, run.state === "failed" ? "alert" : null)] : [];
  if (run.kept && !GOING.includes(run.state)) line.push(h("p", { class: "sm" }, "Its model is ", link("", run.model), ", a candidate until somebody promotes it."));
  return line;
}

function progress() {
  return h(
    "section",
    { class: "panel pb run-progress", "aria-label": "Progress" },
    h("div", { class: "row sm num wrap" }, h("b", {}), h("span", { class: "mute" }), h("span", { class: "sp" }), h("span", { class: "mute" })),
    h("div", { class: "bar", role: "progressbar", "aria-label": "Training progress", "aria-valuemin": "0", "aria-valuemax": "100" }, h("i", {})),
  );
}

function fill(place, run) {
  const share = run.steps ? Math.min(1, run.step / run.steps) : 0;
  const percent = Math.round(share * 100);
  const [step, of, , time] = place.firstElementChild.children;
  step.textContent = run.steps ? `Step ${run.step.toLocaleString("en")} of ${run.steps.toLocaleString("en")}` : { queued: "Waits for its turn" }[run.state] ?? "Not begun";
  of.textContent = run.steps ? `${percent} %` : "";
  time.textContent = times(run);
  const bar = place.lastElementChild;
  bar.setAttribute("aria-valuenow", String(percent));
  bar.setAttribute("aria-valuetext", `${step.textContent}, ${time.textContent}`);
  bar.firstElementChild.style.width = `${share * 100}%`;
}

function times({ state, seconds, left }) {
  if (state === "queued") return "One run goes at a time";
  const passed = seconds ? `${lasting(seconds)} ${GOING.includes(state) ? "so far" : "in all"}` : "";
  if (state === "running" && left !== null) return [passed, `about ${lasting(left)} left`].filter(Boolean).join(", ");
  return passed;
}

function now(run) {
  const { facts } = run;
  const last = facts.last_loss;
  const patience = run.settings.patience;
  const training = facts.training ?? {};
  return pairs([
    ["Validation loss", last === undefined || last === null ? "not measured yet" : h("span", {}, h("b", {}, last.toFixed(3)), run.best_loss === null ? "" : `, best ${run.best_loss.toFixed(3)} at ${run.best_step.toLocaleString("en")}`)],
    facts.first_loss !== undefined && facts.first_loss !== null && ["At the start", facts.first_loss.toFixed(3)],
    patience && ["Early stop", `${run.without_gain} of ${patience} checks without gain`],
    ["Speed", run.tokens === null ? "–" : `${Math.round(run.tokens).toLocaleString("en")} tokens/s`],
    ["Checkpoint", run.kept_step ? `step ${run.kept_step.toLocaleString("en")}, resumes after a stop` : "none yet"],
    training.precision && ["Precision", [training.precision, training.processes > 1 && `${training.processes} processes`].filter(Boolean).join(", ")],
    GOING.includes(run.state) && run.heard && ["Last heard from", moment(run.heard)],
  ]);
}

function settings(run) {
  const { settings: given, facts } = run;
  const { train, validation } = facts.data?.splits ?? {};
  return pairs([
    ["Data", run.dataset_there ? link("dataset", run.dataset) : `${run.dataset}, removed since`],
    train !== undefined && ["Train, validation", `${train.toLocaleString("en")} and ${(validation ?? 0).toLocaleString("en")} turns`],
    ["Method", run.method === "lora" ? `LoRA, rank ${given.rank}` : METHODS[run.method]],
    ["Learning rate", `${given.rate}, cosine`],
    ["Batch", `${given.batch_tokens?.toLocaleString("en")} tokens, window ${given.window?.toLocaleString("en")}`],
    ["Passes", [given.epochs, given.minutes && `${given.minutes} min at most`, given.steps && `${given.steps} steps at most`].filter(Boolean).join(", ")],
    ["Seed", given.seed ?? 0],
    ["Started by", h("span", {}, `${run.by}, `, moment(run.at))],
  ]);
}

function samples(run) {
  if (!run.samples.length) return [];
  const questions = [...new Set(run.samples.map((one) => one.question))];
  return questions.map((question) =>
    h(
      "section",
      { class: "panel", "aria-label": `Same question at each check: ${question}` },
      h("div", { class: "ph wrap" }, h("h2", {}, "Same question at each check"), h("span", { class: "sp" }), h("span", { class: "xs dim wrap-any" }, question)),
      h("table", { class: "t samples", "aria-label": question }, h("tbody", {}, run.samples.filter((one) => one.question === question).map((one) => h("tr", {}, h("th", { scope: "row", class: "num" }, `step ${one.step.toLocaleString("en")}`), h("td", { class: "wrap-any" }, one.text || h("span", { class: "dim" }, "nothing")))))),
    ),
  );
}

// Losses ------------------------------------------------------------------------------------------

const sorted = () => [...view.points].sort(([a], [b]) => a - b);
const series = (index) => sorted().filter(([, values]) => values[index] !== null).map(([step, values]) => [step, values[index]]);

function losses() {
  const { run } = view;
  return {
    series: [
      { name: "train", kind: "s1", points: series(0) },
      { name: "validation", kind: "s2", points: series(1) },
    ],
    most: Math.max(run.steps, ...view.points.keys(), 1),
    unit: "steps",
    mark: run.best_step === null ? null : { x: run.best_step, text: `best so far, step ${run.best_step.toLocaleString("en")}` },
  };
}

function inWords({ series: [train, validation] }) {
  const { run } = view;
  const range = ({ name, points }) => points.length && `${name} ${points[0][1].toFixed(2)} to ${points.at(-1)[1].toFixed(2)}`;
  const best = run.best_loss !== null && `lowest ${run.best_loss.toFixed(3)} at step ${run.best_step}`;
  return `Loss by step. ${[range(train), range(validation), best].filter(Boolean).join(", ") || "Nothing measured yet"}. Arrow keys read the values.`;
}

const lossPlot = () => linePlot({ data: losses, say: inWords });

function lossPanel() {
  const button = h("button", { type: "button", class: "btn quiet s", id: "run-table", "aria-pressed": String(view.table) }, "Table");
  button.addEventListener("click", () => {
    view.table = !view.table;
    button.setAttribute("aria-pressed", String(view.table));
    drawLosses();
  });
  const tools = h("div", { class: "row" }, h("span", { class: "leg" }, legend("s1", "train"), legend("s2", "validation")), button);
  return part("Loss", tools, h("div", { class: "pb run-loss" }));
}

function drawLosses() {
  const place = $(".run-loss", view.panel);
  if (!view.points.size) {
    place.replaceChildren(h("p", { class: "none" }, unmeasured(view.run)));
    return;
  }
  if (view.table) {
    place.replaceChildren(lossTable());
    return;
  }
  if (place.firstElementChild !== view.plot.root) place.replaceChildren(view.plot.root);
  view.plot.draw();
}

const unmeasured = ({ state }) =>
  state === "queued" ? "It has not begun." : GOING.includes(state) ? "Nothing measured yet. The first losses come within the first steps." : "It ended before anything was measured.";

function lossTable() {
  const number = (value) => (value === null ? "" : value.toFixed(4));
  const line = ([step, [train, validation]]) => h("tr", { class: step === view.run.best_step && validation !== null ? "sel" : null }, h("th", { scope: "row", class: "num" }, step.toLocaleString("en")), h("td", { class: "r" }, number(train)), h("td", { class: "r" }, number(validation)));
  return h(
    "div",
    { class: "scroll losses", tabindex: "0", role: "group", "aria-label": "Losses by step" },
    h("table", { class: "t", "aria-label": "Losses by step" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Step"), h("th", { scope: "col", class: "r" }, "train"), h("th", { scope: "col", class: "r" }, "validation"))), h("tbody", {}, sorted().map(line))),
  );
}
