/* Thumbs under an answer; the poor one asks what was wrong and for a better answer. */

import { chat } from "./chat.js";
import { rowOf } from "./chat_log.js";
import { $$, h, icon, iconButton } from "./dom.js";
import { toast } from "./overlays.js";
import { call } from "./server.js";

let panel = null; // {id, element}

export async function rate(message, rating, more = {}) {
  const told = await call("feedback", { message: message.id, rating, ...more });
  if (told.error) {
    toast(told.error, { error: true, action: "Try again", run: () => rate(message, rating, more) });
    return false;
  }
  if (rating !== -1) close();
  return true;
}

/* Notes a poor answer at once, and asks for the reason. */
export function openFeedback(message) {
  if (panel?.id === message.id) {
    close();
    return;
  }
  close();
  panel = { id: message.id, element: draw(message) };
  placeFeedback(rowOf(message.id), message);
  if (message.rating !== -1) rate(message, -1);
  panel.element.querySelector(".chip").focus();
  panel.element.scrollIntoView({ block: "nearest" });
}

export function placeFeedback(row, message) {
  const here = panel?.id === message.id;
  const thumb = row?.querySelector(".foot [aria-label='Poor answer']");
  thumb?.setAttribute("aria-expanded", String(here));
  if (here && row && panel.element.parentElement !== row) row.append(panel.element);
  if (!here) row?.querySelector(":scope > .fb")?.remove();
}

function close() {
  if (!panel) return;
  const row = rowOf(panel.id);
  const held = panel.element.contains(document.activeElement);
  panel.element.remove();
  panel = null;
  const thumb = row?.querySelector(".foot [aria-label='Poor answer']");
  thumb?.setAttribute("aria-expanded", "false");
  if (held) thumb?.focus();
}

function draw(message) {
  const better = h("textarea", { class: "in grow", rows: "1", "aria-label": "A better answer, optional", placeholder: "A better answer (optional)" });
  better.value = message.better ?? "";
  better.addEventListener("input", () => {
    better.style.height = "auto";
    better.style.height = `${Math.min(better.scrollHeight + 2, 240)}px`;
  });
  const chips = chat.facts.reasons.map((reason) => chip(reason, message.reasons.includes(reason)));
  const send = async () => {
    const reasons = $$("[aria-pressed=true]", element).map((one) => one.dataset.reason);
    if (await rate(message, -1, { reasons, better: better.value })) {
      close();
      toast("Thank you. Your feedback is kept with this answer.");
    }
  };
  const element = h(
    "div",
    { class: "fb", role: "group", "aria-label": "What was wrong?" },
    h("div", { class: "row" }, h("b", { class: "sm" }, "What was wrong?"), h("span", { class: "sp" }), h("button", { type: "button", class: "btn s quiet", onclick: () => rate(message, null) }, "Take back"), iconButton("close", "Close feedback", close)),
    h("div", { class: "row wrap chips" }, chips),
    h("div", { class: "row bottom0" }, better, h("button", { type: "button", class: "btn pri", onclick: send }, "Send feedback")),
  );
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
  });
  return element;
}

function chip(reason, on) {
  const button = h("button", { type: "button", class: "chip", "data-reason": reason, onclick: () => paint(button.getAttribute("aria-pressed") !== "true") });
  const paint = (pressed) => {
    button.setAttribute("aria-pressed", String(pressed));
    button.replaceChildren(...(pressed ? [icon("check"), reason] : [reason]));
  };
  paint(on);
  return button;
}
