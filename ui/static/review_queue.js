/* The queue: what waits and what is done, filtered; J and K go through it. Several may be selected and
   judged at once (review_bulk.js). */

import { $, $$, h, icon, iconButton } from "./dom.js";
import { note } from "./admin_parts.js";
import { onKey } from "./keys.js";
import { openMenu, say, toast } from "./overlays.js";
import { call } from "./server.js";
import { bulkBar, isSelecting, select, selected, selecting } from "./review_bulk.js";
import { chips, chosen, clear, filterChip } from "./review_filters.js";
import { exportSet, showAgreement } from "./review_export.js";
import { addressOf, day, go, itemInAddress, narrow, on, review, seeRegion, tell, whose } from "./review_shell.js";

const STEP = 50;
const WHICH = { open: "Open", done: "Done" };

const wanted = { which: "open", pages: 1 };
let told = null; // {rows, open, done, found, more}
let drawn = "";
let asking = 0;

export const which = () => wanted.which;

export function makeQueue() {
  on("queue", refresh);
  on("next-item", openNext);
  on("row", (id) => told?.rows.find((one) => one.id === id) ?? null);
  on("draw-queue", () => { drawn = ""; draw(); });
  bindKeys();
  return h(
    "section",
    { "aria-label": "Review queue", class: "review-queue", id: "review-queue" },
    h("div", { class: "col queue-head" }, h("div", { class: "seg", role: "group", "aria-label": "State" }, Object.keys(WHICH).map(whichButton)), h("div", { class: "row wrap chips", id: "review-chips" })),
    h("nav", { class: "scroll queue-list", "aria-label": "Messages to review", id: "review-rows", onkeydown: moveRows, "aria-busy": "true" }, bones()),
    h("div", { id: "review-bulk", hidden: true }),
    h("div", { class: "bottom", id: "review-keys" }, h("span", { class: "xs dim grow only-l" }, h("kbd", {}, "J"), " ", h("kbd", {}, "K"), " next, previous"), h("span", { class: "grow only-s" }), iconButton("more", "More for the queue", moreMenu, { id: "review-more", "aria-haspopup": "menu", "aria-expanded": "false" })),
  );
}

const bones = () => h("div", { class: "bones pb", "aria-hidden": "true" }, h("i"), h("i"), h("i"));

function whichButton(name) {
  const choose = () => {
    wanted.which = name;
    wanted.pages = 1;
    refresh();
  };
  return h("button", { type: "button", "data-which": name, "aria-pressed": "false", onclick: choose }, WHICH[name]);
}

const rows = () => $$(".q", $("#review-rows"));

function changed() {
  wanted.pages = 1;
  refresh();
}

/* Asks for the queue as it is wanted now; a page that was shown longer stays as long. */
export async function refresh() {
  const number = (asking += 1);
  const answer = await call("queue", { which: wanted.which, filters: chosen.filters, text: chosen.text, limit: Math.min(STEP * wanted.pages, 200) });
  if (number !== asking) return;
  if (answer.error) {
    drawHead();
    $("#review-rows").setAttribute("aria-busy", "false");
    $("#review-rows").replaceChildren(h("div", { class: "pb col" }, note(answer.error, "bad", "alert"), h("button", { type: "button", class: "btn s", onclick: refresh }, "Try again")));
    drawn = "";
    return;
  }
  told = answer;
  draw();
}

async function showMore() {
  const answer = await call("queue", { which: wanted.which, filters: chosen.filters, text: chosen.text, limit: STEP, after: told.more });
  if (answer.error) {
    toast(answer.error, { error: true, action: "Try again", run: showMore });
    return;
  }
  wanted.pages += 1;
  const known = new Set(told.rows.map((one) => one.id));
  told = { ...answer, rows: [...told.rows, ...answer.rows.filter((one) => !known.has(one.id))] };
  const at = rows().length;
  draw();
  rows()[at]?.focus();
}

function drawHead() {
  for (const button of $$("[data-which]", $("#review-queue"))) {
    const name = button.dataset.which;
    button.setAttribute("aria-pressed", String(name === wanted.which));
    button.textContent = told ? `${WHICH[name]} ${told[name].toLocaleString("en")}` : WHICH[name];
  }
  if (told) tell("counts", told.open);
  const take = (names) => () => {
    clear(names);
    changed();
  };
  const all = JSON.stringify(chips());
  const place = $("#review-chips");
  if (place.dataset.of === all) return;
  place.dataset.of = all;
  const focused = place.contains(document.activeElement);
  place.replaceChildren(
    ...chips().map(([text, names]) => h("button", { type: "button", class: "chip", "aria-pressed": "true", "aria-label": `${text}. Remove this filter`, title: "Remove this filter", onclick: take(names) }, h("span", { class: "ell" }, text), icon("close"))),
    filterChip(changed),
  );
  if (focused) $("#review-filter").focus();
}

export function draw() {
  drawHead();
  if (!told) return;
  const current = itemInAddress();
  const key = JSON.stringify([told.rows, told.more, current, wanted.which, chosen, isSelecting(), selected()]);
  if (key === drawn) return;
  drawn = key;
  const focused = document.activeElement?.closest?.(".q, .q-row input")?.id;
  const place = $("#review-rows");
  const top = place.scrollTop;
  place.setAttribute("aria-busy", "false");
  place.replaceChildren(
    ...told.rows.map((one) => row(one, current)),
    ...(told.rows.length || told.more ? [] : [empty()]),
    ...(told.more ? [h("button", { type: "button", class: "btn quiet more-rows", onclick: showMore }, "Show more")] : []),
  );
  place.scrollTop = top;
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  bulkBar($("#review-bulk"), told.rows, () => { drawn = ""; draw(); });
}

