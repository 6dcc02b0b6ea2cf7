/* One comparison: a question goes to both sides, their answers stream side by side, a vote tells which
   is which. What was asked and voted by this person stands below. Keys 1 to 4 vote. */

import { $, h, icon } from "./dom.js";
import { badge, during, moment, note, refused } from "./admin_parts.js";
import { confirmed, say, toast } from "./overlays.js";
import { composing, onKey } from "./keys.js";
import { back, part } from "./models_learning.js";
import { compare, leavesNote, rateOf } from "./models_compare_parts.js";
import { addressOf, go } from "./models_shell.js";
import { follow } from "./prompts_run.js";

const PLACES = ["first", "second"];
const NAMES = { first: "Answer A", second: "Answer B" };
const CHOICES = [["first", "A is better", "1"], ["second", "B is better", "2"], ["tie", "Equally good", "3"], ["both bad", "Both bad", "4"]];

const ask = (what, given) => compare.ask(what, given);
let shown = null; // the comparison
let round = null; // {asked, runs, ready}

export async function drawComparison(place, at) {
  const told = await ask("open", { comparison: at.rest });
  if (!at.still()) return;
  if (told.error) {
    place.replaceChildren(refused(told, () => drawComparison(place, at)), h("div", {}, h("a", { class: "btn", href: addressOf("compare") }, "All comparisons")));
    return;
  }
  shown = told.comparison;
  place.replaceChildren(head(), asking(), h("div", { id: "compare-answers", class: "g2", hidden: true }), h("div", { id: "compare-votes", class: "row wrap", role: "group", "aria-label": "Your vote", hidden: true }), h("div", { id: "compare-result", class: "col", role: "status" }), standing(), mine(told.mine));
  bindVotes();
  $("#compare-question").focus();
}

export function stopComparison() {
  for (const run of round?.runs ?? []) run.stop();
  round = null;
  shown = null;
}

function head() {
  const remove = h("button", { type: "button", class: "btn quiet", onclick: removeIt }, icon("trash"), "Remove");
  const blind = shown.blind && badge("blind", "acc", "eye");
  return h("div", { class: "col run-top" }, back("compare", "Comparisons", shown.title), h("div", { class: "head" }, h("h2", { class: "big wrap-any", id: "compare-title" }, shown.title), blind, h("span", { class: "sp" }), remove));
}

async function removeIt(event) {
  const button = event.currentTarget;
  if (!(await confirmed(`Remove “${shown.title}” with its votes?`, "Remove"))) return;
  const told = await during(button, "Removing…", () => ask("remove", { comparison: shown.id }));
  if (told?.error) toast(told.error, { error: true });
  else go("compare");
}

function asking() {
  const box = h("textarea", { class: "in grow", id: "compare-question", rows: "2", maxlength: "100000", "aria-label": "Question to both", placeholder: "Ask both the same question" });
  const send = h("button", { type: "submit", class: "btn pri", id: "compare-ask" }, "Ask both", h("kbd", {}, "Ctrl Enter"));
  const form = h("form", { class: "panel" }, h("div", { class: "pb col" }, leavesNote([shown.left, shown.right]), h("div", { class: "row wrap bottom0" }, box, send), h("div", { id: "compare-problem" })));
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || composing(event) || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    begin(box, send);
  });
  return form;
}

async function begin(box, send) {
  for (const run of round?.runs ?? []) run.stop();
  round = null;
  $("#compare-problem").replaceChildren();
  const told = await during(send, "Asking…", () => ask("ask", { comparison: shown.id, question: box.value }));
  if (!told || !shown) return;
  if (told.error) {
    $("#compare-problem").replaceChildren(note(told.error, "bad", "alert"));
    box.focus();
    return;
  }
  const now = { asked: told.asked, runs: [], ready: false };
  round = now;
  $("#compare-result").replaceChildren();
  $("#compare-votes").hidden = true;
  const answers = $("#compare-answers");
  answers.hidden = false;
  const columns = PLACES.map((name, at) => column(name, told.asked.sides?.[at]?.label));
  answers.replaceChildren(...columns.map((one) => one.part));
  now.runs = PLACES.map((name, at) => follow(columns[at].body, () => ask("answer", { asked: told.asked.id, place: name }), () => {}, ask));
  const texts = await Promise.all(now.runs.map((run) => run.ended));
  if (round !== now) return;
  now.ready = texts.every((text) => text !== null);
  if (now.ready) offerVotes();
  else $("#compare-result").replaceChildren(note("An answer is missing, so this question takes no vote. Ask again.", "warn", "status"));
}

