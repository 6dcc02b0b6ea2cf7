/* Cases are written here: a form for one, and the whole file as text for those who like it so. */

import { h, iconButton } from "./dom.js";
import { during, field, form, input, note, tick } from "./admin_parts.js";
import { confirmed, openDialog, toast } from "./overlays.js";
import { ask, button } from "./prompts_book.js";
import { makeForm } from "./prompts_form.js";
import { chooseTurn } from "./prompts_replay.js";

/* Opens the form of a case, or of a new one where `one` is null. `facts` are the matrix's; `saved`
   is told what was done. */
export function editCase(facts, one, saved) {
  const written = one?.written ?? { vars: {}, assert: [{ type: "icontains", value: "" }] };
  const name = input({ id: "case-name", maxlength: "200", value: written.description ?? "" });
  const values = makeForm(facts.inputs, { prefix: "case" });
  values.set(written.vars ?? {});
  const critical = tick("critical", "Critical", "Every run must pass, and nothing is published to production while one does not.", written.metadata?.critical);
  const checks = assertionsForm(facts.types, written.assert ?? []);
  const remove = one && button("Delete case", "trash", async () => {
    if (!(await confirmed(`Delete the case “${one.name}”?`, "Delete"))) return;
    const told = await ask("drop_case", { prompt: facts.prompt, no: one.no, parent: facts.tests });
    await end(told, "The case is deleted.");
  }, { class: "btn danger" });
  const cancel = h("button", { type: "button", class: "btn", onclick: () => dialog.close() }, "Cancel");
  const problem = h("div", {});
  const end = async (told, words, made = null) => {
    if (told.error) {
      problem.replaceChildren(note(told.error, "bad", "alert"));
      return;
    }
    await saved(words, made);
    dialog.close();
  };
  const send = () => {
    const vars = { ...others(written.vars ?? {}, facts.inputs), ...values.values() };
    const metadata = { ...written.metadata, critical: critical.querySelector("input").checked };
    if (!metadata.critical) delete metadata.critical;
    const made = { ...written, description: name.value, metadata, vars, assert: checks.read() };
    if (!Object.keys(metadata).length) delete made.metadata;
    return ask("put_case", { prompt: facts.prompt, no: one ? one.no : null, case: made, parent: facts.tests });
  };
  const body = form(
    [field("What must be right", name, "A short name: it stands in the matrix and in the gate."), h("h3", {}, "Values"), values.element, critical, h("h3", {}, "The answer"), checks.element, problem],
    {
      action: "Save case",
      words: "Saving…",
      beside: [remove, h("span", { class: "sp" }), cancel],
      async run() {
        const told = await send();
        if (told.error) return told;
        await end(told, "The case is saved.", name.value.trim());
        return told;
      },
    },
  );
  const dialog = openDialog(one ? "Edit case" : "New case", h("div", { class: "pb" }, body), { wide: true });
  name.focus();
}

/* Makes a case of a stored turn in one click: the server does, so that what is personal stays out of
   it. `saved` gets the words and the name. */
export function caseFromTurn(facts, saved) {
  chooseTurn(async ({ message }) => {
    const told = await ask("turn_case", { prompt: facts.prompt, message, parent: facts.tests });
    if (told.error) toast(told.error, { error: true });
    else await saved("A case was made of that turn. Edit case sharpens what must hold.", told.name);
  });
}

/* Values that the prompt has no input for stay as they are. */
const others = (vars, inputs) =>
  Object.fromEntries(Object.entries(vars).filter(([name]) => !inputs.some((one) => one.name === name)));

/* Assertions as rows: what is checked, the text of it, a limit where it takes one. */
function assertionsForm(types, written) {
  const rows = h("ol", { class: "lines" });
  const append = (one) => rows.append(assertionRow(types, one));
  for (const one of written) append(one);
  const add = button("Add assertion", "plus", () => {
    append({ type: "icontains", value: "" });
    rows.lastElementChild.querySelector("select").focus();
  });
  return {
    element: h("div", { class: "col" }, rows, h("div", {}, add)),
    read: () => [...rows.children].map((one) => one.read()),
  };
}

