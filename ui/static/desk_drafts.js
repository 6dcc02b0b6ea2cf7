/* What models write for the reply: drafts that wait under the field, rewrites, refined texts. A draft
   never goes into the text by itself. */

import { $, h, icon } from "./dom.js";
import { plural } from "./admin_parts.js";
import { openMenu, say, toast } from "./overlays.js";
import { call } from "./server.js";
import { proposeChanges } from "./desk_changes.js";
import { desk, hostedModel, on, remember, reply, tell } from "./desk_shell.js";
import { capital, languageName, pointsOf } from "./desk_text.js";

const VARIANTS = 3;
const TONES = ["warm", "neutral", "formal", "brief", "apologetic", "friendly", "empathetic", "concise"];
const PATIENCE = 400; // ms between two looks after a failed one
let editor = null;

export function bindDrafts(made) {
  editor = made;
  on("accept-draft", acceptDraft);
  on("dismiss-draft", dismiss);
}

/* What is asked of every draft of this reply. */
const how = () => ({ ticket: reply.ticket, tone: reply.tone, facts: facts(), model: reply.model ?? "" });

export const facts = () => $("#desk-facts").value.split(";").map((one) => one.trim()).filter(Boolean).slice(0, 12);

export const sourceNumbers = () => Object.fromEntries(reply.sources.map(({ n, passage }) => [passage, n]));

// Drafts ----------------------------------------------------------------------------------------

/* On opening: the draft that waits on the server, else a fresh one that is written now. */
export function greet(ticket) {
  if (ticket.draft) {
    reply.drafts = [ticket.draft];
    reply.shown = 0;
    useSources(ticket.draft.sources);
    if (editor.text().trim()) drawDrafts();
    else showGhost();
  } else if (ticket.state !== "closed" && !editor.text().trim() && !hostedModel()) {
    draftNow();
  } else {
    drawDrafts();
  }
}

/* Writes another draft; up to three are kept beside each other. */
export async function draftNow(more = {}) {
  if (reply.run) return;
  const of = reply.ticket;
  const run = begin("draft", "Drafting");
  reply.ghost = { text: "", run };
  drawGhost();
  const told = await written(run, () => call("draft", { ...how(), variant: reply.drafts.length, ...more }), (text) => {
    reply.ghost = { text, run };
    drawGhost();
  });
  if (reply.ticket !== of) return;
  end(run);
  const taken = reply.ghost?.take;
  if (told.error) {
    reply.ghost = null;
    failed(told, told.text, () => draftNow(more));
    return;
  }
  if (!told.ended.draft) {
    reply.ghost = null;
    failed({ error: "The draft ended without a text." }, "", () => draftNow(more));
    return;
  }
  reply.drafts = [...reply.drafts, told.ended.draft].slice(-VARIANTS);
  reply.shown = reply.drafts.length - 1;
  if (!reply.draft && !editor.text().trim()) useSources(told.ended.draft.sources);
  if (run.dismissed) {
    reply.ghost = null;
    drawDrafts();
    return;
  }
  showGhost();
  say(`A draft waits: ${told.ended.draft.text}. Tab takes it, Escape dismisses it.`);
  if (taken) acceptDraft();
}

function showGhost() {
  const draft = reply.drafts[reply.shown];
  reply.ghost = draft ? { text: draft.text, draft } : null;
  drawGhost();
  tell("head");
}

/* Tab: the draft goes into the field in place of what stands there; Ctrl+Z brings that back. */
function acceptDraft() {
  const { ghost } = reply;
  if (!ghost) return false;
  if (ghost.run) {
    ghost.take = true;
    drawDrafts();
    return true;
  }
  const own = editor.text();
  if (own.trim()) remember("own text", own);
  reply.ghost = null;
  reply.draft = ghost.draft.id;
  useSources(ghost.draft.sources);
  remember(`draft ${reply.shown + 1}`, ghost.draft.text);
  drawGhost();
  editor.replace(ghost.draft.text);
  editor.field.setSelectionRange(0, 0);
  editor.element.scrollTop = 0;
  say("The draft is in the field.");
  return true;
}

