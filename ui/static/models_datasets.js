/* The tab Datasets: what there is to learn from, and one of them: counts, checks, rows. Building one
   is models_build.js. */

import { h, icon } from "./dom.js";
import { during, moment, note, plural, refused, whole } from "./admin_parts.js";
import { buildDataset } from "./models_build.js";
import { back, empty, fetched, link, loading, pairs, part, recount, row, stateOf, table } from "./models_learning.js";
import { newRun } from "./models_new_run.js";
import { addressOf, go, models } from "./models_shell.js";
import { confirmed, toast } from "./overlays.js";
import { button, segments } from "./prompts_book.js";
import { call } from "./server.js";
import { withheld, work } from "./works.js";

const HEAD = [["Dataset"], ["Turns", "r"], ["Train", "r only-l"], ["Validation", "r only-l"], ["Held out", "r only-l"], ["With a worse reply", "r only-l"], ["Built", "r"]];
const SPLITS = [["train", "Train"], ["validation", "Validation"], ["test", "Held out"]];
const ORIGINS = { verdict: "approved answers", correction: "corrected answers", reply: "replies that were sent", import: "of files" };

export const datasetsTab = {
  label: "Datasets",
  places: ["datasets", "dataset"],
  draw: (panel, at) => (at.kind === "dataset" ? drawOne(panel, at) : drawAll(panel, at)),
  actions: (at) => (at.kind === "dataset" ? [] : [build()]),
};

let known = []; // the names there are
const begin = () => buildDataset(known);
const build = () => h("button", { type: "button", class: "btn pri", id: "build-dataset", onclick: begin }, icon("plus"), "Build…");
const count = (value) => (value ?? 0).toLocaleString("en");

function drawAll(panel, at) {
  fetched(panel, at, "datasets", {}, ({ datasets }) => {
    known = datasets.map((one) => one.name);
    panel.replaceChildren(datasets.length ? table("Datasets", HEAD, datasets.map(line)) : nothing());
  });
}

const nothing = () =>
  empty(
    h("p", { class: "b" }, "No dataset yet."),
    h("p", { class: "sm mute" }, "A dataset is what a model learns from: judged and corrected answers, and what agents sent. It is masked, without repetitions, split by conversation, and never changes."),
    h("div", { class: "row wrap" }, h("button", { type: "button", class: "btn pri", onclick: begin }, "Build a dataset…"), h("a", { class: "btn", href: "/review" }, "Go to Review")),
  );

const line = (one) =>
  row(addressOf("dataset", one.name), one.name, one.changed ? "rows left it since" : one.sha.slice(0, 12), [
    [count(one.rows), "r", one.rows === 1 ? "turn" : "turns"],
    ...SPLITS.map(([split]) => [count(one.splits[split]), "r only-l"]),
    [count(one.preference), "r only-l"],
    [moment(one.at), "r"],
  ]);

function drawOne(panel, at) {
  fetched(panel, at, "dataset", { dataset: at.rest }, ({ dataset, runs }) => {
    const train = h("button", { type: "button", class: "btn pri", onclick: (event) => during(event.currentTarget, "Opening…", () => newRun(null, dataset.name)) }, icon("play"), "New run…");
    const remove = h("button", { type: "button", class: "btn danger" }, icon("trash"), "Remove");
    remove.addEventListener("click", () => removeIt(remove, dataset, runs));
    panel.replaceChildren(
      h("div", { class: "col run-top" }, back("datasets", "Datasets", dataset.name), h("div", { class: "head" }, h("h2", { class: "big", tabindex: "-1" }, dataset.name), h("span", { class: "sm mute" }, plural(dataset.rows, "turn")), h("span", { class: "sp" }), h("div", { class: "row wrap" }, remove, train))),
      dataset.changed ? note(`Rows left this dataset since it was built: ${dataset.changed}`, "warn") : "",
      h("div", { class: "g21" }, rowsPanel(dataset), h("div", { class: "col wide-gap" }, cardPanel(dataset), checkPanel(dataset), runs.length ? runsPanel(runs) : "")),
    );
  });
}

async function removeIt(pressed, dataset, runs) {
  const kept = runs.length ? " Models that learned from it stay; its runs cannot be resumed." : "";
  if (!(await confirmed(`Remove ${dataset.name} for good?${kept}`, "Remove"))) return;
  const told = await during(pressed, "Removing…", () => call("remove_dataset", { dataset: dataset.name }));
  if (!told) return;
  if (told.error) {
    toast(told.error, { error: true });
    return;
  }
  toast(`${dataset.name} is removed.`);
  recount();
  go("datasets");
}

