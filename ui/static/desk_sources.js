/* The sources of a reply: passages by number, public or internal, the article behind each, and a
   search for others. */

import { $, h, icon, iconButton } from "./dom.js";
import { debounced } from "./dom.js";
import { note } from "./admin_parts.js";
import { openDialog, say, toast } from "./overlays.js";
import { call } from "./server.js";
import { on, reply, tell } from "./desk_shell.js";

let editor = null;
let before = null; // what had the focus before the article was opened

export function makeSources(made) {
  editor = made;
  on("sources", (sources) => {
    reply.sources = [...sources];
    drawSources();
    tell("paint");
  });
  return h(
    "div",
    { role: "group", "aria-label": "Sources" },
    h("div", { class: "row" }, h("span", { class: "lab" }, "Sources"), h("span", { class: "sp" }), h("button", { type: "button", class: "btn quiet s", onclick: findAnother }, icon("search"), "Find another")),
    h("ul", { class: "srcl", id: "desk-sources" }),
  );
}

const label = ({ title, heading }) => [title, heading].filter(Boolean).join(" › ");

export function drawSources() {
  const list = $("#desk-sources");
  if (!reply.sources.length) {
    list.replaceChildren(h("li", { class: "dim" }, "No passage yet."));
    return;
  }
  list.replaceChildren(...reply.sources.map((one) =>
    h(
      "li",
      {},
      h("button", { type: "button", class: one.internal ? "cite int" : "cite", "aria-label": `Cite source ${one.n}`, title: "Cite at the cursor", onclick: () => cite(one) }, String(one.n)),
      h("button", { type: "button", class: "as-line ell grow", "aria-label": `Source ${one.n}: ${label(one)}. Open`, onclick: (event) => openArticle(one, event.currentTarget) }, label(one)),
      one.internal ? h("span", { class: "badge warn" }, icon("lock"), "internal") : h("span", { class: "dim" }, "public"),
    ),
  ));
}

function cite(one) {
  const { field } = editor;
  const place = field.selectionEnd;
  const space = place > 0 && !/\s$/.test(field.value.slice(0, place)) ? " " : "";
  editor.insert(`${space}[${one.n}]`, place, place);
  if (one.internal) toast(`Source ${one.n} is internal. Customers cannot open it: check what you quote.`);
}

// The article -----------------------------------------------------------------------------------

export const makeArticle = () => h("aside", { id: "desk-article", "aria-label": "Article", tabindex: "-1", hidden: true, onkeydown: (event) => { if (event.key === "Escape") { event.stopPropagation(); closeArticle(); } } });

export async function openArticle(source, from) {
  before = from ?? document.activeElement;
  const place = $("#desk-article");
  place.hidden = false;
  place.replaceChildren(head(source.title), h("p", { class: "none" }, "Opening…"));
  const told = await call("passage", { passage: source.passage });
  if (told.error) {
    place.replaceChildren(head(source.title), h("div", { class: "pb col" }, note(told.error, "warn", "alert"), source.text && h("blockquote", { class: "piece-now" }, source.text)));
    place.focus();
    return;
  }
  const { article, number } = told;
  place.replaceChildren(
    head(article.title, article.internal),
    h("div", { class: "scroll pieces-of", tabindex: "0", role: "region", "aria-label": "Passages" }, article.pieces.map((one) =>
      h("section", { class: one.number === number ? "piece-of piece-now" : "piece-of", "aria-current": one.number === number ? "true" : null }, one.heading && h("h3", {}, one.heading), h("p", {}, one.text)))),
  );
  place.focus();
  $(".piece-now", place)?.scrollIntoView({ block: "center" });
}

function head(title, internal = false) {
  return h("div", { class: "thead" }, h("h2", { class: "ell grow" }, title), internal && h("span", { class: "badge warn" }, icon("lock"), "internal"), iconButton("close", "Close the article", closeArticle));
}

export function closeArticle() {
  const place = $("#desk-article");
  if (!place || place.hidden) return false;
  place.hidden = true;
  if (before?.isConnected) before.focus({ preventScroll: true });
  return true;
}

// Another one -----------------------------------------------------------------------------------

function findAnother() {
  const field = h("input", { class: "in", type: "search", "aria-label": "Search articles", placeholder: "What the passage should say", autocomplete: "off" });
  const list = h("div", { class: "hits", "aria-live": "polite" });
  const dialog = openDialog("Find another source", h("div", { class: "searching" }, h("div", { class: "find" }, icon("search"), field), list));
  const find = debounced(200, async () => {
    const text = field.value.trim();
    if (!text) {
      list.replaceChildren();
      return;
    }
    const told = await call("find", { text: text.slice(0, 1000) });
    if (field.value.trim() !== text) return;
    if (told.error) list.replaceChildren(note(told.error, "bad", "alert"));
    else if (!told.hits.length) list.replaceChildren(h("p", { class: "none" }, "No passage fits."));
    else list.replaceChildren(...told.hits.map((one) => hit(one, dialog)));
  });
  field.addEventListener("input", find);
  field.focus();
}

function hit(one, dialog) {
  const add = () => {
    dialog.close();
    const known = reply.sources.find((other) => other.passage === one.passage);
    const source = known ?? { ...one, n: Math.max(0, ...reply.sources.map((other) => other.n)) + 1 };
    if (!known) tell("sources", [...reply.sources, source]);
    say(`Source ${source.n} added.`);
    cite(source);
  };
  return h("button", { type: "button", class: "turn", onclick: add }, h("span", { class: "row" }, h("b", { class: "sm ell grow" }, label(one)), one.internal ? h("span", { class: "badge warn" }, icon("lock"), "internal") : h("span", { class: "dim xs" }, "public")), h("span", { class: "sm mute snip" }, one.text));
}
