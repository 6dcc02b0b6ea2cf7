/* Look inside: an answer token by token with what else was likely, a text cut into tokens. What a
   layer attends to is models_heat.js; the server computes, this file asks and draws. */

import { $, $$, h } from "./dom.js";
import { drawAttention, emptyAttention } from "./models_heat.js";
import { models } from "./models_shell.js";
import { say } from "./overlays.js";
import { bandOf, nameOf, percent, signOf } from "./pieces.js";
import { work } from "./works.js";

let answer = null;
let at = 0;

export const insideTab = { label: "Look inside", count: () => null };

export function startInside() {
  $("#inside-ask").addEventListener("submit", onSubmit(runAnswer));
  $("#inside-attend").addEventListener("submit", onSubmit(() => runAttention()));
  $("#inside-cut").addEventListener("submit", onSubmit(runTokens));
  $("#inside-model").addEventListener("change", noteModel);
  $("#inside-layer").addEventListener("change", (event) => runAttention(Number(event.target.value)));
  $("#inside-tokens").addEventListener("keydown", moveTokens);
}

const onSubmit = (run) => (event) => {
  event.preventDefault();
  run();
};

/* Fills the lists once the server has told which models and prompts there are. */
export function noteModels() {
  const { facts } = models;
  const chosen = $("#inside-model").value;
  $("#inside-model").replaceChildren(...facts.models.map((one) => h("option", { value: one.label }, one.label)));
  const first = facts.models.find((one) => one.label === facts.model && one.where === "local") ?? facts.models.find((one) => one.where === "local");
  $("#inside-model").value = chosen || first?.label || facts.model;
  $("#inside-prompt").replaceChildren(
    ...facts.prompts.map((name) => h("option", { value: name }, name)),
    h("option", { value: "" }, "none, the question alone"),
  );
  $("#inside-prompt").value = facts.prompt;
  $("#inside-question").value ||= "Can you tell me a joke?";
  noteModel();
}

/* Turns the page to a model. */
export function lookInto(label) {
  if ($("#inside-model").value === label) return;
  $("#inside-model").value = label;
  noteModel();
}

/* What was shown belongs to another model; a model that runs elsewhere cannot be looked into. */
function noteModel() {
  const model = models.facts.models.find((one) => one.label === $("#inside-model").value);
  const local = model?.where === "local";
  $("#inside-why").hidden = local;
  $("#inside-why span").textContent = !model
    ? "There is no model."
    : model.where === "hosted"
      ? `${model.label} runs on a server, which does not tell what happens inside it. Choose a model of this machine.`
      : `${model.label} is a fake: there is nothing inside. Choose a model of this machine.`;
  for (const button of $$("#models-inside form button")) button.disabled = !local;
  drawAnswer(null);
  emptyAttention();
  $("#inside-chips").replaceChildren();
  $("#inside-cut-sum").textContent = "";
}

const asked = () => ({ model: $("#inside-model").value });

async function runAnswer() {
  const run = $("#inside-run");
  run.setAttribute("aria-busy", "true");
  run.lastElementChild.textContent = "Running…";
  const told = await work($("#inside-ask-state"), "answer", {
    ...asked(),
    prompt: $("#inside-prompt").value,
    question: $("#inside-question").value,
    text: $("#inside-text").value,
  });
  run.removeAttribute("aria-busy");
  run.lastElementChild.textContent = "Run";
  if (told) drawAnswer(told);
}

function drawAnswer(told) {
  answer = told;
  at = 0;
  const steps = told?.steps ?? [];
  $("#inside-tokens").replaceChildren(...steps.map(tokenButton));
  const sum = $("#inside-sum");
  if (!told) {
    sum.textContent = "Run a question: each token of the answer is then marked by how likely the model held it.";
    drawLikely();
    return;
  }
  const mean = steps.reduce((total, step) => total + step.p, 0) / Math.max(steps.length, 1);
  const parts = [
    `${steps.length} tokens after ${told.prompt} of the prompt, mean probability ${mean.toFixed(2)}.`,
    told.written ? "Written by always taking the likeliest token." : "Your own answer.",
    told.cut ? "It was cut off here." : "",
    ...tagsLine(told.tags),
    "Choose a token with the arrow keys.",
  ];
  sum.textContent = parts.filter(Boolean).join(" ");
  choose(0);
  say(sum.textContent);
}

