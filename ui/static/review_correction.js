/* The verdict: good or poor, the corrected text beside the original as a difference, tags, a note for the
   author. What is written is kept in this tab until it is saved, so that J and K lose nothing. */

import { $, $$, debounced, drafts, h, icon, iconButton } from "./dom.js";
import { during, field, input, note, plural } from "./admin_parts.js";
import { onKey } from "./keys.js";
import { say, toast } from "./overlays.js";
import { call } from "./server.js";
import { chosen } from "./review_filters.js";
import { asked, differing, narrow, on, review, seeRegion, tell } from "./review_shell.js";

/* What is being judged: {id, rating, text, tags, note, use}; `text` is what stands in the field. */
let work = null;
let shown = { of: null, text: null }; // of which item and text the difference stands

export function makeCorrection() {
  bind();
  const choice = (rating, drawing, word, key) => h("button", { type: "button", class: "grow row", "data-rating": String(rating), "aria-pressed": "false", "aria-keyshortcuts": key, onclick: () => rate(rating) }, icon(drawing), word, h("kbd", { class: "only-l" }, key));
  const tab = (name, text, keys = null) => h("button", { type: "button", role: "tab", id: `correction-tab-${name}`, "aria-controls": `correction-${name}`, "aria-selected": String(name === "write"), tabindex: name === "write" ? "0" : "-1", "aria-keyshortcuts": keys, onclick: () => showTab(name) }, text);
  return h(
    "section",
    { "aria-label": "Correction", class: "review-correction", id: "review-correction", hidden: true },
    h("div", { class: "thead" }, iconButton("left", "Back to the transcript", () => { seeRegion("item"); $("#review-thread")?.focus(); }, { class: "ib only-s" }), h("h2", { class: "grow" }, "Correction"), h("div", { class: "seg", role: "tablist", "aria-label": "Correction view", onkeydown: moveTabs }, tab("write", "Write"), tab("changes", "Changes", "Control+D"))),
    h(
      "div",
      { class: "in1" },
      h("div", { id: "review-taken" }),
      h("div", { class: "seg verdict", role: "group", "aria-label": "Verdict", id: "review-verdict" }, choice(1, "good", "Good", "1"), choice(-1, "bad", "Poor", "2")),
      h("div", { role: "tabpanel", id: "correction-write", "aria-labelledby": "correction-tab-write", class: "col" }, h("textarea", { class: "in write", id: "review-text", "aria-label": "Corrected answer", "aria-describedby": "review-differs", spellcheck: "true", maxlength: "100000", oninput: written })),
      h("div", { role: "tabpanel", id: "correction-changes", "aria-labelledby": "correction-tab-changes", class: "edit diff", tabindex: "0", hidden: true }),
      h("div", { class: "row" }, h("p", { class: "xs mute num grow", id: "review-differs", role: "status" }), h("button", { type: "button", class: "btn s quiet", id: "review-restore", hidden: true, onclick: restore }, "Back to the original")),
      h("div", { class: "col tight" }, h("span", { class: "lab", id: "review-tags-name" }, "Tags"), h("div", { class: "row wrap chips", role: "group", "aria-labelledby": "review-tags-name", "aria-keyshortcuts": "T", id: "review-tags" })),
      field("Note for the author", input({ id: "review-note", maxlength: "2000", placeholder: "Optional", oninput: (event) => { work.note = event.currentTarget.value; keep(); } })),
      h("label", { class: "row sm use-of" }, h("input", { type: "checkbox", id: "review-use", onchange: (event) => { work.use = event.currentTarget.checked; keep(); } }), " Use for training (masked)"),
      h("p", { class: "note", id: "review-told" }, icon("help"), h("span", { class: "grow" })),
      h("div", { id: "review-problem" }),
    ),
    h("div", { class: "bottom" }, h("span", { class: "sm mute grow", id: "review-why" }), h("button", { type: "button", class: "btn quiet", id: "review-skip", "aria-keyshortcuts": "3", onclick: skip }, "Skip", h("kbd", { class: "only-l" }, "3")), h("button", { type: "button", class: "btn pri", id: "review-save", "aria-keyshortcuts": "Control+Enter", "aria-describedby": "review-why", onclick: save }, "Save and next", h("kbd", { class: "only-l" }, "Ctrl Enter"))),
  );
}

function bind() {
  const open = (run) => () => (work && !$("#review-correction").hidden ? (run(), true) : false);
  onKey("good", open(() => rate(1)));
  onKey("poor", open(() => rate(-1)));
  onKey("skip", open(skip));
  onKey("save-verdict", open(save));
  onKey("write", open(() => { see(); showTab("write"); $("#review-text").focus(); }));
  onKey("tags", open(() => { see(); $("#review-tags button").focus(); }));
  // Out of a field, so that single keys act.
  onKey("escape", () => ($("#review").contains(document.activeElement) && document.activeElement.matches("input, textarea") ? ($("#review").focus(), true) : false));
  onKey("correction-changes", open(() => showTab($("#correction-changes").hidden ? "changes" : "write")));
  on("focus-correction", () => $("#review-verdict [aria-pressed=true], #review-verdict button")?.focus());
  on("correct-with", (id, text) => {
    if (work?.id !== id) return;
    setText(text);
    see();
    showTab("changes");
  });
}

