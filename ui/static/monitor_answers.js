/* The dialog "Answers": those behind a point, the newest first, each with a way to it: the review, the
   desk, the chat, and its turn id, under which the log and the trace know it. */

import { h, icon, iconButton } from "./dom.js";
import { badge, refused } from "./admin_parts.js";
import { monitor } from "./monitor_shell.js";
import { bucketName, compact, momentName, worded } from "./monitor_words.js";
import { openDialog, say, toast } from "./overlays.js";
import { segments } from "./prompts_book.js";
import { call } from "./server.js";

const STATES = { complete: "", streaming: "acc", stopped: "warn", truncated: "warn", interrupted: "warn", failed: "bad" };
const HEAD = [["Time"], ["Version"], ["Model"], ["First word", "r"], ["Total", "r"], ["Tokens", "r"], ["Result"], ["Open"]];

let open = null; // the dialog, while there is one

export const closeAnswers = () => open?.close();

/* Opens the answers of a point {plot, series, at}; `closed` runs when the dialog is closed. */
export function openAnswers(point, closed) {
  const { shown, wanted } = monitor;
  const plot = shown.plots.find((one) => one.key === point.plot);
  const time = Date.parse(point.at);
  const list = h("div", { class: "col", id: "mon-answers" });
  const title = plot ? `Answers: ${plot.title}, ${bucketName(time, shown.bucket)}` : "Answers";
  open?.close();
  const dialog = openDialog(title, h("div", { class: "pb col" }, among(plot, point, time, list, wanted), list), {
    wide: true,
    done: () => {
      if (open === dialog) open = null;
      closed();
    },
  });
  dialog.classList.add("mon-answers");
  open = dialog;
  fetchInto(list, { ...wanted, plot: point.plot, series: point.series, moment: point.at });
}

/* Where several series have a point there: which one. */
function among(plot, point, time, list, wanted) {
  const here = (plot?.series ?? []).filter((one) => one.links && one.points.some(([at, value]) => value !== null && Date.parse(at) === time));
  if (here.length < 2) return null;
  const choose = (series) => fetchInto(list, { ...wanted, plot: plot.key, series, moment: point.at });
  return h("div", { class: "row" }, segments("Of which", here.map((one) => [one.key, one.name]), point.series, choose));
}

async function fetchInto(list, given) {
  list.dataset.asked = JSON.stringify(given);
  list.setAttribute("aria-busy", "true");
  const late = setTimeout(() => list.replaceChildren(h("div", { class: "waiting", role: "status", "aria-label": "Loading" })), 300);
  const told = await call("answers", given);
  clearTimeout(late);
  if (list.dataset.asked !== JSON.stringify(given)) return;
  list.removeAttribute("aria-busy");
  if (told.error) list.replaceChildren(refused(told, () => fetchInto(list, given)));
  else draw(list, given, told);
}

function draw(list, given, { answers, more }) {
  if (!answers.length && !more) {
    list.replaceChildren(h("p", { class: "none" }, "No answers are left behind this point: they were deleted, or kept as long as they may be."));
    return;
  }
  const body = h("tbody", {}, answers.map(row));
  const next = h("button", { type: "button", class: "btn s", hidden: !more }, "Show more");
  next.addEventListener("click", async () => {
    next.disabled = true;
    const told = await call("answers", { ...given, after: more });
    next.disabled = false;
    if (told.error) {
      toast(told.error, { error: true });
      return;
    }
    const first = told.answers.map(row);
    body.append(...first);
    more = told.more;
    next.hidden = !more;
    say(`${told.answers.length} more answers`);
  });
  list.replaceChildren(
    h("div", { class: "across" }, h("table", { class: "t labelled", "aria-label": "Answers" }, h("thead", {}, h("tr", {}, HEAD.map(([name, kind]) => h("th", { scope: "col", class: kind ?? null }, name)))), body)),
    h("div", { class: "row" }, h("span", { class: "xs dim grow" }, "Texts are read in the review, where they are masked. A turn's id names it in the log."), next),
  );
}

function row(one) {
  const cells = [
    h("span", { class: "num" }, momentName(one.at)),
    one.number ? `${one.prompt} v${one.number}` : one.prompt || "–",
    one.model,
    worded(one.first_s, "seconds"),
    worded(one.total_s, "seconds"),
    compact(one.tokens),
    resultOf(one),
    h("span", { class: "row mon-ways" }, ways(one), one.turn && copyId(one.turn)),
  ];
  return h("tr", { "data-turn": one.turn }, cells.map((content, at) => h("td", { class: HEAD[at][1] ?? null }, h("span", { class: "only-s dim" }, HEAD[at][0]), content)));
}

function resultOf({ status, error, thumb, distance }) {
  const marks = [
    distance !== null && badge(distance ? `sent, changed by ${worded(distance, "distance")}` : "sent unchanged"),
    status !== "complete" && badge(error ? `${status}: ${error}` : status, STATES[status] ?? "", status === "failed" ? "warn" : null),
    thumb > 0 && badge("good", "ok", "good"),
    thumb < 0 && badge("poor", "warn", "bad"),
  ].filter(Boolean);
  return marks.length ? h("span", { class: "badges" }, marks) : h("span", { class: "dim" }, "–");
}

function ways({ item, ticket, conversation, turn }) {
  const { may_review: reviews, may_desk: answers } = monitor.facts;
  return [
    item && reviews && h("a", { href: `/review#${encodeURIComponent(item)}` }, "Review"),
    ticket && answers && h("a", { href: `/desk#${encodeURIComponent(ticket)}` }, "Ticket"),
    conversation && h("a", { href: `/?${new URLSearchParams({ c: conversation, m: turn })}` }, "Chat"),
  ];
}

function copyId(turn) {
  const button = iconButton("copy", `Copy turn id ${turn}`, async () => {
    try {
      await navigator.clipboard.writeText(turn);
      button.replaceChildren(icon("check"));
      say("Copied");
    } catch {
      toast(`The browser does not let this page copy. The id is ${turn}`, { error: true });
    }
  });
  return button;
}
