/* The open item: its head, the thread with the judged answer outlined, the trace under that, judgements
   and comments at the end. Texts of people and models go in as text nodes. */

import { $, h, icon, iconButton } from "./dom.js";
import { during, field, formDialog, input, note, plural } from "./admin_parts.js";
import { copyable } from "./clipboard.js";
import { capital, clock } from "./desk_text.js";
import { onKey } from "./keys.js";
import { openMenu, say, toast } from "./overlays.js";
import { call } from "./server.js";
import { runAgain, showRendered } from "./review_again.js";
import { asked, differing, hidden, on, review, seeRegion, tell, whose } from "./review_shell.js";

const RATINGS = { 1: ["ok", "good", "Good"], "-1": ["bad", "bad", "Poor"], 0: ["", null, "Skipped"] };

export function makeThread() {
  onKey("flag", () => (review.item ? (toggleFlag(), true) : false));
  return h("section", { "aria-label": "Transcript", class: "review-item", id: "review-item" }, nothingOpen());
}

export const nothingOpen = () =>
  h("div", { class: "none-open" }, h("p", { class: "mute" }, "Choose a message from the queue."), h("p", { class: "xs dim only-l" }, h("kbd", {}, "J"), " ", h("kbd", {}, "K"), " go through it."));

export const loading = () =>
  h("div", { class: "pb bones", "aria-busy": "true", role: "status" }, h("span", { class: "vh" }, "Opening…"), h("i"), h("i"), h("i"));

export function drawItem(item) {
  const place = $("#review-item");
  place.replaceChildren(
    head(item),
    h("div", { class: "scroll thread", tabindex: "0", role: "region", "aria-label": "Messages", id: "review-thread" }, item.has_earlier && h("p", { class: "xs dim pb" }, "Earlier messages are not shown."), lines(item), judgements(item), comments(item)),
    h("div", { class: "bottom only-s" }, h("button", { type: "button", class: "btn pri grow", onclick: () => { seeRegion("correction"); tell("focus-correction"); } }, "Judge this answer")),
  );
  const judged = $(".judged", place);
  const thread = $("#review-thread");
  const below = judged ? judged.offsetTop + judged.offsetHeight - thread.clientHeight : 0;
  thread.scrollTop = below > 0 ? judged.offsetTop - 60 : 0;
}

function head({ row, thread, masked, recorded }) {
  const facts = [whose(row), row.kind === "reply" ? null : "chat", plural(thread.length, "message"), recorded].filter(Boolean);
  return h(
    "div",
    { class: "thead" },
    iconButton("left", "Back to the queue", () => { seeRegion("queue"); $(".q[aria-current]")?.focus(); }, { class: "ib only-s" }),
    h("div", { class: "grow" }, h("h1", { class: "ell", id: "review-title" }, row.title || "No words"), h("p", { class: "xs dim num ell", title: [...facts, masked && `hidden: ${masked}`].filter(Boolean).join(" · ") }, facts.join(" · "))),
    flagButton(row.flagged),
    iconButton("more", "More for this message", moreMenu, { id: "item-more", "aria-haspopup": "menu", "aria-expanded": "false" }),
  );
}

const flagButton = (flagged) =>
  iconButton("flag", flagged ? "Take the flag away" : "Flag", toggleFlag, { id: "review-flag", class: flagged ? "ib on" : "ib", "aria-pressed": String(flagged), "aria-keyshortcuts": "F" });

// The thread ------------------------------------------------------------------------------------

function lines(item) {
  const judged = item.thread.some((one) => one.judged);
  const made = item.thread.flatMap((one) => (one.judged ? judgedLine(item, one) : [message(item, one)]));
  return judged ? made : [...made, ...judgedLine(item, null)];
}

const WHO = { assistant: "Assistant", agent: "Agent" };

function message({ row }, one, more = {}) {
  const name = one.role === "customer" ? (row.customer ? `Customer ${row.customer}` : "Customer") : WHO[one.role];
  const verdict = more.reason && h("span", { class: `${more.reason[0]} row tight` }, icon(more.reason[1]), more.reason[2]);
  return h(
    "article",
    { class: [one.role === "customer" ? "msg" : "msg bot", more.judged && "judged"].filter(Boolean).join(" "), "aria-label": `${name}${one.at ? `, ${clock(one.at)}` : ""}${more.judged ? ", to be judged" : ""}` },
    h("p", { class: "who" }, h("b", {}, name), one.at && h("span", { class: "num" }, clock(one.at)), more.about && h("span", {}, more.about), verdict),
    h("div", { class: "bub" }, hidden(one.text, one.masks)),
  );
}

