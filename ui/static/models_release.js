/* Which model production serves: the gate of one beside its facts, the dialogs Promote and Roll back,
   and what was served before. A release is only ever added; rolling back adds one too. */

import { h, icon, iconButton } from "./dom.js";
import { badge, download, during, field, input, moment, note, whole } from "./admin_parts.js";
import { changing } from "./models_connect.js";
import { openEvaluate } from "./models_evaluate.js";
import { gateList } from "./models_learning.js";
import { addressOf, models } from "./models_shell.js";
import { openDialog, openMenu, toast } from "./overlays.js";
import { segments } from "./prompts_book.js";
import { call } from "./server.js";
import { withheld, work } from "./works.js";

const REASON = 10;
const ENVIRONMENTS = [["staging", "Staging"], ["production", "Production"]];

/* Gates that were asked for already, by label: a list that is drawn anew does not ask again. */
const gates = new Map();

export const forgetGates = () => gates.clear();

/* The gate and the buttons of a model: {gate, buttons, more}; the gate is filled in when the server has
   told. `done` runs after it was promoted. */
export function releaseOf(model, done) {
  const judged = model.evaluation || ["candidate", "staging", "kept"].includes(model.stage);
  const gate = h("div", { class: "gate-of" });
  if (judged && model.stage !== "production") fillGate(gate, model);
  const promote = models.facts.may_promote && model.stage !== "production" && h("button", { type: "button", class: model.stage === "candidate" ? "btn pri" : "btn", id: "promote", onclick: (event) => during(event.currentTarget, "Opening…", () => openPromote(model.label, done)) }, "Promote…");
  const report = model.evaluation && h("a", { class: "btn", href: addressOf("evaluation", model.evaluation) }, "Report");
  return { gate, buttons: [promote, report], more: more(model, done) };
}

async function fillGate(place, model) {
  if (!gates.has(model.label)) gates.set(model.label, call("gate", { model: model.label }));
  const told = await gates.get(model.label);
  if (told.error) {
    gates.delete(model.label);
    place.replaceChildren(note(told.error, "bad"));
    return;
  }
  const stale = told.gate.lines.some((one) => !one.ok && STALE.includes(one.name));
  place.replaceChildren(h("h3", {}, "Gate for production"), gateList(told.gate.lines, "Gate for production"), stale ? h("button", { type: "button", class: "btn s", onclick: (event) => during(event.currentTarget, "Opening…", () => openEvaluate(model.label)) }, icon("play"), "Evaluate…") : "");
}

/* Lines that another evaluation mends. */
const STALE = ["evaluated", "files", "served"];

function more(model, done) {
  const entries = [
    { icon: "clock", text: "What was served", run: () => openHistory(done) },
    models.facts.may_promote && model.stage === "production" && { icon: "again", text: "Roll back…", run: () => openRollback(done) },
    models.facts.may_promote && model.where === "local" && { icon: "download", text: "Export…", run: () => openExport(model.label) },
    ...(models.facts.may_promote && model.connected ? changing(model.label, done) : []),
  ].filter(Boolean);
  return iconButton("more", `More for ${model.label}`, (event) => openMenu(event.currentTarget, entries), { "aria-haspopup": "menu", "aria-expanded": "false", id: "model-more" });
}

// Promote -----------------------------------------------------------------------------------------

