/* The message box. The text stays until the server has the question; a reload finds it again. */

import { chat, show, stop, watchModels } from "./chat.js";
import { bindAnswerKeys } from "./chat_answer.js";
import { drawLeaving, noteLeaving } from "./chat_leaving.js";
import { editLast } from "./chat_edit.js";
import { handedNote } from "./chat_handing.js";
import { followEnd } from "./chat_log.js";
import { $, drafts, h, icon } from "./dom.js";
import { composing } from "./keys.js";
import { call, newKey } from "./server.js";

let box = null;
let key = null;
let sending = false;
let temporary = false;
let place; // the conversation that the draft in the box belongs to
let failed = null;
const chosen = { prompt: null, model: null };
const FRESH = 5000; // milliseconds for which the page knows which model serves

export function drawComposer() {
  box = $("#chat-box");
  box.addEventListener("input", edited);
  box.addEventListener("keydown", typed);
  $("#chat-send").addEventListener("click", () => send());
  $("#chat-stop").addEventListener("click", () => stop(chat.page.running[0]));
  $("#chat-temporary").addEventListener("click", () => {
    temporary = !temporary;
    notePage();
  });
  for (const what of ["prompt", "model"]) {
    $(`#chat-${what}`).addEventListener("change", (event) => {
      chosen[what] = event.target.value;
      notePage();
      if (what === "model") watchModels();
    });
  }
  bindAnswerKeys();
  drawLeaving({ asked, answerLocally });
}

/* Brings the composer up to date with the shown conversation and what the server told at the start. */
export function notePage() {
  const { page, facts } = chat;
  if (place !== chat.wanted) enter(chat.wanted);
  const prompt = fill("prompt", facts.prompts.map((one) => [one.name, one.title, ""]), chosen.prompt ?? page.prompt ?? facts.prompt);
  const model = fill("model", facts.models.map((one) => [one.label, one.label, one.where]), chosen.model ?? page.model ?? facts.model);
  name("prompt", prompt[1], `Prompt: ${prompt[1]}`);
  name("model", model[1], `Model: ${model[1]}, ${model[2]}`);
  $("#chat-model-where").textContent = model[2] ? `· ${model[2]}` : "";
  const running = page.running.length > 0;
  $("#chat-stop").hidden = !running;
  const button = $("#chat-temporary");
  button.hidden = Boolean(page.id);
  button.setAttribute("aria-pressed", String(temporary));
  box.placeholder = page.id ? "Write the next message" : "Write a message";
  paintSend();
  paintNotes();
  noteLeaving();
  grow();
}

/* Offers [value, text, group] and chooses one; returns the chosen one, also when it is gone. */
function fill(what, options, value) {
  const select = $(`#chat-${what}`);
  const known = options.find((one) => one[0] === value) ?? [value, value ?? "", "removed"];
  const all = options.includes(known) || !value ? options : [...options, known];
  const mark = JSON.stringify(all);
  if (select.dataset.options !== mark) {
    select.dataset.options = mark;
    const groups = new Map(all.map((one) => [one[2], all.filter((other) => other[2] === one[2])]));
    select.replaceChildren(...[...groups].map(([group, members]) => {
      const made = members.map(([id, text]) => h("option", { value: id }, text));
      return group ? h("optgroup", { label: group }, made) : made;
    }).flat());
  }
  if (value && select.value !== value) select.value = value;
  return known;
}

function name(what, text, full) {
  const select = $(`#chat-${what}`);
  $(`#chat-${what}-name`).textContent = text;
  select.setAttribute("aria-label", full);
  select.parentElement.title = full;
}

/* Another conversation is shown: its own draft comes, its own prompt and model. */
function enter(id) {
  place = id;
  chosen.prompt = chosen.model = null;
  failed = null;
  temporary = false;
  const draft = drafts.get(`draft ${id}`);
  box.value = draft?.text ?? "";
  key = draft?.key ?? newKey();
  grow();
  if (draft && document.activeElement === document.body) box.focus();
}

function keepDraft() {
  drafts.set(`draft ${place}`, box.value && { text: box.value, key });
}

/* Another text is another send: it gets a key of its own. */
function edited() {
  key = newKey();
  failed = null;
  keepDraft();
  grow();
  paintSend();
  paintNotes();
  noteLeaving();
}

