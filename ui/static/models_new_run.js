/* The dialog New run: what to learn from, which model, how. Every setting says what it means; those
   that are seldom changed are folded away. The defaults fit the data and the base. */

import { $$, h } from "./dom.js";
import { choice, during, field, input, note } from "./admin_parts.js";
import { go, models } from "./models_shell.js";
import { recount } from "./models_learning.js";
import { openDialog, toast } from "./overlays.js";
import { segments } from "./prompts_book.js";
import { call } from "./server.js";

const NAMES = {
  epochs: "Passes over the data",
  rate: "Learning rate",
  minutes: "At most, minutes",
  batch_tokens: "Batch, tokens",
  window: "Longest row, tokens",
  rank: "LoRA rank",
  warm_up: "Warm-up, share of the steps",
  patience: "Early stop, checks without gain",
  check_every: "Steps between checks",
  steps: "At most, steps",
  keep_general: "General talk mixed in, share",
  precision: "Precision",
  seed: "Seed",
};
const CHOICES = { precision: ["auto", "fp32", "bf16"] };
const ONLY = { rank: "lora" };
const METHODS_ABOUT = {
  full: "Changes every weight: best for small models.",
  lora: "Learns a small addition and leaves the rest alone: a tenth of the memory, good for large models.",
  preference: "Learns which of two answers is better, from corrections.",
};
const METHODS = [["full", "All weights"], ["lora", "LoRA"], ["preference", "Preferences"]];

/* `like`: {dataset, base, method, name, settings} of another run; `dataset`: the one to begin with. */
export async function newRun(like = null, dataset = null) {
  const told = await call("runs");
  const bases = models.facts.models.filter((one) => one.where === "local").map((one) => one.label);
  const lacking = told.error ?? whyNot(told.datasets, bases);
  if (lacking) {
    toast(lacking, { error: true });
    return;
  }
  const name = input({ id: "run-name", value: like?.name ?? "tuned", maxlength: "60" });
  const view = { method: like?.method ?? "full", changed: new Map(Object.entries(like?.settings ?? {})), asked: 0 };
  const data = choice("run-data", told.datasets.map((one) => [one.name, `${one.name}, ${one.rows.toLocaleString("en")} turns`]), like?.dataset ?? dataset);
  const base = choice("run-base", bases.map((one) => [one, one]), like?.base ?? models.facts.model);
  const samples = h("textarea", { class: "in", id: "run-samples-ask", rows: "2", maxlength: "4000" }, (like?.settings.samples ?? []).join("\n"));
  const about = h("p", { class: "xs dim", id: "run-method-about" });
  const settings = h("div", { class: "col form" });
  const problem = h("div", { class: "problem" });
  const send = h("button", { type: "button", class: "btn pri" }, "Start");
  const cancel = h("button", { type: "button", class: "btn" }, "Cancel");
  const state = h("span", { class: "sm grow", role: "status" });
  const method = segments("Method", METHODS, view.method, (chosen) => {
    view.method = chosen;
    learn();
  });
  method.setAttribute("aria-describedby", about.id);
  const body = formOf({ data, base, method, about, problem, settings, samples, name });
  const dialog = openDialog("New run", h("div", {}, body, h("div", { class: "row bottom" }, state, cancel, send)), { wide: true });

  /* Asks what fits this data, this base, this method; keeps what somebody changed. */
  async function learn() {
    const asked = ++view.asked;
    about.textContent = METHODS_ABOUT[view.method];
    settings.setAttribute("aria-busy", "true");
    const usual = await call("settings_of", { dataset: data.value, base: base.value, method: view.method });
    if (asked !== view.asked || !dialog.isConnected) return;
    settings.removeAttribute("aria-busy");
    problem.replaceChildren();
    send.disabled = Boolean(usual.error);
    state.textContent = usual.error ? "" : `Learns from ${usual.turns.toLocaleString("en")} turns.`;
    if (usual.error) problem.replaceChildren(refusal(usual.error));
    drawSettings(settings, usual.error ? null : usual, view);
  }

  data.addEventListener("change", learn);
  base.addEventListener("change", learn);
  cancel.addEventListener("click", () => dialog.close());
  send.addEventListener("click", () => begin(view, { data, base, name, samples, settings, problem, send, dialog }, like?.settings ?? {}));
  data.focus();
  learn();
}