function dismiss() {
  const { ghost } = reply;
  if (!ghost) return false;
  if (ghost.run) {
    ghost.run.dismissed = true;
    stop(ghost.run);
  }
  reply.ghost = null;
  drawGhost();
  return true;
}

/* The draft under the field: three grey lines and seconds until its first characters. */
function drawGhost() {
  const { ghost } = reply;
  editor.ghost.hidden = !ghost;
  if (ghost) {
    editor.ghost.setAttribute("aria-busy", String(Boolean(ghost.run)));
    if (ghost.text) editor.ghost.replaceChildren(h("span", {}, ghost.text), ghost.run ? h("span", { class: "caret-now" }) : "");
    else if (!$(".bones", editor.ghost)) editor.ghost.replaceChildren(h("div", { class: "bones", "aria-hidden": "true" }, h("i"), h("i"), h("i")), h("span", { class: "xs num", id: "desk-seconds" }, "0 s"));
  }
  editor.field.placeholder = ghost ? "" : "Write the reply";
  drawDrafts();
  tell("foot");
}

/* The line over the field: which drafts there are, and what can be done with the one that waits. */
export function drawDrafts() {
  const place = $("#desk-drafts");
  const { ghost, drafts } = reply;
  const hint = !ghost ? "" : ghost.run ? (ghost.take ? "It goes in when it is written." : "Drafting. Write meanwhile, or Esc.") : "";
  const many = drafts.length > 1;
  const asks = !ghost && !drafts.length && !reply.run && Boolean(hostedModel());
  place.hidden = !ghost && !asks && (!drafts.length || Boolean(reply.draft));
  if (place.hidden) return;
  const choose = (at) => () => showDraft(at);
  const small = (text, run, key) => h("button", { type: "button", class: "btn s", onclick: run, "aria-keyshortcuts": key }, text, key && h("kbd", { class: "only-l" }, key === "Escape" ? "Esc" : key));
  place.replaceChildren(
    many ? h("div", { class: "seg", role: "group", "aria-label": "Drafts" }, drafts.map((one, at) => h("button", { type: "button", "aria-pressed": String(at === reply.shown), "aria-label": `Draft ${at + 1}`, onclick: choose(at) }, `${at + 1}`))) : "",
    h("span", { class: "xs dim grow", id: "desk-ghost-hint" }, hint || (ghost ? (many ? `Draft ${reply.shown + 1} of ${drafts.length}` : "A draft waits") : many ? plural(drafts.length, "draft") : asks ? "No draft yet" : "Draft")),
    ghost && !ghost.run ? small("Use", () => acceptDraft(), "Tab") : "",
    ghost && !ghost.run ? small("Dismiss", () => dismiss(), "Escape") : "",
    !ghost && drafts.length ? small("Show draft", choose(Math.max(reply.shown, 0))) : "",
    !reply.run && drafts.length < VARIANTS ? small(asks ? "Draft now" : "Another", () => draftNow()) : "",
  );
}

function showDraft(at) {
  reply.shown = at;
  showGhost();
  editor.field.focus({ preventScroll: true });
}

/* What the menu of states offers of drafts. */
export const draftEntries = () => [
  ...reply.drafts.map((one, at) => ({ text: `Show draft ${at + 1}`, icon: "eye", run: () => showDraft(at) })),
  !reply.run && reply.drafts.length < VARIANTS && { text: reply.drafts.length ? "Another draft" : "Draft now", icon: "plus", run: () => draftNow() },
];

function useSources(sources) {
  tell("sources", sources);
}

// Rewriting -------------------------------------------------------------------------------------

const SELECTABLE = { shorter: "Shorter", longer: "Longer", grammar: "Grammar" };

