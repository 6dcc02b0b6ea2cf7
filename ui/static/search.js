/* Ctrl+K: one field, a list, arrows and Enter. A hit opens at its message: `open(id, message)`; for
   those whose roles open them, tickets and articles are found too, and open on their pages. */

import { snippet } from "./chat_list.js";
import { $$, debounced, h, icon } from "./dom.js";
import { openDialog } from "./overlays.js";
import { call } from "./server.js";

export function openSearch(open) {
  if (document.querySelector("dialog[open]")) return;
  const field = h("input", {
    class: "in",
    type: "text",
    "aria-label": "Search",
    placeholder: "Search titles and text",
    autocomplete: "off",
    role: "combobox",
    "aria-expanded": "true",
    "aria-controls": "search-hits",
  });
  const list = h("div", { id: "search-hits", class: "hits", role: "listbox", "aria-label": "Results" });
  const dialog = openDialog(
    "Search everything",
    h("div", { class: "searching" }, h("div", { class: "find" }, icon("search"), field), list),
    { label: false },
  );
  dialog.classList.add("search");
  const find = debounced(120, () => fill(field, list, dialog, open));
  field.addEventListener("input", find);
  field.addEventListener("keydown", (event) => move(event, field, list));
  field.focus();
  fill(field, list, dialog, open);
}

async function fill(field, list, dialog, open) {
  const text = field.value.trim();
  const told = text ? await call("search", { text: text.slice(0, 200) }) : await recent();
  if (!dialog.isConnected || field.value.trim() !== text) return;
  const hits = [...(told.hits ?? []), ...(text ? await work(text) : [])];
  if (!dialog.isConnected || field.value.trim() !== text) return;
  list.replaceChildren(...hits.map((hit, index) => option(hit, index, dialog, open)));
  if (!hits.length) list.append(h("p", { class: "none" }, told.error ?? (text ? "Nothing found." : "No conversations yet.")));
  mark(field, list, 0);
}

/* Tickets and articles. What one may not open is not found; what fails hides no conversation. */
async function work(text) {
  const { tickets = [], articles = [] } = await call("search_work", { text: text.slice(0, 200) });
  return [
    ...tickets.map((one) => ({ ...one, kind: "Ticket", href: `/desk#${encodeURIComponent(one.id)}` })),
    ...articles.map((one) => ({ ...one, kind: "Article", href: `/knowledge?${new URLSearchParams({ article: one.id })}` })),
  ];
}

async function recent() {
  const told = await call("list", { offset: -new Date().getTimezoneOffset(), limit: 12 });
  if (told.error) return told;
  const items = told.groups.flatMap((group) => group.items.map((one) => ({ ...one, label: group.label })));
  return { hits: items.map((one) => ({ id: one.id, title: one.title, message: null, snippet: [], date: one.label })) };
}

function option(hit, index, dialog, open) {
  const choose = () => {
    dialog.close();
    if (hit.href) location.assign(hit.href);
    else open(hit.id, hit.message);
  };
  return h(
    "div",
    { class: "hit-row", role: "option", id: `hit-${index}`, "aria-selected": "false", onclick: choose },
    h(
      "div",
      { class: "row" },
      hit.kind && h("span", { class: "badge" }, hit.kind),
      h("span", { class: "ell grow b sm" }, hit.title || "Conversation"),
      h("span", { class: "dim xs num" }, hit.date),
    ),
    hit.about && h("div", { class: "ell dim xs" }, hit.about),
    hit.snippet?.length > 0 && snippet(hit),
  );
}

function mark(field, list, at) {
  const options = $$("[role=option]", list);
  options.forEach((one, index) => one.setAttribute("aria-selected", String(index === at)));
  options[at]?.scrollIntoView({ block: "nearest" });
  field.setAttribute("aria-activedescendant", options[at]?.id ?? "");
}

function move(event, field, list) {
  const options = $$("[role=option]", list);
  const at = options.findIndex((one) => one.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    const step = event.key === "ArrowDown" ? 1 : -1;
    if (options.length) mark(field, list, (at + step + options.length) % options.length);
  } else if (event.key === "Enter" && !event.isComposing && options[at]) {
    event.preventDefault();
    options[at].click();
  }
}
