/* A person instead of the assistant: asked for in the bar or under an answer, and given up again. */

import { chat } from "./chat.js";
import { $, h, icon } from "./dom.js";
import { openDialog, toast } from "./overlays.js";
import { call, newKey } from "./server.js";

const NOTE = 500;

let bound = false;

/* The button in the bar. */
export function drawAsking() {
  const button = $("#chat-person");
  button.hidden = !mayAsk();
  if (bound) return;
  bound = true;
  button.addEventListener("click", () => askPerson());
}

const mayAsk = () => Boolean(chat.page.id && chat.page.may_ask && !chat.page.handed);

/* Whether a message was written by a person of the company: its name may be unknown. */
export const byPerson = (message) => message.person !== undefined;

/* Whether a person is offered under an answer: under the last one, where knowledge lacked. */
export const isOffered = (message) =>
  Boolean(message.lacked) && mayAsk() && chat.page.messages.at(-1)?.id === message.id;

export function offerLine(message) {
  if (!isOffered(message)) return null;
  return h(
    "div",
    { class: "note state" },
    icon("person"),
    h("span", { class: "grow" }, "There is no article about this. A person can look at it."),
    h("button", { type: "button", class: "btn s", "aria-haspopup": "dialog", onclick: () => askPerson() }, "Ask a person"),
  );
}

/* Asks once, with an optional note. */
function askPerson() {
  const conversation = chat.page.id;
  const field = h("textarea", { class: "in", rows: "3", maxlength: String(NOTE), "aria-label": "A note for the person, optional" });
  const wrong = h("p", { class: "bad sm", role: "alert" });
  const send = h("button", { class: "btn pri" }, "Ask a person");
  const form = h(
    "form",
    { class: "pb col" },
    h("p", { class: "sm" }, "A colleague reads this conversation and answers here. Until then nothing you write is answered by the assistant."),
    h("label", { class: "field" }, h("span", { class: "sm b" }, "A note, optional"), field),
    wrong,
    h("div", { class: "row" }, h("span", { class: "sp" }), send),
  );
  const dialog = openDialog("Ask a person", form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    send.disabled = true;
    const told = await call("ask_person", { conversation, note: field.value });
    send.disabled = false;
    wrong.textContent = told.error ?? "";
    if (told.error) return;
    dialog.close();
    $("#chat-box").focus();
  });
  field.focus();
}

/* What stands over the message box while a person answers; null otherwise. */
export function handedNote(note) {
  const { handed } = chat.page;
  if (!handed) return null;
  const back = h("button", { type: "button", class: "btn s", onclick: askAssistant }, "Let the assistant answer again");
  const who = handed.agent ? ` Assigned to ${handed.agent}.` : "";
  return note("", "person", `A colleague answers here. You can go on writing.${who}`, [back], "status");
}

/* The assistant answers again, at once where a question waits. */
async function askAssistant(event) {
  event.currentTarget.disabled = true;
  const { id, messages } = chat.page;
  const told = await call("ask_assistant", { conversation: id });
  if (told.error) {
    toast(told.error, { error: true });
    return;
  }
  $("#chat-box").focus();
  const last = messages.at(-1);
  if (last?.role !== "user") return;
  const asked = await call("again", { message: last.id, key: newKey() });
  if (asked.error) toast(asked.error, { error: true });
}