const column = (name, label) => {
  const body = h("div", { class: "pb col" });
  return { body, part: h("section", { class: "panel compare-answer", "data-place": name, "aria-label": NAMES[name] }, h("div", { class: "ph" }, h("h3", { class: "grow ell" }, NAMES[name], h("span", { class: "dim who" }, label ? ` · ${label}` : ""))), body) };
};

function offerVotes() {
  const place = $("#compare-votes");
  place.hidden = false;
  place.replaceChildren(...CHOICES.map(([choice, text, key]) => h("button", { type: "button", class: "btn", "data-choice": choice, "aria-keyshortcuts": key, onclick: () => vote(choice) }, text, h("kbd", {}, key))));
  say("Both answers are there. Vote with 1 to 4.");
  place.firstElementChild.focus();
}

function bindVotes() {
  onKey("vote", (event) => {
    const chosen = CHOICES.find(([, , key]) => key === event.key);
    return Boolean(round?.ready && chosen) && (vote(chosen[0]), true);
  });
}

async function vote(choice) {
  const now = round;
  if (!now?.ready) return;
  now.ready = false;
  const told = await ask("vote", { asked: now.asked.id, choice });
  if (round !== now) return;
  if (told.error) {
    now.ready = true;
    toast(told.error, { error: true, action: "Try again", run: () => vote(choice) });
    return;
  }
  $("#compare-votes").hidden = true;
  const { answers } = told.voted;
  for (const [at, name] of PLACES.entries()) {
    const part = $(`[data-place=${name}]`);
    $(".who", part).textContent = ` · ${answers[at].side.label}`;
    part.classList.toggle("won", choice === name);
  }
  const words = { first: `Your vote: ${answers[0].side.label}.`, second: `Your vote: ${answers[1].side.label}.`, tie: "Your vote: equally good.", "both bad": "Your vote: both bad." }[choice];
  const which = shown.blind ? ` A was ${answers[0].side.label}, B was ${answers[1].side.label}.` : "";
  $("#compare-result").replaceChildren(h("div", { class: "note" }, icon("check"), h("span", { class: "grow" }, words + which)));
  const again = await ask("open", { comparison: shown.id });
  if (!again.error && round === now) {
    shown = again.comparison;
    $("#compare-standing").replaceWith(standing());
    $("#compare-mine").replaceWith(mine(again.mine));
  }
  const box = $("#compare-question");
  box.select();
  box.focus();
}

function standing() {
  const [share, low, high, hits, counted] = shown.left_wins;
  const right = [1 - share, 1 - high, 1 - low, counted - hits, counted];
  const line = (side, rate) => h("tr", {}, h("td", {}, h("span", { class: "b" }, side.label)), h("td", {}, rateOf(rate, `of ${side.label}`)), h("td", { class: "r" }, `${rate[3]} of ${counted}`));
  const table = h("table", { class: "t still", "aria-label": "How it stands" }, h("thead", {}, h("tr", {}, ["Side", "Wins", "Decided votes"].map((one, at) => h("th", { scope: "col", class: at === 2 ? "r" : null }, one)))), h("tbody", {}, line(shown.left, shown.left_wins), line(shown.right, right)));
  const made = part("How it stands", null, ...(shown.votes ? [table, h("p", { class: "xs dim num pb" }, `${shown.ties} equally good, ${shown.both_bad} both bad; intervals of 95 % (Wilson)`)] : [h("p", { class: "none" }, "No votes yet. Ask both something and say which answer is better.")]));
  made.id = "compare-standing";
  return made;
}

function mine(found) {
  const words = { first: 0, second: 1 };
  const one = ({ question, answers, choice, at }) =>
    h(
      "details",
      { class: "asked-of" },
      h("summary", {}, h("span", { class: "ell grow" }, question), h("span", { class: "xs dim" }, choice in words ? answers[words[choice]].side.label : choice === "tie" ? "equally good" : "both bad"), moment(at)),
      h("div", { class: "sides" }, answers.map(({ side, text, seconds }) => h("section", {}, h("h3", {}, side.label, h("span", { class: "xs dim num" }, seconds === null ? "" : ` · ${seconds.toFixed(1)} s`)), h("div", { class: "said" }, text || "No words.")))),
    );
  const made = part("Your questions", null, ...(found.length ? [h("div", { class: "pb" }, found.map(one))] : [h("p", { class: "none" }, "What you ask here is shown to nobody else; your votes are counted.")]));
  made.id = "compare-mine";
  return made;
}
