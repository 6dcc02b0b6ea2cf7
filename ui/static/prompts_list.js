/* The list of all prompts, for authors: where each is live, how its tests stand, what it is worth. */

import { $, h, icon } from "./dom.js";
import { badge, note, whole } from "./admin_parts.js";
import { newPrompt, takeFile } from "./prompts_new.js";
import { addressOf, ask, go, place } from "./prompts_shell.js";

const KINDS = ["chat", "draft", "task"];
const ARCHIVED = "archived";
const wanted = { text: "", kind: "" };

export async function drawList(root) {
  const told = await ask("prompts");
  if (place().name) return; // somewhere else meanwhile
  const file = h("input", { type: "file", hidden: true, accept: ".prompty,.yaml,.yml,.json,.txt,.md", onchange: () => takeFile(file) });
  const head = h(
    "div",
    { class: "head" },
    h("h1", {}, "Prompts"),
    h("span", { class: "sp" }),
    file,
    h("button", { type: "button", class: "btn", onclick: () => file.click() }, icon("up"), h("span", {}, "Import file…")),
    h("button", { type: "button", class: "btn pri", id: "new-prompt", "aria-keyshortcuts": "N", onclick: () => newPrompt(told.prompts) }, icon("plus"), "New prompt"),
  );
  if (told.error) {
    root.replaceChildren(head, note(told.error, "bad", "alert"));
    return;
  }
  const all = told.prompts;
  const rows = h("div", {});
  const kinds = h("div", { class: "seg", role: "group", "aria-label": "Kind" }, ["", ...KINDS, ...(all.some((one) => one.archived) ? [ARCHIVED] : [])].map((kind) => kindButton(kind, all, draw)));
  const find = h("input", { class: "in", type: "search", "aria-label": "Filter prompts", placeholder: "Name or what it does", autocomplete: "off", oninput: () => { wanted.text = find.value; draw(); } });
  find.value = wanted.text;
  function draw() {
    for (const button of kinds.children) button.setAttribute("aria-pressed", String(button.dataset.kind === wanted.kind));
    rows.replaceChildren(table(all.filter((one) => ofKind(one, wanted.kind) && fits(one)), all.length));
  }
  root.replaceChildren(head, h("div", { class: "row wrap" }, h("div", { class: "find short" }, icon("search"), find), kinds), rows);
  draw();
}

function kindButton(kind, all, draw) {
  const count = all.filter((one) => ofKind(one, kind)).length;
  const choose = () => { wanted.kind = kind; draw(); };
  return h("button", { type: "button", "data-kind": kind, onclick: choose }, `${kind ? kind[0].toUpperCase() + kind.slice(1) : "All"} ${count}`);
}

/* Those off the lists stand apart. */
const ofKind = (one, kind) => (kind === ARCHIVED ? one.archived : !one.archived && (!kind || one.kind === kind));

function fits({ name, about }) {
  const text = wanted.text.trim().toLowerCase();
  return !text || `${name} ${about}`.toLowerCase().includes(text);
}

function table(rows, all) {
  if (!all) return note("No prompts yet. Start from support, reply or an empty one: New prompt.");
  if (!rows.length) return h("p", { class: "none", role: "status" }, "No prompt fits. Clear the filter to see all.");
  const heads = ["Prompt", "Kind", "Production", "Staging", "Tests", "Quality, 30 d", "Used, 30 d", "Changed"];
  return h(
    "div",
    { class: "panel" },
    h(
      "table",
      { class: "t cards", "aria-label": "Prompts" },
      h("thead", {}, h("tr", {}, heads.map((name, at) => h("th", { scope: "col", class: at > 4 ? "r" : null, title: at === 5 ? "Share of thumbs up" : null }, name)))),
      h("tbody", {}, rows.map(row)),
    ),
  );
}

const row = (one) =>
  h(
    "tr",
    { onclick: (event) => { if (!event.target.closest("a")) go(one.name); } },
    h("td", {}, h("a", { class: "b", href: addressOf(one.name) }, one.name), h("span", { class: "sub" }, one.about)),
    h("td", { class: "only-l" }, one.kind),
    h("td", { class: "num" }, one.production ? badge(one.production, "acc") : h("span", { class: "dim" }, "not live")),
    h("td", { class: "num only-l" }, one.staging || h("span", { class: "dim" }, "–")),
    h("td", { class: "num" }, testsBadge(one.tests)),
    h("td", { class: "r only-l" }, quality(one)),
    h("td", { class: "r only-l" }, one.turns.toLocaleString("en")),
    h("td", { class: "r mute only-l when", title: `${whole(one.changed)}, by ${one.by}` }, day(one.changed)),
  );

function testsBadge({ state, passed, total, cases }) {
  if (state === "none") return h("span", { class: "dim" }, "none");
  if (state === "not run") return badge(`${cases} not run`, "warn", "warn");
  return badge(`${passed} / ${total}`, state === "passed" ? "ok" : "bad", state === "passed" ? "check" : "warn");
}

function quality({ up, down }) {
  const judged = up + down;
  if (!judged) return h("span", { class: "dim" }, "–");
  return h("span", { title: `${up} up, ${down} down` }, `${((100 * up) / judged).toFixed(judged < 100 ? 0 : 1)} % up`);
}

function day(iso) {
  const at = new Date(iso);
  if (at.toDateString() === new Date().toDateString()) return "today";
  const sameYear = at.getFullYear() === new Date().getFullYear();
  return at.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: sameYear ? undefined : "numeric" });
}

/* The key of the list. */
export const pressNew = () => $("#new-prompt")?.click();
