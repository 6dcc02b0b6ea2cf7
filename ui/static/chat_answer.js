/* The foot of a message: its versions, what can be done with it, and how it was made. */

import { chat } from "./chat.js";
import { openEditor } from "./chat_edit.js";
import { openFeedback, rate } from "./chat_feedback.js";
import { byPerson, isOffered, offerLine } from "./chat_handing.js";
import { fork } from "./chat_head.js";
import { sourcesLine } from "./chat_sources.js";
import { showTrace } from "./chat_trace.js";
import { toClipboard } from "./clipboard.js";
import { $, $$, h, icon, iconButton } from "./dom.js";
import { onKey } from "./keys.js";
import { confirmed, openMenu, toast } from "./overlays.js";
import { call, newKey } from "./server.js";

/* Draws the foot anew when what it shows has changed. Messages may come before the facts. */
export function drawFoot(row, message) {
  const { text, ...shown } = message;
  const { person, models } = chat.facts;
  const key = JSON.stringify([shown, Boolean(text), isOffered(message), person?.roles, models.length]);
  const old = row.querySelector(":scope > .foot");
  if (old?.dataset.key === key) return;
  const focused = old?.contains(document.activeElement) ? document.activeElement.getAttribute("aria-label") : null;
  const foot = message.role === "assistant" ? answerFoot(message) : questionFoot(message);
  foot.dataset.key = key;
  if (old) old.replaceWith(foot);
  else row.append(foot);
  if (focused) $$("button", foot).find((one) => one.getAttribute("aria-label") === focused)?.focus();
}

function answerFoot(message) {
  if (message.stage) return h("div", { class: "foot" }, stageLine(message));
  const { rating } = message;
  const human = byPerson(message);
  return h(
    "div",
    { class: "foot" },
    stateLine(message),
    sourcesLine(message),
    offerLine(message),
    versions(message, "Versions of this answer"),
    iconButton("copy", "Copy answer", () => copy(message), { "aria-keyshortcuts": "C" }),
    !human && iconButton("again", "Answer again", () => again(message), { "aria-keyshortcuts": "R" }),
    !human && iconButton("edit", "Edit answer", () => openEditor(message), { "aria-keyshortcuts": "E" }),
    iconButton("good", "Good answer", () => rate(message, rating === 1 ? null : 1), {
      class: rating === 1 ? "ib on" : "ib",
      "aria-pressed": String(rating === 1),
    }),
    iconButton("bad", "Poor answer", () => openFeedback(message), {
      class: rating === -1 ? "ib on" : "ib",
      "aria-pressed": String(rating === -1),
      "aria-haspopup": "true",
    }),
    iconButton("more", "More for this answer", (event) => openMenu(event.currentTarget, answerMenu(message)), {
      "aria-haspopup": "menu",
      "aria-expanded": "false",
    }),
    message.status === "stopped" && button("Continue", () => goOn(message)),
    metaLine(message),
  );
}

function questionFoot(message) {
  return h(
    "div",
    { class: "foot of-question" },
    versions(message, "Versions of this question"),
    iconButton("edit", "Edit question", () => openEditor(message)),
    iconButton("more", "More for this question", (event) => openMenu(event.currentTarget, [
      { text: "Copy", icon: "copy", run: () => copy(message) },
      { text: "Fork from here", icon: "fork", run: () => fork(chat.page.id, message.id) },
      { text: "Delete this version", icon: "trash", run: () => setTimeout(removeVersion, 0, message) },
    ]), { "aria-haspopup": "menu", "aria-expanded": "false" }),
  );
}

function versions(message, label) {
  const [index, count, previous, next] = message.version;
  if (count < 2) return null;
  const step = (drawing, name, id, keys) =>
    iconButton(drawing, name, () => choose(id), { disabled: !id, "aria-keyshortcuts": keys });
  return h(
    "span",
    { class: "ver", role: "group", "aria-label": label },
    step("left", "Previous version", previous, "ArrowLeft"),
    h("span", {}, `${index} / ${count}`),
    step("right", "Next version", next, "ArrowRight"),
  );
}

function answerMenu(message) {
  return [
    !byPerson(message) && { text: "Continue", icon: "play", run: () => goOn(message) },
    { text: "Fork from here", icon: "fork", run: () => fork(chat.page.id, message.id) },
    { text: "Copy last code block", icon: "copy", key: "Shift C", run: () => copyCode(message) },
    message.meta && { text: "Trace", icon: "trace", run: () => setTimeout(showTrace, 0, message) },
    { text: "Delete this version", icon: "trash", run: () => setTimeout(removeVersion, 0, message) },
  ];
}

/* What happened to an answer that did not simply end, and the next step. */
function stateLine(message) {
  if (message.unsaved) {
    return line("bad", message.note, [button("Save again", () => saveAgain(message))]);
  }
  const steps = {
    failed: ["bad", () => [button("Try again", () => again(message)), otherModel(message)]],
    interrupted: ["warn", () => [button("Answer again", () => again(message)), button("Continue", () => goOn(message))]],
    truncated: ["warn", () => [button("Continue", () => goOn(message)), button("Answer again", () => again(message))]],
  };
  const step = steps[message.status];
  return step ? line(step[0], message.note, step[1]()) : null;
}

function line(kind, text, buttons) {
  return h(
    "div",
    { class: `note state ${kind}` },
    icon("warn"),
    h("span", { class: "grow" }, text),
    buttons,
  );
}

