/* What the tabs of the Models page share: the tab list, the address, what the server told. Knows no
   tab: each is one call of `onTab` in models_tabs.js. The address names the place: nothing or
   name@version for the registry, "inside", "runs", "run=ID" and so on for the rest. */

import { $, $$, decoded, h } from "./dom.js";

/* What the server told at the start, and the label of the model that is shown. */
export const models = { facts: { models: [], prompts: [], counts: {} }, shown: null };

const REGISTRY = "registry";
const tabs = new Map();
let open = null;

/* A tab `name` with `how`:
     label            what stands on it
     panel            the id of its panel, which is made where it is not there
     places           the words of the address that lead to it, as "runs" and "run" of "run=ID"
     draw(panel, at)  draws what `at` {kind, rest, still, followed} names; `still()` is false once the
                      page shows something else, so that a late answer is thrown away; `followed`: a
                      link or a button of a panel led here
     leave()          its place is left: what it does again and again ends
     actions(at)      the buttons that stand beside the page's name
     count(counts)    the number on the tab, or null
     start()          for people who may see this tab and not the registry: {person} or {error} */
export function onTab(name, how) {
  tabs.set(name, { panel: `models-${name}`, places: [name], draw: () => {}, leave: () => {}, actions: () => [], count: (counts) => counts[name] ?? null, ...how });
}

/* Where the address leads: a word that no tab knows is a model of the registry. */
export function place() {
  const text = decoded(location.hash.slice(1));
  const cut = text.indexOf("=");
  const [kind, rest] = cut < 0 ? [text, ""] : [text.slice(0, cut), text.slice(cut + 1)];
  const found = [...tabs].find(([, how]) => how.places.includes(kind));
  return found ? { tab: found[0], kind, rest } : { tab: REGISTRY, kind: "", rest: text };
}

/* The whole address: Gradio's <base> would send a bare "#…" to the first page. */
export const addressOf = (kind, rest = "") =>
  `${location.pathname}#${[kind, rest].filter(Boolean).map(encoded).join("=")}`;

const encoded = (text) => encodeURIComponent(text).replaceAll("%40", "@");

export function go(kind, rest = "") {
  const to = addressOf(kind, rest);
  if (location.pathname + location.hash === to) arrive();
  else location.assign(to);
}

/* Draws the tab list. `names`: those that this person may open; all where none are named. */
export function drawTabs(names = null) {
  if (names) for (const name of [...tabs.keys()]) if (!names.includes(name)) tabs.delete(name);
  const list = $("#models-head [role=tablist]");
  list.replaceChildren(...[...tabs].map(([name, how]) => tabButton(name, how)));
  list.onkeydown = moveTabs;
  for (const [name, how] of tabs) {
    const panel = $(`#${how.panel}`) ?? $("#models-panels").appendChild(h("div", { id: how.panel, class: "col wide-gap" }));
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", `tab-${name}`);
    panel.hidden = true;
  }
}

const tabButton = (name, { label, panel }) =>
  h("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": panel, "aria-selected": "false", tabindex: "-1", onclick: () => openTab(name) }, label, " ", h("span", { class: "cnt" }));

const openTab = (name) => (name === REGISTRY ? go(models.shown ?? "") : go(tabs.get(name).places[0]));

/* Those of the tabs that begin the page alone, in their order. */
export const starters = () => [...tabs].filter(([, how]) => how.start).map(([name, how]) => [name, how.start]);

function moveTabs(event) {
  const all = $$("[role=tab]", event.currentTarget);
  const at = all.indexOf(document.activeElement);
  const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: all.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  const next = all[(to + all.length) % all.length];
  next.focus();
  next.click();
}

/* Shows what the address names. */
export function arrive() {
  const at = place();
  if (!tabs.has(at.tab)) Object.assign(at, { tab: [...tabs.keys()][0], kind: "", rest: "" });
  for (const [, how] of tabs) how.leave();
  open = at;
  at.followed = Boolean(document.activeElement?.closest("#models [role=tabpanel]"));
  at.still = () => open === at;
  for (const [name, how] of tabs) {
    const chosen = name === at.tab;
    const button = $(`#tab-${name}`);
    button.setAttribute("aria-selected", String(chosen));
    button.tabIndex = chosen ? 0 : -1;
    if (chosen) button.scrollIntoView({ block: "nearest", inline: "nearest" });
    $(`#${how.panel}`).hidden = !chosen;
  }
  const how = tabs.get(at.tab);
  drawCounts();
  drawActions();
  how.draw($(`#${how.panel}`), at);
}

/* Draws the open tab again: something that it shows has changed. */
export const drawAgain = arrive;

export function drawActions() {
  $("#models-actions").replaceChildren(...tabs.get(open.tab).actions(open).filter(Boolean));
}

export function drawCounts() {
  for (const [name, how] of tabs) $(`#tab-${name} .cnt`).textContent = how.count(models.facts.counts ?? {}) ?? "";
}