const tagsLine = (tags) =>
  tags.length ? [`The model sees tags in place of values: ${tags.map(([tag, value]) => `${tag} is ${value}`).join(", ")}.`] : [];

function tokenButton({ token, p }, index) {
  const kind = token[2] === "text" ? "" : " sign";
  return h(
    "button",
    {
      type: "button",
      class: `tok ${bandOf(p)}${kind}`,
      tabindex: "-1",
      "aria-pressed": "false",
      "aria-label": `${nameOf(token)}, probability ${percent(p)}`,
      title: `${nameOf(token)}: ${percent(p)}`,
      onclick: () => choose(index),
    },
    signOf(token),
  );
}

function moveTokens(event) {
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: Infinity }[event.key];
  if (to === undefined || !answer) return;
  event.preventDefault();
  choose(Math.max(0, Math.min(to, answer.steps.length - 1)));
  $$(".tok", $("#inside-tokens"))[at].focus();
}

function choose(index) {
  at = index;
  $$(".tok", $("#inside-tokens")).forEach((one, place) => {
    const chosen = place === index;
    one.classList.toggle("on", chosen);
    one.setAttribute("aria-pressed", String(chosen));
    one.tabIndex = chosen ? 0 : -1;
  });
  drawLikely();
}

/* What else could have stood in the chosen place. */
function drawLikely() {
  const step = answer?.steps[at];
  $("#inside-place").textContent = step ? `In place of “${nameOf(step.token)}”` : "In its place";
  if (!step) {
    $("#inside-likely").replaceChildren(h("p", { class: "none" }, "Choose a token of the answer: here stand the ten likeliest in its place."));
    return;
  }
  const line = (token, p, rank, own) =>
    h(
      "tr",
      { class: own ? "sel" : null },
      h("td", { class: "mono name", title: `token ${token[0]}` }, nameOf(token), own && h("span", { class: "vh" }, ", in the answer")),
      h("td", {}, h("div", { class: "bar", "aria-hidden": "true" }, h("i", { style: `width:${p * 100}%` }))),
      h("td", { class: "r" }, percent(p)),
    );
  const rows = step.likely.map(([id, text, kind, p], index) => line([id, text, kind], p, index + 1, id === step.token[0]));
  const below = step.rank > step.likely.length;
  $("#inside-likely").replaceChildren(
    h("table", { class: "t likely", "aria-label": `Likeliest tokens in place of ${nameOf(step.token)}` }, h("tbody", {}, rows)),
    ...(below ? [h("p", { class: "none" }, `“${nameOf(step.token)}” is only number ${step.rank.toLocaleString("en")}, with ${percent(step.p)}.`)] : []),
  );
}

async function runAttention(layer = Number($("#inside-layer").value) || 1) {
  const told = await work($("#inside-attend-state"), "attention", {
    ...asked(),
    text: $("#inside-sentence").value,
    layer,
  });
  if (told) drawAttention(told);
}

async function runTokens() {
  const told = await work($("#inside-cut-state"), "tokens", { ...asked(), text: $("#inside-cut-text").value });
  if (!told) return;
  const text = $("#inside-cut-text").value;
  const length = [...text].length;
  const each = (length / told.tokens.length).toFixed(1);
  $("#inside-cut-sum").textContent = `${told.tokens.length} tokens, ${length} characters, ${each} each`;
  $("#inside-chips").replaceChildren(
    ...told.tokens.map((token, index) =>
      h(
        "li",
        { class: `piece c${index % 4}`, title: `${nameOf(token)}: token ${token[0]}` },
        h("span", { class: "mono", "aria-label": nameOf(token), role: "img" }, signOf(token).replace(/^ /, "␣")),
        h("span", { class: "xs num" }, String(token[0])),
      ),
    ),
    ...tagsLine(told.tags).map((line) => h("li", { class: "sm mute line" }, line)),
  );
  say($("#inside-cut-sum").textContent);
}