const button = (text, onclick) => h("button", { type: "button", class: "btn s", onclick }, text);

function otherModel(message) {
  const others = chat.facts.models.filter((one) => one.label !== message.meta?.model);
  if (!others.length) return null;
  return h("button", {
    type: "button",
    class: "btn s",
    "aria-haspopup": "menu",
    "aria-expanded": "false",
    onclick: (event) => openMenu(event.currentTarget, others.map((one) => ({
      text: `${one.label} · ${one.where}`,
      icon: "chip",
      run: () => again(message, one.label),
    })), { label: "Other model" }),
  }, "Other model");
}

const seconds = (value) => `${value.toFixed(value < 0.1 ? 2 : value < 10 ? 1 : 0)} s`;

const mayOpenModels = () =>
  chat.facts.person?.roles.some((role) => role === "reviewer" || role === "admin");

function metaLine(message) {
  const { meta, status } = message;
  if (byPerson(message)) return h("span", { class: "meta who" }, icon("person"), `${message.person || "Somebody"} · a person`);
  if (!meta) return status === "complete" && h("span", { class: "meta" }, "edited by a person");
  const opens = (text, name) =>
    h("button", { type: "button", class: "as-link", "aria-label": `${name} ${text}. Show what was sent`, onclick: () => showTrace(message) }, text);
  const parts = [
    status === "stopped" ? "stopped" : null,
    mayOpenModels() ? h("a", { class: "as-link", href: `/models#${encodeURIComponent(meta.model)}`, "aria-label": `Model ${meta.model}. Show it on the Models page` }, meta.model)
      : opens(meta.model, "Model"),
    opens(`${meta.prompt} v${meta.version}`, "Prompt"),
    meta.tokens === null ? null : `${meta.tokens} tokens`,
    meta.first === null ? null : `first word ${seconds(meta.first)}`,
    seconds(meta.total),
  ].filter((part) => part !== null);
  return h("span", { class: "meta num" }, parts.flatMap((part, index) => (index ? [" · ", part] : [part])));
}

function stageLine(message) {
  const { stage } = message;
  if (stage.state === "waiting") {
    return h(
      "span",
      { class: "row" },
      h("span", { class: "badge" }, icon("clock"), "Waits for the answer above"),
      h("button", { type: "button", class: "btn s quiet", onclick: () => call("stop", { message: message.id }) }, "Do not answer"),
    );
  }
  const doing = { loading: "loading the model", writing: "writing", done: "saving" }[stage.state];
  const model = stage.model ?? chat.page.model;
  return h(
    "span",
    { class: "meta num" },
    `${model} · ${chat.page.prompt} · ${doing}`,
    h("span", { "data-since": String(stage.since) }, ""),
  );
}

// What the buttons and keys do ------------------------------------------------------------------

const busy = new Set();

/* One call at a time for a message, so that a double click is one turn. */
async function once(message, what, given = {}) {
  if (busy.has(message.id)) return null;
  busy.add(message.id);
  const told = await call(what, { message: message.id, ...given });
  busy.delete(message.id);
  if (told.error) toast(told.error, { error: true, action: "Try again", run: () => once(message, what, given) });
  return told;
}

const again = (message, model = null) => once(message, "again", { key: newKey(), model });
const goOn = (message) => once(message, "go_on", { key: newKey() });
const saveAgain = (message) => once(message, "save_again");

async function choose(id) {
  if (id) await once({ id }, "choose");
}

async function removeVersion(message) {
  const many = message.version[1] > 1;
  const question = many ? "Delete this version and what follows it?" : "Delete this message and what follows it?";
  if (await confirmed(question, "Delete")) await once(message, "delete_version");
}

const copy = (message) =>
  toClipboard(message.text, message.role === "assistant" ? "Answer" : "Question");

function copyCode(message) {
  const ids = chat.page.messages.map((one) => one.id);
  const until = message ? ids.indexOf(message.id) : ids.length - 1;
  const blocks = $$(".bot-row", $("#chat-scroll"))
    .filter((row) => ids.indexOf(row.dataset.message) <= until)
    .flatMap((row) => $$("pre code", row));
  if (!blocks.length) {
    toast("There is no code block to copy.");
    return;
  }
  toClipboard(blocks.at(-1).textContent.replace(/\n$/, ""), "Code");
}

/* The answer (or any message) that a key is meant for: the one with the focus, else the last. */
function target(answersOnly = true) {
  const fits = (one) => !one.stage && (!answersOnly || one.role === "assistant");
  const id = document.activeElement?.closest?.("[data-message]")?.dataset.message;
  const { messages } = chat.page;
  return messages.find((one) => one.id === id && fits(one)) ?? messages.filter((one) => one.role === "assistant" && fits(one)).at(-1);
}

export function bindAnswerKeys() {
  const on = (id, run, answersOnly = true) =>
    onKey(id, () => {
      const message = target(answersOnly);
      return message ? (run(message), true) : false;
    });
  const unlessPerson = (run) => (message) => !byPerson(message) && run(message);
  on("again", unlessPerson(again));
  on("copy", copy);
  on("edit", unlessPerson(openEditor), false);
  onKey("copy-code", () => copyCode(null));
  on("previous", (message) => choose(message.version[2]), false);
  on("next", (message) => choose(message.version[3]), false);
}
