/* Begins the Models page: its islands, what the server tells at the start, who may see what. */

import { $, drawIcons, h } from "./dom.js";
import { refused } from "./admin_parts.js";
import { setPerson } from "./header.js";
import { island } from "./islands.js";
import { noteModels, startInside } from "./models_inside.js";
import { follow, startRegistry } from "./models_registry.js";
import { arrive, drawTabs, models, starters } from "./models_shell.js";
import { addTabs } from "./models_tabs.js";
import { beginPage } from "./page.js";
import { call, callThrough } from "./server.js";

export async function startModels(top) {
  const places = ["models-head", "models-list", "models-detail", "models-inside", "models-panels", "models-data"];
  const islands = await Promise.all(places.map(island));
  const data = islands.at(-1);
  callThrough(data);
  for (const one of islands) drawIcons(one.element);
  beginPage(top, "models", "Models");
  startRegistry(data);
  addTabs();
  drawTabs();
  startInside();
  await learn();
}

async function learn() {
  const facts = await call("start");
  if (facts.code === "not_allowed" && (await learnSome())) return;
  if (facts.error) {
    refuse(facts);
    return;
  }
  $("#models").classList.remove("closed");
  $("#models-notes").replaceChildren();
  models.facts = facts;
  setPerson(facts.person);
  noteModels();
  arrive();
  addEventListener("hashchange", arrive);
  follow();
}

/* For people who may not see the registry: the tabs that open to them, if there are any. */
async function learnSome() {
  const told = await Promise.all(starters().map(async ([name, start]) => [name, await start()]));
  const open = told.filter(([, one]) => !one.error);
  if (!open.length) return false;
  setPerson(open[0][1].person);
  drawTabs(open.map(([name]) => name));
  arrive();
  addEventListener("hashchange", arrive);
  return true;
}

/* Without the role, or without the server, the page says so and shows nothing else. */
function refuse(facts) {
  $("#models").classList.add("closed");
  $("#models-notes").replaceChildren(refused(facts, learn));
}
