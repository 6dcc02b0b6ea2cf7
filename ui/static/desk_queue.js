/* The queue: which tickets wait, searched, filtered, sorted; J and K go through it. */

import { $, $$, debounced, h, icon, iconButton } from "./dom.js";
import { during, note } from "./admin_parts.js";
import { demoPlace } from "./demo.js";
import { onKey } from "./keys.js";
import { openMenu, say, toast } from "./overlays.js";
import { call } from "./server.js";
import { addressOf, asked, desk, go, narrow, on, seeRegion, tell, ticketInAddress } from "./desk_shell.js";
import { capital, languageName, waited } from "./desk_text.js";

const STEP = 50;
const WHICH = { mine: "Mine", new: "New", all: "All" };
const SORTS = { longest: ["Oldest", "longest wait first"], newest: ["Newest", "newest first"] };
const STATES = { new: "New", open: "Open", waiting: "Waits for the customer", closed: "Closed" };
const MOODS = ["angry", "unhappy", "neutral", "content", "happy"];

const wanted = { which: "mine", text: "", state: "", language: "", mood: "", assignee: "", sort: "longest", limit: STEP };
let told = null;
let drawn = "";
let removal = null; // of the demo
let chosen = false; // whether the person chose which tickets; until then an empty Mine shows All

export const queueWanted = () => ({ ...wanted });

export function makeQueue() {
  const find = h("input", { class: "in", type: "search", "aria-label": "Search tickets", placeholder: "Search", autocomplete: "off" });
  find.addEventListener("input", debounced(200, () => {
    wanted.text = find.value.trim().slice(0, 200);
    refresh();
  }));
  find.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" || !rows().length) return;
    event.preventDefault();
    rows()[0].focus();
  });
  removal = demoPlace(false, refresh);
  bindKeys();
  on("queue", refresh);
  on("queue-told", show);
  on("next-ticket", nextTicket);
  return h(
    "section",
    { "aria-label": "Ticket queue", class: "desk-queue", id: "desk-queue" },
    h(
      "div",
      { class: "col queue-head" },
      h("div", { class: "seg", role: "group", "aria-label": "Which tickets" }, Object.keys(WHICH).map(whichButton)),
      h(
        "div",
        { class: "row tight" },
        h("div", { class: "find grow" }, icon("search"), find),
        h("button", { type: "button", class: "btn quiet s", id: "desk-sort", "aria-haspopup": "menu", "aria-expanded": "false", onclick: sortMenu }),
        iconButton("filter", "Filters", toggleFilters, { id: "desk-filter", "aria-expanded": "false", "aria-controls": "desk-filters" }),
      ),
      h("div", { id: "desk-filters", class: "filters-of", hidden: true }),
    ),
    h("nav", { class: "scroll queue-list", "aria-label": "Tickets", id: "desk-rows", onkeydown: moveRows }),
  );
}

function whichButton(which) {
  const choose = () => {
    chosen = true;
    wanted.which = which;
    wanted.limit = STEP;
    refresh();
  };
  return h("button", { type: "button", "data-which": which, "aria-pressed": "false", onclick: choose }, WHICH[which]);
}

const rows = () => $$(".q", $("#desk-rows"));

/* Asks for the queue as it is wanted now. */
export async function refresh() {
  const before = JSON.stringify(wanted);
  const answer = await call("queue", queueWanted());
  if (before === JSON.stringify(wanted)) show(answer);
}

function show(answer) {
  if (answer.error) {
    if (!told) $("#desk-rows").replaceChildren(note(answer.error, "bad", "alert"));
    return;
  }
  told = answer;
  if (!chosen && wanted.which === "mine" && !answer.counts.mine && answer.counts.all) {
    chosen = true;
    wanted.which = answer.counts.new ? "new" : "all";
    refresh();
    return;
  }
  tell("counts", answer.counts);
  draw();
}

export function draw() {
  for (const button of $$("[data-which]", $("#desk-queue"))) {
    const { which } = button.dataset;
    button.setAttribute("aria-pressed", String(which === wanted.which));
    button.textContent = `${WHICH[which]} ${told?.counts[which] ?? ""}`;
  }
  const [short, whole] = SORTS[wanted.sort];
  const sort = $("#desk-sort");
  sort.setAttribute("aria-label", `Sort: ${whole}`);
  sort.replaceChildren(short, icon("down"));
  const filters = filtersOn();
  $("#desk-filter").classList.toggle("on", filters > 0);
  $("#desk-filter").setAttribute("aria-label", filters ? `Filters, ${filters} on` : "Filters");
  if (told) drawRows();
}

