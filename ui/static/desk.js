/* The Desk: the queue, the open ticket, its reply. Begins the page and looks for news. */

import { refused } from "./admin_parts.js";
import { $, h } from "./dom.js";
import { countPage, setPerson } from "./header.js";
import { island } from "./islands.js";
import { onKey } from "./keys.js";
import { toast } from "./overlays.js";
import { beginPage } from "./page.js";
import { call, callThrough } from "./server.js";
import { closeList, loadMacros } from "./desk_macros.js";
import { draw as drawQueue, makeQueue, openTicket, queueWanted, refresh } from "./desk_queue.js";
import { closeReply, hideReply, isTyping, makeReply, openReply } from "./desk_reply.js";
import { bindSent } from "./desk_sent.js";
import { desk, on, reply, seeRegion, tell, ticketInAddress } from "./desk_shell.js";
import { closeArticle, makeArticle } from "./desk_sources.js";
import { drawThread, loadCard, makeThread, nothingOpen } from "./desk_thread.js";
import { stop } from "./desk_drafts.js";

const LOOK = 5000;
let root = null;
let opening = 0;

export async function startDesk(top) {
  const [part, data] = await Promise.all(["desk-page", "desk-data"].map(island));
  callThrough(data);
  root = part.element;
  beginPage(top, "desk", "Desk");
  await learn();
}

async function learn() {
  const facts = await call("start");
  if (facts.error) {
    root.replaceChildren(h("div", { class: "pb col" }, h("h1", {}, "Desk"), refused(facts, learn)));
    return;
  }
  desk.facts = facts;
  setPerson(facts.person);
  root.replaceChildren(h("div", { id: "desk-regions", "data-now": "queue" }, makeQueue(), makeThread(), makeArticle(), makeReply()));
  bind();
  loadMacros();
  refresh();
  await arrive();
  setInterval(look, LOOK);
}

function bind() {
  bindSent();
  on("ticket-changed", () => reload());
  on("open-ticket", (ticket, again) => (again && ticket === ticketInAddress() ? arrive(true) : openTicket(ticket)));
  on("counts", (counts) => countPage("desk", counts.mine));
  onKey("escape", () => closeList() || closeArticle() || (reply.run ? (stop(), true) : false));
  addEventListener("hashchange", () => arrive());
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) look();
    else if (desk.ticket) call("away", { ticket: desk.ticket.id });
  });
}

/* Opens what the address names. */
async function arrive(again = false) {
  const wanted = ticketInAddress();
  if (wanted === (desk.ticket?.id ?? "") && reply.ticket && !again) return;
  const number = (opening += 1);
  const before = desk.ticket?.id;
  await closeReply();
  closeArticle();
  if (before && before !== wanted) call("away", { ticket: before });
  if (!wanted) {
    desk.ticket = null;
    hideReply();
    $("#desk-ticket").replaceChildren(nothingOpen());
    drawQueue();
    return;
  }
  const told = await call("open", { ticket: wanted });
  if (number !== opening) return;
  if (told.error) {
    desk.ticket = null;
    hideReply();
    $("#desk-ticket").replaceChildren(h("div", { class: "pb" }, refused(told, () => arrive(true))));
    return;
  }
  await closeReply(); // what was typed into the last one meanwhile
  if (number !== opening) return;
  desk.ticket = told.ticket;
  if (!$("#desk-regions").dataset.now || $("#desk-regions").dataset.now === "queue") seeRegion("ticket");
  drawThread(told.ticket);
  openReply(told.ticket);
  drawQueue();
  loadCard(told.ticket);
  document.title = `#${told.ticket.number} ${told.ticket.subject} · Desk`;
}

/* The ticket again, without touching what is being written. */
async function reload() {
  const id = desk.ticket?.id;
  if (!id) return;
  const told = await call("open", { ticket: id });
  if (told.error || desk.ticket?.id !== id) return;
  const more = told.ticket.messages.length > desk.ticket.messages.length;
  const top = $("#desk-thread")?.scrollTop ?? 0;
  const focused = document.activeElement?.id;
  desk.ticket = told.ticket;
  drawThread(told.ticket);
  loadCard(told.ticket);
  $("#desk-thread").scrollTop = more ? $("#desk-thread").scrollHeight : top;
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  drawQueue();
  if (more) toast("A new message came into this ticket.");
}

let looking = false;

/* News: the queue, who else is here, whether the thread grew. Only while the page is seen. */
async function look() {
  if (document.hidden || looking) return;
  looking = true;
  const ticket = desk.ticket?.id ?? "";
  const told = await call("queue", { ...queueWanted(), ticket, typing: isTyping() });
  looking = false;
  if (told.error) return;
  tell("queue-told", told);
  if (desk.ticket?.id !== ticket || !ticket) return;
  tell("others", told.others);
  if (told.stamp && told.stamp !== desk.ticket.stamp) await reload();
}
