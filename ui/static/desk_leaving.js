/* Before a hosted model is asked for a draft: the line that says what leaves, and what it opens. */

import { $, h, icon } from "./dom.js";
import { openDialog, toast } from "./overlays.js";
import { call } from "./server.js";
import { desk, hostedModel, reply } from "./desk_shell.js";
import { draftNow, facts } from "./desk_drafts.js";

export const leavingLine = () =>
  h(
    "div",
    { class: "note", id: "desk-leaves", hidden: true },
    icon("out"),
    h("span", { class: "grow", id: "desk-leaves-text", role: "status" }),
    h("button", { type: "button", class: "btn s", onclick: seeWhatLeaves }, "See what leaves"),
    h("button", { type: "button", class: "btn s", id: "desk-leaves-home", onclick: draftLocally }, "Draft locally"),
  );

export async function noteLeaving() {
  const chosen = hostedModel();
  const line = $("#desk-leaves");
  line.hidden = !chosen;
  if (line.hidden) return;
  $("#desk-leaves-home").hidden = !desk.facts.local;
  const { ticket } = reply;
  $("#desk-leaves-text").textContent = `Leaves this machine: this thread goes to ${chosen.host || chosen.label} for a draft`;
  const told = await call("leaving", { ticket, model: chosen.label, facts: facts() });
  if (reply.ticket !== ticket || told.error) return;
  $("#desk-leaves-text").textContent = `Leaves this machine: ${told.count} ${told.count === 1 ? "message" : "messages"}, ${told.masked === null ? "not masked" : told.values ? `${told.values} values masked` : "nothing to mask"}`;
}

function draftLocally() {
  reply.model = desk.facts.local;
  noteLeaving();
  toast(`Drafts come from ${desk.facts.local} now.`);
  if (!reply.drafts.length) draftNow();
}

async function seeWhatLeaves() {
  const told = await call("leaving", { ticket: reply.ticket, model: hostedModel().label, facts: facts() });
  if (told.error) {
    toast(told.error, { error: true });
    return;
  }
  const rows = [["Goes to", told.host], ["Model", told.model], ["Masked", told.masked === null ? "off for this model" : told.masked || "nothing was found to mask"]];
  openDialog("What leaves this machine", h(
    "div",
    { class: "pb col trace" },
    h("dl", { class: "kv" }, rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    told.messages.map((one) => h("div", { class: "pm" }, h("div", { class: "h" }, h("b", {}, one.role)), h("div", { class: "c", tabindex: "0", role: "group", "aria-label": `Message of the ${one.role}` }, one.content))),
  ), { wide: true });
}
