/* What stands in the way of sending, in a sentence with a link to the cause; and what the foot says
   while nothing does. */

import { h, icon } from "./dom.js";
import { undecided } from "./desk_changes.js";
import { stop } from "./desk_drafts.js";
import { reply, tell } from "./desk_shell.js";
import { hour } from "./desk_text.js";

const WAY = {
  unfilled: { before: "Fill in ", after: " before sending" },
  invented: { before: "", after: " stands in no source and not in the thread" },
  unsupported: { before: "No source for: ", after: "" },
  internal: { before: "", after: " is internal" },
};

export function calm(editor) {
  if (reply.run && reply.run.label !== "draft") return `${reply.run.doing}, ${Math.round((Date.now() - reply.run.since) / 1000)} s`;
  const warned = reply.checked?.marks.filter((one) => one.kind === "unsupported").length;
  if (warned && reply.checked.text === editor.text()) return warned === 1 ? "1 claim without a source" : `${warned} claims without a source`;
  return reply.savedAt && editor.text() ? `Saved ${hour(reply.savedAt)}` : "";
}

/* Why the reply cannot be sent now: {key, warns, parts}, or null. */
export function reason(editor, confirmValue) {
  const text = editor.text();
  const waits = undecided();
  if (waits) return { key: `changes ${waits}`, parts: () => [`Decide ${waits} ${waits === 1 ? "change" : "changes"} to send`] };
  if (reply.run && reply.run.label !== "draft") return { key: calm(editor), parts: () => [calm(editor), " ", h("button", { type: "button", class: "as-link", onclick: () => stop() }, "Stop")] };
  if (!text.trim()) {
    const words = reply.ghost && !reply.ghost.run ? "Take the draft, or write" : "Nothing to send yet";
    return { key: words, parts: () => [words] };
  }
  const blocking = editor.marks.filter((one) => reply.checked?.blocking.some((other) => other.text === one.text && other.kind === one.kind));
  if (!blocking.length) return reply.sending ? { key: "sending", parts: () => ["Sending…"] } : null;
  const [first] = blocking;
  const way = WAY[first.kind] ?? WAY.invented;
  return {
    key: JSON.stringify([first.text, first.kind, first.start, blocking.length]),
    warns: true,
    parts: () => [
      icon("warn"),
      h("span", {}, way.before, h("button", { type: "button", class: "as-link", title: first.why, onclick: () => { tell("tab", "edit"); editor.select(first.start, first.end); } }, first.text.replace(/^\[\[|\]\]$/g, "")), way.after,
        first.kind === "unfilled" ? "" : [" ", h("button", { type: "button", class: "btn s", onclick: () => confirmValue(first) }, "It is right")],
        blocking.length > 1 ? ` (${blocking.length - 1} more)` : ""),
    ],
  };
}
