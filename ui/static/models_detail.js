/* One model of the registry: its stage, where it comes from, how it runs, how it was judged. Draws,
   asks nothing; its gate and what can be done with it are models_release.js. */

import { h, icon } from "./dom.js";
import { badge, moment, note } from "./admin_parts.js";
import { addressOf } from "./models_shell.js";

const short = (value, unit) => `${value.toPrecision(value < 100 ? 2 : 3) * 1} ${unit}`;
const NONE = "–";
const absent = (value) => value === null || value === undefined;

/* Figures as people read them; absent ones are a dash. */
export const numbers = {
  plain: (value) => (absent(value) ? NONE : Math.round(value).toLocaleString("en")),
  count(value) {
    if (absent(value)) return NONE;
    return value < 1e9 ? short(value / 1e6, "M") : short(value / 1e9, "B");
  },
  bytes(value) {
    if (absent(value)) return NONE;
    return value < 1e9 ? short(value / 1e6, "MB") : short(value / 1e9, "GB");
  },
  score: (value) => (absent(value) ? NONE : value.toFixed(1)),
  seconds: (value) => (absent(value) ? NONE : `${value < 10 ? value.toFixed(1) : Math.round(value)} s`),
  change(value, digits = 1) {
    const text = Math.abs(value).toFixed(digits);
    if (Number(text) === 0) return "0";
    return `${value < 0 ? "−" : "+"}${text}`;
  },
};

const PLACES = { local: "on this machine", scripted: "a fake for tests" };

export function whereRuns(model) {
  const where = PLACES[model.where] ?? `on a server: ${model.server}`;
  return model.from?.base ? `${where}, from ${model.from.base}` : where;
}

/* Where a model stands: served to everybody, tried, waiting for its promotion, kept for a way back. */
export function stageBadge({ stage }) {
  const kind = { production: "acc", candidate: "warn" }[stage] ?? "";
  return stage ? badge(stage, kind) : null;
}

/* What a model does just now, as colour, sign and word; nothing where there is nothing to say. */
export function stateBadge({ state, where }) {
  const [kind, drawing, text] = {
    ready: ["ok", "check", "loaded"],
    loading: ["acc", "clock", "loading"],
    failed: ["bad", "warn", "failed"],
    idle: ["", null, where === "local" ? "not loaded" : "not used yet"],
  }[state];
  return badge(text, kind, drawing);
}

/* `look` opens the look inside for this model; `release`: its gate and its buttons. */
export function drawDetail(place, model, look, release) {
  place.replaceChildren(
    h(
      "section",
      { class: "panel", "aria-label": `Model ${model.label}` },
      h("div", { class: "ph" }, h("h2", { class: "grow ell" }, model.label), stageBadge(model) ?? stateBadge(model)),
      h(
        "div",
        { class: "pb col" },
        model.about && h("p", { class: "sm" }, model.about),
        model.state === "failed" && note(model.sentence, "bad"),
        (model.marks ?? []).map((one) => h("div", { class: "note warn" }, icon("warn"), h("span", { class: "grow" }, one.reason, one.at && [" ", moment(one.at)]))),
        h("dl", { class: "kv" }, facts(model).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
        release.gate,
        figures(model),
        h("div", { class: "row wrap" }, release.buttons, inside(model, look), release.more),
        model.where !== "local" && h("p", { class: "xs dim" }, "Only models of this machine can be looked into."),
      ),
    ),
  );
}

function facts(model) {
  const { from } = model;
  return [
    ["Runs", PLACES[model.where] ?? whereRuns(model)],
    from?.base && ["From", origin(from)],
    from?.dataset && ["Data", from.dataset_there ? link("dataset", from.dataset) : from.dataset],
    from?.prompts?.length && ["Trained with", from.prompts.join(", ")],
    ["Engine", engine(model)],
    model.files && ["Files", model.files],
    ["Context", `${numbers.plain(model.context)} tokens`],
    !absent(model.weights) && ["Parameters", model.weights.toLocaleString("en")],
    !absent(model.size) && ["On disk", numbers.bytes(model.size)],
    model.where === "local" && ["Values", model.tagged ? "trained on tags: copies numbers and names whole" : "not trained on tags"],
    ["Sampling", sampling(model)],
    model.answers > 0 && ["In use", `${numbers.seconds(model.first)} to the first word, ${numbers.plain(model.speed)} tokens/s`],
  ].filter(Boolean);
}

const link = (kind, rest, text = rest) => h("a", { href: addressOf(kind, rest) }, text);

function origin({ base, method, run, number }) {
  const how = { full: "all weights", lora: "LoRA", preference: "preferences" }[method];
  return h("span", {}, [base, how].filter(Boolean).join(", "), run && [", ", link("run", run, `run ${number}`)]);
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

/* Figures of the checkpoint itself in a table; a share of one gets a bar beside its number. */
function figures({ figures: given, where, evaluation }) {
  if (!given.length) {
    return where === "local" && !evaluation && h("p", { class: "sm dim" }, "Not evaluated yet.");
  }
  const line = ([name, value]) => {
    const share = value >= 0 && value <= 1;
    const bar = share && h("div", { class: "bar" }, h("i", { style: `width:${value * 100}%` }));
    const told = Number.isInteger(value) && value > 1 ? value.toLocaleString("en") : String(Number(value.toPrecision(3)));
    return h("tr", {}, h("th", { scope: "row" }, name), h("td", { class: "of" }, bar), h("td", { class: "r" }, told));
  };
  return h("div", {}, h("h3", {}, "Evaluation"), h("table", { class: "t figures", "aria-label": "Evaluation" }, h("tbody", {}, given.map(line))));
}

const inside = (model, look) => h("button", { type: "button", class: "btn", disabled: model.where !== "local", onclick: look }, icon("search"), "Look inside");
