/* The list of articles with its filters; files that are being read stand in its first rows. */

import { badge, during, plural, whole } from "./admin_parts.js";
import { $, $$, debounced, h, icon, iconButton } from "./dom.js";
import { call } from "./server.js";
import { openArticle } from "./knowledge_article.js";
import { dismiss, files, stopFile } from "./knowledge_files.js";
import { day, on, page, tell } from "./knowledge_shell.js";

const KINDS = [["", "All", "all"], ["public", "Public", "public"], ["internal", "Internal", "internal"]];
const wanted = { text: "", visibility: "", tag: "" };
const listed = { rows: [], counts: { all: 0, public: 0, internal: 0 }, tags: [], after: null };
const drawn = new Map();
let round = 0;

export function makeList() {
  on("list", refresh);
  on("files", drawRows);
  on("article", markOpen);
  const find = h("input", { class: "in", type: "search", "aria-label": "Filter articles", placeholder: "Title or text", autocomplete: "off", oninput: debounced(200, () => { wanted.text = find.value.trim().slice(0, 200); refresh(); }) });
  const kinds = h("div", { class: "seg", role: "group", "aria-label": "Seen by", id: "knowledge-kinds" }, KINDS.map(([kind, label]) => h("button", { type: "button", "data-kind": kind, onclick: () => { wanted.visibility = kind; refresh(); } }, label)));
  const tags = h("select", { class: "in", id: "knowledge-tags", "aria-label": "Tag", onchange: () => { wanted.tag = tags.value; refresh(); } });
  return h(
    "section",
    { "aria-label": "Articles", class: "col", id: "knowledge-list" },
    h("div", { class: "row wrap" }, h("div", { class: "find grow" }, icon("search"), find), tags, kinds),
    h("div", { class: "panel" }, h("table", { class: "t cards", "aria-label": "Articles", id: "knowledge-table" }, heads(), h("tbody", {})), h("p", { class: "none", id: "knowledge-none", role: "status", hidden: true })),
    h("div", { class: "row" }, h("button", { type: "button", class: "btn", id: "knowledge-later", hidden: true, onclick: (event) => during(event.currentTarget, "Loading…", more) }, "Show more")),
  );
}

const heads = () =>
  h("thead", {}, h("tr", {}, ["Article", "Seen by", "Passages", "Cited, 30 d", "Changed"].map((name, at) => h("th", { scope: "col", class: at > 2 ? "r" : null }, name))));

/* Asks for the list anew, as long as it is: what was loaded further down stays. */
export async function refresh() {
  const mine = (round += 1);
  const told = await call("articles", { ...wanted });
  if (mine !== round) return;
  if (told.error) {
    if (!listed.rows.length) nothing(told.error);
    return;
  }
  const rest = told.after && listed.rows.length > told.rows.length ? listed.rows.slice(told.rows.length) : [];
  const known = new Set(told.rows.map((one) => one.id));
  const goesOn = rest.length && told.rows.at(-1)?.id === listed.rows[told.rows.length - 1]?.id;
  if (drawn.size > 5000) drawn.clear();
  Object.assign(listed, { rows: [...told.rows, ...(goesOn ? rest.filter((one) => !known.has(one.id)) : [])], counts: told.counts, tags: told.tags, after: goesOn ? listed.after : told.after });
  page.state = told.state;
  tell("state");
  drawFilters();
  drawRows();
}

async function more() {
  const mine = (round += 1);
  const told = await call("articles", { ...wanted, after: listed.after });
  if (mine !== round || told.error) return;
  listed.rows.push(...told.rows);
  listed.after = told.after;
  drawRows();
}

function drawFilters() {
  for (const button of $$("#knowledge-kinds button")) {
    const [kind, label, count] = KINDS.find(([one]) => one === button.dataset.kind);
    button.textContent = `${label} ${listed.counts[count].toLocaleString("en")}`;
    button.setAttribute("aria-pressed", String(wanted.visibility === kind));
  }
  const tags = $("#knowledge-tags");
  tags.hidden = !listed.tags.length && !wanted.tag;
  const names = listed.tags.map(([tag]) => tag);
  if (wanted.tag && !names.includes(wanted.tag)) names.unshift(wanted.tag);
  if (document.activeElement === tags) return; // its list is open
  tags.replaceChildren(h("option", { value: "" }, "Any tag"), ...names.map((tag) => h("option", { value: tag }, tag)));
  tags.value = wanted.tag;
}

