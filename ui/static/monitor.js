/* The Monitor page: filters, alerts, figures, plots, versions. Begins the page, follows the address, and
   looks again every minute while the page is looked at. */

import { choice, downloadButton, refused } from "./admin_parts.js";
import { $, $$, h, icon } from "./dom.js";
import { setPerson } from "./header.js";
import { island } from "./islands.js";
import { closeAnswers, openAnswers } from "./monitor_answers.js";
import { plotPanel } from "./monitor_panels.js";
import { alertNotes, figures, versions } from "./monitor_parts.js";
import { openRules } from "./monitor_rules.js";
import { addressOf, DEFAULTS, fromAddress, monitor } from "./monitor_shell.js";
import { BY_CHANNEL, CHANNELS, GROUPS, momentName, PERIODS } from "./monitor_words.js";
import { say, toast } from "./overlays.js";
import { beginPage } from "./page.js";
import { segments } from "./prompts_book.js";
import { call, callThrough } from "./server.js";

const LOOK = 60_000;
const QUIET = 300;
/* The plots that stand above the table, in their order; the rest stand below it. */
const FIRST = ["thumbs", "first", "distance", "answers"];
/* Those of which 0 says something; of the others it says that nothing happened. */
const TELLING = ["thumbs", "first", "distance", "total", "verdicts"];
const CHOICES = { period: Object.keys(PERIODS), group: Object.keys(GROUPS), channel: ["", ...Object.keys(CHANNELS)] };

const panels = new Map();
let root = null;
let asking = 0;
let allColumns = false;
let alerted = null; // the alerts that are drawn, and for which view

export async function startMonitor(top) {
  const [part, data] = await Promise.all(["monitor-page", "monitor-data"].map(island));
  callThrough(data);
  root = part.element;
  beginPage(top, "monitor", "Monitor");
  await learn();
}

async function learn() {
  const facts = await call("start");
  if (facts.error) {
    root.replaceChildren(h("h1", {}, "Monitor"), refused(facts, learn));
    return;
  }
  monitor.facts = facts;
  setPerson(facts.person);
  monitor.wanted = fromAddress(CHOICES).wanted;
  root.replaceChildren(head(), h("div", { id: "mon-notes", class: "col" }), h("div", { id: "mon-body", class: "col wide-gap" }));
  addEventListener("hashchange", arrive);
  addEventListener("focus", lookAgain);
  setInterval(() => document.hidden || look(), LOOK);
  await look();
  arrive();
}

/* After a while away what is shown is old: another minute would be long. */
function lookAgain() {
  if (monitor.shown && Date.now() - monitor.at > LOOK) look();
}

// The view ----------------------------------------------------------------------------------------

function head() {
  const set = (name) => (value) => location.assign(addressOf({ ...monitor.wanted, [name]: value }));
  const list = (id, label, options, name) => {
    const made = choice(id, options, monitor.wanted[name]);
    made.setAttribute("aria-label", label);
    made.addEventListener("change", () => set(name)(made.value));
    return made;
  };
  return h(
    "div",
    { class: "head", id: "mon-head" },
    h("h1", {}, "Monitor"),
    h("span", { class: "sp" }),
    h("button", { type: "button", class: "btn", id: "mon-alerts", onclick: () => openRules(look) }, icon("flag"), "Alerts"),
    list("mon-channel", "Channel", [["", "All channels"], ...Object.entries(CHANNELS)], "channel"),
    list("mon-group", "Group by", Object.entries(GROUPS), "group"),
    segments("Period", Object.entries(PERIODS), monitor.wanted.period, set("period")),
  );
}

/* Shows what the address names: a view, and over it the answers of a point. */
async function arrive() {
  const { wanted, point } = fromAddress(CHOICES);
  if (Object.keys(DEFAULTS).some((name) => wanted[name] !== monitor.wanted[name])) {
    monitor.wanted = wanted;
    $("#mon-head").replaceWith(keepingFocus(head));
    await look();
  }
  if (!monitor.shown) return;
  if (point) openAnswers(point, () => history.replaceState(null, "", addressOf()));
  else closeAnswers();
}

/* The element that was drawn anew takes the focus of the one before. */
function keepingFocus(draw) {
  const { id, textContent } = document.activeElement ?? {};
  const made = draw();
  setTimeout(() => {
    const again = id ? document.getElementById(id) : [...made.querySelectorAll(".seg button")].find((one) => one.textContent === textContent);
    if (document.activeElement === document.body) again?.focus({ preventScroll: true });
  });
  return made;
}

/* Asks for the view; a late answer to an older question is thrown away. */
async function look() {
  const number = (asking += 1);
  const late = setTimeout(waiting, QUIET);
  const told = await call("overview", monitor.wanted);
  clearTimeout(late);
  if (number !== asking) return;
  $("#mon-body").removeAttribute("aria-busy");
  if (told.error) {
    const stands = monitor.shown && sameView(monitor.shown);
    $("#mon-notes").replaceChildren(refused(told, look));
    alerted = null;
    if (!stands) $("#mon-body").replaceChildren();
    return;
  }
  monitor.shown = told;
  monitor.at = Date.now();
  draw(told);
}

const sameView = (shown) => Object.keys(DEFAULTS).every((name) => shown[name] === monitor.wanted[name]);

