/* Macros: `/` in the field lists them by name, their typed variables are asked, the text goes in at
   the cursor. A dialog keeps them. */

import { $, $$, h, icon, iconButton } from "./dom.js";
import { field, formDialog, input, note } from "./admin_parts.js";
import { confirmed, openDialog, toast } from "./overlays.js";
import { call } from "./server.js";
import { desk, on } from "./desk_shell.js";
import { edited } from "./desk_text.js";

let editor = null;
let macros = [];
let list = null; // the open list: {element, from, typed, at, asks}

export function bindMacros(made) {
  editor = made;
  on("macros", openFromButton);
}

export async function loadMacros() {
  const told = await call("macros");
  if (!told.error) macros = told.macros;
}

/* The word that begins with a slash and ends at the cursor: [start, name], or null. */
function typed() {
  const { field: box } = editor;
  if (box.selectionStart !== box.selectionEnd) return null;
  const found = /(?:^|\s)\/([\w-]*)$/.exec(box.value.slice(0, box.selectionStart));
  return found ? [box.selectionStart - found[1].length - 1, found[1].toLowerCase()] : null;
}

/* After every edit: the list follows what is typed. */
export function noteSlash() {
  if (list?.asks) return;
  const found = typed();
  if (!found) closeList();
  else showList(found[0], found[1]);
}

function openFromButton() {
  editor.field.focus();
  const place = editor.field.selectionStart;
  const space = place > 0 && !/\s$/.test(editor.text().slice(0, place)) ? " " : "";
  editor.insert(`${space}/`);
}

function showList(from, name) {
  const fits = macros.filter((one) => one.name.toLowerCase().startsWith(name) || one.title.toLowerCase().includes(name));
  closeList();
  if (!fits.length && name) return;
  const element = h("div", { class: "menu macro-list", role: "listbox", "aria-label": "Macros", id: "desk-macro-list" });
  list = { element, from, fits, at: 0, asks: null };
  element.append(
    ...fits.slice(0, 8).map((one, index) => option(one, index)),
    ...(fits.length ? [] : [h("p", { class: "none" }, "No macros yet.")]),
    h("button", { type: "button", class: "btn quiet s macro-keep", onmousedown: (event) => event.preventDefault(), onclick: manage }, icon("edit"), "Edit macros"),
  );
  document.body.append(element);
  place(element);
  mark();
  editor.field.setAttribute("aria-controls", element.id);
}

function option(one, index) {
  const asks = one.variables.map((each) => `${each.name} (${each.kind})`).join(", ");
  return h(
    "button",
    { type: "button", role: "option", id: `macro-${index}`, "aria-selected": "false", tabindex: "-1", onmousedown: (event) => event.preventDefault(), onclick: () => { list.at = index; choose(); } },
    h("span", { class: "grow" }, h("b", {}, `/${one.name}`), ` ${one.title}`, asks && h("span", { class: "dim xs block" }, `asks ${asks}`)),
    h("kbd", {}, "Enter"),
  );
}

/* Under the line of the cursor, as near as the window allows. */
function place(element) {
  const box = editor.element.getBoundingClientRect();
  const size = element.getBoundingClientRect();
  const lines = editor.text().slice(0, editor.field.selectionStart).split("\n").length;
  const line = Math.min(box.top + 12 + lines * 22 - editor.element.scrollTop, box.bottom - 8);
  element.style.top = `${Math.max(8, Math.min(Math.max(line, box.top + 24), innerHeight - size.height - 8))}px`;
  element.style.left = `${Math.max(8, Math.min(box.left + 100, innerWidth - size.width - 16))}px`;
}

function mark() {
  const options = $$("[role=option]", list.element);
  options.forEach((one, index) => one.setAttribute("aria-selected", String(index === list.at)));
  if (options[list.at]) editor.field.setAttribute("aria-activedescendant", options[list.at].id);
}

export function closeList() {
  if (!list) return false;
  list.element.remove();
  list = null;
  editor.field.removeAttribute("aria-activedescendant");
  editor.field.removeAttribute("aria-controls");
  return true;
}

/* Keys of the field while the list is open; true when it took the key. */
export function macroKeys(event) {
  if (!list) return false;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "Escape") closeList();
  else if (step && list.fits.length) {
    const most = Math.min(list.fits.length, 8);
    list.at = (list.at + step + most) % most;
    mark();
  } else if ((event.key === "Enter" || event.key === "Tab") && list.fits.length) choose();
  else return false;
  event.preventDefault();
  return true;
}

