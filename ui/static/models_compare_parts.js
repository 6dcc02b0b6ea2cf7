/* What the scripts of the tab Compare share: its commands, what the server told, a win rate drawn. */

import { h } from "./dom.js";
import { note } from "./admin_parts.js";

/* `ask` calls a command of the tab; `facts` is what there is to choose from. */
export const compare = { ask: null, facts: null };

const percent = (share) => `${Math.round(share * 100)} %`;

/* A win rate in words, and as a bar: its point, and how far it may really lie. */
export function rateOf([share, low, high, , counted], of) {
  if (!counted) return h("span", { class: "dim" }, "no decided vote");
  const words = `${percent(share)} (${percent(low)} to ${percent(high)})`;
  const [span, half, point] = ["span", "half", "point"].map((name) => h("i", { class: name }));
  span.style.left = `${low * 100}%`;
  span.style.width = `${(high - low) * 100}%`;
  point.style.left = `${share * 100}%`;
  return h("span", { class: "rate-of" }, h("span", { class: "rate", role: "img", "aria-label": `Wins ${of}: ${words}` }, span, half, point), h("span", { class: "xs num" }, words));
}

/* Said where a side is hosted: what is asked goes there. */
export function leavesNote(sides) {
  const servers = sides.map((side) => compare.facts.models.find((one) => one.label === side.model)?.host);
  const hosts = [...new Set(servers.filter(Boolean))].sort();
  return hosts.length ? note(`Leaves this machine: your question goes to ${hosts.join(" and ")}. Personal values are masked where that is on.`) : null;
}
