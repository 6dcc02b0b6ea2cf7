/* The Knowledge page: the list, the open article, a question to try, what was asked in vain. */

import { note, refused } from "./admin_parts.js";
import { $, h, icon } from "./dom.js";
import { setPerson } from "./header.js";
import { island } from "./islands.js";
import { onKey } from "./keys.js";
import { beginPage } from "./page.js";
import { call, callThrough } from "./server.js";
import { drawArticle, makeArticle, openArticle, openPassage } from "./knowledge_article.js";
import { makeAsked } from "./knowledge_asked.js";
import { demoPlace } from "./demo.js";
import { makeEmpty } from "./knowledge_empty.js";
import { addFiles, chooseSeenBy, takeDrops } from "./knowledge_files.js";
import { makeList, refresh } from "./knowledge_list.js";
import { on, page, place, see, summary } from "./knowledge_shell.js";
import { makeTopics } from "./knowledge_topics.js";
import { makeTry } from "./knowledge_try.js";
import { isWriting, writeArticle } from "./knowledge_write.js";

const LOOK = 2500;
let root = null;

export async function startKnowledge(top) {
  const [part, data] = await Promise.all(["knowledge-page", "knowledge-data"].map(island));
  callThrough(data);
  root = part.element;
  beginPage(top, "knowledge", "Knowledge");
  onKey("write-article", () => page.facts.writes && !isWriting() && writeArticle());
  on("state", drawState);
  on("article", drawArticle);
  await learn();
}

async function learn() {
  const facts = await call("start");
  if (facts.error) {
    root.replaceChildren(h("div", { class: "head" }, h("h1", {}, "Knowledge")), refused(facts, learn));
    return;
  }
  page.facts = facts;
  page.state = facts.state;
  setPerson(facts.person);
  draw();
  if (facts.writes) takeDrops($("#knowledge"));
  await refresh();
  await arrive();
  writeAsked();
  addEventListener("popstate", arrive);
  setInterval(look, LOOK);
}

function draw() {
  const left = h("div", { class: "col", id: "knowledge-left" }, makeList(), makeAsked(), makeTopics(), demoPlace(false, refresh));
  const right = h("div", { class: "col", id: "knowledge-right" }, makeTry(), makeArticle());
  root.replaceChildren(
    head(),
    h("div", { id: "knowledge-notes", class: "col" }),
    makeEmpty(),
    h("div", { id: "knowledge-regions", "data-now": "list" }, left, right),
    h("div", { id: "knowledge-write", hidden: true }),
  );
  drawState();
}

function head() {
  const buttons = page.facts.writes && [
    chooseSeenBy(),
    h("button", { type: "button", class: "btn", id: "knowledge-add", onclick: () => addFiles() }, icon("up"), "Add files"),
    h("button", { type: "button", class: "btn pri", id: "knowledge-new", "aria-keyshortcuts": "N", onclick: () => writeArticle() }, icon("plus"), "Write article"),
  ];
  return h("div", { class: "head" }, h("h1", {}, "Knowledge"), h("p", { class: "sm mute", id: "knowledge-sum" }), h("span", { class: "sp" }), buttons);
}

/* Numbers in the head, why there is no search by meaning, and whether anything is here at all. */
function drawState() {
  const { state } = page;
  $("#knowledge-sum").textContent = summary(state);
  const why = !state.by_meaning && state.why_not;
  const notes = $("#knowledge-notes");
  if (notes.textContent !== (why ? `Searching by text only. ${why}` : "")) {
    notes.replaceChildren(...(why ? [note(`Searching by text only. ${why}`, "warn")] : []));
  }
}

/* Shows what the address names. */
async function arrive() {
  const { article, passage } = place();
  if (passage) await openPassage(passage);
  else if (article) await openArticle(article, { quiet: true });
  else {
    page.open = null;
    drawArticle();
    see("list");
  }
}

/* Begins the article that another page's link asks for. */
function writeAsked() {
  const question = new URLSearchParams(location.hash.slice(1)).get("write");
  if (question === null) return;
  history.replaceState(null, "", location.pathname);
  if (page.facts.writes) writeArticle(null, { questions: [question].filter(Boolean) });
}

/* While passages still wait for the encoder, the list says how far it is. */
function look() {
  if (document.hidden || isWriting()) return;
  if (page.state.waiting > 0 && page.state.by_meaning) refresh();
}
