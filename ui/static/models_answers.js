/* Answers of two models to the same question, side by side: all, those that became better, those that
   became worse, each with what differs word by word. */

import { h, iconButton } from "./dom.js";
import { note } from "./admin_parts.js";
import { say } from "./overlays.js";
import { segments } from "./prompts_book.js";
import { call } from "./server.js";

/* Draws the answers of an evaluation into its panel; the ones that became worse first, if any. */
export function drawAnswers(panel, evaluation) {
  const { better = 0, worse = 0, same = 0 } = evaluation.changes;
  const totals = { all: better + worse + same, better, worse };
  const view = { change: worse ? "worse" : better ? "better" : "all", at: 0, pairs: [], asked: 0 };
  const choices = [["all", `All ${totals.all.toLocaleString("en")}`], ["better", `Better ${better.toLocaleString("en")}`], ["worse", `Worse ${worse.toLocaleString("en")}`]];
  const where = h("span", { class: "xs dim num" });
  const previous = iconButton("left", "Previous answer", () => step(-1));
  const next = iconButton("right", "Next answer", () => step(1));
  const place = h("div", {});
  const which = segments("Which answers", choices, view.change, (chosen) => {
    Object.assign(view, { change: chosen, at: 0, pairs: [] });
    load();
  });
  panel.replaceChildren(h("div", { class: "ph wrap" }, h("h2", {}, "Answers"), which, h("span", { class: "sp" }), h("span", { class: "row" }, where, previous, next)), place);

  async function load() {
    const asked = ++view.asked;
    const told = await call("replies", { evaluation: evaluation.id, change: view.change, after: view.pairs.length });
    if (asked !== view.asked) return;
    if (told.error) {
      place.replaceChildren(h("div", { class: "pb" }, note(told.error, "bad", "alert")));
      return;
    }
    view.pairs.push(...told.replies);
    show();
  }

  function show() {
    const total = Math.max(totals[view.change], view.pairs.length);
    where.textContent = total ? `${view.at + 1} of ${total.toLocaleString("en")}` : "";
    previous.disabled = view.at === 0;
    next.disabled = view.at + 1 >= total;
    const pair = view.pairs[view.at];
    place.replaceChildren(pair ? drawPair(pair, evaluation) : h("p", { class: "none" }, { better: "No answer became better.", worse: "No answer became worse.", all: "No answers were kept." }[view.change]));
  }

  async function step(by) {
    view.at = Math.max(0, view.at + by);
    if (view.at >= view.pairs.length) await load();
    view.at = Math.min(view.at, Math.max(0, view.pairs.length - 1));
    show();
    say(`${where.textContent}. ${view.pairs[view.at]?.question ?? ""}`);
  }

  load();
}

function drawPair({ question, expected, base, tuned, tokens }, evaluation) {
  return h(
    "div",
    {},
    h("div", { class: "answers-of" }, side(evaluation.base, base, base.text), side(evaluation.tuned, tuned, tokens.map(([kind, text]) => (kind === "same" ? text : h(kind, {}, text))))),
    h("dl", { class: "kv pb asked-about" }, h("dt", {}, "Question"), h("dd", {}, question), expected && [h("dt", {}, "Expected"), h("dd", {}, expected)]),
  );
}

function side(label, said, text) {
  const about = [...said.faults, said.similarity !== null && `${Math.round(said.similarity * 100)} % like the approved reply`].filter(Boolean);
  return h(
    "div",
    { class: "pb" },
    h("p", { class: "lab" }, label, " ", h("span", { class: said.right ? "good" : "bad" }, said.right ? "right" : "wrong")),
    h("p", { class: "sm worded wrap-any" }, said.text || tokensGiven(text) ? text : h("span", { class: "dim" }, "no answer")),
    about.length ? h("p", { class: "xs dim" }, about.join(" · ")) : null,
  );
}

const tokensGiven = (text) => Array.isArray(text) && text.length > 0;