function row(one, current) {
  const open = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    openItem(one.id);
  };
  const link = h(
    "a",
    { class: "q", id: `row-${one.id}`, href: addressOf(one.id), "aria-current": one.id === current ? "true" : null, onclick: open },
    h("div", { class: "l1" }, h("b", { class: "ell grow" }, one.title || "No words")),
    h("div", { class: "l3" }, h("span", {}, whose(one)), h("span", { "aria-hidden": "true" }, "·"), h("span", { class: "num" }, day(one.at)), one.taken && [h("span", { "aria-hidden": "true" }, "·"), h("span", { class: "ell" }, `${one.taken} has it`)]),
    h("div", { class: "l3 badges" }, badges(one)),
  );
  if (!isSelecting()) return link;
  const box = h("input", { type: "checkbox", id: `pick-${one.id}`, "aria-label": `Select: ${one.title}`, checked: selected().includes(one.id), onchange: (event) => select(one.id, event.currentTarget.checked) });
  return h("div", { class: "q-row" }, box, link);
}

/* What brought it here, and once it is judged, the verdict. */
function badges(one) {
  const badge = (kind, drawing, text) => h("span", { class: `badge ${kind}` }, drawing && icon(drawing), text);
  const [kind, drawing] = one.flagged ? ["warn", "flag"] : one.kind === "reply" ? ["", null] : one.rating < 0 ? ["bad", "bad"] : one.rating > 0 ? ["ok", "good"] : ["", null];
  const verdict = { 1: ["ok", "good", "good"], "-1": ["bad", "bad", "poor"], 0: ["", null, "skipped"] }[one.verdict];
  return [
    one.chip && badge(kind, drawing, one.chip),
    verdict && one.state === "done" && badge(...verdict),
    one.split ? badge("warn", "fork", "reviewers differ") : one.second && badge("acc", "eye", "second opinion"),
  ];
}

function empty() {
  if (chips().length) {
    const all = () => {
      chosen.filters = {};
      chosen.text = "";
      changed();
    };
    return h("div", { class: "col queue-empty" }, h("p", { class: "sm mute", role: "status" }, "Nothing fits these filters."), h("div", {}, h("button", { type: "button", class: "btn s", onclick: all }, "Clear the filters")));
  }
  if (wanted.which === "done") return h("p", { class: "none", role: "status" }, "Nothing is judged yet. The first verdict appears here.");
  const line = h("p", { class: "sm mute", role: "status" }, "Nothing waits.");
  call("figures").then((figures) => {
    if (!figures.error) line.textContent = `Nothing waits. Last ${review.facts.days} days: ${figures.reviewed.toLocaleString("en")} reviewed.`;
  });
  return h("div", { class: "col queue-empty" }, line, h("p", { class: "xs dim" }, "Answers come here when somebody rates or flags them, and replies that an agent changed before sending."), h("div", {}, h("a", { class: "btn s", href: "/models#datasets" }, "Build a dataset")));
}

// More ------------------------------------------------------------------------------------------

function moreMenu(event) {
  openMenu(event.currentTarget, [
    { text: "Select several", icon: "check", key: "X", run: () => selecting(!isSelecting()) },
    { text: "Export…", icon: "download", run: () => setTimeout(exportSet) },
    { text: "Agreement of reviewers", icon: "eye", run: () => setTimeout(showAgreement) },
  ], { label: "More for the queue" });
}

// Keys ------------------------------------------------------------------------------------------

export function openItem(id) {
  go(id);
  if (narrow()) seeRegion("item");
  draw();
}

function step(by) {
  const ids = (told?.rows ?? []).map((one) => one.id);
  if (!ids.length) return false;
  const at = ids.indexOf(itemInAddress());
  const to = at < 0 ? 0 : Math.min(Math.max(at + by, 0), ids.length - 1);
  if (ids[to] !== itemInAddress()) openItem(ids[to]);
  else say(by > 0 ? "This is the last one." : "This is the first one.");
  document.getElementById(`row-${ids[to]}`)?.scrollIntoView({ block: "nearest" });
  return true;
}

function moveRows(event) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by || !event.target.closest(".q")) return;
  event.preventDefault();
  const all = rows();
  all[Math.min(Math.max(all.indexOf(event.target.closest(".q")) + by, 0), all.length - 1)].focus();
}

/* After a verdict: the next of the list that nobody else has, else what the server names, else the
   queue. */
function openNext(after, next) {
  const all = told?.rows ?? [];
  const at = all.findIndex((one) => one.id === after);
  const following = all.slice(at + 1).find((one) => !one.taken)?.id ?? (next !== after ? next : null);
  if (following) openItem(following);
  else {
    go("");
    seeRegion("queue");
  }
  $("#review").focus();
  refresh();
}

function bindKeys() {
  onKey("next-item", () => step(1));
  onKey("previous-item", () => step(-1));
  onKey("select-item", () => {
    selecting(true);
    const id = document.activeElement?.closest?.(".q")?.id.slice(4) || itemInAddress();
    if (id) select(id, !selected().includes(id));
    return true;
  });
}
