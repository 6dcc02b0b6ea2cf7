/* The open ticket: its head, its summary and its messages. Texts of people go in as text nodes. */

import { $, h, icon, iconButton } from "./dom.js";
import { during, field, formDialog, input, note } from "./admin_parts.js";
import { openMenu, say, toast } from "./overlays.js";
import { call } from "./server.js";
import { asked, desk, on, seeRegion, tell, toClipboard } from "./desk_shell.js";
import { clock, languageName, unitsOf } from "./desk_text.js";

const WHO = { customer: "Customer", assistant: "Assistant", agent: "Agent" };

export function makeThread() {
  on("copy-number", copyNumber);
  return h("section", { "aria-label": "Ticket", class: "desk-ticket", id: "desk-ticket" }, nothingOpen());
}

export const nothingOpen = () =>
  h("div", { class: "none-open" }, h("p", { class: "mute" }, "Choose a ticket from the queue."), h("p", { class: "xs dim only-l" }, h("kbd", {}, "J"), " ", h("kbd", {}, "K"), " go through it, ", h("kbd", {}, "Enter"), " opens."));

/* Draws the ticket; its summary comes after, and never keeps the draft waiting. */
export function drawThread(ticket) {
  const place = $("#desk-ticket");
  place.replaceChildren(
    head(ticket),
    h(
      "div",
      { class: "scroll thread", tabindex: "0", role: "region", "aria-label": "Thread", id: "desk-thread" },
      h("div", { class: "card", id: "desk-card", role: "group", "aria-label": "Summary", "aria-busy": "true" }, h("p", { class: "xs dim" }, "Reading the thread…")),
      ticket.messages.map(message),
    ),
    h("div", { class: "bottom only-s to-reply" }, h("button", { type: "button", class: "btn pri grow", onclick: () => { seeRegion("reply"); tell("focus-reply"); } }, "Write the reply")),
  );
  const thread = $("#desk-thread");
  if (ticket.messages.length > 3) thread.scrollTop = 0;
}

