/* The open article: what is known of it, its passages, and what can be done with it. */

import { badge, moment, whole } from "./admin_parts.js";
import { $, h, icon, iconButton } from "./dom.js";
import { openDialog, openMenu, toast } from "./overlays.js";
import { call } from "./server.js";
import { addFiles } from "./knowledge_files.js";
import { asked, day, name, page, see, tell } from "./knowledge_shell.js";
import { writeArticle } from "./knowledge_write.js";

export const makeArticle = () => h("section", { class: "panel", "aria-label": "Article", id: "knowledge-article", tabindex: "-1", hidden: true });

/* Opens an article; `number` is the passage to show. `quiet`: the address named it already. */
export async function openArticle(id, { number = null, quiet = false } = {}) {
  const told = await asked("article", { article: id });
  if (!told) return;
  if (!quiet) name(id);
  show(told.article, number);
}

/* Opens what a citation points at. */
export async function openPassage(id) {
  const told = await call("passage", { passage: id });
  if (told.error) {
    toast(told.code === "not_found" ? "The passage that was cited is gone: its article was removed." : told.error, { error: true });
    return;
  }
  if (told.number === null) toast("The article was changed since: the cited passage does not stand in it any more.");
  show(told.article, told.number);
}

function show(article, number) {
  page.open = article;
  page.number = number;
  tell("article");
  see("article");
  const target = number ? $(`#passage-${number}`) : $("#knowledge-article");
  target?.focus({ preventScroll: Boolean(!number && innerWidth > 760) });
  if (number) target?.scrollIntoView({ block: "center" });
}

/* What is open was changed: asked for anew. */
export async function again() {
  const told = page.open && (await call("article", { article: page.open.id }));
  if (!told || told.error) return;
  page.open = told.article;
  tell("article");
}

export function drawArticle() {
  const place = $("#knowledge-article");
  const one = page.open;
  place.hidden = !one;
  if (!one) return;
  place.setAttribute("aria-label", `Article ${one.title}`);
  place.replaceChildren(
    h(
      "div",
      { class: "ph" },
      iconButton("left", "Back to articles", close, { class: "ib only-s" }),
      h("h2", { class: "grow ell", title: one.title }, one.title),
      page.facts.writes && h("button", { type: "button", class: "btn s", id: "knowledge-edit", onclick: () => writeArticle(one) }, icon("edit"), "Edit"),
      iconButton("more", "More for this article", (event) => more(event.currentTarget, one), { id: "knowledge-more", "aria-haspopup": "menu", "aria-expanded": "false" }),
    ),
    h("div", { class: "pb sm col" }, facts(one), validity(one), ...one.pieces.map(piece), !one.pieces.length && h("p", { class: "dim" }, "It has no passage.")),
  );
}

function close() {
  name("");
  page.open = null;
  tell("article");
  see("list");
  $("#knowledge-table button")?.focus();
}

function facts(one) {
  const first = one.versions.at(-1) ?? {};
  const newest = one.versions.reduce((last, each) => (each.number > (last?.number ?? 0) ? each : last), null) ?? first;
  const rows = [
    ["Source", [one.source || "written here", newest.by && `, by ${newest.by}`].filter(Boolean).join("")],
    ["Seen by", one.visibility === "internal" ? badge("internal: staff alone", "warn", "lock") : "everyone"],
    ["Cited", `${answers(one.cited_ever)}${one.rated_down ? `, ${one.rated_down} rated down` : ""}`],
    one.tags.length && ["Tags", one.tags.join(", ")],
    one.language && ["Language", one.language],
    one.owner && ["Owner", one.owner],
    ["Changed", h("span", {}, moment(one.changed), `, version ${one.version}`)],
    (one.valid_from || one.valid_until) && ["Valid", [one.valid_from && `from ${day(one.valid_from)}`, one.valid_until && `until ${day(one.valid_until)}`].filter(Boolean).join(" ")],
  ].filter(Boolean);
  return h("dl", { class: "kv" }, rows.flatMap(([label, value]) => [h("dt", {}, label), h("dd", {}, value)]));
}

const answers = (count) => (count ? `${count.toLocaleString("en")} ${count === 1 ? "answer" : "answers"}` : "not yet");

/* Why an article is not found today. */
function validity(one) {
  const today = new Date().toISOString().slice(0, 10);
  if (one.valid_from && one.valid_from > today) return h("div", { class: "note warn" }, icon("clock"), "Not valid yet: no answer uses it.");
  if (one.valid_until && one.valid_until < today) return h("div", { class: "note warn" }, icon("clock"), "No longer valid: no answer uses it.");
  return null;
}

const piece = (one) =>
  h(
    "div",
    { class: one.number === page.number ? "pm hit" : "pm", id: `passage-${one.number}`, tabindex: "-1", role: "group", "aria-label": `Passage ${one.number}` },
    h("div", { class: "h" }, h("b", { class: "grow" }, `${one.number} ${one.heading}`), h("span", { class: "num" }, `${one.tokens} tokens`)),
    h("div", { class: "c" }, one.text),
  );

function more(button, one) {
  const { writes } = page.facts;
  const other = one.visibility === "internal" ? "public" : "internal";
  openMenu(button, [
    writes && { icon: other === "internal" ? "lock" : "eye", text: other === "internal" ? "Show to staff only" : "Show to everyone", run: () => showTo(one, other) },
    writes && one.source && { icon: "again", text: "Read again from a file…", run: () => addFiles(one.source) },
    { icon: "clock", text: "Versions", run: () => versions(one) },
    { icon: "link", text: "Copy link", run: () => copy(one) },
    writes && { icon: "trash", text: "Remove", run: () => remove(one) },
  ]);
}

async function showTo(one, visibility) {
  if (!(await asked("show_to", { article: one.id, visibility }))) return;
  toast(visibility === "internal" ? `Only staff see "${one.title}" now.` : `Everyone sees "${one.title}" now.`);
  tell("list");
  again();
}

async function copy(one) {
  const address = `${location.origin}/knowledge?${new URLSearchParams({ article: one.id })}`;
  try {
    await navigator.clipboard.writeText(address);
    toast("The link is copied.");
  } catch {
    toast(`The browser does not let this page copy. The link is ${address}`, { error: true });
  }
}

/* Removed at once, and brought back for as long as the message stands. */
async function remove(one) {
  if (!(await asked("remove", { article: one.id }))) return;
  close();
  tell("list");
  toast(`"${one.title}" is removed.`, { action: "Undo", run: () => restore(one), seconds: 10 });
}

async function restore(one) {
  if (!(await asked("restore", { article: one.id }))) return;
  toast(`"${one.title}" is back.`);
  tell("list");
  openArticle(one.id);
}

function versions(one) {
  const rows = [...one.versions].sort((a, b) => b.number - a.number);
  openDialog(
    `Versions of ${one.title}`,
    h(
      "table",
      { class: "t", "aria-label": "Versions" },
      h("thead", {}, h("tr", {}, ["Version", "Title", "By", "Saved"].map((label) => h("th", { scope: "col" }, label)))),
      h("tbody", {}, rows.map((each) => h("tr", {}, h("td", { class: "num" }, String(each.number)), h("td", { class: "wrap-any" }, each.title), h("td", {}, each.by || h("span", { class: "dim" }, "unknown")), h("td", { class: "when" }, whole(each.at))))),
    ),
    { wide: true },
  );
}