export function toolbar() {
  const rewriteButton = (want) => h("button", { type: "button", class: "btn s", "data-want": want, onclick: () => rework(want, SELECTABLE[want]) }, SELECTABLE[want]);
  return h(
    "div",
    { class: "row wrap tight tools-of", role: "toolbar", "aria-label": "Rewrite", id: "desk-tools" },
    h("button", { type: "button", class: "btn s", id: "desk-tone", "aria-haspopup": "menu", "aria-expanded": "false", onclick: toneMenu }),
    Object.keys(SELECTABLE).map(rewriteButton),
    h("button", { type: "button", class: "btn s", id: "desk-translate", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": "Translate", title: "Translate", onclick: translateMenu }, "Translate"),
    h("span", { class: "sp" }),
    h("button", { type: "button", class: "btn s", id: "desk-macro", "aria-label": "Insert macro", "aria-keyshortcuts": "/", onclick: () => tell("macros") }, "Macro", h("kbd", { class: "only-l" }, "/")),
  );
}

/* What stands on the buttons: the tone, and whether they act on the selection. */
export function labelTools() {
  const selected = hasSelection() ? " selection" : "";
  const tone = reply.tone || "neutral";
  $("#desk-tone").replaceChildren(`Tone: ${tone}${selected}`, icon("down"));
  $("#desk-tone").setAttribute("aria-label", `Tone: ${tone}${selected}`);
  for (const [want, label] of Object.entries(SELECTABLE)) {
    const button = $(`[data-want=${want}]`);
    if (!button.getAttribute("aria-busy")) button.textContent = label + selected;
  }
  $("#desk-translate").textContent = selected ? "Translate selection" : "Translate";
}

const hasSelection = () => editor.field.selectionStart !== editor.field.selectionEnd;

function toneMenu(event) {
  openMenu(event.currentTarget, TONES.map((tone) => ({
    text: capital(tone),
    on: tone === (reply.tone || "neutral"),
    run() {
      reply.tone = tone;
      labelTools();
      if (editor.text().trim()) rework(tone, `tone: ${tone}`);
      else if (!reply.run) draftNow();
    },
  })), { label: "Tone" });
}

function translateMenu(event) {
  const languages = [...new Set([desk.ticket.language, ...desk.facts.translate].filter(Boolean))];
  openMenu(event.currentTarget, languages.map((code) => ({ text: languageName(code), icon: "page", run: () => rework("translate", `translate to ${languageName(code)}`, code) })), { label: "Translate to" });
}

/* Rewrites the selection, or all of it; what comes is shown as changes. */
async function rework(want, label, language = "") {
  const before = editor.text();
  if (!before.trim()) {
    toast("There is no text yet. Write something, or take the draft.");
    return;
  }
  const [from, to] = editor.selection();
  const point = pointsOf(before);
  const selection = from === to ? [] : [point(from), point(to)];
  await rewrite(before, label, capital(label), () => call("rework", { ticket: reply.ticket, text: before, selection, want, language, model: reply.model ?? "" }), () => rework(want, label, language));
}

export async function refine(instruction) {
  const before = editor.text();
  if (!before.trim()) {
    draftNow({ instruction });
    return;
  }
  await rewrite(before, instruction, "Refining", () => call("refine", { ticket: reply.ticket, facts: facts(), model: reply.model ?? "", text: before, instruction, sources: sourceNumbers() }), () => refine(instruction));
}

async function rewrite(before, label, doing, ask, again) {
  if (reply.run) {
    toast("A text is being written. Wait for it, or stop it with Esc.");
    return;
  }
  const of = reply.ticket;
  const run = begin(label, doing);
  const told = await written(run, ask, () => {});
  if (reply.ticket !== of) return;
  end(run);
  if (run.dismissed) return;
  if (told.error) {
    failed(told, "", again);
    return;
  }
  if (told.ended.sources) tell("sources", told.ended.sources);
  if (editor.text() !== before) {
    toast("The text was changed meanwhile, so the rewrite was not put in.", { action: "Run again", run: again });
    return;
  }
  remember("before", before);
  if (await proposeChanges(before, told.ended.text, label, told.ended.note ?? "")) tell("tab", "changes");
  else toast("Nothing to change.");
}

// Runs ------------------------------------------------------------------------------------------

function begin(label, doing) {
  const run = { label, doing, id: null, since: Date.now(), dismissed: false, over: false };
  reply.run = run;
  clearNotes();
  for (const button of $("#desk-tools").querySelectorAll(".btn")) if (button.id !== "desk-macro") button.disabled = true;
  run.timer = setInterval(() => {
    const seconds = `${Math.round((Date.now() - run.since) / 1000)} s`;
    const place = $("#desk-seconds");
    if (place) place.textContent = seconds;
    tell("foot");
  }, 1000);
  tell("foot");
  return run;
}

function end(run) {
  clearInterval(run.timer);
  run.over = true;
  if (reply.run === run) reply.run = null;
  for (const button of $("#desk-tools").querySelectorAll(".btn")) button.disabled = false;
  tell("foot");
}

export function stop(run = reply.run) {
  if (!run) return;
  run.dismissed = true;
  if (run.id) call("stop", { work: run.id });
}

/* Another ticket is opened: nobody waits for this one's text here any more. */
export function leaveRun() {
  const { run } = reply;
  if (!run) return;
  clearInterval(run.timer);
  for (const button of $("#desk-tools").querySelectorAll(".btn")) button.disabled = false;
  if (run.id && run.label !== "draft") call("stop", { work: run.id });
}

/* Follows a text to its end: {ended, text} or {error, text}. */
async function written(run, ask, grow) {
  const of = reply.ticket;
  const begun = await ask();
  if (begun.error) return begun;
  run.id = begun.work;
  if (run.dismissed) call("stop", { work: run.id });
  let text = "";
  let missed = 0;
  for (let have = 0; reply.ticket === of; ) {
    const told = await call("follow", { work: run.id, have });
    if (told.error && told.code === "offline" && missed < 3) {
      missed += 1;
      await new Promise((next) => setTimeout(next, PATIENCE * missed));
      continue;
    }
    if (told.error) return { ...told, text };
    missed = 0;
    have += [...told.text].length;
    if (told.beside && !reply.draft && !editor.text().trim()) useSources(told.beside.sources);
    if (told.text) {
      text += told.text;
      if (!run.dismissed) grow(text);
    }
    if (told.ended) return { ended: told.ended, text };
  }
  return { error: "left", text };
}

/* A sentence, and what can be done: again, with another model; what was written can be kept. */
function failed(told, partly, again) {
  const others = desk.facts.models.filter((one) => one.label !== (reply.model ?? desk.facts.model));
  const other = others.length > 0 && h("button", { type: "button", class: "btn s", "aria-haspopup": "menu", "aria-expanded": "false", onclick: (event) => openMenu(event.currentTarget, others.map((one) => ({ text: `${one.label} · ${one.where}`, icon: "chip", run: () => { reply.model = one.label; clearNotes(); tell("leaving"); again(); } })), { label: "Other model" }) }, "Other model");
  $("#desk-notes").replaceChildren(
    h("div", { class: "note bad wrap", role: "alert" }, icon("warn"), h("span", { class: "grow" }, told.error), h("button", { type: "button", class: "btn s", onclick: () => { clearNotes(); again(); } }, "Draft again"), other,
      partly && h("button", { type: "button", class: "btn s", onclick: () => { clearNotes(); editor.insert(partly); } }, "Keep what came")),
  );
  drawGhost();
}

export function clearNotes() {
  $("#desk-notes").replaceChildren();
}

export const missingNote = (missing, write) =>
  missing.length === 0 ? null : h("div", { class: "note warn wrap" }, icon("warn"), h("span", { class: "grow" }, `Needs ${missing.join(", ")}`), asking(missing, write), missing.some(isArticle) && h("a", { class: "btn s", href: articleToWrite() }, "Write article"));

/* The editor of the Knowledge page, with what the customer asked; behind the # no log sees it. */
function articleToWrite() {
  const asked = desk.ticket.messages.findLast((one) => one.role === "customer")?.text ?? "";
  return `/knowledge#${new URLSearchParams({ write: asked.replace(/\s+/g, " ").trim().slice(0, 300) })}`;
}

const isArticle = (what) => /\barticle\b/.test(what);

/* A question for what a customer can tell. */
function asking(missing, write) {
  const theirs = missing.filter((one) => !isArticle(one));
  return theirs.length > 0 && h("button", { type: "button", class: "btn s", onclick: () => write(`Could you tell us ${theirs.map(yours).join(" and ")}, please?`) }, "Ask the customer");
}

const yours = (what) => (/^(the|your|which|what|when|how|where)\b/i.test(what) ? what.replace(/^the\b/i, "your") : `your ${what}`);