export async function openPromote(label, done) {
  const told = await call("promoting", { model: label });
  if (told.error) {
    toast(told.error, { error: true });
    return;
  }
  const view = { environment: "production", told };
  const gate = h("div", {});
  const words = input({ id: "promote-note", maxlength: "400", placeholder: "What is better, in a sentence" });
  const reason = h("textarea", { class: "in", id: "promote-reason", rows: "2", placeholder: "At least one sentence", maxlength: "400" });
  const against = h("details", {}, h("summary", { class: "sm b" }, "Promote against the gate"), field("Reason, kept in the record", reason));
  const prompts = told.prompts.map((one) => h("label", { class: "tick" }, h("input", { type: "checkbox", value: one.name, "data-sha": one.sha }), h("span", {}, h("b", {}, `${one.name} v${one.seq}`))));
  const state = h("span", { class: "sm row grow", role: "status" });
  const problem = h("div", { class: "problem" });
  const send = h("button", { type: "button", class: "btn pri" });
  const cancel = h("button", { type: "button", class: "btn" }, "Cancel");
  const body = h(
    "div",
    { class: "pb col form" },
    h("p", { class: "sm" }, told.serves === label ? `${label} is served already.` : `New conversations get ${label} instead of ${told.serves}. Open ones keep theirs; nothing restarts.`),
    h("div", { class: "field" }, h("span", { class: "lab" }, "Environment"), segments("Environment", ENVIRONMENTS, view.environment, (chosen) => { view.environment = chosen; draw(); })),
    gate,
    field("Note", words),
    prompts.length ? h("fieldset", { class: "ticks" }, h("legend", {}, "Prompts to release together"), prompts) : null,
    against,
    problem,
  );
  const dialog = openDialog(`Promote ${label}`, h("div", {}, body, h("div", { class: "row bottom" }, state, cancel, send)));
  const draw = () => drawChoice(view, { gate, against, reason, words, state, send, dialog });
  for (const box of [reason, words]) box.addEventListener("input", draw);
  cancel.addEventListener("click", () => dialog.close());
  send.addEventListener("click", async () => {
    problem.replaceChildren();
    const chosen = prompts.map((one) => one.firstElementChild).filter((box) => box.checked).map((box) => [box.value, box.dataset.sha]);
    const answer = await during(send, "Promoting…", () =>
      call("promote", { model: label, environment: view.environment, reason: words.value.trim(), override: held(view) ? reason.value.trim() : "", prompts: view.environment === "production" ? chosen : [] }),
    );
    if (!answer) return;
    if (answer.error) {
      problem.replaceChildren(note(answer.error, "bad", "alert"));
      if (answer.gate) view.told.gate = answer.gate;
      draw();
      problem.scrollIntoView({ block: "nearest" });
      return;
    }
    dialog.close();
    toast(view.environment === "production" ? `${label} serves new conversations from now on.` : `${label} stands for tries in staging.`);
    done();
  });
  draw();
  words.focus();
}

const held = ({ environment, told }) => environment === "production" && !told.gate.open;

/* What the dialog says about the choice so far, and whether it can be sent. */
function drawChoice(view, { gate, against, reason, words, state, send, dialog }) {
  const { told, environment } = view;
  const failed = told.gate.lines.filter((one) => !one.ok).length;
  drawGate(gate, view, dialog);
  against.hidden = !held(view) || !told.may_promote;
  const enough = !held(view) || (!against.hidden && reason.value.trim().length >= REASON);
  const failing = `${failed} ${failed === 1 ? "check" : "checks"} failed`;
  state.replaceChildren(...(held(view) ? [h("span", { class: "bad row" }, icon("warn"), failing)] : !words.value.trim() ? [h("span", { class: "dim" }, "Write a note first.")] : []));
  send.replaceChildren(`Promote to ${environment}`);
  send.disabled = !told.may_promote || !enough || !words.value.trim();
}

function drawGate(place, { told, environment }, dialog) {
  const marks = told.gate.marks.map((one) => note(one.reason, "warn"));
  if (environment === "staging") {
    place.replaceChildren(h("p", { class: "sm dim" }, "Staging has no gate. It is for tries, and nobody's chat."), ...marks);
    return;
  }
  const leave = told.gate.evaluation && h("p", { class: "xs" }, h("a", { href: addressOf("evaluation", told.gate.evaluation), onclick: () => dialog.close() }, "The evaluation behind it"));
  place.replaceChildren(h("p", { class: "lab" }, "Gate"), gateList(told.gate.lines, "Gate"), ...[leave].filter(Boolean), ...marks);
}

// Roll back ---------------------------------------------------------------------------------------

