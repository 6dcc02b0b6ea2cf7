/* After sending: for ten seconds it can be taken back, and one key says why the draft was changed. */

import { h, icon, iconButton } from "./dom.js";
import { onKey } from "./keys.js";
import { say, toast, toastRegion } from "./overlays.js";
import { call } from "./server.js";
import { desk, tell, toClipboard } from "./desk_shell.js";

const EXPLAIN = 30_000; // ms in which the question why stays
let last = null;

export function bindSent() {
  onKey("undo-send", () => (last?.undo ? (last.undo(), true) : false));
  onKey("why", (event) => (last?.explain ? (last.explain(Number(event.key) - 1), true) : false));
}

/* `sent` is {sending, undo_s, ticket, how, changed}. */
export function sentBar(sent) {
  last?.leave();
  const words = sent.how === "clipboard" ? "Copied, and marked as answered." : "Sent.";
  const undo = h("button", { type: "button", class: "btn s", "aria-keyshortcuts": "U" }, "Undo", h("kbd", { class: "only-l" }, "U"));
  const text = h("span", { class: "grow" }, words);
  const why = sent.changed && h("div", { class: "row wrap tight why", role: "group", "aria-label": "Why I changed it" }, h("span", { class: "xs dim" }, "Why I changed it"), desk.facts.reasons.map(reasonButton));
  const bar = h("div", { class: "toast sent", role: "status" }, h("div", { class: "row" }, icon("check"), text, undo, iconButton("close", "Close message", () => leave())), why);
  const me = { leave, undo: take, explain: sent.changed ? explain : null };
  last = me;
  toastRegion().append(bar);
  say(`${words} U takes it back.`);
  const over = setTimeout(() => {
    me.undo = null;
    undo.remove();
    if (!sent.changed) leave();
  }, sent.undo_s * 1000);
  const gone = setTimeout(leave, sent.changed ? EXPLAIN : sent.undo_s * 1000);

  function leave() {
    clearTimeout(over);
    clearTimeout(gone);
    bar.remove();
    if (last === me) last = null;
  }

  function reasonButton(reason, at) {
    return h("button", { type: "button", class: "chip", "aria-pressed": "false", "data-reason": reason, "aria-keyshortcuts": String(at + 1), onclick: () => explain(at) }, h("kbd", { class: "only-l" }, String(at + 1)), reason);
  }

  async function explain(at) {
    const reason = desk.facts.reasons[at];
    if (!reason) return;
    const told = await call("explain", { reply: sent.sending, reason });
    if (told.error) {
      toast(told.error, { error: true });
      return;
    }
    for (const one of bar.querySelectorAll("[data-reason]")) one.setAttribute("aria-pressed", String(one.dataset.reason === reason));
    say(`Noted: ${reason}.`);
  }

  async function take() {
    undo.disabled = true;
    const told = await call("unsend", { sending: sent.sending });
    leave();
    if (told.error) {
      toast(told.error, { error: true });
      return;
    }
    if (told.stands) toast("Taken back. It was not sent.");
    else toast("Taken back. A text that was begun meanwhile stays.", { action: "Copy mine", seconds: 30, run: () => toClipboard(told.text, "Reply") });
    tell("queue");
    tell("open-ticket", sent.ticket, true);
  }
}