const see = () => narrow() && seeRegion("correction");

// Opening ---------------------------------------------------------------------------------------

const nameOf = (id) => `review-${id}`;
/* What is judged: of a desk reply what the agent sent, else what the model said. */
const judged = ({ sent, answer }) => sent ?? answer;
/* What the field begins with: an own correction, else how whoever asked would have worded it. */
const begun = (item) => item.own?.text ?? (item.better || judged(item));

export function openCorrection(item) {
  const { own, row } = item;
  const fresh = { id: row.id, rating: own?.rating ?? 0, text: begun(item), tags: own ? [...own.tags] : [], note: own?.note ?? "", use: own ? own.use : true };
  work = { ...fresh, ...drafts.get(nameOf(row.id)), id: row.id };
  shown = { of: null, text: null };
  $("#review-correction").hidden = false;
  $("#review-text").value = work.text;
  $("#review-note").value = work.note;
  $("#review-use").checked = work.use;
  $("#review-problem").replaceChildren();
  $("#review-told .grow").textContent = row.prompt ? `Your judgement; the author of ${row.prompt}${row.number ? ` v${row.number}` : ""} sees it without the customer’s text.` : "Your judgement; it is shown without the customer’s text.";
  drawTaken(item);
  drawVerdict();
  drawTags();
  showTab(work.text === judged(item) && !item.changes.length ? "write" : "changes");
  compareSoon.now();
}

export function closeCorrection() {
  work = null;
  $("#review-correction").hidden = true;
}

function drawTaken(item) {
  const place = $("#review-taken");
  const theirs = item.taken;
  $("#review-save").disabled = $("#review-skip").disabled = Boolean(theirs);
  $("#review-why").textContent = theirs ? `${theirs} has it` : "";
  if (!theirs) {
    place.replaceChildren();
    return;
  }
  const take = h("button", { type: "button", class: "btn s" }, "Take over");
  take.addEventListener("click", async () => {
    const told = await during(take, "Taking over…", () => asked("take_over", { item: item.row.id }));
    if (!told || told.error) return;
    toast("It is yours now.");
    await tell("item-changed");
    tell("focus-correction");
  });
  place.replaceChildren(h("div", { class: "note warn", role: "status" }, icon("person"), h("span", { class: "grow" }, `${theirs} has this open.`), take));
}

/* At once: what is typed last must not be kept after it was saved. */
function keep() {
  const { id, ...rest } = work;
  drafts.set(nameOf(id), rest);
}

// Verdict and tags ------------------------------------------------------------------------------

function rate(rating) {
  work.rating = rating;
  drawVerdict();
  keep();
  say(rating > 0 ? "Good." : "Poor.");
}

function drawVerdict() {
  for (const button of $$("#review-verdict button")) button.setAttribute("aria-pressed", String(Number(button.dataset.rating) === work.rating));
}

function drawTags() {
  const place = $("#review-tags");
  const at = [...place.children].indexOf(document.activeElement);
  const all = [...new Set([...review.facts.tags, ...work.tags])];
  const toggle = (tag) => () => {
    work.tags = work.tags.includes(tag) ? work.tags.filter((one) => one !== tag) : [...work.tags, tag];
    drawTags();
    keep();
  };
  place.replaceChildren(
    ...all.map((tag) => h("button", { type: "button", class: "chip", "aria-pressed": String(work.tags.includes(tag)), onclick: toggle(tag) }, work.tags.includes(tag) && icon("check"), h("span", { class: "ell" }, tag))),
    h("button", { type: "button", class: "chip", id: "review-new-tag", onclick: newTag }, icon("plus"), "Tag"),
  );
  place.children[at]?.focus();
}

function newTag(event) {
  const known = review.facts.choices.tags.filter((tag) => !work.tags.includes(tag) && !review.facts.tags.includes(tag));
  const list = h("datalist", { id: "review-known-tags" }, known.map((tag) => h("option", { value: tag })));
  const box = h("input", { class: "in tag-in", maxlength: "60", "aria-label": "New tag; Enter adds it", list: "review-known-tags", autocomplete: "off" });
  let ended = false;
  const end = (add) => {
    if (ended) return;
    ended = true;
    const tag = box.value.trim().toLowerCase();
    if (add && tag) work.tags = [...new Set([...work.tags, tag])];
    const stays = document.activeElement === box;
    drawTags();
    keep();
    if (stays) $("#review-new-tag").focus();
  };
  box.addEventListener("keydown", (key) => {
    if (key.key !== "Enter" && key.key !== "Escape") return;
    key.preventDefault();
    key.stopPropagation();
    end(key.key === "Enter");
  });
  box.addEventListener("blur", () => end(true));
  event.currentTarget.replaceWith(box, list);
  box.focus();
}