/* Starts the run and shows it; what is refused stands in the dialog, which keeps its input. */
async function begin(view, { data, base, name, samples, settings, problem, send, dialog }, others) {
  problem.replaceChildren();
  const given = read(settings, samples, others);
  if (given.error) {
    problem.replaceChildren(note(given.error, "bad", "alert"));
    return;
  }
  const answer = await during(send, "Starting…", () => call("start_run", { dataset: data.value, base: base.value, method: view.method, name: name.value, settings: given.settings }));
  if (!answer) return;
  if (answer.error) {
    problem.replaceChildren(refusal(answer.error));
    problem.scrollIntoView({ block: "nearest" });
    return;
  }
  dialog.close();
  recount();
  go("run", answer.run);
}

const formOf = ({ data, base, method, about, problem, settings, samples, name }) =>
  h(
    "div",
    { class: "pb col form" },
    h("div", { class: "two-fields" }, field("Learn from", data), field("Train further", base)),
    h("div", { class: "field" }, h("span", { class: "lab" }, "Method"), method, about),
    problem,
    settings,
    field("Questions to ask at each check, one a line, optional", samples),
    field("Name of the new model", name, "Its version is the next free number of that name. Promotion lets it answer, not the run."),
  );

function whyNot(datasets, bases) {
  if (!datasets.length) return "A run learns from a dataset: build one first.";
  return bases.length ? null : "There is no model of this machine to train.";
}

/* What is refused for too few turns leads to where they come from. */
function refusal(sentence) {
  const line = note(sentence, "bad", "alert");
  if (/review/i.test(sentence)) line.append(h("a", { class: "btn s", href: "/review" }, "Review"));
  return line;
}

function drawSettings(place, usual, view) {
  if (!usual) {
    place.replaceChildren();
    return;
  }
  const { plain, advanced } = usual;
  const shown = (one) => !ONLY[one.name] || ONLY[one.name] === view.method;
  const open = place.querySelector("details")?.open ?? false;
  const draw = (list, kind) => h("div", { class: kind }, list.filter(shown).map((one) => control(one, view)));
  place.replaceChildren(draw(plain, "two-fields three"), h("details", { open }, h("summary", { class: "sm b" }, "More settings"), draw(advanced, "two-fields")));
}

function control(one, view) {
  const value = view.changed.get(one.name) ?? one.value ?? "";
  const attributes = { id: `set-${one.name}`, "data-setting": one.name };
  const box = CHOICES[one.name]
    ? choice(attributes.id, CHOICES[one.name].map((text) => [text, text]), value)
    : input({ ...attributes, inputmode: "decimal", class: "in num", value: String(value), "data-least": one.least, "data-most": one.most });
  box.dataset.setting = one.name;
  box.addEventListener("change", () => view.changed.set(one.name, box.value));
  return field(NAMES[one.name] ?? one.name, box, one.about);
}

/* The settings as the server takes them, or {error} with the field that is none. What another run had
   and no field shows goes along. */
function read(place, samples, others) {
  const shown = $$("[data-setting]", place).map((box) => box.dataset.setting);
  const settings = Object.fromEntries(Object.entries(others).filter(([name]) => name !== "samples" && !shown.includes(name)));
  for (const box of $$("[data-setting]", place)) {
    const { setting, least, most } = box.dataset;
    box.removeAttribute("aria-invalid");
    const text = box.value.trim().replace(",", ".");
    if (CHOICES[setting]) settings[setting] = text;
    else if (text) {
      const value = Number(text);
      if (!Number.isFinite(value) || value < Number(least) || value > Number(most)) {
        box.setAttribute("aria-invalid", "true");
        box.closest("details")?.setAttribute("open", "");
        box.focus();
        return { error: `${NAMES[setting]}: a number from ${Number(least).toLocaleString("en")} to ${Number(most).toLocaleString("en")}.` };
      }
      settings[setting] = value;
    }
  }
  const asked = samples.value.split("\n").map((line) => line.trim()).filter(Boolean);
  if (asked.length) settings.samples = asked;
  return { settings };
}