function grow() {
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight, 190)}px`;
}

function typed(event) {
  if (composing(event)) return;
  if (event.key === "Enter" && !event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey) {
    event.preventDefault();
    send();
  } else if (event.key === "ArrowUp" && !box.value && editLast()) {
    event.preventDefault();
  }
}

/* Sends one of the starting questions. */
export function sendText(text) {
  box.value = text;
  edited();
  send();
}

/* The button that was pressed goes away, so the focus goes back to the box. */
function answerLocally() {
  box.focus();
  send({ locally: true });
}

/* What `send` would ask for now. */
function asked() {
  return {
    conversation: place,
    text: box.value,
    prompt: chosen.prompt ?? (place ? null : $("#chat-prompt").value || null),
    model: chosen.model ?? (place ? null : $("#chat-model").value || null),
  };
}

async function send({ locally = false } = {}) {
  const text = box.value;
  if (sending || !text.trim()) return;
  failed = tooLong(text);
  if (failed) {
    paintNotes();
    return;
  }
  sending = true;
  keepDraft();
  paintSend();
  const from = place;
  if ((await becameHosted()) || place !== from) {
    sending = false;
    notePage();
    return;
  }
  const sent = key;
  const told = await call("send", { ...asked(), key: sent, temporary: temporary && !from, at_home: locally });
  sending = false;
  if (told.error) {
    failed = { ...told, locally };
    paintSend();
    paintNotes();
    return;
  }
  acknowledged(told, from, sent);
}

/* A new conversation begins with the model that serves now, which may be another than when the page
   was opened. Where that one is hosted and the one before was not, what leaves is shown first. */
async function becameHosted() {
  if (place || chosen.model || performance.now() - chat.learned < FRESH) return false;
  const where = () => chat.facts.models.find((one) => one.label === chat.facts.model)?.where;
  const before = where();
  await watchModels();
  return before !== "hosted" && where() === "hosted";
}

/* What is far too long is not even sent; the server, which counts exactly, refuses the rest. */
function tooLong(text) {
  const limit = chat.facts.message_limit;
  if (!(text.length > 2 * limit)) return null;
  const [length, allowed] = [text.length, limit].map((number) => number.toLocaleString("en"));
  return { error: `The message has ${length} characters; ${allowed} are allowed. Shorten it or send it in parts.` };
}

function acknowledged(told, from, sent) {
  if (key === sent && place === from) {
    box.value = "";
    key = newKey();
    grow();
  }
  keepDraft();
  if (place !== from) return;
  if (from === null) {
    drafts.set(`draft ${told.conversation}`, box.value && { text: box.value, key });
    drafts.set("draft null", null);
  }
  followEnd(true);
  paintSend();
  show(told.conversation, { history: from === null ? "replace" : "none", limit: chat.limit });
}

function paintSend() {
  const button = $("#chat-send");
  const running = chat.page.running.length > 0;
  button.hidden = running && !box.value.trim() && !sending;
  button.disabled = sending;
  button.querySelector("span").textContent = sending ? "Sending…" : running ? "Send next" : "Send";
}

/* Lines over the box: what went wrong with a send, a model that loads, what temporary means. */
function paintNotes() {
  const { page, facts } = chat;
  const notes = [handedNote(note)].filter(Boolean);
  if (failed) notes.push(failedNote());
  const model = facts.models.find((one) => one.label === $("#chat-model").value);
  if (model?.state === "loading") {
    notes.push(note("", "chip", `Loading the model ${model.label}. You can write already; the answer begins when it is ready.`, [], "status"));
  } else if (model?.state === "failed") {
    notes.push(note("bad", "warn", model.sentence, [], "alert"));
  }
  if (page.id ? page.temporary : temporary) {
    notes.push(note("", "clock", `Temporary: kept in memory only, never in the database. It is gone after ${facts.temporary_minutes} minutes without a message, and when the server stops.`));
  }
  const mark = notes.map((one) => one.textContent).join("\n");
  const region = $("#chat-notes");
  if (region.dataset.mark === mark) return;
  region.dataset.mark = mark;
  region.replaceChildren(...notes);
}

function failedNote() {
  const again = h("button", { type: "button", class: "btn s", onclick: () => send({ locally: failed.locally }) }, "Try again");
  return note("bad", "warn", failed.error, [again], "alert");
}

function note(kind, drawing, text, buttons = [], role = null) {
  return h("div", { class: `note ${kind}`, role }, icon(drawing), h("span", { class: "grow" }, text), buttons);
}