function drawRows() {
  const focused = document.activeElement?.closest?.("#knowledge-table [data-row]")?.dataset.row;
  const body = $("#knowledge-table tbody");
  const rows = [...files.map((file) => same(file.key, [file.words, file.share, file.problems], () => fileRow(file))), ...listed.rows.map((one) => same(one.id, [one, page.state.by_meaning], () => row(one)))];
  const shown = new Set(rows);
  for (const one of [...body.children]) if (!shown.has(one)) one.remove();
  rows.forEach((one, at) => { if (body.children[at] !== one) body.insertBefore(one, body.children[at] ?? null); });
  if (focused && document.activeElement === document.body) $(`[data-row="${CSS.escape(focused)}"] button`, body)?.focus({ preventScroll: true });
  $("#knowledge-later").hidden = !listed.after;
  const empty = !listed.counts.all && !files.length;
  $("#knowledge").classList.toggle("is-empty", empty);
  if (listed.rows.length || files.length) $("#knowledge-none").hidden = true;
  else if (!empty) nothing("No article fits. Clear the filter to see all.");
  markOpen();
}

/* The row that is there already, where nothing of it changed: a click that has begun is not lost. */
function same(key, facts, make) {
  const now = JSON.stringify(facts);
  const old = drawn.get(key);
  if (old?.now === now) return old.element;
  const element = make();
  drawn.set(key, { now, element });
  return element;
}

function nothing(sentence) {
  const place = $("#knowledge-none");
  place.textContent = sentence;
  place.hidden = false;
}

function markOpen() {
  for (const one of $$("#knowledge-table tr[data-row]")) one.classList.toggle("sel", one.dataset.row === page.open?.id);
}

const row = (one) =>
  h(
    "tr",
    { "data-row": one.id, onclick: (event) => { if (!event.target.closest("button")) openArticle(one.id); } },
    h("td", {}, h("button", { type: "button", class: "as-title", onclick: () => openArticle(one.id) }, one.title), one.tags.length > 0 && h("span", { class: "sub" }, one.tags.join(", "))),
    h("td", {}, seenBy(one)),
    h("td", {}, passages(one)),
    h("td", { class: "r only-l" }, one.cited ? one.cited.toLocaleString("en") : h("span", { class: "dim" }, "–")),
    h("td", { class: "r mute only-l when", title: whole(one.changed) }, day(one.changed)),
  );

export const seenBy = (one) => (one.visibility === "internal" ? badge("internal", "warn", "lock") : h("span", { class: "mute" }, "public"));

function passages(one) {
  if (page.state.by_meaning && one.embedded < one.passages) {
    return bar(one.embedded / one.passages, `${one.embedded} of ${one.passages}`, `Reading ${one.title} by meaning`);
  }
  return badge(plural(one.passages, "passage"));
}

const bar = (share, text, label) =>
  h(
    "span",
    { class: "row" },
    h("span", { class: "bar", role: "progressbar", "aria-label": label, "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": String(Math.round(share * 100)) }, h("i", { style: `width:${Math.round(share * 100)}%` })),
    h("span", { class: "xs dim num" }, text),
  );

/* A file on its way in, or one that was refused, with the reason. */
function fileRow(file) {
  const refused = file.problems.length > 0;
  const close = refused
    ? iconButton("close", `Close the message about ${file.name}`, () => dismiss(file))
    : iconButton("stop", `Stop reading ${file.name}`, () => stopFile(file));
  return h(
    "tr",
    { class: "file", "data-row": `file-${file.key}` },
    h("td", {}, h("b", { class: "wrap-any" }, file.name), refused && h("ul", { class: "reasons bad", role: "alert" }, file.problems.slice(0, 20).map((text) => h("li", {}, text)), file.problems.length > 20 && h("li", {}, `and ${file.problems.length - 20} more`))),
    h("td", { colspan: "3" }, refused ? h("span", { class: "xs mute" }, file.words) : bar(file.share, file.words, `Reading ${file.name}`)),
    h("td", { class: "r" }, close),
  );
}