// The text --------------------------------------------------------------------------------------

/* Who corrects an answer finds it poor, unless they said otherwise. */
function written() {
  work.text = $("#review-text").value;
  if (!work.rating && work.text !== judged(review.item)) {
    work.rating = -1;
    drawVerdict();
  }
  keep();
  compareSoon();
}

function setText(text) {
  $("#review-text").value = text;
  written();
}

function restore() {
  const { item } = review;
  const before = work.text;
  setText(judged(item));
  showTab("write");
  $("#review-text").focus();
  toast("The original is back.", { action: "Undo", seconds: 10, run: () => work?.id === item.row.id && setText(before) });
}

const compareSoon = debounced(300, compare);
compareSoon.now = compare;

async function compare() {
  const { item } = review;
  if (!work || item?.row.id !== work.id) return;
  const { id, text } = work;
  if (shown.of === id && shown.text === text) return;
  shown = { of: id, text };
  const place = $("#correction-changes");
  const before = judged(item);
  $("#review-restore").hidden = text === before;
  if (text === before) {
    const sent = item.sent !== null && item.changes.length > 0;
    $("#review-differs").textContent = sent ? `By the agent: ${differs(item.changes, item.row.distance ?? 0)}` : "The answer as it was; correct it where it is wrong.";
    place.replaceChildren(...differing(sent ? item.changes : [["same", text, null]]));
    return;
  }
  const told = await call("changes", { before, after: text });
  if (work?.id !== id || work.text !== text) return;
  if (told.error) {
    shown = { of: null, text: null };
    $("#review-differs").textContent = told.error;
    return;
  }
  $("#review-differs").textContent = differs(told.tokens, told.distance);
  place.replaceChildren(...differing(told.tokens));
}

/* A difference in words: "3 insertions, edit distance 0.38". */
function differs(tokens, distance) {
  const count = (kind) => tokens.filter(([one]) => one === kind).length;
  const words = [["ins", "insertion"], ["del", "deletion"]].filter(([kind]) => count(kind)).map(([kind, word]) => plural(count(kind), word));
  return [...words, `edit distance ${distance.toFixed(2)}`].join(", ");
}

const TABS = ["write", "changes"];

function showTab(name) {
  for (const one of TABS) {
    $(`#correction-${one}`).hidden = one !== name;
    const button = $(`#correction-tab-${one}`);
    button.setAttribute("aria-selected", String(one === name));
    button.tabIndex = one === name ? 0 : -1;
  }
  if (name === "changes") compare();
}

function moveTabs(event) {
  if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
  event.preventDefault();
  const other = TABS.find((one) => $(`#correction-tab-${one}`) !== document.activeElement);
  showTab(other);
  $(`#correction-tab-${other}`).focus();
}

// Saving ----------------------------------------------------------------------------------------

function save() {
  if (!work) return;
  if (!work.rating) {
    refuse("Say first whether the answer is good (1) or poor (2), or skip it (3).");
    $("#review-verdict button").focus();
    return;
  }
  const { item } = review;
  if (!work.text.trim()) {
    refuse("The corrected answer is empty. Write it, or go back to the original.");
    return;
  }
  judge($("#review-save"), { rating: work.rating, text: work.text === judged(item) ? null : work.text });
}

const skip = () => judge($("#review-skip"), { rating: 0, text: null });

const refuse = (sentence, kind = "warn") => $("#review-problem").replaceChildren(note(sentence, kind, "alert"));

async function judge(button, verdict) {
  const { item } = review;
  if (!work || item?.row.id !== work.id || button.disabled) return;
  const { id, tags, note: said, use } = work;
  $("#review-problem").replaceChildren();
  const told = await during(button, verdict.rating ? "Saving…" : "Skipping…", () => call("judge", { item: id, ...verdict, tags, note: said, use, seen: item.seen, filters: chosen.filters }));
  if (!told) return;
  if (told.error) {
    // Somebody else has it by now, or it changed: it is shown anew, with what was written.
    if (told.code === "conflict" && review.item === item) await tell("item-changed");
    if (work?.id === id) refuse(`${told.error} What you wrote is kept here.`, "bad");
    return;
  }
  drafts.set(nameOf(id), null);
  toast(verdict.rating ? "Saved." : "Skipped.", { action: "Open it again", seconds: 10, run: () => tell("open-item", id) });
  if (work?.id === id) tell("next-item", id, told.next);
}
