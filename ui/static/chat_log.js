/* The messages: Gradio's Chatbots draw the text, this adds what they lack (a foot for each message,
   names for screen readers, where the scrolling stays). Rows and messages have the same order. */

import { chat, loadEarlier } from "./chat.js";
import { drawFoot } from "./chat_answer.js";
import { placeEditor } from "./chat_edit.js";
import { byPerson } from "./chat_handing.js";
import { placeFeedback } from "./chat_feedback.js";
import { $, $$, h, icon } from "./dom.js";

const NEAR = 80;

let atEnd = true;
let height = 0;
let earlier = null;
let latest = null;

export function drawLog() {
  const scroll = $("#chat-scroll");
  earlier = h("button", { type: "button", class: "btn s", id: "chat-earlier", onclick: goEarlier, hidden: true }, "Load earlier messages");
  latest = h("button", { type: "button", class: "btn s", id: "chat-latest", onclick: () => followEnd(true), hidden: true }, icon("down"), "Latest");
  scroll.prepend(earlier);
  $("#chat-foot").before(latest);
  for (const name of ["chat-log", "chat-now"]) {
    new MutationObserver(() => applySoon(name)).observe($(`#${name}`), { childList: true, subtree: true, characterData: true });
  }
  scroll.addEventListener("scroll", () => {
    atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR;
    latest.hidden = atEnd;
  });
  new ResizeObserver(keepEnd).observe(scroll);
  setInterval(tick, 500);
}

const changed = new Set();

/* Once for many changes; while an answer is written only its own part changes. */
function applySoon(name) {
  if (!changed.size) {
    queueMicrotask(() => {
      const all = changed.has("chat-log");
      changed.clear();
      apply(all ? rows() : rowsIn("chat-now"));
    });
  }
  changed.add(name);
}

const rows = () => [...rowsIn("chat-log"), ...rowsIn("chat-now")];

function rowsIn(name) {
  const { messages, settled } = chat.page;
  const [first, end] = name === "chat-log" ? [0, settled] : [settled, messages.length];
  return $$(".message-row", $(`#${name}`))
    .slice(0, end - first)
    .map((row, index) => [row, messages[first + index]]);
}

/* The row of a message, by its id. */
export function rowOf(id) {
  return rows().find(([, message]) => message.id === id)?.[0] ?? null;
}

/* Brings names, feet and scrolling up to date with the messages that are shown. */
export function applyLog() {
  apply(rows());
}

function apply(some) {
  quieten();
  for (const [row, message] of some) {
    nameRow(row, message);
    drawFoot(row, message);
    placeEditor(row, message);
    placeFeedback(row, message);
  }
  earlier.hidden = !chat.page.earlier;
  keepEnd();
}

function nameRow(row, message) {
  const live = Boolean(message.stage) && message.stage.state !== "waiting";
  const answer = message.role === "assistant";
  row.dataset.message = message.id;
  row.classList.toggle("live", live);
  row.classList.toggle("by-person", byPerson(message));
  row.classList.toggle("blank", !message.text && !live);
  row.classList.toggle("waits", message.stage?.state === "waiting");
  set(row, "role", "article");
  set(row, "tabindex", "-1");
  set(row, "aria-label", answer ? answerName(message, live) : "Question");
  for (const text of $$("[data-testid]", row)) {
    text.removeAttribute("aria-label");
    set(text, "dir", "auto");
  }
  for (const link of $$("a[href]", row)) tameLink(link);
  for (const code of $$(".copy_code_button:not([aria-label])", row)) {
    code.setAttribute("aria-label", "Copy code");
  }
  if (!answer) for (const code of $$("pre, code", row)) set(code, "role", "presentation");
}

function answerName(message, live) {
  if (byPerson(message)) return `Answer by ${message.person || "somebody"}, a person`;
  return live ? "Answer, being written" : "Answer";
}

/* One log for screen readers, ours: the Chatbots' own roles inside it are taken off. */
function quieten() {
  for (const part of $$(".log [role=log], .log [role=complementary]", $("#chat-scroll"))) {
    part.setAttribute("role", "presentation");
    part.removeAttribute("aria-live");
    part.removeAttribute("aria-label");
  }
}

function set(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

function tameLink(link) {
  if (!/^(https?:|mailto:)/i.test(link.getAttribute("href"))) {
    link.removeAttribute("href");
    return;
  }
  set(link, "target", "_blank");
  set(link, "rel", "noopener noreferrer");
}

/* Seconds that pass under an answer which is being written. */
function tick() {
  for (const place of $$("[data-since]", $("#chat-scroll"))) {
    const seconds = Math.max(0, Math.round((Date.now() - Number(place.dataset.since)) / 1000));
    const text = `, ${seconds} s`;
    if (place.textContent !== text) place.textContent = text;
  }
}

/* Stays at the end while the text grows, unless the person has scrolled away from it. */
export function followEnd(on) {
  atEnd = on;
  keepEnd();
}

function keepEnd() {
  const scroll = $("#chat-scroll");
  if (height && scroll.scrollHeight !== height) {
    scroll.scrollTop += scroll.scrollHeight - height;
    height = 0;
  } else if (atEnd && !chat.page.at) {
    scroll.scrollTop = scroll.scrollHeight;
  }
  latest.hidden = atEnd;
}

function goEarlier() {
  height = $("#chat-scroll").scrollHeight;
  atEnd = false;
  earlier.textContent = "Loading…";
  loadEarlier();
  setTimeout(() => {
    earlier.textContent = "Load earlier messages";
  }, 1000);
}
