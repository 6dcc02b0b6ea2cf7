/* How long things are kept, and how much one person may ask. Unsaved input survives a conflict: what
   another administrator saved stands beside it. */

import { debounced, h } from "./dom.js";
import { field, form, input, moment, note, panel, plural } from "./admin_parts.js";
import { toast } from "./overlays.js";
import { call } from "./server.js";

const KEPT = [
  ["chat_days", "Chats", "chat"],
  ["pinned_days", "Pinned chats", null, "Never before other chats. Empty: for as long as they are pinned."],
  ["desk_days", "Tickets", "desk"],
  ["api_days", "Conversations by API", "api"],
  ["trace_days", "Traces of answers", "traces"],
  ["audit_days", "Record", "audit"],
];
const LIMITS = [
  ["turns_per_minute", "Questions in a minute", "An answer again, a longer one and an edited question count like a new one."],
  ["turns_per_day", "Questions in a day"],
  ["running_turns", "Answers at once", "Those that wait count too."],
];
const CLASSES = { chat: ["conversation"], desk: ["conversation"], api: ["conversation"], traces: ["trace"], audit: ["entry", "entries"], temporary: ["conversation"] };

export async function drawRules(place, facts) {
  const told = await call("options");
  if (told.error) {
    place.replaceChildren(note(told.error, "bad", "alert"));
    return;
  }
  place.dataset.keeps = "yes"; // what is typed here survives a look at another tab
  place.replaceChildren(retention(told, facts), limits(told, facts));
}

function retention(told, facts) {
  const next = Object.fromEntries(KEPT.filter(([, , kind]) => kind).map(([key, , kind]) => [key, h("span", { class: "xs", "data-next": kind })]));
  const tell = (due) => {
    for (const [key, , kind] of KEPT.filter(([, , one]) => one)) {
      const count = due?.[kind];
      next[key].className = count ? "xs warned" : "xs dim";
      next[key].textContent = count === undefined ? "" : count ? `The next run removes ${plural(count, ...CLASSES[kind])}.` : "The next run removes nothing.";
    }
  };
  tell(told.due);
  const made = numbers("retention", told.retention, KEPT.map(([key, label, , hint]) => [key, label, hint ?? (key === "audit_days" ? `At least ${facts.kept_days}.` : null)]), {
    beside: next,
    empty: "kept until deleted",
    unit: "days",
    saved: (answer) => tell(answer.due),
    typed: debounced(400, async (value) => {
      const found = await call("due", { value });
      tell(found.due);
    }),
  });
  return panel(
    "Kept for",
    null,
    h("p", { class: "sm dim" }, "Days after the last use. The server removes what is older, for good, every hour."),
    made,
    h("p", { class: "xs dim" }, `Temporary chats end ${plural(facts.temporary_minutes, "minute")} after their last use (setting CHATBOT_TEMPORARY_MINUTES).`),
  );
}

const limits = (told, { auth }) =>
  panel(
    "What one person may ask",
    null,
    h("p", { class: "sm dim" }, "What is more is refused in words that say when one can go on; nothing typed is lost. 0 takes a limit off."),
    numbers("limits", told.limits, LIMITS, auth === "solo" ? { never: "Never set: without a login nothing is limited until you save." } : {}),
  );

/* A form of whole numbers for a group of options. Empty means null where `empty` says what that is;
   `never` says what counts before anybody saved. */
function numbers(group, stored, fields, { beside = {}, empty = null, unit = "", never = "Never changed: these are the defaults.", saved, typed }) {
  let known = stored;
  const boxes = {};
  const theirs = {};
  const lines = fields.map(([key, label, hint]) => {
    boxes[key] = input({ type: "number", min: empty ? "1" : "0", step: "1", inputmode: "numeric", placeholder: empty, id: `${group}-${key}`, value: known.value[key], oninput: () => typed?.(mine()) });
    theirs[key] = h("span", {});
    return h("div", { class: "rule" }, field(unit ? `${label}, ${unit}` : label, boxes[key], hint), h("div", { class: "col at-foot" }, beside[key], theirs[key]));
  });
  const mine = () => {
    const read = ([key]) => [key, boxes[key].value === "" ? (boxes[key].validity.badInput ? "?" : empty ? null : "") : Number(boxes[key].value)];
    return { ...known.value, ...Object.fromEntries(fields.map(read)) };
  };
  const changed = h("p", { class: "xs dim" });
  const settle = (now) => {
    known = now;
    changed.replaceChildren(...(now.at ? ["Changed ", moment(now.at), now.by ? ` by ${now.by}` : ""] : [never]));
  };
  settle(stored);
  const made = form([h("div", { class: "rules" }, lines), changed], {
    action: "Save",
    words: "Saving…",
    async run() {
      const told = await call("set_options", { group, value: mine(), version: known.version });
      for (const place of Object.values(theirs)) place.replaceChildren();
      if (told.code === "conflict") {
        settle(told.stored);
        for (const [key] of fields) compare(key, told.stored.value[key]);
        return { error: `${told.stored.by ?? "Somebody"} changed this meanwhile. Theirs stands beside yours: take it, or save yours again.` };
      }
      if (told.error) return { error: named(told.error, fields) };
      settle(told.stored);
      saved?.(told);
      toast("Saved.");
      return told;
    },
  });
  const compare = (key, value) => {
    if (value === mine()[key]) return;
    const words = value === null ? empty : `${value} ${unit}`.trim();
    const take = () => {
      boxes[key].value = value ?? "";
      theirs[key].replaceChildren();
      typed?.(mine());
      boxes[key].focus();
    };
    theirs[key].replaceChildren(h("span", { class: "xs warned" }, `Saved meanwhile: ${words}. `), h("button", { type: "button", class: "as-link xs", onclick: take }, "Take it"));
  };
  return made;
}

/* The server names an option as it is stored; people know it by its label. */
export function named(sentence, fields) {
  const [, key, rest] = /^(\w+)[.\w]*: (.*)$/s.exec(sentence) ?? [];
  const label = fields.find(([name]) => name === key)?.[1];
  return label ? `${label}: ${rest.replace(/^Input should/, "it should")}` : sentence;
}