/* Serves what was served before, its prompts too: asked once, done at once, without a gate. */
export async function openRollback(done) {
  const told = await call("model_releases");
  if (told.error || !told.now) {
    toast(told.error ?? "Nothing was promoted yet, so there is nothing to roll back.", { error: true });
    return;
  }
  const words = input({ id: "rollback-note", maxlength: "400" });
  const problem = h("div", { class: "problem" });
  const cancel = h("button", { type: "button", class: "btn" }, "Cancel");
  const send = h("button", { type: "button", class: "btn danger" }, `Roll back to ${told.back}`);
  const dialog = openDialog(
    "Roll back the model",
    h(
      "div",
      {},
      h(
        "div",
        { class: "pb col form" },
        h("p", { class: "sm" }, `New conversations get ${told.back} again. Now they get ${told.now}. Prompts that were released together with it go back too.`),
        h("p", { class: "sm dim" }, "Open conversations keep their model. This is a release too, and stands in the record."),
        field("Why, kept in the record", words),
        problem,
      ),
      h("div", { class: "row bottom" }, h("span", { class: "sp" }), cancel, send),
    ),
  );
  cancel.addEventListener("click", () => dialog.close());
  send.addEventListener("click", async () => {
    const answer = await during(send, "Rolling back…", () => call("roll_back_model", { reason: words.value.trim() }));
    if (!answer) return;
    if (answer.error) {
      problem.replaceChildren(note(answer.error, "bad", "alert"));
      return;
    }
    dialog.close();
    toast(`New conversations get ${told.back} again.`);
    done();
  });
  words.focus();
}

// Export ------------------------------------------------------------------------------------------

const FORMS = [
  ["folder", "Hugging Face folder", "as it lies here, for transformers and servers"],
  ["merged", "Merged LoRA", "base and addition as one checkpoint, for a model that LoRA made"],
  ["gguf", "GGUF", "one file for llama.cpp and what stands on it, where its architecture allows"],
];

/* Writes a model where other programs read it, and fetches it. */
function openExport(label) {
  const forms = FORMS.map(([value, name, about], at) => h("label", { class: "tick" }, h("input", { type: "radio", name: "form", value, checked: at === 0 }), h("span", {}, h("b", {}, name), h("span", { class: "dim xs block" }, about))));
  const state = h("div", { class: "doing" });
  const cancel = h("button", { type: "button", class: "btn" }, "Close");
  const send = h("button", { type: "button", class: "btn pri" }, icon("download"), "Export");
  const body = h("div", { class: "pb col form" }, h("fieldset", { class: "ticks" }, h("legend", {}, "Form"), forms), h("p", { class: "sm dim" }, "What is written is opened again and compared before it leaves. It takes up to some minutes."), state);
  const dialog = openDialog(`Export ${label}`, h("div", {}, body, h("div", { class: "row bottom" }, h("span", { class: "sp" }), cancel, send)), { done: () => state.run?.leave() });
  cancel.addEventListener("click", () => dialog.close());
  send.addEventListener("click", async () => {
    const form = forms.map((one) => one.firstElementChild).find((box) => box.checked).value;
    const made = await withheld([send], () => work(state, "export_model", { model: label, form }));
    if (!made) return;
    const told = await download(`/models/export/${made.file}`);
    if (told.error) state.replaceChildren(note(told.error, "bad", "alert"));
    else dialog.close();
  });
  send.focus();
}

// What was served ---------------------------------------------------------------------------------

const HEAD = ["When", "Where", "Serves", "By", "Why"];

async function openHistory(done) {
  const told = await call("model_releases");
  if (told.error) {
    toast(told.error, { error: true });
    return;
  }
  const rows = told.releases.map((one) =>
    h(
      "tr",
      {},
      h("td", { class: "num when" }, h("time", { datetime: one.at, title: one.at }, whole(one.at))),
      h("td", {}, badge(one.environment, one.environment === "production" ? "acc" : "")),
      h("td", {}, one.by_setting ? "what the settings say" : one.model, one.prompts > 0 && h("span", { class: "sub" }, `with ${one.prompts} ${one.prompts === 1 ? "prompt" : "prompts"}`)),
      h("td", {}, one.by),
      h("td", { class: "what" }, one.reason || h("span", { class: "dim" }, "No note"), one.override && h("span", { class: "sub warned" }, `Against the gate: ${one.override}`)),
    ),
  );
  const back = told.may_promote && told.now && h("button", { type: "button", class: "btn danger", onclick: () => { dialog.close(); openRollback(done); } }, icon("again"), "Roll back…");
  const dialog = openDialog(
    "What was served",
    h(
      "div",
      {},
      rows.length
        ? h("div", { class: "across" }, h("table", { class: "t cards still releases", "aria-label": "Releases of models" }, h("thead", {}, h("tr", {}, HEAD.map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, rows)))
        : h("div", { class: "pb" }, note("Nothing was promoted yet: the settings say which model answers.")),
      back ? h("div", { class: "row bottom" }, h("span", { class: "sp" }), back) : null,
    ),
    { wide: true },
  );
}