/* The judged message with what brought it here, and how it was made. Of a desk reply that is what the
   agent sent; the draft and how that was made stand before it. */
function judgedLine(item, line) {
  const { row } = item;
  const at = line?.at ?? row.at;
  const draft = { role: "assistant", at: item.sent === null ? at : null, text: item.answer, masks: item.answer_masks };
  const notes = [
    item.flag_note && h("div", { class: "said-of" }, note(`Flagged: ${item.flag_note}`, "warn")),
    item.better && h("div", { class: "said-of" }, note(`Whoever asked would have worded it: ${item.better}`)),
  ];
  if (item.sent === null) return [message(item, draft, { judged: true, reason: reasonOf(item) }), ...notes, traceCard(item)].filter(Boolean);
  const sent = { role: "agent", at, text: item.sent, masks: item.sent_masks };
  const edited = row.distance === null ? "sent" : `sent, edited ${row.distance.toFixed(2)}`;
  return [message(item, draft, { about: "draft" }), traceCard(item), message(item, sent, { judged: true, about: edited, reason: reasonOf(item) }), ...notes].filter(Boolean);
}

function reasonOf({ row, reasons }) {
  if (row.kind === "answer" && row.rating) return [...(row.rating < 0 ? ["bad", "bad"] : ["ok", "good"]), reasons.join(", ") || (row.rating < 0 ? "rated down" : "rated up")];
  if (row.flagged) return ["warned", "flag", "flagged"];
  return null;
}

// The trace -------------------------------------------------------------------------------------

/* Notes of the trace that say what did not fit the model. */
const DROPPED = /left out|were considered/;
/* Who may look at a prompt's versions. */
const writes = () => review.facts.person.roles.some((role) => role === "author" || role === "admin");
const seconds = (value) => (value === null || value === undefined ? null : `${value < 10 ? value.toFixed(2) : value.toFixed(1)} s`);

function traceCard(item) {
  const { trace } = item;
  const tools = h("div", { class: "row card-head" }, h("h3", {}, "Trace"), h("span", { class: "sp" }));
  const card = h("div", { class: "card", role: "group", "aria-label": "Trace", id: "review-trace" }, tools);
  if (!trace) {
    card.append(h("p", { class: "xs dim" }, item.row.model ? `Nothing is kept of how this was made, but ${item.row.model}${item.row.prompt ? ` with ${item.row.prompt}${item.row.number ? ` v${item.row.number}` : ""}` : ""} wrote it.` : "Nothing is kept of how this was made."));
    return card;
  }
  tools.append(
    trace.messages.length ? h("button", { type: "button", class: "btn quiet s", onclick: () => showRendered(trace) }, icon("eye"), "Rendered messages") : "",
    h("button", { type: "button", class: "btn quiet s", onclick: () => runAgain(review.item) }, icon("again"), "Run again with…"),
  );
  const dropped = trace.notes.filter((one) => DROPPED.test(one));
  const others = trace.notes.filter((one) => !DROPPED.test(one));
  const rows = [
    ["Prompt", [!writes() ? `${trace.prompt} v${trace.number}` : h("a", { href: `/prompts#${encodeURIComponent(trace.prompt)}/history` }, `${trace.prompt} v${trace.number}`)]],
    ["Model", [[trace.model, ...Object.entries(trace.parameters).map(([name, value]) => `${name.replaceAll("_", " ")} ${value}`)].join(", ")]],
    ["Passages", trace.passages.length ? trace.passages.map(passage) : ["none"]],
    trace.messages.length > 0 && ["Dropped", [`${dropped.join(" ") || "nothing"}${trace.asked === null ? "" : `; ${trace.asked.toLocaleString("en")}${trace.context ? ` of ${trace.context.toLocaleString("en")}` : ""} tokens`}`]],
    ["Time", [[trace.first !== null && `first word ${seconds(trace.first)}`, trace.total !== null && `all ${seconds(trace.total)}`, trace.tokens !== null && plural(trace.tokens, "token")].filter(Boolean).join(", ") || "not known"]],
    ["Turn", [copyable(trace.turn, "Turn id")]],
    trace.error && ["Error", [trace.error]],
    others.length > 0 && ["Notes", [others.join(" ")]],
  ].filter(Boolean);
  card.append(h("dl", { class: "kv" }, rows.flatMap(([name, parts]) => [h("dt", {}, name), h("dd", {}, parts)])));
  return card;
}

