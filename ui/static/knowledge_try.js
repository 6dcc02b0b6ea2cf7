/* Try a question: the passages it finds, with scores and the reasons. Nothing of it is kept. */

import { during, note } from "./admin_parts.js";
import { $, h, icon } from "./dom.js";
import { call } from "./server.js";
import { openPassage } from "./knowledge_article.js";

export function makeTry() {
  const field = h("input", { class: "in grow", "aria-label": "Question to search with", placeholder: "As a customer would ask", maxlength: "2000", autocomplete: "off" });
  const button = h("button", { type: "submit", class: "btn" }, "Search");
  const results = h("div", { id: "knowledge-hits", "aria-live": "polite" });
  const form = h("form", { class: "row" }, field, button);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const question = field.value.trim();
    if (!question) return field.focus();
    const told = await during(button, "Searching…", () => call("ask", { question }));
    if (told) results.replaceChildren(...drawn(told));
  });
  return h("section", { class: "panel", "aria-label": "Try a question", id: "knowledge-try" }, h("div", { class: "ph" }, h("h2", {}, "Try a question")), h("div", { class: "pb col" }, form, results));
}

function drawn(told) {
  if (told.error) return [note(told.error, "bad", "alert")];
  if (!told.hits.length) return [h("p", { class: "none" }, "No passage fits. Write the article that answers it.")];
  return [
    !told.fitting && note("Nothing fits well: an answer would say that it lacks this.", "warn"),
    h("ol", { class: "gate", "aria-label": "Passages found" }, told.hits.map(hit)),
  ].filter(Boolean);
}

const hit = (one, at) =>
  h(
    "li",
    {},
    h("span", { class: one.internal ? "cite int" : "cite" }, String(at + 1)),
    h(
      "span",
      { class: "grow" },
      h("button", { type: "button", class: "as-title", onclick: () => openPassage(one.passage) }, one.label),
      one.internal && h("span", { class: "badge warn" }, icon("lock"), "internal"),
      h("span", { class: "xs mute block clip wrap-any" }, one.text),
      one.matched.length > 0 && h("span", { class: "xs dim block" }, "words: ", one.matched.map((word) => [h("mark", {}, word), " "]).flat()),
    ),
    h("span", { class: "xs dim num why" }, h("span", { class: "block b" }, one.score.toFixed(2)), h("span", { class: "block" }, rank("text", one.text_rank)), h("span", { class: "block" }, rank("meaning", one.meaning_rank))),
  );

function rank(half, number) {
  if (!number) return `${half} –`;
  const tens = number % 100;
  const end = tens > 10 && tens < 14 ? "th" : (["th", "st", "nd", "rd"][number % 10] ?? "th");
  return `${half} ${number}${end}`;
}
