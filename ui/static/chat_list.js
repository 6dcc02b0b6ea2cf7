/* The sidebar: conversations by date, and search results in their place. */

import { chat, newConversation, show } from "./chat.js";
import { entries } from "./chat_head.js";
import { $, debounced, h, icon, iconButton } from "./dom.js";
import { openMenu, toast } from "./overlays.js";
import { call } from "./server.js";

let limit = 200;
let groups = null;
let more = false;
let hits = null;

export function drawList() {
  $("#chat-new").addEventListener("click", newConversation);
  $("#chat-find").addEventListener("input", debounced(150, find));
}

export const refreshList = debounced(80, async () => {
  const told = await call("list", { offset: -new Date().getTimezoneOffset(), limit });
  if (told.error) {
    if (!groups) toast(told.error, { error: true, action: "Try again", run: refreshList });
    return;
  }
  ({ groups, more } = told);
  paint();
});

async function find() {
  const text = $("#chat-find").value.trim();
  if (!text) {
    hits = null;
    paint();
    return;
  }
  const told = await call("search", { text: text.slice(0, 200) });
  if ($("#chat-find").value.trim() !== text) return;
  hits = told.hits ?? [];
  paint();
}

/* Marks the shown conversation without asking the server. */
function markShown() {
  for (const link of document.querySelectorAll("#chat-list .cv")) {
    const here = link.dataset.conversation === chat.wanted;
    if (here) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

function paint() {
  const list = $("#chat-list");
  const focused = document.activeElement?.dataset?.conversation;
  const top = list.scrollTop;
  list.replaceChildren(...(hits ? hitRows() : groupRows()));
  list.setAttribute("aria-busy", "false");
  list.scrollTop = top;
  markShown();
  if (focused) list.querySelector(`[data-conversation="${CSS.escape(focused)}"]`)?.focus();
}

function groupRows() {
  if (!groups) return [];
  if (!groups.length) return [h("p", { class: "none" }, "No conversations yet. Write a message to begin one.")];
  const rows = groups.flatMap((group) => [h("h3", {}, group.label), ...group.items.map(row)]);
  if (more) {
    rows.push(h("button", { type: "button", class: "btn quiet s", onclick: showMore }, "Show older conversations"));
  }
  return rows;
}

function showMore() {
  limit += 200;
  refreshList();
}

function link(id, at = null) {
  const query = new URLSearchParams({ c: id });
  if (at) query.set("m", at);
  return `/?${query}`;
}

/* A plain click opens here; with a modifier the browser opens its own tab. */
function opens(id, at = null) {
  return (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    show(id, { at });
    markShown();
  };
}

function row(one) {
  return h(
    "div",
    { class: "cv-row" },
    h(
      "a",
      { class: "cv", href: link(one.id), "data-conversation": one.id, "data-title": one.title, title: one.title, onclick: opens(one.id) },
      one.pinned && icon("pin"),
      h("span", { class: "ell grow" }, one.title || "Conversation"),
      one.running && h("span", { class: "dot", role: "img", "aria-label": "Answer in progress" }),
    ),
    iconButton("more", "More for this conversation", (event) => openMenu(event.currentTarget, entries(one)), {
      "aria-haspopup": "menu",
      "aria-expanded": "false",
    }),
  );
}

function hitRows() {
  if (!hits.length) return [h("p", { class: "none" }, "Nothing found. Search looks for whole words and their beginnings.")];
  return [
    h("h3", {}, hits.length === 1 ? "1 result" : `${hits.length} results`),
    ...hits.map((hit) =>
      h(
        "a",
        { class: "cv hit", href: link(hit.id, hit.message), "data-conversation": hit.id, onclick: opens(hit.id, hit.message) },
        h("span", { class: "grow" }, h("span", { class: "ell block" }, hit.title || "Conversation"), snippet(hit)),
      ),
    ),
  ];
}

export function snippet(hit) {
  return h(
    "span",
    { class: "snip dim xs" },
    hit.snippet.map(([text, found]) => (found ? h("mark", {}, text) : text)),
  );
}
