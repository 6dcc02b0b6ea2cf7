/* A form made of a prompt's declared inputs, one field a kind. Knows no prompt and no server.
   Values are plain JSON; an empty field is not among them, so that a default can stand in. */

import { $, $$, h, icon, iconButton } from "./dom.js";

const KINDS = { string: "text", text: "text", boolean: "yes or no", thread: "conversation", passages: "found", list: "list, one a line" };
const ROLES = { user: "asked", assistant: "answered" };
const LONG = 60;

/* Makes the fields. `change` runs after every keystroke; a `compact` form tells what an input is for
   to screen readers and on hover only. Returns {element, values, set, problems, …}. */
export function makeForm(fields, { change = () => {}, prefix = "input", compact = false } = {}) {
  const made = new Map(fields.map((field) => [field.name, fieldOf(field, `${prefix}-${field.name}`, change)]));
  const element = h("div", { class: compact ? "form2 compact" : "form2" }, [...made.values()].map((one) => one.element));
  return {
    element,
    values() {
      const found = {};
      for (const [name, one] of made) {
        const value = one.get();
        if (value !== undefined) found[name] = value;
      }
      return found;
    },
    set(values) {
      for (const [name, one] of made) if (values[name] !== undefined) one.set(values[name]);
    },
    /* Sentences by input; a field without one is fine. Returns whether each stands at a field. */
    problems(told) {
      for (const [name, one] of made) one.problem(told[name] ?? "");
      return Object.keys(told).every((name) => made.has(name));
    },
    /* Whether every required field is filled in; says so at those that are not. */
    complete() {
      const missing = fields.filter((field) => field.required && made.get(field.name).get() === undefined);
      this.problems(Object.fromEntries(missing.map((field) => [field.name, "Needs a value. Fill it in."])));
      if (missing.length) $("[aria-invalid=true]", element).focus();
      return !missing.length;
    },
    /* An error that names an input stands at its field, too. */
    blame(sentence) {
      const name = /^Input `([a-z0-9_]+)`/.exec(sentence)?.[1];
      if (made.has(name)) made.get(name).problem(sentence);
    },
    focus: () => $("input, textarea, select", element)?.focus(),
  };
}

function fieldOf(field, id, change) {
  const control = CONTROLS[field.kind](field, id, change);
  const said = [KINDS[field.kind] ?? field.kind, field.required && "required"].filter(Boolean).join(", ");
  const about = field.about && h("span", { class: "hint about", id: `${id}-about` }, field.about);
  const problem = h("span", { class: "hint bad", id: `${id}-problem`, hidden: true });
  const named = control.named ?? control.element;
  named.setAttribute("aria-describedby", [about && about.id, problem.id].filter(Boolean).join(" "));
  if (field.required) named.setAttribute("aria-required", "true");
  const wide = ["text", "list"].includes(field.kind) || (field.required && field.kind === "string");
  const label = control.group
    ? h("span", { class: "lab", id: `${id}-label`, title: field.about || null }, field.name, " ", h("span", { class: "dim" }, said))
    : h("label", { for: id, title: field.about || null }, field.name, " ", h("span", { class: "dim" }, said));
  if (control.group) control.element.setAttribute("aria-labelledby", `${id}-label`);
  return {
    ...control,
    element: h("div", { class: wide ? "field wide" : "field" }, label, control.element, about, problem),
    problem(text) {
      problem.textContent = text;
      problem.hidden = !text;
      if (text) named.setAttribute("aria-invalid", "true");
      else named.removeAttribute("aria-invalid");
    },
  };
}

const field = (tag, id, change, attributes = {}, ...children) =>
  h(tag, { class: "in", id, oninput: change, autocomplete: "off", ...attributes }, ...children);

function line(spec, id, change, attributes = {}) {
  const element = field("input", id, change, { type: "text", placeholder: placeholder(spec), ...attributes });
  return { element, get: () => element.value || undefined, set: (value) => { element.value = String(value); } };
}

function lines(spec, id, change) {
  const element = field("textarea", id, () => { grow(element); change(); }, { rows: "2", placeholder: placeholder(spec) });
  return {
    element,
    get: () => element.value || undefined,
    set(value) {
      element.value = String(value);
      requestAnimationFrame(() => grow(element));
    },
  };
}

