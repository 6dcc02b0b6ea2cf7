/* What the parts of the Review page share: what the server told, the open item, which region is seen on
   a narrow screen, the address. Draws no part itself.

   The address names the place: nothing for the queue, #ITEM for an item. */

import { $, decoded, h } from "./dom.js";
import { toast } from "./overlays.js";
import { call } from "./server.js";
import { unitsOf } from "./desk_text.js";

/* What the server told at the start, and the item that is open. */
export const review = { facts: null, item: null };

const open = new Map();

/* Parts tell what others may want of them, so that they need not know each other. */
export const on = (name, run) => open.set(name, run);
export const tell = (name, ...given) => open.get(name)?.(...given);

export const itemInAddress = () => decoded(location.hash.slice(1));

/* The whole address: Gradio's <base> would send a bare "#…" to the first page. */
export const addressOf = (item) => `${location.pathname}${item ? `#${encodeURIComponent(item)}` : ""}`;

export function go(item) {
  const to = addressOf(item);
  if (location.pathname + location.hash === to) return;
  history.pushState(null, "", to);
  dispatchEvent(new HashChangeEvent("hashchange"));
}

/* On a narrow screen one region is seen at a time: "queue", "item" or "correction". */
export function seeRegion(name) {
  $("#review-regions").dataset.now = name;
}

export const narrow = () => matchMedia("(max-width:760px)").matches;

/* Asks a command, and says on the page when it failed. */
export async function asked(what, given = {}, again = null) {
  const told = await call(what, given);
  if (told.error) toast(told.error, { error: true, action: again && "Try again", run: again });
  return told;
}

const CITE = /\[(\d{1,2})\]/g;

/* Text with its citations as small numbers. */
export function cited(text) {
  const parts = [];
  let done = 0;
  for (const found of text.matchAll(CITE)) {
    parts.push(text.slice(done, found.index), h("span", { class: "cite", "aria-label": `source ${found[1]}`, role: "note" }, found[1]));
    done = found.index + found[0].length;
  }
  return [...parts, text.slice(done)].filter((one) => one !== "");
}

/* The same with what is hidden tinted; `masks` are the server's places. */
export function hidden(text, masks) {
  const unit = unitsOf(text);
  const parts = [];
  let done = 0;
  for (const [from, to, kind] of masks) {
    const [start, end] = [unit(from), unit(to)];
    if (start < done) continue;
    parts.push(...cited(text.slice(done, start)), h("span", { class: "var", title: `hidden: ${kind}` }, text.slice(start, end)));
    done = end;
  }
  return [...parts, ...cited(text.slice(done))];
}

/* A difference as the page shows it. */
export const differing = (tokens) => tokens.flatMap(([kind, text]) => (kind === "same" ? cited(text) : [h(kind, {}, cited(text))]));

/* When an item came: "today 09:14", "yesterday", "20 Nov". */
export function day(iso) {
  const at = new Date(iso);
  const now = new Date();
  if (at.toDateString() === now.toDateString()) return `today ${at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })}`;
  const before = new Date(now);
  before.setDate(now.getDate() - 1);
  if (at.toDateString() === before.toDateString()) return "yesterday";
  const sameYear = at.getFullYear() === now.getFullYear();
  return at.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: sameYear ? undefined : "numeric" });
}

export const whose = (row) => (row.kind === "reply" ? "Desk reply" : row.customer ? `Customer ${row.customer}` : "Customer");