function drawRows() {
  const current = ticketInAddress();
  const key = JSON.stringify([told.rows, told.more, current, wanted.which, filtersOn(), wanted.text]);
  if (key === drawn) return;
  drawn = key;
  const focused = document.activeElement?.closest?.(".q")?.id;
  const place = $("#desk-rows");
  const top = place.scrollTop;
  place.replaceChildren(
    ...told.rows.map((one) => row(one, current)),
    ...(told.rows.length ? [] : [empty()]),
    ...(told.more ? [h("button", { type: "button", class: "btn quiet more-rows", onclick: () => { wanted.limit += STEP; refresh(); } }, "Show more")] : []),
    ...(told.counts.all ? [removal] : []),
  );
  place.scrollTop = top;
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

function row(one, current) {
  const open = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    openTicket(one.id);
  };
  const wait = waited(one.waiting_s);
  return h(
    "a",
    { class: "q", id: `row-${one.id}`, href: addressOf(one.id), "aria-current": one.id === current ? "true" : null, onclick: open },
    h("div", { class: "l1" }, h("b", { class: "ell grow" }, one.customer || "Somebody"), h("span", { class: one.late ? "xs num bad b" : "xs num dim" }, one.late ? `${wait}, late` : wait)),
    h("div", { class: one.unread ? "l2 ell b" : "l2 ell" }, one.subject || "No subject"),
    h("div", { class: "l3" }, h("span", {}, one.channel === "api" ? "API" : capital(one.channel)), h("span", { "aria-hidden": "true" }, "·"), state(one), one.assignee && wanted.which !== "mine" && [h("span", { "aria-hidden": "true" }, "·"), h("span", { class: "ell" }, one.assignee)]),
  );
}

/* The one thing about a ticket that decides whether to open it now. */
function state(one) {
  const is = (kind, drawing, text) => h("span", { class: `${kind} row tight ell` }, icon(drawing), h("span", { class: "ell" }, text));
  if (one.state === "closed") return h("span", {}, "Closed");
  if (one.draft === "drafting") return h("span", {}, "Drafting…");
  if (one.draft.startsWith("needs")) return is("warned", "warn", capital(one.draft));
  if (one.draft === "failed") return is("warned", "warn", "No draft");
  if (one.draft === "ready") return is("acc", "check", "Draft ready");
  if (one.state === "waiting") return h("span", { class: "ell" }, "Waits for the customer");
  if (one.language && one.language !== "en") return h("span", {}, languageName(one.language));
  return h("span", {}, STATES[one.state] ?? one.state);
}

function empty() {
  const searched = wanted.text || filtersOn();
  if (searched) return h("p", { class: "none", role: "status" }, "No ticket fits. Clear the search or the filters.");
  const nothing = !told.counts.all;
  return h(
    "div",
    { class: "col queue-empty" },
    h("p", { class: "sm mute", role: "status" }, "No tickets wait. Import some or take one from All."),
    h("div", { class: "row wrap" }, importButton(), !nothing && wanted.which !== "all" && h("button", { type: "button", class: "btn s", onclick: () => { chosen = true; wanted.which = "all"; refresh(); } }, "Show All")),
    nothing && demoPlace(true, refresh),
  );
}

function importButton() {
  const file = h("input", { type: "file", hidden: true, accept: ".csv,.jsonl,.ndjson,.json,.eml,.mbox" });
  const button = h("button", { type: "button", class: "btn s", onclick: () => file.click() }, icon("up"), "Import tickets…");
  file.addEventListener("change", async () => {
    const [one] = file.files;
    if (!one) return;
    if (one.size > desk.facts.import_limit) {
      toast(`${one.name} is too large for the page. Use: chatbot tickets import ${one.name}`, { error: true });
      return;
    }
    const data = await base64(one);
    const answer = await during(button, "Importing…", () => call("bring", { name: one.name.slice(-200), data, modified: Math.floor(one.lastModified / 1000) }));
    if (answer?.error) {
      toast(answer.error, { error: true });
      return;
    }
    toast(answer.text, { error: answer.refused.length > 0, seconds: 8 });
    refresh();
  });
  return h("span", {}, file, button);
}

