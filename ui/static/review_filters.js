/* What the queue is filtered by: chips for what is chosen, and a dialog to choose. */

import { $, h, icon } from "./dom.js";
import { field, formDialog, input } from "./admin_parts.js";
import { capital } from "./desk_text.js";
import { call } from "./server.js";
import { review } from "./review_shell.js";

const RATINGS = { "-1": "Rated down", 1: "Rated up", 0: "Not rated" };
const KINDS = { answer: "Chat answers", reply: "Desk replies" };
const VERDICTS = { 1: "Judged good", "-1": "Judged poor", 0: "Skipped" };
const DISTANCES = [0.1, 0.3, 0.5, 0.7];

/* What is chosen, by the names of the server's filters; `text` is searched for. */
export const chosen = { filters: {}, text: "" };

/* The chips: what is chosen, each with what takes it away. */
export function chips() {
  const { filters: f, text } = chosen;
  const all = [
    text && [`“${text}”`, ["text"]],
    f.rating !== undefined && [RATINGS[f.rating], ["rating"]],
    f.flagged !== undefined && [f.flagged ? "Flagged" : "Not flagged", ["flagged"]],
    (f.prompt || f.number) && [[f.prompt, f.number && `v${f.number}`].filter(Boolean).join(" "), ["prompt", "number"]],
    f.model && [f.model, ["model"]],
    f.tag && [f.tag, ["tag"]],
    f.kind && [KINDS[f.kind], ["kind"]],
    f.least_distance !== undefined && [`Edited ≥ ${f.least_distance}`, ["least_distance"]],
    f.mood && [capital(f.mood), ["mood"]],
    f.topic && [f.topic, ["topic"]],
    (f.since || f.until) && [[f.since && `from ${f.since}`, f.until && `to ${f.until}`].filter(Boolean).join(" "), ["since", "until"]],
    f.second !== undefined && [f.second ? "Second opinion" : "No second opinion", ["second"]],
    f.verdict !== undefined && [VERDICTS[f.verdict], ["verdict"]],
  ];
  return all.filter(Boolean);
}

export function clear(names) {
  for (const name of names) {
    if (name === "text") chosen.text = "";
    else delete chosen.filters[name];
  }
}

const select = (name, any, options) => {
  const made = h("select", { class: "in", name, id: `filter-${name}` }, h("option", { value: "" }, any), options.map(([value, text]) => h("option", { value: String(value) }, text)));
  made.value = String(chosen.filters[name] ?? "");
  return made;
};
const same = (names) => names.map((one) => [one, capital(one)]);
const yes = (text, no) => [["true", text], ["false", no]];

/* The dialog; `changed` runs when something else is chosen. */
export async function chooseFilters(changed) {
  const told = await call("choices");
  const c = told.error ? review.facts.choices : told.choices;
  review.facts.choices = c;
  const words = input({ type: "search", id: "filter-text", maxlength: "200", value: chosen.text, placeholder: "Words of the question or the answer" });
  const fields = [
    ["rating", "Rating", select("rating", "Any", [[-1, "Rated down"], [1, "Rated up"], [0, "Not rated"]])],
    ["flagged", "Flag", select("flagged", "Any", yes("Flagged", "Not flagged"))],
    ["kind", "What it is", select("kind", "Anything", Object.entries(KINDS))],
    ["least_distance", "Edited by at least", select("least_distance", "Any size", DISTANCES.map((one) => [one, String(one)]))],
    ["prompt", "Prompt", select("prompt", "Any", c.prompts.map((one) => [one, one]))],
    ["number", "Prompt version", select("number", "Any", c.numbers.map((one) => [one, `v${one}`]))],
    ["model", "Model", select("model", "Any", c.models.map((one) => [one, one]))],
    ["tag", "Tag", select("tag", "Any", c.tags.map((one) => [one, one]))],
    ["mood", "Mood", select("mood", "Any", same(c.moods))],
    ["topic", "Topic", select("topic", "Any", same(c.topics))],
    ["since", "From", input({ type: "date", id: "filter-since", name: "since", value: chosen.filters.since ?? "" })],
    ["until", "To", input({ type: "date", id: "filter-until", name: "until", value: chosen.filters.until ?? "" })],
    ["second", "Second opinion", select("second", "Any", yes("Asked for", "Not asked for"))],
    ["verdict", "Verdict", select("verdict", "Any", [[1, "Good"], [-1, "Poor"], [0, "Skipped"]])],
  ];
  const clearAll = h("button", { type: "button", class: "btn quiet", onclick: () => { for (const [, , control] of fields) control.value = ""; words.value = ""; } }, "Clear all");
  const dialog = formDialog("Filter", [field("Words", words), h("div", { class: "review-filters" }, fields.map(([, label, control]) => field(label, control))), h("div", {}, clearAll)], {
    action: "Show",
    words: "Looking…",
    async run() {
      chosen.text = words.value.trim();
      chosen.filters = Object.fromEntries(fields.flatMap(([name, , control]) => (control.value === "" ? [] : [[name, valued(name, control.value)]])));
      changed();
      return {};
    },
  });
  $("#filter-text", dialog)?.focus();
}

const NUMBERS = ["rating", "number", "least_distance", "verdict"];
const FLAGS = ["flagged", "second"];

const valued = (name, text) => (NUMBERS.includes(name) ? Number(text) : FLAGS.includes(name) ? text === "true" : text);

export const filterChip = (changed) =>
  h("button", { type: "button", class: "chip", id: "review-filter", "aria-haspopup": "dialog", onclick: () => chooseFilters(changed) }, icon("plus"), "Filter");
