/* The tab Runs: every fine-tuning, and the one that the address names (models_run.js). */

import { h, icon } from "./dom.js";
import { during, moment } from "./admin_parts.js";
import { drawRun, leaveRun } from "./models_run.js";
import { METHODS, empty, fetched, lasting, link, row, stateOf, table } from "./models_learning.js";
import { newRun } from "./models_new_run.js";
import { addressOf, drawActions } from "./models_shell.js";

const HEAD = [["Run"], ["State"], ["Method", "only-l"], ["Data", "only-l"], ["Best loss", "r"], ["Time", "r only-l"], ["Begun", "r only-l"]];

let list = null;

export const runsTab = {
  label: "Runs",
  places: ["runs", "run"],
  draw: (panel, at) => (at.kind === "run" ? drawRun(panel, at) : draw(panel, at)),
  leave: leaveRun,
  actions: (at) => (at.kind === "run" ? [] : [newRunButton()]),
};

/* Says beside itself why nothing can be started. */
export function newRunButton() {
  const why = list && !list.datasets.length ? "A run learns from a dataset: build one first." : null;
  return h("button", { type: "button", class: "btn pri", id: "new-run", disabled: Boolean(why), title: why, onclick: (event) => during(event.currentTarget, "Opening…", newRun) }, icon("play"), "New run…");
}

function draw(panel, at) {
  fetched(panel, at, "runs", {}, (told) => {
    list = told;
    drawActions();
    panel.replaceChildren(told.runs.length ? table("Runs", HEAD, told.runs.map(line)) : nothing(told));
  });
}

function line(run) {
  return row(addressOf("run", run.id), `Run ${run.number}, ${run.model}`, `from ${run.base}`, [
    [stateOf(run.state)],
    [METHODS[run.method] ?? run.method, "only-l"],
    [run.dataset_there ? link("dataset", run.dataset) : run.dataset, "only-l"],
    [run.best_loss === null ? "–" : run.best_loss.toFixed(3), "r", "best loss"],
    [lasting(run.seconds || null), "r only-l num"],
    [moment(run.at), "r only-l"],
  ]);
}

/* Nothing was trained yet: what is needed for it, and where that comes from. */
function nothing({ datasets, reviewed, fewest }) {
  const enough = reviewed >= fewest;
  const review = h("a", { href: "/review" }, "Review");
  if (datasets.length) {
    return empty(h("p", {}, `No run yet. ${datasets.length === 1 ? `${datasets[0].name} is` : `${datasets.length} datasets are`} ready to learn from.`), h("div", {}, newRunButton()));
  }
  const sentence = enough ? `You have ${reviewed.toLocaleString("en")} reviewed turns: enough for a run.` : `A run needs ${fewest} reviewed turns; you have ${reviewed.toLocaleString("en")}.`;
  return empty(
    h("p", { class: "b" }, sentence),
    h("p", { class: "sm mute" }, enough ? ["Build a dataset of them first: it is masked, without repetitions, and split by conversation."] : ["Judge and correct answers in ", review, ", or bring turns of your own in a file."]),
    h("div", { class: "row wrap" }, h("a", { class: enough ? "btn pri" : "btn", href: addressOf("datasets") }, "Build a dataset…"), !enough && h("a", { class: "btn", href: "/review" }, "Go to Review")),
  );
}