async function base64(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

// Sorting, filters ------------------------------------------------------------------------------

function sortMenu(event) {
  openMenu(event.currentTarget, Object.entries(SORTS).map(([sort, [, whole]]) => ({ text: capital(whole), on: wanted.sort === sort, run: () => { wanted.sort = sort; draw(); refresh(); } })), { label: "Sort" });
}

const filtersOn = () => ["state", "language", "mood", "assignee"].filter((name) => wanted[name]).length;

function toggleFilters(event) {
  const place = $("#desk-filters");
  place.hidden = !place.hidden;
  event.currentTarget.setAttribute("aria-expanded", String(!place.hidden));
  if (place.hidden) return;
  const { people, languages } = desk.facts;
  place.replaceChildren(
    filter("state", "State", Object.entries(STATES)),
    filter("language", "Language", languages.map((code) => [code, languageName(code)])),
    filter("mood", "Mood", MOODS.map((mood) => [mood, capital(mood)])),
    filter("assignee", "Assigned to", [["none", "Nobody"], ...people.map((one) => [one.id, one.name])]),
  );
}

function filter(name, label, options) {
  const select = h("select", { class: "in", "aria-label": label }, h("option", { value: "" }, `${label}: any`), options.map(([value, text]) => h("option", { value }, text)));
  select.value = wanted[name];
  select.addEventListener("change", () => {
    wanted[name] = select.value;
    refresh();
  });
  return select;
}

// Keys ------------------------------------------------------------------------------------------

/* The ticket that a key is meant for: the row with the focus, else the open one. */
const target = () => document.activeElement?.closest?.(".q")?.id.slice(4) ?? ticketInAddress();

function step(by) {
  const all = rows();
  if (!all.length) return false;
  const at = all.findIndex((one) => one === document.activeElement || one.contains(document.activeElement));
  const from = at >= 0 ? at : all.findIndex((one) => one.getAttribute("aria-current"));
  const to = from < 0 ? 0 : Math.min(Math.max(from + by, 0), all.length - 1);
  all[to].focus();
  all[to].scrollIntoView({ block: "nearest" });
  return true;
}

function moveRows(event) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by && event.target.closest(".q")) {
    event.preventDefault();
    step(by);
  }
}

export function openTicket(id) {
  go(id);
  seeRegion("ticket");
  draw();
}

/* Opens the ticket after this one; the queue itself when there is none. */
function nextTicket(after) {
  const ids = (told?.rows ?? []).map((one) => one.id);
  const at = ids.indexOf(after);
  const next = ids.filter((id) => id !== after)[Math.max(at, 0)] ?? ids.filter((id) => id !== after)[0];
  if (next) {
    openTicket(next);
    // Out of the field, so that single keys act: the next ticket, take back, why.
    (narrow() ? $("#desk") : document.getElementById(`row-${next}`) ?? $("#desk")).focus();
  } else {
    go("");
    seeRegion("queue");
    $("#desk").focus();
  }
}

async function assignToMe() {
  const ticket = target();
  if (!ticket) return;
  const answer = await asked("assign", { ticket, whom: "me" });
  if (answer.error) return;
  toast("Assigned to you.", { seconds: 3 });
  changed(ticket);
}

async function close() {
  const ticket = target();
  if (!ticket) return;
  const answer = await asked("close_ticket", { ticket });
  if (answer.error) return;
  toast("Closed.", { action: "Reopen", seconds: 10, run: async () => { await asked("reopen", { ticket }); changed(ticket); } });
  changed(ticket);
}

function changed(ticket) {
  refresh();
  if (ticket === ticketInAddress()) tell("ticket-changed");
}

function bindKeys() {
  onKey("next-ticket", () => step(1));
  onKey("previous-ticket", () => step(-1));
  const at = (run) => () => (target() ? (run(), true) : false);
  onKey("assign", at(assignToMe));
  onKey("close-ticket", at(close));
  onKey("copy-number", () => tell("copy-number", told?.rows.find((one) => one.id === target())));
  on("close-ticket", close);
}
