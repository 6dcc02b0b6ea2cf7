/* One model of the registry: what it is, how it runs, how it was judged. Draws, asks nothing. */

import { h, icon } from "./dom.js";

const short = (value, unit) => `${value.toPrecision(value < 100 ? 2 : 3) * 1} ${unit}`;

/* Figures as people read them; absent ones are a dash. */
export const numbers = {
  plain: (value) => (value === null ? "–" : value.toLocaleString("en")),
  count(value) {
    if (value === null) return "–";
    return value < 1e9 ? short(value / 1e6, "M") : short(value / 1e9, "B");
  },
  bytes(value) {
    if (value === null) return "–";
    return value < 1e9 ? short(value / 1e6, "MB") : short(value / 1e9, "GB");
  },
};

export function whereRuns(model) {
  if (model.where === "hosted") return `on a server: ${model.server}`;
  return model.where === "local" ? "on this machine" : "a fake for tests";
}

/* State as colour, sign and word. */
export function stateBadge({ state, where }) {
  const [kind, drawing, text] = {
    ready: ["ok", "check", "ready"],
    loading: ["acc", "clock", "loading"],
    failed: ["bad", "warn", "failed"],
    idle: ["", null, where === "local" ? "not loaded" : "not used yet"],
  }[state];
  return h("span", { class: `badge ${kind}` }, drawing && icon(drawing), text);
}

/* `look` opens the look inside for this model. */
export function drawDetail(place, model, look) {
  const pairs = [
    ["Runs", whereRuns(model)],
    ["Engine", engine(model)],
    ["Context", `${numbers.plain(model.context)} tokens`],
    model.weights !== null && ["Parameters", model.weights.toLocaleString("en")],
    model.size !== null && ["On disk", numbers.bytes(model.size)],
    model.where === "local" && ["Values", model.tagged ? "trained on tags: copies numbers and names whole" : "not trained on tags"],
    ["Sampling", sampling(model)],
  ].filter(Boolean);
  place.replaceChildren(
    h(
      "section",
      { class: "panel", "aria-label": `Model ${model.label}` },
      h("div", { class: "ph" }, h("h2", { class: "grow ell" }, model.label), stateBadge(model)),
      h(
        "div",
        { class: "pb col" },
        model.about && h("p", { class: "sm" }, model.about),
        model.state === "failed" && h("div", { class: "note bad" }, icon("warn"), h("span", { class: "grow" }, model.sentence)),
        h("dl", { class: "kv" }, pairs.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
        figures(model),
        inside(model, look),
      ),
    ),
  );
}

function engine({ runtime, where }) {
  if (where === "hosted") return "the server's own";
  if (where === "scripted") return "none";
  return runtime || "chosen when it is loaded";
}

function sampling({ sampling: given, where }) {
  const named = Object.entries(given).map(([name, value]) => `${name.replaceAll("_", " ")} ${value}`);
  if (named.length) return named.join(", ");
  return where === "hosted" ? "the server's own" : "the defaults of this program";
}

/* Figures in a table; a share of one gets a bar beside its number. */
function figures({ figures: given, where }) {
  if (!given.length) {
    return where === "local" && h("p", { class: "sm dim" }, "Not evaluated yet.");
  }
  const line = ([name, value]) => {
    const share = value >= 0 && value <= 1;
    const bar = share && h("div", { class: "bar" }, h("i", { style: `width:${value * 100}%` }));
    const told = Number.isInteger(value) && value > 1 ? value.toLocaleString("en") : String(Number(value.toPrecision(3)));
    return h("tr", {}, h("th", { scope: "row" }, name), h("td", { class: "of" }, bar), h("td", { class: "r" }, told));
  };
  return h("div", {}, h("h3", {}, "Evaluation"), h("table", { class: "t figures", "aria-label": "Evaluation" }, h("tbody", {}, given.map(line))));
}

function inside(model, look) {
  const local = model.where === "local";
  const button = h("button", { type: "button", class: "btn", disabled: !local, onclick: look }, icon("search"), "Look inside");
  return h("div", { class: "row wrap" }, button, !local && h("span", { class: "xs dim grow" }, "Only models of this machine can be looked into."));
}