/* Asks what the macro asks for; one that asks nothing goes in at once. */
function choose() {
  const macro = list.fits[list.at];
  const end = editor.field.selectionStart;
  if (!macro.variables.length) {
    insert(macro, {}, list.from, end);
    return;
  }
  list.asks = macro;
  const boxes = macro.variables.map((one) => [one, box(one)]);
  const problem = h("div", { role: "alert" });
  const form = h("form", { class: "col macro-form" }, boxes.map(([one, control]) => field(one.name, control, one.hint)), problem, h("div", { class: "row" }, h("span", { class: "sp" }), h("button", { type: "submit", class: "btn pri" }, "Insert")));
  const from = list.from;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const values = Object.fromEntries(boxes.map(([one, control]) => [one.name, control.value.trim()]).filter(([, value]) => value));
    const told = await insert(macro, values, from, end);
    if (told?.error) problem.replaceChildren(note(told.error, "bad"));
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    closeList();
    editor.field.focus();
  });
  list.element.setAttribute("role", "dialog");
  list.element.setAttribute("aria-label", `Insert /${macro.name}`);
  list.element.replaceChildren(h("p", { class: "sm macro-title" }, h("b", {}, `/${macro.name}`), ` ${macro.title}`), form);
  place(list.element);
  $("input, select", form).focus();
  for (const [one, control] of boxes) if (one.known) control.value = one.known;
}

function box(one) {
  if (one.kind === "choice") return h("select", { class: "in" }, h("option", { value: "" }, "Choose"), one.choices.map((choice) => h("option", { value: choice }, choice)));
  return input({ type: "text", maxlength: "500", inputmode: one.kind === "number" ? "decimal" : null, placeholder: one.kind === "date" ? "yyyy-mm-dd" : "" });
}

async function insert(macro, values, from, end) {
  const ticket = desk.ticket.id;
  const before = editor.text();
  const told = await call("fill", { ticket, name: macro.name, values });
  if (told.error) {
    if (!list?.asks) toast(told.error, { error: true });
    return told;
  }
  if (desk.ticket.id !== ticket) return told;
  closeList();
  const { start, after } = edited(before, editor.text());
  const moved = start < from ? after - start : 0;
  editor.insert(told.text, from + (start < from ? moved : 0), end + (start < from ? moved : 0));
  return told;
}

// Keeping them ----------------------------------------------------------------------------------

function manage() {
  closeList();
  const body = h("div", { class: "pb col" });
  openDialog("Macros", body, { wide: true, done: loadMacros });
  const draw = () => {
    body.replaceChildren(
      h("p", { class: "sm mute" }, "A text with variables in double brackets, such as [[pickup_date:date]], [[amount:number]] or [[colour:choice(opal|clear)]]. [[customer]], [[agent]], [[company]] and [[order]] are filled in where they are known."),
      ...(macros.length ? [h("ul", { class: "lines tight" }, macros.map((one) => line(one, draw)))] : [h("p", { class: "none" }, "No macros yet.")]),
      h("div", {}, h("button", { type: "button", class: "btn", onclick: () => edit(null, draw) }, icon("plus"), "New macro")),
    );
  };
  draw();
}

const line = (one, draw) =>
  h(
    "li",
    { class: "row" },
    h("div", { class: "grow" }, h("b", { class: "sm" }, `/${one.name}`), ` ${one.title}`, h("span", { class: "sub dim xs block ell" }, one.text)),
    iconButton("edit", `Edit /${one.name}`, () => edit(one, draw)),
    iconButton("trash", `Delete /${one.name}`, () => remove(one, draw)),
  );

function edit(one, draw) {
  const name = input({ value: one?.name ?? "", maxlength: "40", required: true, readonly: Boolean(one), placeholder: "pickup" });
  const title = input({ value: one?.title ?? "", maxlength: "100", placeholder: "Courier collects" });
  const text = h("textarea", { class: "in", rows: "8", maxlength: "10000" });
  text.value = one?.text ?? "";
  formDialog(one ? `Edit /${one.name}` : "New macro", [field("Name, typed after /", name), field("Title", title), field("Text", text)], {
    action: "Save macro",
    words: "Saving…",
    async run() {
      const told = await call("save_macro", { name: name.value.trim(), title: title.value.trim(), text: text.value });
      if (!told.error) {
        await loadMacros();
        draw();
      }
      return told;
    },
  });
}

async function remove(one, draw) {
  if (!(await confirmed(`Delete /${one.name}?`, "Delete"))) return;
  const told = await call("remove_macro", { name: one.name });
  if (told.error) toast(told.error, { error: true });
  await loadMacros();
  draw();
}
