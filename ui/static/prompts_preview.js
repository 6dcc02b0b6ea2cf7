/* Beside the text: the form of its inputs, the exact messages while one types, and answers to them.
   One look is under way at a time and the next takes the newest text, so no old answer comes late;
   the last good messages stay while something is wrong. */

import { drafts, h, icon } from "./dom.js";
import { note } from "./admin_parts.js";
import { openMenu, toast } from "./overlays.js";
import { makeForm } from "./prompts_form.js";
import { chooseTurn, valuesOf } from "./prompts_replay.js";
import { copyButton, figuresOf, follow } from "./prompts_run.js";
import { ask, page } from "./prompts_shell.js";

const QUIET = 300;
const LOADING = 1000;
const models = { chosen: null };

/* `texts` returns what is written, `tell` gets its problems. Returns {element, look, run, stop}. */
export function makePreview(name, { texts, tell, blocked }) {
  models.chosen ??= [page.facts.model];
  const made = { name, texts, tell, blocked, fields: null, form: null, values: drafts.get(valuesKey(name)), turn: null, runs: [], busy: false, again: false };
  build(made);
  return { element: made.element, look: () => look(made), run: () => run(made), stop: () => stop(made), fields: () => made.fields };
}

const valuesKey = (name) => `prompt-values-${name}`;

function build(made) {
  made.total = h("span", { class: "xs mute num total", role: "status" });
  made.state = h("span", { class: "xs dim", role: "status" });
  made.inputs = h("div", { class: "pb" }, h("p", { class: "none" }, "The form of the inputs comes with the first preview."));
  made.refusal = h("div", { class: "problem" });
  made.messages = h("div", { class: "col", id: "prompt-messages" });
  made.answers = h("div", { class: "answers", id: "prompt-answers", hidden: true });
  made.pages = h("div", { class: "seg", role: "group", "aria-label": "Show" }, [["messages", "Messages"], ["answers", "Answers"]].map(([key, text]) => h("button", { type: "button", "aria-pressed": String(key === "messages"), onclick: () => show(made, key) }, text)));
  made.model = h("button", { type: "button", class: "btn quiet s ell", "aria-haspopup": "menu", "aria-expanded": "false", onclick: () => chooseModels(made) });
  const from = h("button", { type: "button", class: "btn quiet s", onclick: () => chooseTurn((turn) => fill(made, turn)) }, icon("clock"), "From a conversation…");
  made.element = h(
    "section",
    { class: "panel preview", "aria-label": "Preview" },
    h("div", { class: "ph wrap" }, h("h2", {}, "Preview"), from, h("span", { class: "sp" }), made.total),
    h("div", { class: "inputs" }, made.inputs),
    h("div", { class: "row wrap bar-row" }, made.pages, made.model, h("span", { class: "sp" }), made.state),
    h("div", { class: "pb col scroll grow-down" }, made.refusal, made.messages, made.answers),
  );
  nameModels(made);
}

function show(made, key) {
  made.messages.hidden = key !== "messages";
  made.answers.hidden = key !== "answers";
  [...made.pages.children].forEach((button, at) => button.setAttribute("aria-pressed", String((at === 0) === (key === "messages"))));
}

/* Models ------------------------------------------------------------------------------------------ */

function nameModels(made) {
  made.model.replaceChildren(icon("chip"), h("span", { class: "ell" }, models.chosen.join(", ")), icon("down"));
  made.model.setAttribute("aria-label", `Models: ${models.chosen.join(", ")}. The first one's tokens are counted`);
}

/* Several may be chosen: they answer side by side. */
function chooseModels(made) {
  const entry = ({ label, host }) => ({
    text: host ? `${label}, sent to ${host}` : label,
    on: models.chosen.includes(label),
    run() {
      const others = models.chosen.filter((one) => one !== label);
      models.chosen = models.chosen.includes(label) ? (others.length ? others : models.chosen) : [...models.chosen, label];
      nameModels(made);
      look(made);
    },
  });
  openMenu(made.model, page.facts.models.map(entry), { label: "Models" });
}

/* Looking ----------------------------------------------------------------------------------------- */

async function look(made) {
  made.again = true;
  if (made.busy) return;
  made.busy = true;
  while (made.again) {
    made.again = false;
    const slow = setTimeout(() => { made.state.textContent = "Rendering…"; }, QUIET);
    const sent = made.texts();
    const told = await ask("look", { ...sent, values: made.form ? made.form.values() : made.values, model: models.chosen[0] });
    clearTimeout(slow);
    made.state.textContent = "";
    if (told.error) made.refusal.replaceChildren(note(told.error, "bad", "alert"));
    else draw(made, told, sent);
  }
  made.busy = false;
}

