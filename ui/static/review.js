/* The Review page: the queue, the open item, its correction. Begins the page and follows the address. */

import { refused } from "./admin_parts.js";
import { $, h } from "./dom.js";
import { countPage, setPerson } from "./header.js";
import { island } from "./islands.js";
import { beginPage } from "./page.js";
import { call, callThrough } from "./server.js";
import { closeCorrection, makeCorrection, openCorrection } from "./review_correction.js";
import { draw as drawQueue, makeQueue, openItem, refresh } from "./review_queue.js";
import { itemInAddress, narrow, on, review, seeRegion } from "./review_shell.js";
import { drawItem, loading, makeThread, nothingOpen } from "./review_thread.js";

const LOOK = 15_000;
const QUIET = 300;
let root = null;
let opening = 0;
let named = ""; // the page's own title

export async function startReview(top) {
  const [part, data] = await Promise.all(["review-page", "review-data"].map(island));
  callThrough(data);
  root = part.element;
  beginPage(top, "review", "Review");
  named = document.title;
  await learn();
}

async function learn() {
  const facts = await call("start");
  if (facts.error) {
    root.replaceChildren(h("div", { class: "pb col" }, h("h1", {}, "Review"), refused(facts, learn)));
    return;
  }
  review.facts = facts;
  setPerson(facts.person);
  root.replaceChildren(h("div", { id: "review-regions", "data-now": "queue" }, makeQueue(), makeThread(), makeCorrection()));
  on("counts", (count) => countPage("review", count));
  on("open-item", openItem);
  on("item-changed", () => arrive(true));
  addEventListener("hashchange", () => arrive());
  setInterval(() => document.hidden || refresh(), LOOK);
  await refresh();
  await begin();
}

/* With room for it, the first of the queue is opened at once: work first. */
async function begin() {
  const first = $("#review-rows .q");
  if (!itemInAddress() && first && !narrow()) history.replaceState(null, "", first.getAttribute("href"));
  await arrive();
}

/* Opens what the address names. `again`: it changed. */
async function arrive(again = false) {
  const wanted = itemInAddress();
  if (wanted === (review.item?.row.id ?? "") && !again) return;
  const number = (opening += 1);
  if (!wanted) {
    review.item = null;
    closeCorrection();
    $("#review-item").replaceChildren(nothingOpen());
    seeRegion("queue");
    drawQueue();
    document.title = named;
    return;
  }
  const late = setTimeout(() => {
    if (number === opening && !again) $("#review-item").replaceChildren(loading());
  }, QUIET);
  drawQueue();
  const told = await call("open", { item: wanted });
  clearTimeout(late);
  if (number !== opening) return;
  if (told.error) {
    review.item = null;
    closeCorrection();
    seeRegion("item");
    $("#review-item").replaceChildren(h("div", { class: "pb" }, refused(told, () => arrive(true))));
    return;
  }
  review.item = told.item;
  if ($("#review-regions").dataset.now === "queue") seeRegion("item");
  drawItem(told.item);
  openCorrection(told.item);
  drawQueue();
  if (narrow() && document.activeElement === document.body) $("#review-thread").focus();
  document.title = `${told.item.row.title || "A message"} · ${named}`;
}
