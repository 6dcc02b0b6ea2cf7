/* The tab Registry: every model with its stage and its figures; one is shown beside the list. */

import { $, h, icon } from "./dom.js";
import { explainModels } from "./chat_empty.js";
import { note } from "./admin_parts.js";
import { openConnect } from "./models_connect.js";
import { drawDetail, numbers, stageBadge, stateBadge, whereRuns } from "./models_detail.js";
import { lookInto } from "./models_inside.js";
import { forgetGates, releaseOf } from "./models_release.js";
import { newRunButton } from "./models_runs.js";
import { addressOf, go, models } from "./models_shell.js";
import { toast } from "./overlays.js";
import { call } from "./server.js";

const LOOK = 700;

let data = null;
let carded = null;

export function startRegistry(carrier) {
  data = carrier;
  $("#models-card").setAttribute("role", "region");
  $("#models-card").setAttribute("aria-label", "Model card");
}

export const registryTab = {
  label: "Registry",
  places: [""],
  draw(_, at) {
    forgetGates();
    choose(at.rest);
  },
  actions: () => [h("button", { type: "button", class: "btn", id: "connect-model", onclick: connect }, icon("link"), "Connect a model"), newRunButton()],
  count: () => models.facts.models.length || null,
};

const connect = () => (models.facts.may_promote ? openConnect(again) : explainModels(models.facts.folder));

/* While a model loads, its state is asked for again: nothing else tells the end of it. */
export async function follow() {
  if (!models.facts.models.some((one) => one.state === "loading")) return;
  await new Promise((next) => setTimeout(next, LOOK));
  const told = await call("models");
  if (!told.error) Object.assign(models.facts, told);
  if (!$("#models-registry").hidden) draw();
  follow();
}

/* Shows what the address names; a model that is not there leaves the one that was shown. */
function choose(named) {
  const { facts } = models;
  const known = facts.models.find((one) => one.label === named || one.label.split("@")[0] === named);
  if (named && !known) {
    toast(`There is no model ${named.slice(0, 80)}. The list shows those there are.`, { error: true });
  }
  models.shown = known?.label ?? models.shown ?? facts.model;
  draw();
}

function draw() {
  const { facts, shown } = models;
  $("#models-notes").replaceChildren(...(facts.problems ?? []).map((text) => note(text, "warn")));
  drawList(facts.models, shown);
  const model = facts.models.find((one) => one.label === shown);
  if (!model) return;
  const look = () => {
    lookInto(model.label);
    go("inside");
  };
  drawDetail($("#models-detail"), model, look, releaseOf(model, again));
  $("#models-card").hidden = !model.card;
  if (model.card && carded !== model.label) {
    carded = model.label;
    data.trigger("card", { model: model.label });
  }
}

/* Something was promoted or rolled back: what every model is has changed. */
async function again() {
  const told = await call("models");
  if (told.error) toast(told.error, { error: true });
  else Object.assign(models.facts, told);
  forgetGates();
  draw();
  if (document.activeElement === document.body) $("#model-more")?.focus();
}

const HEAD = [["Model"], ["Stage"], ["Parameters", "r only-l"], ["On disk", "r only-l"], ["Own score", "r"], ["First word", "r only-l"], ["Tokens/s", "r only-l"]];

function drawList(list, shown) {
  const focused = $("#models-list").contains(document.activeElement);
  $("#models-list").replaceChildren(
    h(
      "div",
      { class: "panel" },
      h(
        "table",
        { class: "t cards", "aria-label": "Models" },
        h("thead", {}, h("tr", {}, HEAD.map(([name, kind]) => h("th", { scope: "col", class: kind }, name)))),
        h("tbody", {}, list.map((model) => row(model, model.label === shown))),
      ),
    ),
    h("p", { class: "sm mute about-list" }, "Own score: share of the held-out turns of your own data that were judged right, of 100. First word and tokens/s: the middle of the newest answers."),
  );
  if (focused) $("#models-list [aria-current]")?.focus();
}

function row(model, chosen) {
  const { label } = model;
  return h(
    "tr",
    { class: chosen ? "sel" : null, onclick: () => go(label) },
    h(
      "td",
      {},
      h("a", { class: "b", href: addressOf(label), "aria-current": chosen ? "true" : null }, label),
      h("span", { class: "sub" }, whereRuns(model)),
    ),
    h("td", {}, h("span", { class: "badges" }, stageBadge(model), stateBadge(model))),
    h("td", { class: "r only-l" }, numbers.count(model.weights)),
    h("td", { class: "r only-l" }, numbers.bytes(model.size)),
    h("td", { class: "r" }, numbers.score(model.score), model.score !== null && h("span", { class: "only-s" }, "\u00a0of 100")),
    h("td", { class: "r only-l" }, numbers.seconds(model.first)),
    h("td", { class: "r only-l" }, numbers.plain(model.speed)),
  );
}
