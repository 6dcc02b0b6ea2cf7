/* Puts the tabs Tests, History, Releases and Use into the page, and their buttons into its head. */

import { h, icon } from "./dom.js";
import { drawHistory } from "./prompts_history.js";
import { drawReleases, openPublish, openRollback } from "./prompts_publish.js";
import { changed, go, onTab, shown } from "./prompts_shell.js";
import { drawTests, openCase } from "./prompts_tests.js";
import { drawUse } from "./prompts_use.js";

export function addTabs() {
  onTab("tests", drawTests, { actions: () => [publish()] });
  onTab("history", drawHistory, { actions: () => [rollback(), publish()] });
  onTab("releases", (place) => drawReleases(place, shown, changed), { actions: () => [rollback(), publish()] });
  onTab("use", drawUse);
}

/* What is saved can be published, nothing else: the editor says what is not saved. */
const publish = () =>
  h("button", { type: "button", class: "btn pri", disabled: !shown.version, onclick: () => openPublish(shown.name, { sha: shown.version, seq: shown.seq }, { done: changed, follow, unsaved: shown.dirty }) }, "Publish…");

const rollback = () =>
  shown.production && h("button", { type: "button", class: "btn", onclick: () => openRollback(shown.name, changed) }, icon("again"), "Roll back…");

/* Where a line of the gate leads. */
function follow(link) {
  const [place, name] = link.startsWith("case:") ? ["tests", link.slice(5)] : [link, ""];
  if (name) openCase(name);
  go(shown.name, place === "edit" ? "" : "tests");
}