/* The card: what it holds, what was left out and why, as it was counted when it was built. */
function cardPanel({ card, sha, by, at, splits, preference }) {
  const origins = Object.entries(card.counts?.source ?? {}).map(([key, value]) => [capital(ORIGINS[key] ?? key), count(value)]);
  const removed = Object.entries(card.removed ?? {}).map(([why, value]) => [capital(why), count(value)]);
  const hidden = Object.values(card.hidden ?? {}).reduce((sum, value) => sum + value, 0);
  const prompts = [...new Set((card.prompts ?? []).map((one) => one.prompt).filter(Boolean))];
  return part(
    "Counts",
    null,
    h(
      "div",
      { class: "pb col form" },
      pairs([...SPLITS.map(([key, name]) => [name, count(splits[key])]), ["With a worse reply", count(preference)], ...origins]),
      removed.length || card.bad ? h("div", {}, h("h3", {}, "Left out"), pairs([...removed, card.bad && ["Lines that cannot be used", count(card.bad)]])) : null,
      pairs([
        ["Values as tags", count(hidden)],
        card.characters?.reply && ["Reply, characters", `${count(card.characters.reply.median)} in the middle, ${count(card.characters.reply.longest)} at most`],
        prompts.length > 0 && ["Prompts", prompts.join(", ")],
        ["Hash", h("span", { class: "mono", title: sha }, sha.slice(0, 16))],
        ["Built by", h("span", { title: whole(at) }, `${by}, `, moment(at))],
      ]),
      labels(card.counts?.label ?? {}),
    ),
  );
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/* How the rows spread over their labels: a bar and a number each, the most frequent first. */
function labels(given) {
  const named = Object.entries(given).filter(([label]) => label).sort(([, a], [, b]) => b - a);
  if (named.length < 2) return null;
  const most = named[0][1];
  const line = ([label, rows]) => h("tr", {}, h("th", { scope: "row" }, label), h("td", { class: "of" }, h("div", { class: "bar" }, h("i", { style: `width:${(100 * rows) / most}%` }))), h("td", { class: "r" }, count(rows)));
  return h("details", {}, h("summary", { class: "sm b" }, `${named.length} labels`), h("table", { class: "t figures", "aria-label": "Rows by label" }, h("tbody", {}, named.slice(0, 100).map(line))));
}

function checkPanel(dataset) {
  const bases = models.facts.models.filter((one) => one.where === "local").map((one) => one.label);
  const model = h("select", { class: "in", "aria-label": "Check for this model" }, bases.map((label) => h("option", { value: label }, label)));
  if (bases.includes(models.facts.model)) model.value = models.facts.model;
  const state = h("div", { class: "doing" });
  const result = h("div", { class: "col" }, h("p", { class: "sm dim" }, "Looks for answers that would be cut at the model's length, empty ones, personal data that leaked, imbalance."));
  const check = button("Check", "check", async () => {
    const told = await withheld([check], () => work(state, "check_dataset", { dataset: dataset.name, model: model.value }));
    if (told) result.replaceChildren(...problems(told));
  });
  return part("Checks", h("div", { class: "row" }, model, check), h("div", { class: "pb" }, state, result));
}

/* What a check found, each thing by its row. */
export function problems({ problems: found, all, rows }) {
  if (!all) return [h("p", { class: "sm good", role: "status" }, icon("check"), ` ${plural(rows, "turn")} looked at, nothing wrong.`)];
  const more = all - found.length;
  return [
    h("p", { class: "sm", role: "status" }, `${plural(all, "thing")} to look at in ${plural(rows, "turn")}.`),
    h("ul", { class: "gate scroll problems", tabindex: "0", "aria-label": "Problems" }, found.map((one) => h("li", {}, h("span", { class: "warned" }, icon("warn")), h("span", { class: "grow wrap-any" }, one.sentence)))),
    more > 0 && h("p", { class: "xs dim" }, `And ${more.toLocaleString("en")} more.`),
  ].filter(Boolean);
}

const runsPanel = (runs) =>
  part("Learned from it", null, h("ul", { class: "lines pb" }, runs.map((one) => h("li", { class: "row" }, h("span", { class: "grow" }, link("run", one.id, `Run ${one.number}, ${one.model}`)), stateOf(one.state)))));

// Rows --------------------------------------------------------------------------------------------

function rowsPanel(dataset) {
  const place = h("div", { class: "rows-of" });
  const foot = h("div", { class: "row under-table" });
  let split = "train";
  let shown = 0;
  const more = button("Load more", null, () => during(more, "Loading…", () => load(true)));
  foot.append(more);
  async function load(further) {
    const wanted = split;
    const done = further ? () => {} : loading(place);
    const told = await call("dataset_rows", { dataset: dataset.name, split, after: further ? shown : 0 });
    done();
    if (wanted !== split) return;
    if (told.error) {
      const again = refused(told, () => { again.remove(); load(further); });
      if (further) place.append(again);
      else place.replaceChildren(again);
      return;
    }
    const lines = told.rows.map(example);
    if (further) place.append(...lines);
    else place.replaceChildren(...(lines.length ? lines : [h("p", { class: "none" }, "No turn in this part.")]));
    shown = (further ? shown : 0) + lines.length;
    foot.hidden = !told.more;
  }
  foot.hidden = true;
  load(false);
  return part("Turns", segments("Which part", SPLITS, split, (chosen) => { split = chosen; load(false); }), place, foot);
}

/* One turn: the question and the reply at a glance; all messages, as the model gets them, on demand. */
function example(one) {
  const question = one.messages.findLast((message) => message.role === "user")?.content ?? "";
  return h(
    "details",
    { class: "example" },
    h("summary", {}, h("span", { class: "block ell sm b" }, question || "No question"), h("span", { class: "block ell sm mute" }, one.reply)),
    h("div", { class: "col" }, one.messages.map(message), message({ role: "reply", content: one.reply }), one.rejected !== null && message({ role: "worse reply", content: one.rejected }), h("p", { class: "xs dim" }, [ORIGINS[one.source] ?? one.source, one.prompt && `prompt ${one.prompt}`, one.label].filter(Boolean).join(" · "))),
  );
}

const message = ({ role, content }) => h("div", { class: "pm" }, h("div", { class: "h" }, h("b", {}, role)), h("div", { class: "c" }, content));
