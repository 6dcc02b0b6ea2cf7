/* The Chat page: which conversation is shown, and the stream that shows it. Commands go to the server
   by `call`; the log, and `page` with the facts about it, come by the stream of pages/chat_stream.py. */

import { drawComposer, notePage, sendText } from "./chat_composer.js";
import { drawEmpty } from "./chat_empty.js";
import { drawHead } from "./chat_head.js";
import { drawList, refreshList } from "./chat_list.js";
import { applyLog, drawLog, followEnd, rowOf } from "./chat_log.js";
import { $, drawIcons, h, present } from "./dom.js";
import { drawHeader, setPerson } from "./header.js";
import { island } from "./islands.js";
import { onKey } from "./keys.js";
import { say, toast } from "./overlays.js";
import { openSearch } from "./search.js";
import { call, callThrough, newKey } from "./server.js";
import { checkSession, isSignedOut, onSignedIn } from "./session.js";

const STEP = 50;
const HIDDEN = 15_000;
const SILENCE = 4_000;

/* `page` is what the server last told of the shown conversation; `facts` what it told at the start. */
export const chat = {
  page: { id: null, title: "", messages: [], settled: 0, running: [] },
  facts: { person: null, models: [], prompts: [], questions: [], reasons: [] },
  wanted: null,
  limit: STEP,
};

const tab = newKey();
let meta = null;
let stream = "none"; // none, starting, open
let number = 0;
let changes = null;
let reveal = null;
let skeleton = 0;

export async function startChat(top) {
  const places = ["chat-side", "chat-head", "chat-empty", "chat-foot", "chat-meta"];
  const islands = await Promise.all(places.map(island));
  await Promise.all(["#chat-log", "#chat-now"].map(present));
  meta = islands.at(-1);
  callThrough(meta);
  for (const one of islands) drawIcons(one.element);
  drawHeader(top, { search, openSide: () => showSide(true) });
  nameRegions();
  meta.watch("value", () => receive(JSON.parse(meta.props.value)));
  const asked = new URLSearchParams(location.search);
  drawList();
  drawHead();
  drawLog();
  drawComposer();
  bindKeys();
  show(asked.get("c"), { at: asked.get("m"), history: "none" });
  document.addEventListener("visibilitychange", comeAndGo);
  onSignedIn(async () => {
    await learn();
    again();
  });
  await learn();
  addEventListener("popstate", () => {
    const now = new URLSearchParams(location.search);
    show(now.get("c"), { at: now.get("m"), history: "none" });
  });
}

/* Roles and names that Gradio's own wrappers do not carry. */
function nameRegions() {
  $("main.contain").setAttribute("role", "presentation"); // it holds the header too
  const names = [
    ["chat", { role: "main", tabindex: "-1", "aria-label": "Chat" }],
    ["chat-side", { role: "complementary", "aria-label": "Conversations" }],
    ["chat-talk", { role: "region", "aria-label": "Conversation" }],
    ["chat-scroll", { role: "log", tabindex: "0", "aria-label": "Messages", "aria-live": "polite", "aria-busy": "false" }],
  ];
  for (const [id, attributes] of names) {
    for (const [name, value] of Object.entries(attributes)) $(`#${id}`).setAttribute(name, value);
  }
}

async function learn() {
  const facts = await call("start");
  if (facts.error) {
    toast(facts.error, { error: true, action: "Try again", run: learn });
    return;
  }
  chat.facts = facts;
  chat.learned = performance.now();
  setPerson(facts.person);
  notePage();
  applyLog();
  drawEmpty();
  if (facts.models.some((one) => one.state === "loading")) setTimeout(watchModels, 700);
}

/* While a model loads, its state is asked for again: nothing else tells the end of it. Another may
   have been promoted, too. */
export async function watchModels() {
  const told = await call("models");
  if (!told.error) Object.assign(chat.facts, { models: told.models, model: told.model });
  chat.learned = performance.now();
  notePage();
  drawEmpty();
  if (chat.facts.models.some((one) => one.state === "loading")) setTimeout(watchModels, 700);
}

/* Shows a conversation (null: a new one). `history`: push, replace or none. */
export function show(conversation, { at = null, history = "push", limit = STEP } = {}) {
  const fresh = conversation !== chat.wanted;
  chat.wanted = conversation;
  chat.limit = limit;
  reveal = at;
  if (history !== "none") remember(conversation, at, history);
  if (fresh) {
    followEnd(true);
    showSide(false);
    notePage();
    clearTimeout(skeleton);
    skeleton = setTimeout(() => $("#chat").classList.add("loading"), 300);
  }
  number += 1;
  look({ tab, conversation, at, limit, number });
}

/* The stream shows what the tab looks at; without one, a new one starts. While one starts, `receive`
   asks again for what was wanted meanwhile. */
