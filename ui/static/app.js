/* Begins every page: finds the islands, draws the header, starts the page's own script. */

import { startAccount } from "./account.js";
import { startAdmin } from "./admin.js";
import { startChat } from "./chat.js";
import { startDesk } from "./desk.js";
import { $, h } from "./dom.js";
import { island, listenForIslands } from "./islands.js";
import { listenForKeys } from "./keys.js";
import { startKnowledge } from "./knowledge.js";
import { startModels } from "./models.js";
import { startMonitor } from "./monitor.js";
import { startPrompts } from "./prompts.js";
import { startReview } from "./review.js";

const PAGES = { admin: startAdmin, chat: startChat, desk: startDesk, knowledge: startKnowledge, models: startModels, monitor: startMonitor, own: startAccount, prompts: startPrompts, review: startReview };

async function start() {
  document.documentElement.lang = "en";
  document.body.prepend(h("a", { class: "skip", href: "#main", onclick: toMain }, "Skip to content"));
  listenForIslands();
  listenForKeys();
  const top = await island("top");
  await PAGES[top.props.value.page](top);
}

function toMain(event) {
  event.preventDefault();
  $("[role=main]")?.focus();
}

start();
