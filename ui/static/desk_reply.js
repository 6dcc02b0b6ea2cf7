/* The reply: its field with what belongs to it, what stands in the way of sending, saving, sending.
   What is typed is kept on the server at once, so another device goes on with it. */

import { $, debounced, h, icon, iconButton } from "./dom.js";
import { during, field, input } from "./admin_parts.js";
import { composing, onKey } from "./keys.js";
import { say, toast } from "./overlays.js";
import { call } from "./server.js";
import { dropReview, makeChanges, openChanges, undecided } from "./desk_changes.js";
import { bindDrafts, clearNotes, drawDrafts, facts, greet, labelTools, leaveRun, missingNote, refine, sourceNumbers, stop, toolbar } from "./desk_drafts.js";
import { makeEditor } from "./desk_editor.js";
import { leavingLine, noteLeaving } from "./desk_leaving.js";
import { bindMacros, closeList, macroKeys, noteSlash } from "./desk_macros.js";
import { sentBar } from "./desk_sent.js";
import { beginReply, desk, on, remember, reply, seeRegion, tell, toClipboard } from "./desk_shell.js";
import { makeSources } from "./desk_sources.js";
import { chooseText, stateMenu, states } from "./desk_states.js";
import { hour, placed } from "./desk_text.js";
import { calm, reason } from "./desk_way.js";

const KEEP_AFTER = 350;
let editor = null;
let saving = null; // the save that is under way
let dirty = false;

export function makeReply() {
  editor = makeEditor({ change: textChanged, keydown });
  bindDrafts(editor);
  bindMacros(editor);
  bind();
  document.addEventListener("selectionchange", () => {
    if (document.activeElement === editor.field) labelTools();
  });
  return h(
    "section",
    { "aria-label": "Reply", class: "desk-reply draft", id: "desk-reply", hidden: true },
    h(
      "div",
      { class: "thead" },
      iconButton("left", "Back to the ticket", () => { seeRegion("ticket"); $("#desk-thread")?.focus(); }, { class: "ib only-s" }),
      h("div", { class: "grow" }, h("h2", {}, "Reply"), h("p", { class: "xs dim num ell", id: "desk-made" })),
      h("div", { class: "seg", role: "tablist", "aria-label": "Reply view", onkeydown: moveTabs }, tabButton("edit", "Edit"), tabButton("changes", "Changes 0", "Control+D")),
    ),
    h(
      "div",
      { class: "in1" },
      toolbar(),
      h("div", { id: "desk-others", class: "sm others", role: "status", hidden: true }),
      leavingLine(),
      h("div", { id: "desk-notes", class: "col" }),
      h("div", { id: "desk-missing", class: "col" }),
      h("div", { id: "desk-drafts", class: "row tight", hidden: true }),
      h("div", { id: "desk-panel-edit", class: "edit-panel", role: "tabpanel", "aria-labelledby": "desk-tab-edit" }, editor.element),
      makeChanges({ apply: applyChanges, changed: drawFoot, states: () => states(editor) }),
      makeSources(editor),
      field("Facts to include", input({ id: "desk-facts", maxlength: "1000", placeholder: "Stock of opal shades: 11; …", oninput: keepSoon })),
      refineField(),
    ),
    h(
      "div",
      { class: "bottom" },
      h("span", { class: "grow sm foot-of", id: "desk-foot", role: "status" }),
      iconButton("copy", "Copy the reply and mark the ticket as answered", () => send("clipboard"), { id: "desk-copy" }),
      h("button", { type: "button", class: "btn quiet", id: "desk-discard", onclick: discard }, "Discard"),
      h("button", { type: "button", class: "btn pri", id: "desk-send", "aria-describedby": "desk-foot", "aria-keyshortcuts": "Control+Enter", onclick: () => send(way()) }, "Send reply"),
    ),
  );
}

