/* The Prompts page: for authors the list and the open prompt, for everybody else the tools. */

import { setPerson } from "./header.js";
import { h } from "./dom.js";
import { island } from "./islands.js";
import { note, refused } from "./admin_parts.js";
import { beginPage } from "./page.js";
import { drawEditor, editorActions } from "./prompts_edit.js";
import { drawList } from "./prompts_list.js";
import { ask, drawPrompt, drawTab, onTab, page, place, shown } from "./prompts_shell.js";
import { drawTool, drawTools } from "./prompts_tools.js";
import { call, callThrough } from "./server.js";

export { changed, onTab, shown } from "./prompts_shell.js";

let root = null;

export async function startPrompts(top) {
  const [part, data] = await Promise.all(["prompts-page", "prompts-data"].map(island));
  callThrough(data);
  root = part.element;
  beginPage(top, "prompts", "Prompts");
  onTab("edit", drawEditor, { actions: editorActions });
  await learn();
}

async function learn() {
  const facts = await call("start");
  if (facts.error) {
    root.replaceChildren(h("div", { class: "head" }, h("h1", {}, "Prompts")), refused(facts, learn));
    return;
  }
  page.facts = facts;
  setPerson(facts.person);
  addEventListener("hashchange", arrive);
  await arrive();
}

/* Shows what the address names. */
async function arrive() {
  const { name, tab } = place();
  const { writes } = page.facts;
  if (!name || !writes || tab === "tool") {
    shown.name = null;
    if (!name) await (writes ? drawList : drawTools)(root);
    else await drawTool(root, name);
    return;
  }
  if (shown.name === name) {
    drawTab();
    return;
  }
  const told = await ask("open", { prompt: name });
  if (place().name !== name) return; // somewhere else meanwhile
  if (told.error) {
    shown.name = null;
    root.replaceChildren(h("div", { class: "head" }, h("h1", {}, name)), note(told.error, "bad", "alert"), h("p", { class: "sm" }, h("a", { href: location.pathname }, "All prompts")));
    return;
  }
  for (const key of Object.keys(shown)) delete shown[key];
  Object.assign(shown, told.prompt);
  drawPrompt(root);
}
