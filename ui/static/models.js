/* The Models page: its tabs, the registry, and which model is shown. The address names the place:
   #inside, or #name@version. Looking inside is models_inside.js. */

import { explainModels } from "./chat_empty.js";
import { $, $$, drawIcons, h, icon } from "./dom.js";
import { setPerson } from "./header.js";
import { island } from "./islands.js";
import { drawDetail, stateBadge, whereRuns, numbers } from "./models_detail.js";
import { drawInside, lookInto, noteModels } from "./models_inside.js";
import { toast } from "./overlays.js";
import { beginPage } from "./page.js";
import { call, callThrough } from "./server.js";

/* What the server told at the start, and the label of the model that is shown. */
export const models = { facts: { models: [], prompts: [] }, shown: null };

let data = null;
let carded = null;

export async function startModels(top) {
  const places = ["models-head", "models-list", "models-detail", "models-inside", "models-data"];
  const islands = await Promise.all(places.map(island));
  data = islands.at(-1);
  callThrough(data);
  for (const one of islands) drawIcons(one.element);
  beginPage(top, "models", "Models");
  nameRegions();
  $("#models-connect").addEventListener("click", () => explainModels(models.facts.folder));
  for (const tab of tabs()) tab.addEventListener("click", () => go(tab.id === "tab-inside" ? "inside" : models.shown));
  $("[role=tablist]").addEventListener("keydown", moveTabs);
  drawInside();
  showTab();
  await learn();
  addEventListener("hashchange", arrive);
}

const tabs = () => $$("[role=tab]");

function nameRegions() {
  const names = [
    ["models-registry", { role: "tabpanel", "aria-labelledby": "tab-registry" }],
    ["models-inside", { role: "tabpanel", "aria-labelledby": "tab-inside" }],
    ["models-card", { role: "region", "aria-label": "Model card" }],
  ];
  for (const [id, attributes] of names) {
    for (const [name, value] of Object.entries(attributes)) $(`#${id}`).setAttribute(name, value);
  }
}

async function learn() {
  const facts = await call("start");
  if (facts.error) {
    refuse(facts);
    return;
  }
  $("#models").classList.remove("closed");
  models.facts = facts;
  setPerson(facts.person);
  noteModels();
  arrive();
  follow();
}

/* Without the role, or without the server, the page says so and shows nothing else. */
function refuse(facts) {
  $("#models").classList.add("closed");
  const again = h("button", { type: "button", class: "btn s", onclick: learn }, "Try again");
  $("#models-notes").replaceChildren(
    h("div", { class: "note bad", role: "alert" }, icon("warn"), h("span", { class: "grow" }, facts.error), facts.code !== "not_allowed" && again),
  );
}

/* While a model loads, its state is asked for again: nothing else tells the end of it. */
async function follow() {
  if (!models.facts.models.some((one) => one.state === "loading")) return;
  await new Promise((next) => setTimeout(next, 700));
  const told = await call("models");
  if (!told.error) Object.assign(models.facts, told);
  draw();
  follow();
}

const place = () => decodeURIComponent(location.hash.slice(1));

function go(to) {
  if (place() === to) arrive();
  else location.hash = to;
}

/* Shows what the address names; a model that is not there leaves the default one. */
function arrive() {
  const { facts } = models;
  const named = place();
  const known = facts.models.find((one) => one.label === named || one.label.split("@")[0] === named);
  if (named && named !== "inside" && !known) {
    toast(`There is no model ${named.slice(0, 80)}. The list shows those there are.`, { error: true });
  }
  models.shown = known?.label ?? models.shown ?? facts.model;
  showTab();
  draw();
}

function showTab() {
  const inside = place() === "inside";
  $("#models-registry").hidden = inside;
  $("#models-inside").hidden = !inside;
  for (const tab of tabs()) {
    const chosen = (tab.id === "tab-inside") === inside;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
  }
}

function moveTabs(event) {
  if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
  event.preventDefault();
  const other = tabs().find((tab) => tab !== document.activeElement);
  other.focus();
  other.click();
}

function draw() {
  const { facts, shown } = models;
  $("#models-count").textContent = facts.models.length;
  $("#models-notes").replaceChildren(
    ...(facts.problems ?? []).map((text) => h("div", { class: "note warn" }, icon("warn"), h("span", { class: "grow" }, text))),
  );
  drawList(facts.models, shown);
  const model = facts.models.find((one) => one.label === shown);
  if (!model) return;
  drawDetail($("#models-detail"), model, () => {
    lookInto(model.label);
    go("inside");
  });
  $("#models-card").hidden = !model.card;
  if (model.card && carded !== model.label) {
    carded = model.label;
    data.trigger("card", { model: model.label });
  }
}

function drawList(list, shown) {
  const focused = $("#models-list").contains(document.activeElement);
  const head = ["Model", "State", "Parameters", "On disk", "Context"];
  $("#models-list").replaceChildren(
    h(
      "div",
      { class: "panel" },
      h(
        "table",
        { class: "t cards", "aria-label": "Models" },
        h("thead", {}, h("tr", {}, head.map((name, index) => h("th", { scope: "col", class: index > 1 ? "r" : null }, name)))),
        h("tbody", {}, list.map((model) => row(model, model.label === shown))),
      ),
    ),
  );
  if (focused) $("#models-list [aria-current]")?.focus();
}

/* The whole address: Gradio's <base> would send a bare "#…" to the first page. */
function row(model, chosen) {
  const { label } = model;
  return h(
    "tr",
    { class: chosen ? "sel" : null, onclick: () => go(label) },
    h(
      "td",
      {},
      h("a", { class: "b", href: `${location.pathname}#${label}`, "aria-current": chosen ? "true" : null }, label),
      h("span", { class: "sub" }, whereRuns(model)),
    ),
    h("td", {}, stateBadge(model)),
    h("td", { class: "r only-l" }, numbers.count(model.weights)),
    h("td", { class: "r only-l" }, numbers.bytes(model.size)),
    h("td", { class: "r" }, numbers.plain(model.context), h("span", { class: "only-s" }, "\u00a0tokens")),
  );
}
