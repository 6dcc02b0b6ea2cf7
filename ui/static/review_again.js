/* How an answer was made, exactly, and the same question asked of another model or prompt version. */

import { $, h } from "./dom.js";
import { field, note } from "./admin_parts.js";
import { openDialog } from "./overlays.js";
import { call } from "./server.js";
import { copyButton, follow } from "./prompts_run.js";
import { review, tell } from "./review_shell.js";

/* The messages that the model got, with what is hidden as tags. */
export function showRendered({ messages, exact, prompt, number, sha }) {
  const said = exact
    ? "These messages were sent, with tags in the place of what is hidden from you."
    : "These messages come closest to what was sent; something they were made of is gone.";
  const parts = messages.map((one) => h("div", { class: "pm" }, h("div", { class: "h" }, h("b", {}, one.role)), h("div", { class: "c", tabindex: "0", role: "group", "aria-label": `Message of the ${one.role}` }, one.content)));
  openDialog("Rendered messages", h("div", { class: "pb col trace" }, h("dl", { class: "kv" }, h("dt", {}, "Prompt"), h("dd", {}, `${prompt} v${number}`), h("dt", {}, "Version"), h("dd", { class: "mono" }, sha)), h("p", { class: "sm mute" }, said), parts), { wide: true });
}

/* Asks the question of this item again; the answer may become the correction. */
export async function runAgain(item) {
  const place = h("div", { class: "pb col" }, h("p", { class: "sm mute", role: "status" }, "Reading the prompts…"));
  let run = null;
  const dialog = openDialog("Run again with…", place, { wide: true, done: () => run && !run.done && run.stop() });
  const told = await call("versions");
  if (told.error) {
    place.replaceChildren(note(told.error, "bad", "alert"));
    return;
  }
  const { models } = review.facts;
  const model = select("again-model", models.map((one) => [one.label, `${one.label}, ${one.where}`]));
  if (models.some((one) => one.label === item.row.model)) model.value = item.row.model;
  const prompt = select("again-prompt", told.prompts.map((one) => [one.name, one.title]));
  if (told.prompts.some((one) => one.name === item.row.prompt)) prompt.value = item.row.prompt;
  const version = select("again-version", []);
  const leaves = h("div", {});
  const fill = () => {
    const found = told.prompts.find((one) => one.name === prompt.value);
    version.replaceChildren(...(found?.versions ?? []).map((one) => h("option", { value: one.sha }, [`v${one.number}`, one.sha === found.live && "in production"].filter(Boolean).join(", "))));
    version.value = found?.live ?? "";
  };
  const warn = () => {
    const host = models.find((one) => one.label === model.value)?.host;
    leaves.replaceChildren(host ? note(`Leaves this machine: what you see of this conversation goes to ${host}, with the same tags.`) : "");
  };
  prompt.addEventListener("change", fill);
  model.addEventListener("change", warn);
  fill();
  warn();
  const answer = h("div", { class: "said pb col", "aria-label": "New answer", role: "region", hidden: true });
  const use = h("button", { type: "button", class: "btn", hidden: true }, "Use as the correction");
  const copy = copyButton(() => $(".answer", answer)?.textContent ?? "");
  copy.hidden = true;
  const begin = h("button", { type: "submit", class: "btn pri" }, "Run");
  const form = h("form", { class: "col form" }, h("div", { class: "again-form" }, field("Model", model), field("Prompt", prompt), field("Version", version)), leaves, h("div", { class: "row wrap" }, h("span", { class: "sp" }), copy, use, begin));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (run && !run.done) return;
    begin.setAttribute("aria-busy", "true");
    use.hidden = copy.hidden = true;
    answer.hidden = false;
    run = follow(answer, () => call("again", { item: item.row.id, model: model.value, prompt: prompt.value, version: version.value }));
    const text = await run.ended;
    begin.removeAttribute("aria-busy");
    use.hidden = copy.hidden = !text?.trim();
    use.onclick = () => {
      dialog.close();
      tell("correct-with", item.row.id, text);
    };
  });
  place.replaceChildren(form, h("div", { class: "sides" }, h("section", {}, h("h3", {}, "What was said"), h("div", { class: "said" }, item.answer)), h("section", {}, h("h3", {}, "What is said now"), answer)));
  model.focus();
}

const select = (id, options) => h("select", { class: "in", id }, options.map(([value, text]) => h("option", { value }, text)));
