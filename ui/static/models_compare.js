/* The tab Compare: comparisons of two models or prompts, and how each side did over all of them. One
   comparison, with its questions and votes, is models_compare_ask.js. */

import { $, h, icon } from "./dom.js";
import { badge, field, formDialog, moment, plural, refused, tick } from "./admin_parts.js";
import { island } from "./islands.js";
import { drawComparison, stopComparison } from "./models_compare_ask.js";
import { empty, fetched, part } from "./models_learning.js";
import { compare, rateOf } from "./models_compare_parts.js";
import { addressOf, drawActions, go } from "./models_shell.js";
import { callsOf } from "./server.js";

export const compareTab = {
  label: "Compare",
  places: ["compare"],
  draw,
  leave: stopComparison,
  actions: () => [compare.facts && h("button", { type: "button", class: "btn pri", onclick: newComparison }, icon("plus"), "New comparison…")],
  count: () => null,
  start: async () => learn(),
};

async function learn() {
  compare.ask ??= callsOf(await island("compare-data"));
  const told = await compare.ask("start");
  if (!told.error) compare.facts = told;
  return told;
}

async function draw(place, at) {
  if (!compare.facts) {
    place.replaceChildren(h("p", { class: "none", role: "status" }, "Reading…"));
    const told = await learn();
    if (!at.still()) return;
    if (told.error) {
      place.replaceChildren(refused(told, () => draw(place, at)));
      return;
    }
    drawActions();
  }
  if (at.rest) await drawComparison(place, at);
  else await drawList(place, at);
}

function drawList(place, at) {
  return fetched(place, at, "comparisons", {}, (told) => place.replaceChildren(...(told.comparisons.length ? lists(told) : [nothing()])), false, compare.ask);
}

const lists = (told) => [
    h("div", { class: "panel" }, table("Comparisons", ["Comparison", "Left wins", "Votes", "By", "Begun"], told.comparisons.map(line))),
    part("Over all comparisons", null, h("p", { class: "xs dim pb" }, "The share of decided votes that a side won, with its 95 % interval (Wilson). Ties and “both bad” are counted beside it."), table("Sides", ["Side", "Wins", "Decided", "Ties", "Both bad"], told.table.map(sideLine))),
];

const nothing = () =>
  empty(
    h("p", { class: "b" }, "No comparison yet."),
    h("p", { class: "sm mute" }, "Choose two models or two versions of a prompt, ask both the same questions, and say which answer is better. Blind, nobody knows which is which until the vote."),
    h("div", {}, h("button", { type: "button", class: "btn", onclick: newComparison }, icon("plus"), "New comparison…")),
  );

const table = (label, heads, rows) =>
  h(
    "table",
    { class: "t cards still", "aria-label": label },
    h("thead", {}, h("tr", {}, heads.map((one, at) => h("th", { scope: "col", class: at > 1 && at < 3 ? "r" : null }, one)))),
    h("tbody", {}, rows),
  );

function line(one) {
  return h(
    "tr",
    {},
    h("td", {}, h("a", { class: "b", href: addressOf("compare", one.id) }, one.title), h("span", { class: "sub" }, `${one.left.label}, against ${one.right.label}`)),
    h("td", {}, rateOf(one.left_wins, `of ${one.left.label}`)),
    h("td", { class: "r" }, one.votes.toLocaleString("en"), h("span", { class: "only-s" }, one.votes === 1 ? "\u00a0vote" : "\u00a0votes")),
    h("td", {}, one.by, " ", one.blind && badge("blind", "", "eye")),
    h("td", { class: "when" }, moment(one.at)),
  );
}

const sideLine = ({ side, wins, ties, both_bad: bad }) =>
  h(
    "tr",
    {},
    h("td", {}, h("span", { class: "b" }, side.label)),
    h("td", {}, rateOf(wins, `of ${side.label}`)),
    h("td", { class: "r" }, wins[4].toLocaleString("en"), h("span", { class: "only-s" }, "\u00a0decided")),
    h("td", {}, plural(ties, "tie")),
    h("td", {}, `${bad.toLocaleString("en")} both bad`),
  );

// A new comparison ------------------------------------------------------------------------------

function newComparison() {
  const { facts } = compare;
  const sides = [sideFields("Left", facts.model), sideFields("Right", (facts.models.find((one) => one.label !== facts.model) ?? facts.models[0]).label)];
  const blind = tick("blind", "Blind", "Which is which is told after each vote, and the order is drawn anew for each question.", true);
  formDialog("New comparison", [h("div", { class: "g2 sides-of" }, sides.map((one) => one.part)), blind], {
    action: "Begin",
    words: "Beginning…",
    async run() {
      const told = await compare.ask("make", { left: sides[0].given(), right: sides[1].given(), blind: $("input", blind).checked });
      if (!told.error) go("compare", told.comparison.id);
      return told;
    },
  });
}

function sideFields(title, chosen) {
  const { facts } = compare;
  const id = title.toLowerCase();
  const select = (name, options) => h("select", { class: "in", id: `compare-${id}-${name}` }, options.map(([value, text]) => h("option", { value }, text)));
  const model = select("model", facts.models.map((one) => [one.label, `${one.label}, ${one.where}`]));
  model.value = chosen;
  const prompt = select("prompt", facts.prompts.map((one) => [one.name, one.title]));
  if (facts.prompts.some((one) => one.name === facts.prompt)) prompt.value = facts.prompt;
  const version = select("version", []);
  const fill = () => {
    const found = facts.prompts.find((one) => one.name === prompt.value);
    version.replaceChildren(...(found?.versions ?? []).map((one) => h("option", { value: one.sha }, [`v${one.number}`, one.sha === found.live && "in production"].filter(Boolean).join(", "))));
    version.value = found?.live ?? "";
  };
  prompt.addEventListener("change", fill);
  fill();
  return {
    part: h("fieldset", { class: "ticks" }, h("legend", {}, title), field("Model", model), field("Prompt", prompt), field("Version", version)),
    given: () => ({ model: model.value, prompt: prompt.value, version: version.value }),
  };
}