function assertionRow(types, one) {
  const select = h("select", { class: "in", "aria-label": "What is checked" }, types.map(({ type, text }) => h("option", { value: type, selected: type === one.type }, text)));
  const value = h("textarea", { class: "in grow", rows: "1", "aria-label": "Text" });
  const limit = input({ "aria-label": "Limit", class: "in num limit", inputmode: "decimal", value: one.threshold ?? "" });
  const row = h("li", { class: "row top assertion" }, select, value, limit, iconButton("close", "Remove this assertion", () => row.remove()));
  const kind = () => types.find(({ type }) => type === select.value);
  const draw = () => {
    const { value: takes, limit: asks } = kind();
    value.hidden = takes === "none";
    limit.hidden = !asks;
    value.placeholder = { texts: "One text a line", json: "A JSON schema, or nothing", range: "At most, or 5 to 20" }[takes] ?? "";
    limit.placeholder = asks;
    limit.setAttribute("aria-label", asks || "Limit");
  };
  select.addEventListener("change", draw);
  draw();
  value.value = shownValue(kind().value, one.value);
  row.read = () => {
    const { value: takes, limit: asks } = kind();
    const read = { ...one, type: select.value };
    delete read.value;
    delete read.threshold;
    const given = readValue(takes, value.value);
    if (given !== undefined) read.value = given;
    if (asks && limit.value.trim()) read.threshold = numberOr(limit.value);
    return read;
  };
  return row;
}

function shownValue(takes, value) {
  if (value === undefined || value === null) return "";
  if (takes === "texts" && Array.isArray(value)) return value.join("\n");
  if (takes === "range" && typeof value === "object") return `${value.min ?? 0} to ${value.max ?? ""}`.trim();
  return typeof value === "string" ? value : JSON.stringify(value);
}

/* What does not fit is sent as it was written: the server says what is wrong with it. */
function readValue(takes, text) {
  if (takes === "none") return undefined;
  if (takes === "texts") return text.split("\n").map((one) => one.trim()).filter(Boolean);
  if (takes === "range") return rangeOf(text);
  if (takes === "text") return text;
  if (!text.trim()) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function rangeOf(text) {
  const found = /^\s*(\d+)\s*(?:to|-|–)\s*(\d*)\s*$/.exec(text);
  if (!found) return numberOr(text);
  return found[2] ? { min: Number(found[1]), max: Number(found[2]) } : { min: Number(found[1]) };
}

function numberOr(text) {
  const value = Number(text.trim().replace(",", "."));
  return text.trim() && Number.isFinite(value) ? value : text;
}

/* The file as it is kept. Somebody else's change meanwhile is told, and nothing typed is lost. */
export function editSource(facts, saved) {
  const text = h("textarea", { class: "in code-field", rows: "22", spellcheck: "false", "aria-label": "Test file, YAML" });
  text.value = facts.source;
  const problem = h("div", {});
  const send = h("button", { type: "button", class: "btn pri" }, "Save tests");
  const cancel = h("button", { type: "button", class: "btn", onclick: () => dialog.close() }, "Cancel");
  const dialog = openDialog(
    "Test file",
    h("div", { class: "pb col" }, h("p", { class: "xs dim" }, "As promptfoo writes them: description, vars, assert."), text, problem, h("div", { class: "row" }, h("span", { class: "sp" }), cancel, send)),
    { wide: true },
  );
  send.addEventListener("click", async () => {
    problem.replaceChildren();
    const told = await during(send, "Saving…", async () => {
      const answer = await ask("save_tests", { prompt: facts.prompt, source: text.value, parent: facts.tests });
      if (!answer.error) await saved("The tests are saved.");
      return answer;
    });
    if (told?.error) problem.replaceChildren(note(told.error, "bad", "alert"));
    else if (told) dialog.close();
  });
  text.focus();
}
