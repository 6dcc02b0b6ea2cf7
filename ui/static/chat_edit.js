/* Editing a message where it stands: Save keeps it as a version, Save and rerun answers from it.
   What is typed survives a reload until it is saved or given up. */

import { chat } from "./chat.js";
import { rowOf } from "./chat_log.js";
import { $, drafts, h } from "./dom.js";
import { composing } from "./keys.js";
import { call, newKey } from "./server.js";

let editor = null; // {id, form, field, key}

export function openEditor(message) {
  if (editor?.id === message.id) {
    editor.field.focus();
    return;
  }
  closeEditor();
  const field = h("textarea", { class: "in", rows: "1", "aria-label": message.role === "assistant" ? "Text of the answer" : "Text of the question" });
  const wrong = h("p", { class: "bad sm grow", role: "alert" });
  const save = h("button", { type: "button", class: "btn", "aria-keyshortcuts": "Control+S" }, "Save", h("kbd", { class: "only-l", "aria-hidden": "true" }, "Ctrl S"));
  const rerun = h("button", { type: "button", class: "btn pri", "aria-keyshortcuts": "Control+Enter" }, "Save and rerun", h("kbd", { class: "only-l", "aria-hidden": "true" }, "Ctrl ↵"));
  const cancel = h("button", { type: "button", class: "btn quiet" }, "Cancel");
  const form = h("div", { class: "editor", role: "group", "aria-label": "Edit" }, field, h("div", { class: "row wrap" }, wrong, cancel, save, rerun));
  editor = { id: message.id, form, field, wrong, key: newKey(), was: message.text };
  field.value = drafts.get(`edit ${message.id}`) ?? message.text;
  field.addEventListener("input", () => {
    drafts.set(`edit ${message.id}`, field.value);
    editor.key = newKey();
    grow(field);
  });
  form.addEventListener("keydown", keys);
  save.addEventListener("click", () => finish(false));
  rerun.addEventListener("click", () => finish(true));
  cancel.addEventListener("click", giveUp);
  placeEditor(rowOf(message.id), message);
  grow(field);
  field.focus();
  field.setSelectionRange(field.value.length, field.value.length);
}

/* Opens the last question for editing. */
export function editLast() {
  const last = chat.page.messages.filter((one) => one.role === "user").at(-1);
  if (!last) return false;
  openEditor(last);
  return true;
}

/* Keeps the editor in the row of its message, wherever that is drawn now. */
export function placeEditor(row, message) {
  const here = editor?.id === message.id;
  row?.classList.toggle("editing", here);
  if (here && row && editor.form.parentElement !== row) row.append(editor.form);
  if (!here) row?.querySelector(":scope > .editor")?.remove();
}

function grow(field) {
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight + 2, innerHeight / 2)}px`;
}

function keys(event) {
  if (composing(event)) return;
  const ctrl = event.ctrlKey || event.metaKey;
  if (event.key === "Escape") giveUp();
  else if (ctrl && event.key.toLowerCase() === "s") finish(false);
  else if (ctrl && event.key === "Enter") finish(true);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function giveUp() {
  drafts.set(`edit ${editor.id}`, null);
  const row = rowOf(editor.id);
  closeEditor();
  (row?.querySelector(".foot button") ?? $("#chat-box")).focus();
}

function closeEditor() {
  if (!editor) return;
  editor.form.remove();
  rowOf(editor.id)?.classList.remove("editing");
  editor = null;
}

async function finish(rerun) {
  const now = editor;
  if (now.busy) return;
  if (!rerun && now.field.value === now.was) {
    giveUp();
    return;
  }
  now.busy = true;
  const told = await call("edit", { message: now.id, text: now.field.value, key: now.key, rerun });
  now.busy = false;
  now.wrong.textContent = told.error ?? "";
  if (told.error) return;
  drafts.set(`edit ${now.id}`, null);
  if (editor === now) closeEditor();
  $("#chat-box").focus();
}