/* As high as its text, within reason. */
function grow(element) {
  element.style.height = "auto";
  element.style.height = `${Math.min(element.scrollHeight + 2, 260)}px`;
}

const placeholder = ({ default: value }) =>
  typeof value === "string" || typeof value === "number" ? String(value).slice(0, LONG) : null;

function number(spec, id, change) {
  const made = line(spec, id, change, { inputmode: "decimal" });
  return {
    ...made,
    get() {
      const written = made.element.value.trim();
      if (!written) return undefined;
      const value = Number(written.replace(",", "."));
      return Number.isFinite(value) ? value : written; // the server says what is wrong with it
    },
  };
}

function boolean(spec, id, change) {
  const element = h("select", { class: "in", id, onchange: change }, !spec.required && h("option", { value: "" }, spec.default === null ? "not said" : `${spec.default ? "yes" : "no"} (default)`), h("option", { value: "yes" }, "yes"), h("option", { value: "no" }, "no"));
  return {
    element,
    get: () => (element.value ? element.value === "yes" : undefined),
    set: (value) => { element.value = value === true ? "yes" : value === false ? "no" : ""; },
  };
}

function choice(spec, id, change) {
  const element = h("select", { class: "in", id, onchange: change }, spec.default === null && h("option", { value: "" }, "choose…"), spec.choices.map((one) => h("option", { value: one, selected: one === spec.default }, one)));
  return { element, get: () => element.value || undefined, set: (value) => { element.value = value; } };
}

const date = (spec, id, change) => line(spec, id, change, { type: "date", placeholder: null });

function list(spec, id, change) {
  const made = lines({ default: null }, id, change);
  return {
    ...made,
    get() {
      const items = made.element.value.split("\n").map((one) => one.trim()).filter(Boolean);
      return items.length ? items : undefined;
    },
    set: (value) => made.set((value ?? []).join("\n")),
  };
}

/* Entries of two parts each, folded into one line that counts them. */
function entries({ id, change, what, make, read, blank }) {
  const summary = h("summary", { id });
  const rows = h("ol", { class: "lines tight" });
  const add = h("button", { type: "button", class: "btn s", onclick: () => { append(blank(rows.children.length)); changed(); $("textarea", rows.lastElementChild).focus(); } }, icon("plus"), `Add a ${what}`);
  const element = h("details", { class: "entries", role: "group" }, summary, h("div", { class: "col" }, rows, h("div", {}, add)));
  const count = () => {
    const number = rows.children.length;
    summary.textContent = number ? `${number} ${what}${number === 1 ? "" : "s"}` : `no ${what}s`;
  };
  const changed = () => { count(); change(); };
  const append = (entry) => {
    const remove = iconButton("close", `Remove this ${what}`, () => { row.remove(); changed(); });
    const row = h("li", { class: "row top" }, make(entry, changed), remove);
    rows.append(row);
  };
  count();
  return {
    element,
    named: summary,
    group: true,
    get: () => (rows.children.length ? $$(":scope > li", rows).map(read) : undefined),
    set(value) {
      rows.replaceChildren();
      for (const entry of value ?? []) append(entry);
      count();
    },
  };
}

const thread = (spec, id, change) =>
  entries({
    id,
    change,
    what: "message",
    blank: (at) => ({ role: at % 2 ? "assistant" : "user", content: "" }),
    make: ({ role, content }, changed) => [
      h("select", { class: "in who", "aria-label": "Who", onchange: changed }, Object.entries(ROLES).map(([key, text]) => h("option", { value: key, selected: key === role }, text))),
      textarea(content, "What was said", changed),
    ],
    read: (row) => ({ role: $("select", row).value, content: $("textarea", row).value }),
  });

const passages = (spec, id, change) =>
  entries({
    id,
    change,
    what: "passage",
    blank: () => ({ title: "", text: "" }),
    make: ({ title, text }, changed) =>
      h("div", { class: "col grow" }, textarea(title, "Title of the article", changed, "1"), textarea(text, "Text of the passage", changed)),
    read: (row) => {
      const [title, text] = $$("textarea", row).map((one) => one.value);
      return { title, text };
    },
  });

function textarea(value, label, changed, rows = "2") {
  const made = h("textarea", { class: "in grow", rows, "aria-label": label, placeholder: label, oninput: changed });
  made.value = value;
  return made;
}

const CONTROLS = { string: line, text: lines, number, boolean, choice, date, list, thread, passages };