function refineField() {
  const box = input({ id: "desk-refine", maxlength: "1000", placeholder: "shorter, mention the guests", class: "in grow" });
  const run = () => {
    const instruction = box.value.trim();
    if (!instruction) {
      box.focus();
      return;
    }
    refine(instruction);
  };
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || composing(event) || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    run();
  });
  const history = iconButton("clock", "Drafts and states of this text", (event) => stateMenu(event, editor), { id: "desk-history", "aria-haspopup": "menu", "aria-expanded": "false" });
  return h("div", { class: "field" }, h("label", { for: "desk-refine" }, "Refine by instruction"), h("div", { class: "row" }, box, history, h("button", { type: "button", class: "btn", id: "desk-refine-run", onclick: run }, "Refine")));
}

function bind() {
  on("paint", paint);
  on("head", drawHead);
  on("foot", drawFoot);
  on("tab", showTab);
  on("leaving", noteLeaving);
  on("focus-reply", () => editor.field.focus());
  on("others", drawOthers);
  onKey("reply", () => (reply.ticket ? (seeRegion("reply"), showTab("edit"), editor.field.focus(), true) : false));
  onKey("send-reply", () => (reply.ticket ? (send(way()), true) : false));
  onKey("take-draft", () => {
    const free = document.activeElement === document.body && editor.field.offsetParent;
    return Boolean(free && reply.ghost) && tell("accept-draft");
  });
  onKey("changes", () => (reply.ticket ? (showTab($("#desk-changes").hidden ? "changes" : "edit"), true) : false));
  addEventListener("beforeunload", (event) => {
    if (dirty) event.preventDefault();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && dirty) keep();
  });
}

// Opening ---------------------------------------------------------------------------------------

export function openReply(ticket) {
  beginReply(ticket);
  dirty = false;
  dropReview();
  clearNotes();
  closeList();
  $("#desk-reply").hidden = false;
  const { work } = ticket;
  editor.ghost.hidden = true;
  $("#desk-send").textContent = ticket.sends ? "Send reply" : "Copy reply";
  $("#desk-copy").hidden = !ticket.sends;
  editor.set(work.text);
  editor.field.setAttribute("aria-label", `Reply to ${ticket.customer || "the customer"}`);
  $("#desk-facts").value = work.facts.join("; ");
  $("#desk-refine").value = "";
  $("#desk-missing").replaceChildren();
  if (work.text.trim()) remember("text as kept", work.text);
  reply.savedAt = work.changed_at ? new Date(work.changed_at) : null;
  tell("sources", ticket.draft?.sources ?? []);
  showTab("edit");
  labelTools();
  drawHead();
  drawOthers(ticket.others);
  noteLeaving();
  if (work.text.trim()) check();
  greet(ticket);
  drawHead();
  drawFoot();
}

export async function closeReply() {
  leaveRun();
  closeList();
  if (dirty) await keep();
}

export function hideReply() {
  $("#desk-reply").hidden = true;
  for (const key of Object.keys(reply)) delete reply[key];
}

const draftOf = () => reply.drafts.find((one) => one.id === reply.draft) ?? reply.drafts[reply.shown] ?? null;

export function drawHead() {
  const draft = draftOf();
  const saved = reply.savedAt && `saved ${hour(reply.savedAt)}`;
  const made = draft && [`Draft by ${draft.model}`, `${draft.prompt} v${draft.number ?? draft.version.slice(0, 7)}`, draft.total_s !== null && `${draft.total_s.toFixed(1)} s`];
  const facts = [...(made || []), saved].filter(Boolean).join(" · ");
  $("#desk-made").textContent = facts;
  $("#desk-made").title = [facts, ...(draft?.notes ?? [])].join(". ");
  const missing = draft && reply.ghost !== undefined ? draft.missing : [];
  const note = missingNote(missing, (text) => { editor.insert(editor.text().trim() ? `\n${text}` : text); });
  $("#desk-missing").replaceChildren(...(note ? [note] : []), ...(draft?.notes.length ? [h("p", { class: "xs dim" }, draft.notes.join(" "))] : []));
}