/* While something comes: what stands there is dimmed; where nothing does, grey lines. */
function waiting() {
  const body = $("#mon-body");
  body.setAttribute("aria-busy", "true");
  if (!body.firstChild) body.append(h("div", { class: "figs", "aria-hidden": "true" }, Array.from({ length: 6 }, () => h("div", { class: "panel waiting fig" }))), h("div", { class: "panel pb waiting", role: "status", "aria-label": "Loading" }));
}

function draw(shown) {
  const back = focusKeeper();
  drawAlerts(shown);
  const drawn = shown.plots.filter(tells);
  $("#mon-body").replaceChildren(...(shown.answers || drawn.length ? full(shown, drawn) : [nothing(shown)]));
  for (const plot of drawn) panels.get(plot.key).show(plot, shown);
  back();
}

/* Only when they are others than before: what alerts is read out again whenever it is drawn. */
function drawAlerts({ alerts }) {
  const now = JSON.stringify([alerts, monitor.wanted]);
  if (now === alerted) return;
  alerted = now;
  $("#mon-notes").replaceChildren(...alertNotes(alerts, mute));
}

/* What has the focus, found again after it was drawn anew: by itself, its id, or where it leads. */
function focusKeeper() {
  const before = document.activeElement;
  const href = before.closest("#mon-body") && before.getAttribute("href");
  return () => {
    if (document.activeElement !== document.body) return;
    const again = before.isConnected ? before : (before.id && document.getElementById(before.id)) || (href && $$("a", $("#mon-body")).find((one) => one.getAttribute("href") === href));
    again?.focus?.({ preventScroll: true });
  };
}

/* Zeros alone are not drawn. */
const tells = ({ key, empty, series }) => !empty && (TELLING.includes(key) || series.some(({ points }) => points.some(([, value]) => value)));

function full(shown, drawn) {
  const grid = (label, plots) => plots.length > 0 && h("div", { class: "g2 mon-plots", role: "group", "aria-label": label }, plots.map(({ key }) => panelOf(key).element));
  const first = FIRST.map((key) => drawn.find((one) => one.key === key)).filter(Boolean);
  const rest = drawn.filter((one) => !first.includes(one));
  if (first.length % 2 && rest.length) first.push(rest.shift());
  return [figures(shown), grid("Plots", first), shown.lines.length > 0 && byVersion(shown), grid("More plots", rest), foot(shown)].filter(Boolean);
}

function panelOf(key) {
  if (!panels.has(key)) panels.set(key, plotPanel(key));
  return panels.get(key);
}

function byVersion(shown) {
  const { period, group, channel } = shown;
  const all = h("button", { type: "button", class: "btn quiet s", id: "mon-columns", "aria-pressed": String(allColumns), onclick: () => {
    allColumns = !allColumns;
    $("#mon-versions").replaceWith(byVersion(monitor.shown));
    $("#mon-columns").focus();
  } }, allColumns ? "Fewer columns" : "All columns");
  const save = downloadButton("CSV", `/monitor/export?${new URLSearchParams({ period, group, channel })}`, { class: "btn s", id: "mon-csv" });
  return h("section", { class: "panel", "aria-label": "By version", id: "mon-versions" }, h("div", { class: "ph" }, h("h2", {}, "By version"), h("span", { class: "sp" }), all, save), versions(shown.lines, allColumns));
}

function nothing(shown) {
  const wider = shown.period === "30d" ? null : h("a", { class: "btn", href: addressOf({ ...monitor.wanted, period: "30d" }) }, "Look at 30 days");
  const all = shown.channel ? h("a", { class: "btn", href: addressOf({ ...monitor.wanted, channel: "" }) }, "All channels") : null;
  const words = shown.channel ? `Nobody was answered ${BY_CHANNEL[shown.channel]}.` : "Figures come from answers: ask something in the chat, or draft a reply at the desk.";
  return h("div", { class: "panel pb nothing col" }, h("p", { class: "b" }, "No answers in this period"), h("p", { class: "sm mute" }, words), h("div", { class: "row wrap" }, all, wider, h("a", { class: "btn", href: "/" }, "Open the chat")), foot({ ...shown, plots: [] }));
}

/* What is not drawn, what goes on just now, and how new all of it is. */
function foot({ plots, now, read, bucket, others }) {
  const empty = plots.filter((one) => !tells(one)).map((one) => one.title);
  const answers = (count) => `${count.toLocaleString("en")} ${count === 1 ? "answer" : "answers"}`;
  const sentences = [
    read ? `Figures up to ${momentName(read)}.` : "No figures were made yet: the first come within a minute or two.",
    `Now ${answers(now.running)} being written, ${now.waiting.toLocaleString("en")} waiting.`,
    bucket === "day" && "Days are those of UTC.",
    others > 0 && `The plots leave out ${others.toLocaleString("en")} with fewer answers; the table has all.`,
    empty.length > 0 && `Nothing in this period: ${empty.join(", ")}.`,
  ];
  return h("p", { class: "xs dim", id: "mon-foot" }, sentences.filter(Boolean).join(" "));
}

async function mute(alert, hours) {
  const told = await call("mute", { alert: alert.id, hours });
  if (told.error) {
    toast(told.error, { error: true });
    return;
  }
  say(hours ? "Muted for a day." : "It speaks again.");
  await look();
}
