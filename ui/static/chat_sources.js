/* What an answer stands on: its passages under it, as links to Knowledge for those who may open it,
   as a panel with the passage's text for everybody else. */

import { chat } from "./chat.js";
import { h } from "./dom.js";
import { openDialog, toast } from "./overlays.js";
import { call } from "./server.js";

const READERS = ["agent", "author", "reviewer", "admin"];

/* The sources that the answer cites; where it cites none, those that it quotes. */
export function sourcesLine(message) {
  const all = message.sources ?? [];
  const cited = all.filter((one) => one.used === "cited");
  const shown = cited.length ? cited : all;
  if (!shown.length) return null;
  const name = cited.length ? "Sources" : "From";
  return h(
    "div",
    { class: "sources", role: "group", "aria-label": cited.length ? "Sources" : "Quoted from" },
    h("span", { class: "b" }, `${name}:`),
    h("ol", {}, shown.map((one) => h("li", {}, source(message, one, cited.length > 0)))),
  );
}

function source(message, one, numbered) {
  const text = [numbered && h("span", { class: "num" }, `[${one.n}] `), one.label];
  const reads = chat.facts.person?.roles.some((role) => READERS.includes(role));
  const opens = reads
    ? h("a", { class: "as-link", href: `/knowledge?${new URLSearchParams({ passage: one.passage })}` }, text)
    : h("button", { type: "button", class: "as-link", "aria-haspopup": "dialog", onclick: () => openSource(message, one) }, text);
  return [opens, one.internal && h("span", { class: "badge warn" }, "internal")];
}

async function openSource(message, one) {
  const told = await call("source", { message: message.id, number: one.n });
  if (told.error) {
    toast(told.error, { error: true });
    return;
  }
  const title = [told.title, told.heading].filter(Boolean).join(" › ");
  openDialog(title, h("div", { class: "pb passage", tabindex: "0", dir: "auto" }, told.text));
}
