/* What the parts of the Desk share: what the server told, the open ticket, which region is seen on a
   narrow screen, the address. Draws no part itself.

   The address names the place: nothing for the queue, #TICKET for a ticket. */

import { $, decoded } from "./dom.js";
import { toast } from "./overlays.js";
import { call } from "./server.js";

/* What the server told at the start. */
export const desk = { facts: null, ticket: null };

const open = new Map();

/* Parts tell what others may want of them, so that they need not know each other. */
export const on = (name, run) => open.set(name, run);
export const tell = (name, ...given) => open.get(name)?.(...given);

export const ticketInAddress = () => decoded(location.hash.slice(1).split("/")[0]);

/* The whole address: Gradio's <base> would send a bare "#…" to the first page. */
export const addressOf = (ticket) => `${location.pathname}${ticket ? `#${encodeURIComponent(ticket)}` : ""}`;

export function go(ticket) {
  const to = addressOf(ticket);
  if (location.pathname + location.hash === to) return;
  history.pushState(null, "", to);
  dispatchEvent(new HashChangeEvent("hashchange"));
}

/* On a narrow screen one region is seen at a time: "queue", "ticket" or "reply". */
export function seeRegion(name) {
  $("#desk-regions").dataset.now = name;
}

export const narrow = () => matchMedia("(max-width:760px)").matches;

/* Asks a command, and says on the page when it failed. */
export async function asked(what, given = {}, again = null) {
  const told = await call(what, given);
  if (told.error) toast(told.error, { error: true, action: again && "Try again", run: again });
  return told;
}

export async function toClipboard(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    toast(`${what} copied.`, { seconds: 2 });
    return true;
  } catch {
    toast("The browser does not let this page copy. Select the text and press Ctrl+C.", { error: true });
    return false;
  }
}

/* The reply that is being written: its text is in the editor, everything else stands here. */
export const reply = {};

/* The model that drafts, where it is hosted: then nothing leaves before somebody asks for it. */
export const hostedModel = () => desk.facts.models.find((one) => one.label === (reply.model ?? desk.facts.model) && one.where === "hosted") ?? null;

/* Begins a reply to a ticket that was opened. `states`: texts it had, to go back to and to compare. */
export function beginReply(ticket) {
  for (const key of Object.keys(reply)) delete reply[key];
  const { work } = ticket;
  Object.assign(reply, {
    ticket: ticket.id,
    version: work.version,
    draft: work.draft,
    confirmed: [...work.confirmed],
    sources: [],
    drafts: [],
    shown: -1,
    states: [],
    tone: "",
    run: null,
    checked: null,
    since: Date.now(),
  });
}

/* Remembers a state of the text under a name; the same text twice in a row is one state. */
export function remember(label, text) {
  if (!text.trim() || reply.states.at(-1)?.text === text) return;
  reply.states.push({ label, text });
  if (reply.states.length > 20) reply.states.shift();
}
