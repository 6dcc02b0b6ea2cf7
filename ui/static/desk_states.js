/* States of the reply's text: the drafts and what came of them, to go back to and to compare; and the
   choice between two texts when somebody else wrote meanwhile. */

import { h } from "./dom.js";
import { openDialog, openMenu } from "./overlays.js";
import { draftEntries } from "./desk_drafts.js";
import { remember, reply, tell } from "./desk_shell.js";

/* Every state that the text had, the newest last; what stands in the field is one of them. */
export function states(editor) {
  const now = editor.text();
  const all = reply.states.map((one) => ({ ...one }));
  for (const [at, draft] of reply.drafts.entries()) if (!all.some((one) => one.text === draft.text)) all.unshift({ label: `draft ${at + 1}`, text: draft.text });
  return now.trim() && all.at(-1)?.text !== now ? [...all, { label: "now", text: now }] : all;
}

export function stateMenu(event, editor) {
  const now = editor.text();
  const all = states(editor).filter((one) => one.label !== "now").reverse();
  openMenu(event.currentTarget, [...draftEntries(), ...all.map((one) => ({
    text: `${one.label}: ${one.text.replace(/\s+/g, " ").slice(0, 40)}…`,
    on: one.text === now,
    run() {
      remember("before going back", editor.text());
      tell("tab", "edit");
      editor.replace(one.text);
    },
  }))], { label: "Drafts and states" });
}

/* Another device or a colleague wrote meanwhile: both texts, and the choice. */
export function chooseText(told, mine, { take: taken, stay: stayed }) {
  const side = (title, text) => h("section", {}, h("h3", {}, title), h("div", { class: "said" }, text || "Empty."));
  const take = h("button", { type: "button", class: "btn" }, "Take the other");
  const stay = h("button", { type: "button", class: "btn pri" }, "Keep mine");
  const dialog = openDialog("The text was changed elsewhere", h("div", { class: "pb col" }, h("p", { class: "sm" }, told.error), h("div", { class: "sides" }, side("Mine", mine), side(told.who ? `${told.who}'s` : "The other", told.theirs)), h("div", { class: "row wrap" }, h("span", { class: "sp" }), take, stay)), { wide: true });
  const { ticket } = reply;
  const choose = (run) => () => {
    dialog.close();
    if (reply.ticket !== ticket) return;
    reply.version = told.version;
    run();
  };
  take.addEventListener("click", choose(() => { remember("mine", mine); taken(); }));
  stay.addEventListener("click", choose(stayed));
  stay.focus();
}
