/* The tab Changes: two states of the reply as one, word by word; each change is accepted or rejected.
   A change that a model proposes waits for a decision; two older states may be compared as well. */

import { $, $$, h, icon } from "./dom.js";
import { note, plural } from "./admin_parts.js";
import { onKey } from "./keys.js";
import { say } from "./overlays.js";
import { call } from "./server.js";

/* {tokens, decided, label, note, asks}: `asks` when sending waits for it. */
let review = null;
let given = null; // {apply(text), changed(), states()}

export function makeChanges(how) {
  given = how;
  onKey("accept-change", () => decideFocused(true));
  onKey("reject-change", () => decideFocused(false));
  onKey("next-change", () => (review && !$("#desk-changes").hidden ? (focusNext(), true) : false));
  return h("div", { id: "desk-changes", class: "col changes", role: "tabpanel", "aria-labelledby": "desk-tab-changes", hidden: true });
}

/* How many changes wait for a decision. */
export const undecided = () => (review?.asks ? open().length : 0);

const ids = () => [...new Set(review.tokens.map(([, , change]) => change).filter((one) => one !== null))];
const open = () => ids().filter((one) => !review.decided.has(one));

export function dropReview() {
  review = null;
  $("#desk-changes")?.replaceChildren();
}

/* Shows what `after` changes in `before`. Returns false when nothing differs. */
export async function proposeChanges(before, after, label, about) {
  const told = await call("changes", { before, after });
  if (told.error) {
    $("#desk-changes").replaceChildren(note(told.error, "bad", "alert"));
    return false;
  }
  review = { tokens: told.tokens, decided: new Map(), label, note: about, asks: true };
  if (!ids().length) {
    review = null;
    return false;
  }
  draw();
  say(`${plural(ids().length, "change")} from ${label}. Accept with Y, reject with N.`);
  return true;
}

/* Draws the tab: what waits, else a comparison of two states. */
export async function openChanges() {
  if (review?.asks) draw();
  else await compare();
}

function draw() {
  const place = $("#desk-changes");
  const count = ids().length;
  const all = (accepted) => () => {
    for (const one of open()) review.decided.set(one, accepted);
    finish();
  };
  place.replaceChildren(
    h(
      "div",
      { class: "row changes-head" },
      h("p", { class: "sm mute grow" }, `${plural(count, "change")} from “${review.label}”. ${review.note}`),
      h("button", { type: "button", class: "btn s", onclick: all(false) }, "Reject all"),
      h("button", { type: "button", class: "btn s pri", onclick: all(true) }, "Accept all"),
    ),
    h("div", { class: "edit diff", tabindex: "0", role: "group", "aria-label": "Changes" }, pieces()),
  );
}

/* Tokens as they stand; the buttons of a change follow its last token. */
function pieces() {
  const { tokens, decided } = review;
  return tokens.flatMap(([kind, text, change], at) => {
    if (kind === "same") return [text];
    const last = !tokens.slice(at + 1).some(([, , other]) => other === change);
    const decision = decided.get(change);
    if (decision !== undefined) return [(kind === "ins") === decision ? text : ""];
    const part = h(kind, {}, text);
    return last ? [part, buttons(change)] : [part];
  });
}

function buttons(change) {
  const words = (kind) => review.tokens.filter(([one, , of]) => of === change && one === kind).map(([, text]) => text).join("").trim();
  const [went, came] = [words("del"), words("ins")];
  const what = went && came ? `${went} becomes ${came}` : went ? `${went} goes` : `${came} is new`;
  const button = (accepted, drawing, word, key) => h("button", { type: "button", "aria-label": `${word}: ${what}`, title: `${word} (${key})`, "aria-keyshortcuts": key, onclick: () => decide(change, accepted) }, icon(drawing));
  return h("span", { class: "chg", "data-change": String(change) }, button(true, "check", "Accept change", "Y"), button(false, "close", "Reject change", "N"));
}

function decide(change, accepted) {
  const all = ids();
  review.decided.set(change, accepted);
  if (!open().length) {
    finish();
    return;
  }
  draw();
  given.changed();
  const next = all.slice(all.indexOf(change) + 1).find((one) => !review.decided.has(one)) ?? open()[0];
  $(`[data-change="${next}"] button`)?.focus();
}

function decideFocused(accepted) {
  if (!review || $("#desk-changes").hidden || !open().length) return false;
  const focused = document.activeElement?.closest?.("[data-change]")?.dataset.change;
  decide(focused === undefined ? open()[0] : Number(focused), accepted);
  return true;
}

function focusNext() {
  const all = $$("[data-change]", $("#desk-changes"));
  const at = all.findIndex((one) => one.contains(document.activeElement));
  const next = all[(at + 1) % all.length];
  $("button", next)?.focus();
  next?.scrollIntoView({ block: "center" });
}

function finish() {
  const { tokens, decided, label } = review;
  const text = tokens.map(([kind, words, change]) => (kind === "same" || (kind === "ins") === decided.get(change) ? words : "")).join("");
  review = null;
  $("#desk-changes").replaceChildren();
  given.apply(text, label);
}

// Any two states --------------------------------------------------------------------------------

async function compare() {
  const place = $("#desk-changes");
  const states = given.states();
  if (states.length < 2) {
    place.replaceChildren(h("p", { class: "none", role: "status" }, "Nothing to compare yet. A draft, a rewrite or a refined text each add a state here."));
    return;
  }
  const choose = (label, at) => {
    const select = h("select", { class: "in", "aria-label": label }, states.map((one, index) => h("option", { value: String(index) }, one.label)));
    select.value = String(at);
    select.addEventListener("change", show);
    return select;
  };
  const [from, to] = [choose("From", 0), choose("To", states.length - 1)];
  const told = h("div", { class: "col" });
  place.replaceChildren(h("div", { class: "row" }, from, icon("right"), to), told);
  async function show() {
    const [before, after] = [states[from.value], states[to.value]];
    const answer = await call("changes", { before: before.text, after: after.text });
    if (answer.error) {
      told.replaceChildren(note(answer.error, "bad", "alert"));
      return;
    }
    review = { tokens: answer.tokens, decided: new Map(), label: `${before.label} → ${after.label}`, note: "", asks: false };
    if (!ids().length) {
      review = null;
      told.replaceChildren(h("p", { class: "none", role: "status" }, "The two are the same."));
      return;
    }
    const use = h("button", { type: "button", class: "btn s" }, "Decide each change");
    use.addEventListener("click", () => {
      review.asks = true;
      draw();
      given.changed();
    });
    told.replaceChildren(h("div", { class: "row" }, h("p", { class: "sm mute grow" }, plural(ids().length, "change")), use), h("div", { class: "edit diff", tabindex: "0", role: "group", "aria-label": "Changes" }, answer.tokens.map(([kind, text]) => (kind === "same" ? text : h(kind, {}, text)))));
  }
  await show();
}