function drawOthers(others) {
  const place = $("#desk-others");
  place.hidden = !others.length;
  if (!others.length) return;
  const typing = others.filter((one) => one.typing);
  const names = (all) => all.map((one) => one.name).join(" and ");
  const text = typing.length ? `${names(typing)} ${typing.length > 1 ? "are" : "is"} writing here` : `${names(others)} ${others.length > 1 ? "have" : "has"} this ticket open`;
  if (place.dataset.text === text) return;
  place.dataset.text = text;
  place.className = typing.length ? "note warn sm others" : "sm dim others row tight";
  place.replaceChildren(icon("person"), h("span", {}, text));
}

// The text --------------------------------------------------------------------------------------

function textChanged() {
  dirty = true;
  reply.typedAt = Date.now();
  noteSlash();
  drawFoot();
  keepSoon();
}

function keydown(event) {
  if (composing(event)) return;
  if (macroKeys(event)) return;
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
  if (event.key === "Tab" && plain && reply.ghost) {
    event.preventDefault();
    tell("accept-draft");
  } else if (event.key === "Escape") {
    if (reply.ghost) tell("dismiss-draft");
    else if (reply.run) stop();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

/* Another device or a colleague wrote meanwhile. */
function conflict(told, mine) {
  chooseText(told, mine, {
    take: () => editor.replace(told.theirs),
    stay: () => { dirty = true; keep(); },
  });
}

const keepSoon = debounced(KEEP_AFTER, () => {
  dirty = true;
  keep();
});

/* Keeps the text on the server and learns what stands in the way; one save after another. */
export async function keep() {
  if (!reply.ticket) return;
  if (saving) {
    await saving;
    if (!dirty) return;
  }
  saving = save();
  await saving;
  saving = null;
}

async function save() {
  const { ticket } = reply;
  const text = editor.text();
  dirty = false;
  const told = await call("keep", given(text, { version: reply.version }));
  if (reply.ticket !== ticket) return;
  if (told.code === "text_conflict") {
    conflict(told, text);
    return;
  }
  if (told.error) {
    dirty = true;
    reply.trouble = told.error;
    drawFoot();
    setTimeout(() => { if (dirty && reply.ticket === ticket) keep(); }, 4000);
    return;
  }
  reply.trouble = null;
  reply.version = told.version;
  reply.savedAt = new Date();
  took(told, text);
  drawHead();
}

const given = (text, more) => ({ ticket: reply.ticket, text, draft: reply.draft ?? "", facts: facts(), confirmed: reply.confirmed, sources: sourceNumbers(), ...more });

async function check() {
  const { ticket } = reply;
  const text = editor.text();
  const told = await call("check", given(text, {}));
  if (reply.ticket === ticket && !told.error) took(told, text);
}

function took(told, text) {
  reply.checked = { text, marks: placed(text, told.marks), blocking: placed(text, told.blocking) };
  if (editor.text() === text) paint();
  drawFoot();
}

function paint() {
  const known = reply.sources.map((one) => one.n);
  const internal = reply.sources.filter((one) => one.internal).map((one) => one.n);
  const fresh = reply.checked?.text === editor.text();
  editor.mark(fresh ? reply.checked.marks : editor.marks, known, internal);
}

// What stands in the way ------------------------------------------------------------------------

export function drawFoot() {
  const place = $("#desk-foot");
  if (!place || !reply.ticket) return;
  const why = reason(editor, confirmValue);
  $("#desk-send").disabled = Boolean(why);
  $("#desk-copy").disabled = Boolean(why);
  $("#desk-discard").disabled = !editor.text();
  $("#desk-tab-changes").textContent = `Changes ${undecided()}`;
  const key = why?.key ?? (reply.trouble ? `trouble ${reply.trouble}` : calm(editor));
  if (place.dataset.key === key) return;
  place.dataset.key = key;
  place.className = why?.warns || reply.trouble ? "grow sm foot-of warned row tight" : "grow sm foot-of mute";
  if (why) place.replaceChildren(...why.parts());
  else if (reply.trouble) place.replaceChildren(icon("warn"), h("span", {}, `Not saved yet: ${reply.trouble}`));
  else place.replaceChildren(calm(editor));
}

function confirmValue(mark) {
  reply.confirmed = [...new Set([...reply.confirmed, mark.text])].slice(-50);
  say(`${mark.text} is confirmed.`);
  dirty = true;
  keep();
  editor.field.focus();
}

// Tabs, states ----------------------------------------------------------------------------------

const tabButton = (name, text, keys = null) =>
  h("button", { type: "button", role: "tab", id: `desk-tab-${name}`, "aria-controls": name === "edit" ? "desk-panel-edit" : "desk-changes", "aria-keyshortcuts": keys, onclick: () => showTab(name) }, text);

function moveTabs(event) {
  if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
  event.preventDefault();
  const name = $("#desk-changes").hidden ? "changes" : "edit";
  showTab(name);
  $(`#desk-tab-${name}`).focus();
}

function showTab(name) {
  const changes = name === "changes";
  $("#desk-panel-edit").hidden = changes;
  $("#desk-changes").hidden = !changes;
  for (const one of ["edit", "changes"]) {
    $(`#desk-tab-${one}`).setAttribute("aria-selected", String(one === name));
    $(`#desk-tab-${one}`).tabIndex = one === name ? 0 : -1;
  }
  if (changes) openChanges();
  else if (reply.ticket) drawDrafts();
  drawFoot();
}

function applyChanges(text, label) {
  showTab("edit");
  remember(label, text);
  editor.replace(text);
  drawFoot();
}

// Sending ---------------------------------------------------------------------------------------

/* How a reply leaves: what no reply can reach from here is copied. */
const way = () => (desk.ticket.sends ? "reply" : "clipboard");

function discard() {
  const text = editor.text();
  if (!text) return;
  const { ticket } = reply;
  remember("discarded", text);
  dropReview();
  showTab("edit");
  editor.replace("");
  toast("Discarded.", { action: "Undo", seconds: 10, run: () => { if (reply.ticket === ticket) editor.replace(text); else toast("Open that ticket again; its text is under Drafts and states."); } });
}

async function send(how) {
  if (reply.sending || !reply.ticket) return;
  if (saving) await saving;
  if (dirty || reply.checked?.text !== editor.text()) await keep();
  const why = reason(editor, confirmValue);
  if (why) {
    drawFoot();
    say($("#desk-foot").textContent);
    $("#desk-foot button")?.focus();
    return;
  }
  const of = reply.ticket;
  const text = editor.text();
  if (how === "clipboard" && !(await toClipboard(text, "Reply"))) return;
  reply.sending = true;
  const told = await during($("#desk-send"), "Sending…", () => call("send", given(text, { seconds: Math.round((Date.now() - reply.since) / 1000), how, version: reply.version, seen: desk.ticket.messages.at(-1)?.id ?? "" })));
  if (reply.ticket === of) reply.sending = false;
  if (told.error) return notSent(told, text, of);
  const draft = draftOf();
  sentBar({ ...told, ticket: of, how, changed: Boolean(draft) && draft.text.trim() !== text.trim() });
  dirty = false;
  reply.ticket = null;
  tell("next-ticket", of);
  tell("queue");
}

function notSent(told, text, of) {
  if (reply.ticket !== of) return;
  if (told.code === "text_conflict" && !told.sent) {
    conflict(told, text);
    return;
  }
  if (told.marks) took({ marks: told.marks, blocking: told.marks }, text);
  drawFoot();
  toast(told.error, { error: true, action: told.code === "text_conflict" ? "Read it" : undefined, run: () => tell("ticket-changed") });
}

/* Whether the person is writing now, for colleagues. */
export const isTyping = () => Boolean(reply.typedAt && Date.now() - reply.typedAt < 8000);