function draw(made, told, sent) {
  made.tell(told.problems, sent);
  if (!told.fields) {
    made.refusal.replaceChildren(made.messages.childElementCount ? h("p", { class: "xs dim" }, "The messages below are those before the error.") : "");
    made.messages.classList.toggle("stale", true);
    return;
  }
  drawForm(made, told);
  const placed = told.input ? made.form.problems({ [told.input]: told.refusal }) : made.form.problems({});
  made.refusal.replaceChildren(told.refusal && !(told.input && placed) ? note(told.refusal, "warn", "status") : "");
  made.messages.classList.toggle("stale", !told.messages);
  if (!told.messages) return;
  made.messages.replaceChildren(...told.messages.map(message));
  count(made, told);
}

function count(made, { total, context }) {
  made.total.classList.toggle("bad", total > context);
  if (total === null) {
    made.total.textContent = `${models.chosen[0]} is loading; tokens come then`;
    clearTimeout(made.later);
    made.later = setTimeout(() => made.element.isConnected && look(made), LOADING);
  } else {
    made.total.textContent = `${total.toLocaleString("en")} of ${context.toLocaleString("en")} tokens${total > context ? ": too long for this model" : ""}`;
  }
}

/* Built anew only when the inputs themselves changed; what was filled in stays. */
function drawForm(made, { fields, values }) {
  if (JSON.stringify(fields) === JSON.stringify(made.fields)) return;
  const before = { ...values, ...made.form?.values() };
  made.fields = fields;
  made.form = makeForm(fields, { change: () => changed(made), compact: true });
  made.form.set(before);
  made.inputs.replaceChildren(fields.length ? made.form.element : h("p", { class: "none" }, "This prompt has no inputs."));
}

function changed(made) {
  drafts.set(valuesKey(made.name), made.form.values());
  look(made);
}

const message = ({ role, part, spans, tokens }) =>
  h(
    "div",
    { class: "pm" },
    h("div", { class: "h" }, h("b", {}, role), h("span", { class: "part" }, part), tokens !== null && h("span", { class: "num" }, `${tokens.toLocaleString("en")} tokens`)),
    h("div", { class: "c" }, spans.map(([text, input, missing]) => (input ? h("span", { class: missing ? "hole" : "var", title: missing ? `${input} has no value yet` : input }, missing ? `${text}?` : text) : text))),
  );

/* Answers ----------------------------------------------------------------------------------------- */

function fill(made, turn) {
  if (!made.form) return;
  made.turn = turn;
  made.form.set(valuesOf(made.fields, turn));
  changed(made);
  made.answers.replaceChildren(said(turn));
  show(made, "answers");
  toast("The turn fills the form. Try it asks it again with this text.");
}

function column(title, sub, ...body) {
  return h("section", { class: "panel column", "aria-label": title }, h("div", { class: "ph" }, h("h3", { class: "ell" }, title), h("span", { class: "xs dim ell" }, sub)), h("div", { class: "pb col" }, body));
}

function said(turn) {
  const by = [turn.prompt && `${turn.prompt}${turn.version ? ` v${turn.version}` : ""}`, turn.model].filter(Boolean).join(" · ");
  return column("What was said", by, h("div", { class: "answer" }, turn.said), h("span", { class: "xs dim num" }, figuresOf({ tokens: turn.tokens, total_s: turn.seconds })));
}

function run(made) {
  const reason = made.blocked();
  if (reason) {
    toast(reason, { error: true });
    return;
  }
  if (!made.form?.complete()) return;
  const values = made.form.values();
  stop(made);
  const sent = made.texts();
  const columns = models.chosen.map((model) => {
    const place = h("div", { class: "col" });
    const copied = h("span", {});
    const answer = column(model, page.facts.models.find((one) => one.label === model)?.host ?? "", place, copied);
    const one = follow(place, () => ask("run", { ...sent, values, model }), made.form.blame);
    one.ended.then((text) => { if (text) copied.replaceChildren(copyButton(() => text)); });
    made.runs.push(one);
    return answer;
  });
  made.answers.replaceChildren(...[made.turn && said(made.turn)].filter(Boolean), ...columns);
  show(made, "answers");
}

function stop(made) {
  const running = made.runs.filter((one) => !one.done);
  for (const one of running) one.stop();
  made.runs = [];
  return running.length > 0;
}
