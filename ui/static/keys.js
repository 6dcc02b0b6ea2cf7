/* The one table of shortcuts. It is what the keyboard does and what the `?` dialog lists. */

import { h, prefs } from "./dom.js";
import { menuIsOpen, openDialog } from "./overlays.js";

/* `single`: acts only outside fields, and can be switched off. `fixed`: done by the field itself. */
const TABLE = [
  ["Everywhere", [
    { id: "search", keys: ["Ctrl+K"], text: "Search everything" },
    { id: "new", keys: ["Ctrl+Shift+O"], text: "New conversation" },
    { id: "help", keys: ["?", "Ctrl+/"], text: "List these shortcuts", single: ["?"] },
    { id: "escape", keys: ["Escape"], text: "Close what is on top, else stop the answer" },
  ]],
  ["Message", [
    { keys: ["Enter"], text: "Send", fixed: true },
    { keys: ["Shift+Enter"], text: "New line", fixed: true },
    { keys: ["↑"], text: "Edit your last message, when the field is empty", fixed: true },
  ]],
  ["Answer with the focus, else the last one", [
    { id: "again", keys: ["R"], text: "Answer again", single: true },
    { id: "copy", keys: ["C"], text: "Copy answer", single: true },
    { id: "copy-code", keys: ["Shift+C"], text: "Copy the last code block", single: true },
    { id: "edit", keys: ["E"], text: "Edit answer", single: true },
    { id: "previous", keys: ["ArrowLeft"], text: "Previous version", single: true },
    { id: "next", keys: ["ArrowRight"], text: "Next version", single: true },
  ]],
  ["While editing", [
    { keys: ["Ctrl+S"], text: "Save", fixed: true },
    { keys: ["Ctrl+Enter"], text: "Save and rerun", fixed: true },
  ]],
  ["Conversation", [
    { id: "rename", keys: ["F2"], text: "Rename" },
  ]],
  ["Prompts", [
    { id: "new-prompt", keys: ["N"], text: "New prompt", single: true },
    { id: "try", keys: ["Ctrl+Enter"], text: "Try the prompt, or run its tests" },
    { id: "save-version", keys: ["Ctrl+S"], text: "Save version" },
    { id: "problem", keys: ["F8"], text: "Next problem" },
    { keys: ["Esc", "Tab"], text: "Leave the editor", fixed: true },
  ]],
  ["Desk", [
    { id: "next-ticket", keys: ["J"], text: "Next ticket", single: true },
    { id: "previous-ticket", keys: ["K"], text: "Previous ticket", single: true },
    { keys: ["Enter"], text: "Open the ticket", fixed: true },
    { id: "assign", keys: ["A"], text: "Assign to me", single: true },
    { id: "close-ticket", keys: ["E"], text: "Close the ticket", single: true },
    { id: "copy-number", keys: ["."], text: "Copy the ticket's number", single: true },
    { id: "reply", keys: ["R"], text: "Write the reply", single: true },
  ]],
  ["Reply", [
    { id: "take-draft", keys: ["Tab"], text: "Take the draft that waits" },
    { keys: ["Esc"], text: "Dismiss it, or stop the writing", fixed: true },
    { keys: ["Ctrl+Z"], text: "Bring own text back", fixed: true },
    { keys: ["/"], text: "Insert a macro", fixed: true },
    { id: "changes", keys: ["Ctrl+D"], text: "Changes, or back to the text" },
    { id: "accept-change", keys: ["Y"], text: "Accept the change", single: true },
    { id: "reject-change", keys: ["N"], text: "Reject the change", single: true },
    { id: "next-change", keys: ["Alt+ArrowDown"], text: "Next change" },
    { id: "send-reply", keys: ["Ctrl+Enter"], text: "Send the reply" },
    { id: "undo-send", keys: ["U"], text: "Take a reply back that was just sent", single: true },
    { id: "why", keys: ["1", "2", "3", "4", "5", "6"], text: "Why I changed the draft", single: true },
  ]],
  ["Knowledge", [
    { id: "write-article", keys: ["N"], text: "Write article", single: true },
    { keys: ["Ctrl+S"], text: "Save the article", fixed: true },
  ]],
  ["Review", [
    { id: "next-item", keys: ["J"], text: "Next message", single: true },
    { id: "previous-item", keys: ["K"], text: "Previous message", single: true },
    { id: "good", keys: ["1"], text: "Good", single: true },
    { id: "poor", keys: ["2"], text: "Poor", single: true },
    { id: "skip", keys: ["3"], text: "Skip", single: true },
    { id: "write", keys: ["E"], text: "Write the correction", single: true },
    { id: "tags", keys: ["T"], text: "Tags", single: true },
    { id: "flag", keys: ["F"], text: "Flag, or take the flag away", single: true },
    { id: "select-item", keys: ["X"], text: "Select several", single: true },
    { id: "correction-changes", keys: ["Ctrl+D"], text: "Changes, or back to the text" },
    { id: "save-verdict", keys: ["Ctrl+Enter"], text: "Save and next" },
    { keys: ["Esc"], text: "Leave the field, so that single keys act", fixed: true },
  ]],
  ["Compare", [
    { id: "vote", keys: ["1", "2", "3", "4"], text: "A is better, B is better, equally good, both bad", single: true },
    { keys: ["Ctrl+Enter"], text: "Ask both", fixed: true },
  ]],
  ["Plots", [
    { keys: ["←", "→"], text: "Read the next value", fixed: true },
    { keys: ["PgUp", "PgDn"], text: "Ten values on, or back", fixed: true },
    { keys: ["Home", "End"], text: "The first value, the last", fixed: true },
    { keys: ["Enter"], text: "The answers behind the value, on the Monitor page", fixed: true },
  ]],
  ["Look inside a model", [
    { keys: ["←", "→"], text: "Another token of the answer", fixed: true },
    { keys: ["←", "→", "↑", "↓"], text: "Another cell of the attention", fixed: true },
  ]],
];

