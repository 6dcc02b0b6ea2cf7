/* What the parts of the Knowledge page share: the facts, what is shown, the address, news. */

import { $ } from "./dom.js";
import { plural } from "./admin_parts.js";
import { toast } from "./overlays.js";
import { call } from "./server.js";

/* `state` is how much there is and how it is searched; `open` the article that is shown. */
export const page = { facts: {}, state: null, open: null, number: null };

const listeners = new Map();

/* News between the parts: "list" (articles changed), "article" (another is open), "files". */
export const on = (name, run) => listeners.set(name, [...(listeners.get(name) ?? []), run]);
export const tell = (name, ...given) => listeners.get(name)?.forEach((run) => run(...given));

/* A command whose error is shown as a message; null then. */
export async function asked(what, given = {}) {
  const told = await call(what, given);
  if (!told.error) return told;
  toast(told.error, { error: true });
  return null;
}

/* The article and the passage that the address names. */
export function place() {
  const wanted = new URLSearchParams(location.search);
  return { article: wanted.get("article") ?? "", passage: wanted.get("passage") ?? "" };
}

/* Names the open article in the address, so that a link and the Back key lead to it. */
export function name(article) {
  const address = article ? `?${new URLSearchParams({ article })}` : location.pathname;
  if (place().article !== article || place().passage) history.pushState(null, "", address);
}

/* At 390 px one region is seen at a time: "list" or "article". */
export function see(region) {
  const regions = $("#knowledge-regions");
  if (regions) regions.dataset.now = region;
}

export function day(iso) {
  const at = new Date(iso);
  if (at.toDateString() === new Date().toDateString()) return "today";
  const sameYear = at.getFullYear() === new Date().getFullYear();
  return at.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: sameYear ? undefined : "numeric" });
}

/* How much there is, under the page's title. */
export function summary({ articles, passages, by_meaning: meaning }) {
  const how = meaning ? "searched by text and by meaning" : "searched by text only";
  return `${plural(articles, "article")}, ${plural(passages, "passage")}; ${how}`;
}