async function look(at) {
  if (stream === "starting" || isSignedOut()) return;
  if (stream === "open") {
    const told = await call("look", at);
    if (told.watching || told.error || at.number !== number) return;
  }
  stream = "starting";
  meta.trigger("watch", at);
  setTimeout(async () => {
    // Gradio can lose a start that meets the end of a stream before it.
    if (stream !== "starting") return;
    stream = "none";
    if (await checkSession()) again();
  }, SILENCE);
}

/* The same again: after an error, or to begin a new stream. */
export function again() {
  show(chat.wanted, { history: "none", limit: Math.max(chat.limit, STEP) });
}

let farewell = 0;

/* Browsers allow six connections to a server: a tab that nobody sees gives its own back. */
function comeAndGo() {
  clearTimeout(farewell);
  if (document.hidden) {
    farewell = setTimeout(() => call("leave", { tab }), HIDDEN);
  } else if (stream === "none") {
    again();
  }
}

export function loadEarlier() {
  show(chat.wanted, { history: "none", limit: chat.page.messages.length + STEP });
}

function remember(conversation, at, history) {
  const query = new URLSearchParams();
  if (conversation) query.set("c", conversation);
  if (at) query.set("m", at);
  const address = query.size ? `/?${query}` : "/";
  if (address === location.pathname + location.search) return;
  if (history === "push") window.history.pushState(null, "", address);
  else window.history.replaceState(null, "", address);
}

function receive(value) {
  if (value.left) {
    stream = "none";
    if (value.error) ended(value);
    else if (!document.hidden) setTimeout(again, 300);
    return;
  }
  if (value.changes !== changes) {
    changes = value.changes;
    refreshList();
  }
  const started = stream === "starting";
  stream = "open";
  if (value.ask !== number) {
    if (started) again();
    return;
  }
  clearTimeout(skeleton);
  $("#chat").classList.remove("loading");
  const before = chat.page;
  chat.page = value;
  place(value);
  if (value.error) trouble(value);
  draw();
  if (before.id === value.id && before.running.length && !value.running.length) {
    say("The answer is complete.");
  }
  const [was, last] = [before, value].map((page) => page.messages.at(-1));
  if (before.id === value.id && last?.person !== undefined && last.id !== was?.id) {
    say(`${last.person || "A colleague"} answered.`);
  }
  if (reveal) revealMessage();
}

/* The server ended the stream: the login is over, or a role was taken away. */
async function ended(value) {
  if (await checkSession()) toast(value.error, { error: true, action: "Try again", run: again });
}

/* Gives the running answers the time they began by this machine's clock. */
function place({ messages, stage }) {
  for (const message of messages) {
    if (stage && message.id === stage.id) message.stage = stage;
    if (message.stage) message.stage.since = Date.now() - message.stage.seconds * 1000;
  }
}

function trouble(value) {
  const gone = value.code === "not_found";
  toast(value.error, { error: true, action: gone ? null : "Try again", run: again });
  if (gone) show(null, { history: "replace" });
}

function draw() {
  const { page } = chat;
  const started = page.messages.length > 0;
  $("#chat").classList.toggle("is-empty", !started);
  $("#chat-scroll").setAttribute("aria-busy", String(page.running.length > 0));
  document.title = `${page.id ? page.title || "Conversation" : "New conversation"} · Chat`;
  drawHead();
  notePage();
  applyLog();
  drawEmpty();
}

function revealMessage() {
  const id = reveal;
  requestAnimationFrame(() => {
    const row = rowOf(id);
    if (!row) return;
    reveal = null;
    followEnd(false);
    row.scrollIntoView({ block: "center" });
    row.classList.add("hit");
    row.focus({ preventScroll: true });
    setTimeout(() => row.classList.remove("hit"), 2500);
  });
}

export function newConversation() {
  show(null);
  $("#chat-box").focus();
}

/* The list is always there on a wide page, and an overlay on a narrow one. */
function showSide(open) {
  const side = $("#chat-side");
  const button = $("#open-side");
  if (side.classList.contains("open") === open) return;
  side.classList.toggle("open", open);
  button?.setAttribute("aria-expanded", String(open));
  if (open) {
    const scrim = h("div", { class: "side-scrim", onclick: () => showSide(false) });
    side.after(scrim);
    $("#chat-new").focus();
  } else {
    $(".side-scrim")?.remove();
    if (side.contains(document.activeElement)) button?.focus();
  }
}

const search = () => openSearch((id, message) => show(id, { at: message }));

function bindKeys() {
  onKey("search", search);
  onKey("new", newConversation);
  onKey("escape", () => {
    if ($("#chat-side").classList.contains("open")) return showSide(false);
    const running = chat.page.running[0];
    if (!running) return false;
    return stop(running);
  });
}

export async function stop(reply) {
  const told = await call("stop", { message: reply });
  if (told.error) toast(told.error, { error: true, action: "Try again", run: () => stop(reply) });
}