const runs = new Map();

/* What a shortcut does on this page; the function returns false when it had nothing to do. */
export function onKey(id, run) {
  runs.set(id, run);
}

export const singleKeys = {
  get on() {
    return prefs.get("single-keys") !== "off";
  },
  set on(value) {
    prefs.set("single-keys", value ? "on" : "off");
  },
};

/* Whether a key belongs to an input method that is composing text. */
export const composing = (event) => event.isComposing || event.keyCode === 229;

function combination(event) {
  const key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
  const shift = event.shiftKey && (event.key.length > 1 || /[a-z]/i.test(event.key));
  return [
    (event.ctrlKey || event.metaKey) && "Ctrl",
    event.altKey && "Alt",
    shift && "Shift",
    key,
  ].filter(Boolean).join("+");
}

/* Of a key with several meanings, the one of this page. */
function find(combo) {
  const meant = TABLE.flatMap(([, entries]) => entries).filter((entry) => !entry.fixed && entry.keys.includes(combo));
  return meant.find((entry) => runs.has(entry.id)) ?? null;
}

const inField = (element) =>
  Boolean(element?.closest?.("input, textarea, select, [contenteditable=true]"));

function pressed(event) {
  if (composing(event) || event.defaultPrevented || menuIsOpen()) return;
  if (document.querySelector("dialog[open]")) return;
  const combo = combination(event);
  const entry = find(combo);
  if (!entry) return;
  const single = entry.single === true || entry.single?.includes?.(combo);
  if (single && (inField(event.target) || !singleKeys.on)) return;
  const run = runs.get(entry.id);
  if (run && run(event) !== false) event.preventDefault();
}

export function listenForKeys() {
  document.addEventListener("keydown", pressed);
  onKey("help", showKeys);
}

export function showKeys() {
  const names = { ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc" };
  const content = h("div", { class: "pb keys" });
  for (const [title, entries] of TABLE) {
    content.append(h("h3", {}, title));
    const list = h("dl", {});
    for (const entry of entries) {
      const marks = entry.keys.map((combo) =>
        h("kbd", {}, combo.split("+").map((part) => names[part] ?? part).join(" ")),
      );
      list.append(h("dt", {}, entry.text), h("dd", {}, marks));
    }
    content.append(list);
  }
  if (!singleKeys.on) {
    content.append(h("p", { class: "note" }, "Single-key shortcuts are off. The account menu switches them on."));
  }
  openDialog("Keyboard shortcuts", content);
}
