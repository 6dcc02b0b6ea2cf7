/* The Prompts page: for authors the list and the open prompt, for everybody else the tools. */

import { setPerson } from "./header.js";
import { $, h } from "./dom.js";
import { island } from "./islands.js";
import { onKey } from "./keys.js";
import { note, refused } from "./admin_parts.js";
import { beginPage } from "./page.js";
import { kept } from "./prompts_drafts.js";
import { drawEditor, editorActions, editorKeys } from "./prompts_edit.js";
import { drawList, pressNew } from "./prompts_list.js";
import { addressOf, ask, drawPrompt, drawTab, onTab, page, place, shown } from "./prompts_shell.js";
import { addTabs } from "./prompts_tabs.js";
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
  addTabs();
  editorKeys();
  onKey("new-prompt", () => pressNew());
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
  addEventListener("hashchange", async () => {
    await arrive();
    if (document.activeElement === document.body) $("#prompts").focus(); // what had the focus is gone
  });
  await arrive();
}

/* Shows what the address names. */
async function arrive() {
  const { name, tab, version } = place();
  const { writes } = page.facts;
  if (!name || !writes || tab === "tool") {
    shown.name = null;
    if (!name) await (writes ? drawList : drawTools)(root);
    else await drawTool(root, name);
    return;
  }
  if (shown.name === name && shown.asked === version) {
    drawTab();
    return;
  }
  const told = await ask("open", { prompt: name, version });
  if (place().name !== name || place().version !== version) return; // somewhere else meanwhile
  for (const key of Object.keys(shown)) delete shown[key];
  const fresh = told.code === "not_found" && !version && kept(name);
  if (told.error && !fresh) {
    shown.name = null;
    root.replaceChildren(h("div", { class: "head" }, h("h1", { class: "ell" }, name)), note(told.error, "bad", "alert"), h("p", { class: "sm" }, h("a", { href: addressOf("") }, "All prompts")));
    return;
  }
  Object.assign(shown, fresh ? unsaved(name) : told.prompt, { asked: version, dirty: false });
  drawPrompt(root);
}

/* A prompt that was begun here and is not saved yet: its texts are this browser's. */
const unsaved = (name) => ({ name, kind: "not saved yet", source: "", partials: {}, examples: "", version: null, parent: null, production: "", staging: "", counts: {} });
