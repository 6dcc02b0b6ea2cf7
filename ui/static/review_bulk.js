/* Several messages at once: selected in the queue, then judged, tagged, or given to a second reviewer.
   Nothing is corrected so: a correction is one message's. */

import { $, h, icon } from "./dom.js";
import { during, field, formDialog, input, plural } from "./admin_parts.js";
import { openMenu, say, toast } from "./overlays.js";
import { call } from "./server.js";
import { review, tell } from "./review_shell.js";

let on = false;
let chosen = [];

export const isSelecting = () => on;
export const selected = () => chosen;

export function selecting(now) {
  on = now;
  if (!on) chosen = [];
  tell("draw-queue");
}

export function select(id, yes) {
  chosen = yes ? [...new Set([...chosen, id])] : chosen.filter((one) => one !== id);
  say(`${plural(chosen.length, "message")} selected.`);
  tell("draw-queue");
}

/* The bar under the list while several are selected. */
export function bulkBar(place, rows, redraw) {
  place.hidden = !on;
  if (!on) {
    place.dataset.of = "";
    return;
  }
  const ids = rows.map((one) => one.id);
  chosen = chosen.filter((one) => ids.includes(one));
  // The list is asked for again and again; a button must not go away under a finger.
  const of = JSON.stringify([ids, chosen]);
  if (place.dataset.of === of) return;
  place.dataset.of = of;
  const all = ids.length > 0 && chosen.length === ids.length;
  const act = (text, given, drawing = null) => h("button", { type: "button", class: "btn s", disabled: !chosen.length, onclick: (event) => judge(event.currentTarget, given) }, drawing && icon(drawing), text);
  const focused = document.activeElement?.closest?.("#review-bulk") ? nameOf(document.activeElement) : null;
  place.replaceChildren(
    h("div", { class: "row" }, h("b", { class: "sm grow" }, `${chosen.length.toLocaleString("en")} selected`), h("button", { type: "button", class: "btn s quiet", onclick: () => { chosen = all ? [] : ids; redraw(); } }, all ? "None" : "All"), h("button", { type: "button", class: "btn s quiet", onclick: leave }, "Done")),
    h("div", { class: "row wrap" }, act("Good", { rating: 1 }, "good"), act("Poor", { rating: -1 }, "bad"), act("Skip", { rating: 0 }), h("button", { type: "button", class: "btn s", disabled: !chosen.length, "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": "More for the selected messages", title: "More for the selected messages", onclick: moreMenu }, icon("more"))),
  );
  const free = [...place.querySelectorAll("button:not([disabled])")];
  if (focused) (free.find((one) => nameOf(one) === focused) ?? free[0]).focus();
}

function leave() {
  selecting(false);
  $("#review-more").focus();
}

const nameOf = (button) => button.getAttribute("aria-label") ?? button.textContent;

function moreMenu(event) {
  const run = (given) => () => judge(null, given);
  openMenu(event.currentTarget, [
    ...review.facts.tags.map((tag) => ({ text: `Tag: ${tag}`, icon: "plus", run: run({ tag }) })),
    { text: "Another tag…", icon: "plus", run: () => setTimeout(otherTag) },
    { text: "Ask a second opinion", icon: "eye", run: run({ second: true }) },
    { text: "No second opinion", icon: "close", run: run({ second: false }) },
  ], { label: "For the selected messages" });
}

function otherTag() {
  const box = input({ maxlength: "60", required: true, id: "bulk-tag" });
  formDialog("Tag the selected messages", [field("Tag", box)], {
    action: "Add the tag",
    words: "Adding…",
    async run() {
      const tag = box.value.trim().toLowerCase();
      if (!tag) return { error: "Write the tag first." };
      return judge(null, { tag });
    },
  });
}

async function judge(button, given) {
  const items = chosen;
  const ask = () => call("bulk", { items, ...given });
  const told = button ? await during(button, "Saving…", ask) : await ask();
  if (!told) return told;
  if (told.error) {
    toast(told.error, { error: true, action: "Try again", run: () => judge(null, given) });
    return told;
  }
  const left = items.length - told.done;
  toast(`${plural(told.done, "message")} changed.${left ? ` ${left} left out: somebody has them open.` : ""}`);
  chosen = [];
  tell("queue");
  tell("item-changed");
  return told;
}