function head(ticket) {
  const language = languageName(ticket.language);
  const facts = [`#${ticket.number}`, ticket.customer, ticket.channel, language, ticket.state === "closed" && "closed"].filter(Boolean);
  return h(
    "div",
    { class: "thead" },
    iconButton("left", "Back to tickets", () => { seeRegion("queue"); $(".q[aria-current]")?.focus(); }, { class: "ib only-s" }),
    h("div", { class: "grow" }, h("h1", { class: "ell", id: "desk-subject" }, ticket.subject || "No subject"), h("p", { class: "xs dim num ell" }, facts.join(" · "))),
    h("button", { type: "button", class: "btn s", id: "desk-assignee", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": ticket.assignee ? `Assigned to ${ticket.assignee.name}` : "Assigned to nobody", onclick: assigneeMenu }, icon("person"), h("span", { class: "ell only-l" }, ticket.assignee ? ticket.assignee.name.split(" ")[0] : "Nobody"), icon("down")),
    iconButton("more", "More for this ticket", moreMenu, { id: "desk-more", "aria-haspopup": "menu", "aria-expanded": "false" }),
  );
}

function message(one, index) {
  const name = one.role === "customer" ? one.name || desk.ticket.customer || WHO.customer : one.name || WHO[one.role];
  return h(
    "article",
    { class: one.role === "customer" ? "msg" : "msg bot", id: `said-${index}`, tabindex: "-1", "aria-label": `${name}, ${clock(one.when)}` },
    h("p", { class: "who" }, h("b", {}, name), h("span", { class: "num" }, [clock(one.when), one.delivery].filter(Boolean).join(" · ")), one.role === "assistant" && flagButton(one)),
    h("div", { class: "bub" }, one.text),
    one.problem || one.settle ? undelivered(one) : null,
  );
}

/* An answer of the assistant's that a reviewer should look at. */
function flagButton({ id }) {
  const button = iconButton("flag", "Flag this answer for review", async () => {
    const told = await during(button, icon("flag"), () => asked("flag", { answer: id }));
    if (!told || told.error) return;
    button.classList.add("on");
    button.setAttribute("aria-pressed", "true");
    toast("Flagged: it waits on the page Review.");
  });
  return button;
}

/* Why a mail did not go out; where nobody knows better than a person, what they can do. */
function undelivered(one) {
  const settle = (text, again, done) => {
    const button = h("button", { type: "button", class: "btn s" }, text);
    button.addEventListener("click", async () => {
      const told = await during(button, again ? "Sending…" : "Noting…", () => asked("settle", { reply: one.settle, again }));
      if (!told) return;
      if (!told.error) toast(done);
      button.closest("article").focus({ preventScroll: true });
      tell("ticket-changed");
    });
    return button;
  };
  return h(
    "div",
    { class: "note warn wrap" },
    icon("warn"),
    h("span", { class: "grow wrap-any" }, one.problem || "The mail did not go out."),
    one.settle ? [settle("Send again", true, "The mail is sent again."), settle("It arrived", false, "The mail counts as sent.")] : null,
  );
}

/* The text with what it names underlined. */
function marked(text, entities) {
  const unit = unitsOf(text);
  const parts = [];
  let done = 0;
  for (const [from, to, kind] of entities) {
    const [start, end] = [unit(from), unit(to)];
    if (start < done) continue;
    parts.push(text.slice(done, start), h("span", { class: "ent", title: kind }, text.slice(start, end)));
    done = end;
  }
  return [...parts, text.slice(done)];
}

// Summary ---------------------------------------------------------------------------------------

export async function loadCard(ticket) {
  const told = await call("card", { ticket: ticket.id });
  const place = $("#desk-card");
  if (!place || desk.ticket?.id !== ticket.id) return;
  place.setAttribute("aria-busy", "false");
  if (told.error) {
    place.replaceChildren(note(told.error, "warn"), h("button", { type: "button", class: "btn s", onclick: () => loadCard(ticket) }, "Try again"));
    return;
  }
  drawCard(place, told.card);
  told.entities.forEach((named, at) => {
    const bubble = $(`#said-${at} .bub`);
    if (bubble && named.length) bubble.replaceChildren(...marked(ticket.messages[at].text, named));
  });
}

function drawCard(place, card) {
  const lines = [
    ["Wants", items(card.wants, card.intent)],
    ["Done", items(card.done)],
    ["Open", items(card.open)],
    ["Mood", mood(card)],
    ["Facts", card.facts.length ? card.facts.map(fact) : null],
  ].filter(([, parts]) => parts);
  if (!lines.length) place.replaceChildren(h("p", { class: "xs dim" }, "Nothing to sum up yet."));
  else place.replaceChildren(h("dl", {}, lines.flatMap(([name, parts]) => [h("dt", {}, name), h("dd", { class: name === "Facts" ? "row wrap tight" : null }, parts)])));
}

function items(found, intent = null) {
  if (!found.length && !intent) return null;
  const parts = found.flatMap((one, at) => [at ? "; " : "", source(one, { class: "quoted" }, one.text)]);
  if (intent) parts.push(h("span", { class: "dim" }, parts.length ? ` · ${intent}` : intent));
  return parts;
}

function mood({ mood: now, mood_before: before, mood_from: quote }) {
  if (!now) return null;
  const word = now[0].toUpperCase() + now.slice(1);
  return [quote ? source({ quote }, { class: "quoted" }, word) : word, before && before !== now && h("span", { class: "dim" }, ` · was ${before}`)];
}

/* A fact is copied by a click; like every item it shows the words that it comes from. */
function fact(one) {
  const made = source(one, { class: "badge num fact", title: "Copy" }, one.text);
  made.setAttribute("aria-label", `${one.text}. Copy`);
  return made;
}

/* A button that shows the words it comes from while it is pointed at, and goes there. */
function source(one, attributes, text) {
  const show = () => quote(one.quote);
  const button = h("button", { type: "button", ...attributes, onmouseenter: show, onfocus: show, onmouseleave: unquote, onblur: unquote }, text);
  button.addEventListener("click", () => {
    if (attributes.class.includes("fact")) toClipboard(one.copy ?? text, text);
    else goTo(one.quote);
  });
  return button;
}

const range = (where) => {
  const bubble = $(`#said-${where.message} .bub`);
  if (!bubble) return null;
  const text = desk.ticket.messages[where.message].text;
  const unit = unitsOf(text);
  const made = document.createRange();
  const [start, end] = [unit(where.start), unit(where.end)];
  let at = 0;
  let begun = false;
  const walker = document.createTreeWalker(bubble, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { length } = walker.currentNode;
    if (!begun && start <= at + length) {
      made.setStart(walker.currentNode, start - at);
      begun = true;
    }
    if (begun && end <= at + length) {
      made.setEnd(walker.currentNode, end - at);
      return made;
    }
    at += length;
  }
  return begun ? made : null;
};

/* The browser paints the words without another element; without that the whole message is outlined. */
function quote(where) {
  unquote();
  if (!where) return;
  const found = range(where);
  if (found && window.CSS?.highlights) CSS.highlights.set("desk-quote", new Highlight(found));
  $(`#said-${where.message}`)?.classList.add("quoted-here");
}

function unquote() {
  window.CSS?.highlights?.delete("desk-quote");
  $(".quoted-here")?.classList.remove("quoted-here");
}

function goTo(where) {
  if (!where) return;
  const place = $(`#said-${where.message}`);
  place.scrollIntoView({ block: "center" });
  place.focus({ preventScroll: true });
  quote(where);
  const text = desk.ticket.messages[where.message].text;
  const unit = unitsOf(text);
  say(`It says: ${text.slice(unit(where.start), unit(where.end))}`);
}

// Menus -----------------------------------------------------------------------------------------

function assigneeMenu(event) {
  const { ticket, facts } = desk;
  const choose = async (whom) => {
    const told = await asked("assign", { ticket: ticket.id, whom });
    if (!told.error) changed();
  };
  openMenu(event.currentTarget, [
    ...facts.people.map((one) => ({ text: one.id === facts.person.id ? `${one.name} (you)` : one.name, on: ticket.assignee?.id === one.id, run: () => choose(one.id) })),
    { text: "Nobody", on: !ticket.assignee, run: () => choose("") },
  ], { label: "Assign to" });
}

function moreMenu(event) {
  const { ticket } = desk;
  openMenu(event.currentTarget, [
    { text: "Copy number", icon: "copy", key: ".", run: () => copyNumber(ticket) },
    ticket.state === "closed"
      ? { text: "Reopen", icon: "again", run: async () => { await asked("reopen", { ticket: ticket.id }); changed(); } }
      : { text: "Close", icon: "check", key: "E", run: () => tell("close-ticket") },
    { text: "Merge into…", icon: "fork", run: () => setTimeout(merge) },
    { text: "Export", icon: "download", run: exportTicket },
  ], { label: "More for this ticket" });
}

function copyNumber(ticket) {
  const one = ticket ?? desk.ticket;
  if (!one) return false;
  toClipboard(`#${one.number}`, `#${one.number}`);
  return true;
}

function changed() {
  tell("queue");
  tell("ticket-changed");
}

function merge() {
  const number = input({ inputmode: "numeric", required: true, placeholder: "4812" });
  formDialog("Merge into another ticket", [h("p", { class: "sm mute" }, `The messages of #${desk.ticket.number} move to the other ticket, and this one is closed.`), field("Number of the other ticket", number)], {
    action: "Merge",
    words: "Merging…",
    async run() {
      const told = await call("merge", { ticket: desk.ticket.id, into: number.value.replace(/\D/g, "").slice(0, 12) });
      if (!told.error) {
        toast(`Merged into #${told.number}.`);
        tell("queue");
        tell("open-ticket", told.ticket);
      }
      return told;
    },
  });
}

async function exportTicket() {
  const told = await asked("export", { ticket: desk.ticket.id });
  if (told.error) return;
  const file = URL.createObjectURL(new Blob([told.text], { type: "text/plain;charset=utf-8" }));
  h("a", { href: file, download: told.name }).click();
  setTimeout(() => URL.revokeObjectURL(file), 10_000);
}
