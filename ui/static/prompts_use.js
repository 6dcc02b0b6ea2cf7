/* The Use tab: how much the prompt is used, and how a program uses it. */

import { h } from "./dom.js";
import { note, panel } from "./admin_parts.js";
import { ask, percent, rate, versionName } from "./prompts_book.js";
import { copyButton } from "./prompts_run.js";

/* `shown` is the prompt that the page shows. */
export async function drawUse(place, shown) {
  const told = await ask("use", { prompt: shown.name });
  if (told.error) {
    place.replaceChildren(note(told.error, "bad", "alert"));
    return;
  }
  place.replaceChildren(h("div", { class: "g21" }, panel("From a program", null, ...told.snippets.map(drawSnippet)), panel("Last 30 days", null, drawCounts(told))));
}

function drawSnippet({ title, about, text }) {
  return h(
    "div",
    { class: "col" },
    h("div", { class: "row" }, h("h3", { class: "grow" }, title), copyButton(() => text, "Copy")),
    about && h("p", { class: "xs dim" }, about),
    h("pre", { class: "code", tabindex: "0", role: "group", "aria-label": title }, text),
  );
}

function drawCounts({ conversations, answers, up, arms }) {
  const whole = (value) => value.toLocaleString("en");
  const pairs = [
    ["Conversations", whole(conversations)],
    ["Answers", whole(answers)],
    ["Thumbs up", rate(up)],
    ...arms.map((arm) => [versionName(arm), `${whole(arm.answers)} answers${answers ? `, ${percent(arm.answers / answers)}` : ""}`]),
  ];
  return h("dl", { class: "kv big" }, pairs.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}
