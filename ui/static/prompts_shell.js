/* What the parts of the Prompts page share: the prompt that is shown, its tabs, the calls of authors.
   The address names the place: nothing for the list, #support, #support/tests, and #support/edit/12
   for a version that is not the newest. Knows no tab. */

import { $, $$, decoded, h, icon } from "./dom.js";
import { island } from "./islands.js";
import { callsOf } from "./server.js";

/* What the server told at the start: {person, writes, models, model}. */
export const page = { facts: null };

/* The prompt that is open: {name, kind, title, about, version (sha), seq, parent, source, partials,
   examples, production, staging, counts, dirty}. `name` is null on the list. */
export const shown = { name: null };

const book = island("prompts-edit-data");

/* Asks a command of authors; comes back with what was asked for, or with {error, code}. */
export const ask = async (what, given) => callsOf(await book)(what, given);

const LABELS = { edit: "Edit", tests: "Tests", history: "History", releases: "Releases", use: "Use" };
const tabs = new Map();

/* A tab draws into its panel whenever it is opened, and again when another version is shown or
   `changed` is called. `actions` makes the buttons of the head while it is open. */
export function onTab(name, draw, { actions = () => [] } = {}) {
  tabs.set(name, { draw, actions });
}

/* Told after something was published, saved or run: what the head and the open tab show is old. */
export async function changed() {
  if (!shown.name) return;
  const told = await ask("head", { prompt: shown.name });
  if (told.error) return;
  Object.assign(shown, told.head);
  drawHead();
  drawTab();
}

export function place() {
  const [name = "", tab = "", version = ""] = location.hash.slice(1).split("/").map(decoded);
  return { name, tab, version };
}

/* The whole address: Gradio's <base> would send a bare "#…" to the first page. */
export const addressOf = (name, tab = "", version = "") =>
  `${location.pathname}#${[name, tab, version].filter(Boolean).map(encodeURIComponent).join("/")}`;

export function go(name, tab = "", version = "") {
  const to = addressOf(name, tab, version);
  if (location.pathname + location.hash === to) dispatchEvent(new HashChangeEvent("hashchange"));
  else location.assign(to);
}

const openTab = () => (names().includes(place().tab) ? place().tab : "edit");
/* What is not saved yet can only be edited. */
const names = () => Object.keys(LABELS).filter((name) => tabs.has(name) && (shown.version || name === "edit"));

/* The frame of an open prompt: where it is, head, tabs and their empty panels. */
export function drawPrompt(root) {
  root.replaceChildren(
    h(
      "div",
      { class: "col prompt-top" },
      h("nav", { class: "xs row crumbs", "aria-label": "Breadcrumb" }, h("a", { href: addressOf("") }, "Prompts"), icon("right"), h("span", { class: "mute ell", "aria-current": "page" }, shown.name)),
      h("div", { class: "head", id: "prompt-head" }),
    ),
    h("div", { class: "tabs", role: "tablist", "aria-label": "Prompt", onkeydown: moveTabs }, names().map(tab)),
    ...names().map(panel),
  );
  drawHead();
  drawTab();
}

/* The first version of a prompt brings the other tabs. */
function addTab(name) {
  const list = $("[role=tablist][aria-label=Prompt]");
  list.append(tab(name));
  list.parentElement.append(panel(name));
}

const panel = (name) => h("div", { role: "tabpanel", id: `prompt-${name}`, "aria-labelledby": `tab-${name}`, class: "col wide-gap", hidden: true });

const tab = (name) =>
  h("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `prompt-${name}`, onclick: () => go(shown.name, name, place().version) }, LABELS[name], h("span", { class: "cnt" }));

export function drawTab() {
  const open = openTab();
  for (const name of names()) {
    if (!$(`#tab-${name}`)) addTab(name);
    const [button, panel] = [$(`#tab-${name}`), $(`#prompt-${name}`)];
    button.setAttribute("aria-selected", String(name === open));
    button.tabIndex = name === open ? 0 : -1;
    panel.hidden = name !== open;
    $(".cnt", button).textContent = shown.counts?.[name] ?? "";
  }
  drawActions();
  tabs.get(open).draw($(`#prompt-${open}`), shown);
}

function moveTabs(event) {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const all = $$("[role=tab]", event.currentTarget);
  const next = all[(all.indexOf(document.activeElement) + step + all.length) % all.length];
  next.focus();
  next.click();
}

/* Name and where it is live; the buttons of the open tab stand at the end. */
export function drawHead() {
  const { name, kind, production, staging } = shown;
  $("#prompt-head").replaceChildren(
    h("h1", { class: "ell" }, name),
    h("span", { class: "row only-l tight" }, h("span", { class: "badge" }, kind), production ? h("span", { class: "badge acc" }, `production ${production}`) : h("span", { class: "badge" }, "not live"), staging && h("span", { class: "badge" }, `staging ${staging}`)),
    h("span", { class: "badge warn", id: "prompt-state" }),
    h("span", { class: "sp" }),
    h("span", { class: "row", id: "prompt-actions" }),
  );
  noteDirty(shown.dirty);
  drawActions();
}

function drawActions() {
  $("#prompt-actions").replaceChildren(...tabs.get(openTab()).actions().filter(Boolean));
}

/* Whether the texts of the editor differ from the version that is open. */
export function noteDirty(dirty) {
  shown.dirty = dirty;
  const badge = $("#prompt-state");
  if (!badge) return;
  badge.hidden = !dirty && (shown.live || !shown.version);
  badge.textContent = dirty ? "unsaved" : `v${shown.seq} not live`;
}