const passage = ({ n, title, heading, used, internal }) =>
  h("span", { class: "block" }, `${n} ${[title, heading].filter(Boolean).join(" › ")}`, (used || internal) && h("span", { class: "dim" }, ` (${[used, internal && "internal"].filter(Boolean).join(", ")})`));

// Judgements and comments -----------------------------------------------------------------------

function judgements({ opinions, others, own, row }) {
  const shown = opinions.filter((one) => !one.own);
  if (!shown.length && !others && !row.second) return null;
  const one = (given) => {
    const [kind, drawing, word] = RATINGS[given.rating];
    return h(
      "div",
      { class: "opinion" },
      h("p", { class: "row wrap sm" }, h("b", {}, given.reviewer || "Somebody"), h("span", { class: `badge ${kind}` }, drawing && icon(drawing), word), given.tags.map((tag) => h("span", { class: "badge" }, tag)), h("span", { class: "xs dim num" }, clock(given.at))),
      given.note && h("p", { class: "sm mute wrap-any" }, given.note),
      given.text !== null && h("div", { class: "said diff" }, given.changes.length ? differing(given.changes) : given.text),
    );
  };
  const hint = row.split ? "The reviewers differ." : row.second ? "A second opinion is asked for." : "";
  const waits = others && !shown.length ? `${plural(others, "other verdict")}: shown once you have judged it yourself.` : "";
  return h("div", { class: "card", role: "group", "aria-label": "Other verdicts" }, h("h3", {}, "Other verdicts"), (hint || waits) && h("p", { class: "xs dim" }, [hint, waits].filter(Boolean).join(" ")), own || shown.length ? shown.map(one) : null);
}

function comments({ comments: said, row }) {
  const box = input({ maxlength: "2000", "aria-label": "Comment to other reviewers", placeholder: "Comment to other reviewers", id: "review-comment" });
  const send = h("button", { type: "submit", class: "btn" }, "Comment");
  const form = h("form", { class: "row" }, box, send);
  const list = h("div", { class: "col" }, said.map(comment));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!box.value.trim()) return;
    const told = await during(send, "Saving…", () => asked("comment", { item: row.id, text: box.value.trim() }));
    if (!told || told.error) return;
    box.value = "";
    list.append(comment(told.comment));
    if (review.item?.row.id === row.id) review.item.comments.push(told.comment);
    say("Commented.");
  });
  return h("div", { class: "card", role: "group", "aria-label": "Comments", id: "review-comments" }, h("h3", {}, said.length ? `Comments ${said.length}` : "Comments"), list, form);
}

const comment = (one) =>
  h("p", { class: "sm wrap-any comment-of" }, h("b", {}, one.author || "Somebody"), h("span", { class: "xs dim num" }, ` ${clock(one.at)} `), h("span", { class: "block" }, one.text));

// Flag, second opinion --------------------------------------------------------------------------

async function toggleFlag() {
  const { item } = review;
  const now = !item.row.flagged;
  const told = await asked(now ? "flag" : "unflag", { item: item.row.id });
  if (told.error) return;
  item.row.flagged = now;
  if (review.item === item) redrawFlag(now);
  toast(now ? "Flagged." : "The flag is gone.", now ? { action: "Say why", run: () => sayWhy(item) } : {});
  tell("queue");
}

function redrawFlag(flagged) {
  const before = $("#review-flag");
  const focused = before === document.activeElement;
  before.replaceWith(flagButton(flagged));
  if (focused) $("#review-flag").focus();
}

function sayWhy(item) {
  const box = input({ maxlength: "2000", value: item.flag_note, id: "flag-why" });
  formDialog("Why it is flagged", [field("For other reviewers", box)], {
    action: "Save",
    words: "Saving…",
    async run() {
      const told = await call("flag", { item: item.row.id, note: box.value.trim() });
      if (!told.error) tell("item-changed");
      return told;
    },
  });
}

async function askSecond(wanted) {
  const { item } = review;
  const told = await asked("second", { item: item.row.id, on: wanted });
  if (told.error) return;
  toast(wanted ? "A second opinion is asked for: the message waits for another reviewer." : "No second opinion is asked for.");
  item.row.second = wanted;
  tell("queue");
}

function moreMenu(event) {
  const { row } = review.item;
  openMenu(event.currentTarget, [
    { text: row.second ? "No second opinion" : "Ask a second opinion", icon: "eye", run: () => askSecond(!row.second) },
    { text: capital(row.flagged ? "take the flag away" : "flag"), icon: "flag", key: "F", run: toggleFlag },
    { text: "Comment", icon: "chat", run: () => setTimeout(() => $("#review-comment").focus()) },
  ], { label: "More for this message" });
}
