/* Writing an article: the text, who sees it, and the passages it would be cut into. What is typed is
   kept in this browser until it is saved; two who saved are shown both texts. */

import { during, field, input, note, whole } from "./admin_parts.js";
import { $, debounced, drafts, h } from "./dom.js";
import { openDialog, toast } from "./overlays.js";
import { call } from "./server.js";
import { openArticle } from "./knowledge_article.js";
import { page, tell } from "./knowledge_shell.js";

const FIELDS = ["title", "text", "visibility", "tags", "language", "valid_from", "valid_until"];
const PREVIEW = 400;
let editor = null;

export const isWriting = () => editor !== null;

const keyOf = (id) => `chatbot-article-${id ?? "new"}`;

/* Opens the editor: for an article, or empty; `questions` are those it should answer. */
export function writeArticle(article = null, { questions = [], lack = null } = {}) {
  if (editor) return;
  const kept = questions.length ? null : drafts.get(keyOf(article?.id));
  const begun = article
    ? { ...article, tags: article.tags.join(", "), base: article.version }
    : { title: "", text: questions.map((one) => `## ${one.replace(/\s+/g, " ").trim()}\n\n`).join(""), visibility: "public", tags: "", language: "", valid_from: "", valid_until: "", base: null };
  editor = { id: article?.id ?? null, base: kept?.base ?? begun.base, lack, boxes: {}, from: document.activeElement?.id };
  draw(kept ?? begun, Boolean(kept), begun);
}

function draw(values, isKept, begun) {
  const { boxes } = editor;
  boxes.title = input({ maxlength: "300", required: true });
  boxes.text = h("textarea", { class: "in", rows: "16", spellcheck: "true" });
  boxes.visibility = h("select", { class: "in" }, h("option", { value: "public" }, "everyone"), h("option", { value: "internal" }, "staff only"));
  boxes.tags = input({ maxlength: "600" });
  boxes.language = input({ maxlength: "20", spellcheck: "false", autocapitalize: "off" });
  boxes.valid_from = input({ type: "date" });
  boxes.valid_until = input({ type: "date" });
  const preview = h("div", { class: "pb col sm", id: "knowledge-preview" });
  const problem = h("div", { class: "problem", id: "knowledge-problem" });
  const save = h("button", { type: "submit", class: "btn pri", "aria-keyshortcuts": "Control+S" }, "Save");
  const form = h(
    "form",
    { class: "col form", novalidate: true, "aria-label": editor.id ? "Edit article" : "Write article" },
    isKept && h("div", { class: "note" }, h("span", { class: "grow" }, "What you typed here before, not saved yet."), h("button", { type: "button", class: "as-link", onclick: () => { fill(begun); keep(); look(); } }, editor.id ? "Take the saved text" : "Begin anew")),
    field("Title", boxes.title),
    field("Text, Markdown", boxes.text, "Headings (##) become the passages' headings. No HTML."),
    h("div", { class: "form2" }, field("Seen by", boxes.visibility), field("Tags", boxes.tags, "Between commas."), field("Language", boxes.language, "A code such as en; empty: found by itself."), field("Valid from", boxes.valid_from), field("Valid until", boxes.valid_until)),
    problem,
    h("div", { class: "row" }, h("span", { class: "sp" }), h("button", { type: "button", class: "btn", onclick: leave }, "Discard"), save),
  );
  const look = debounced(PREVIEW, () => drawPreview(preview));
  const keep = debounced(200, keepDraft);
  form.addEventListener("input", () => { keep(); look(); });
  form.addEventListener("submit", (event) => { event.preventDefault(); during(save, "Saving…", () => send(problem)); });
  form.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") { event.preventDefault(); save.click(); }
  });
  const place = $("#knowledge-write");
  place.replaceChildren(
    h("section", { class: "panel", "aria-label": "Editor" }, h("div", { class: "ph" }, h("h2", {}, editor.id ? "Edit article" : "Write article")), h("div", { class: "pb" }, form)),
    h("section", { class: "panel", "aria-label": "Preview" }, h("div", { class: "ph" }, h("h2", { class: "grow" }, "Passages"), h("span", { class: "xs dim" }, "as they are searched and quoted")), preview),
  );
  fill(values);
  seeEditor(true);
  look();
  (values.title ? boxes.text : boxes.title).focus();
}

function fill(values) {
  for (const name of FIELDS) editor.boxes[name].value = values[name] ?? "";
  if (values.base !== undefined) editor.base = values.base;
}

const typed = () => Object.fromEntries(FIELDS.map((name) => [name, editor.boxes[name].value]));

function keepDraft() {
  if (editor) drafts.set(keyOf(editor.id), { ...typed(), base: editor.base });
}

function seeEditor(shown) {
  $("#knowledge").classList.toggle("writing", shown);
  $("#knowledge-write").hidden = !shown;
  if (shown) scrollTo(0, 0);
}

function close() {
  const { from } = editor;
  drafts.set(keyOf(editor.id), null);
  editor = null;
  seeEditor(false);
  $("#knowledge-write").replaceChildren();
  (document.getElementById(from) ?? $("#knowledge-new"))?.focus();
}

/* Thrown away, and brought back for as long as the message stands. */
function leave() {
  const [values, { id, base, lack }] = [typed(), editor];
  close();
  if (!values.title.trim() && !values.text.trim()) return;
  toast("What you typed is discarded.", {
    action: "Undo",
    seconds: 10,
    run: () => {
      if (editor) return;
      editor = { id, base, lack, boxes: {}, from: "knowledge-new" };
      draw({ ...values, base }, false, values);
      keepDraft();
    },
  });
}

async function drawPreview(place) {
  if (!editor) return;
  const { title, text } = typed();
  const told = text.trim() ? await call("preview", { title, text }) : { pieces: [] };
  if (!place.isConnected || told.code === "offline") return;
  if (told.error) place.replaceChildren(h("p", { class: "dim" }, told.error));
  else if (!told.pieces.length) place.replaceChildren(h("p", { class: "dim" }, "Its passages are shown here."));
  else place.replaceChildren(...told.pieces.map((one, at) => h("div", { class: "pm" }, h("div", { class: "h" }, h("b", {}, `${at + 1} ${one.heading}`)), h("div", { class: "c" }, one.text))));
}

async function send(problem) {
  const { id, base, lack } = editor;
  const values = typed();
  problem.replaceChildren();
  const tags = values.tags.split(/[,;]/).map((one) => one.trim()).filter(Boolean);
  if (tags.length > 30) return refuse(problem, "30 tags are the most.");
  const told = await call("write", { ...values, article: id, base, tags: tags.map((one) => one.slice(0, 200)) });
  if (!editor) return null;
  if (told.error) return id && /conflict/.test(told.code) ? conflict(told.error, problem) : refuse(problem, told.error);
  close();
  toast(`"${told.article.title}" is saved.`);
  if (lack && (await call("drop_lack", { lack }))) tell("lacks");
  tell("list");
  return openArticle(told.article.id);
}

function refuse(problem, sentence) {
  problem.replaceChildren(note(sentence, "bad", "alert"));
  return null;
}

/* Somebody saved meanwhile: both texts, and what to do. */
async function conflict(sentence, problem) {
  const told = await call("article", { article: editor.id });
  if (told.error) return refuse(problem, sentence);
  const theirs = told.article;
  const newest = theirs.versions.find((one) => one.number === theirs.version);
  const mine = typed();
  const keepMine = h("button", { type: "button", class: "btn pri" }, "Keep mine as a new version");
  const takeTheirs = h("button", { type: "button", class: "btn" }, "Take theirs");
  const side = (label, title, text) => h("section", { "aria-label": label }, h("h3", {}, label), h("div", { class: "lines-of", tabindex: "0" }, h("div", { class: "b" }, title), h("div", { class: "as-typed" }, text)));
  const dialog = openDialog(
    "Somebody else saved meanwhile",
    h("div", { class: "pb col wide-gap" }, h("p", { class: "sm" }, sentence), newest && h("p", { class: "sm mute" }, `Theirs: version ${newest.number}${newest.by ? ` by ${newest.by}` : ""}, ${whole(newest.at)}`), h("div", { class: "sides" }, side("Yours", mine.title, mine.text), side("Theirs", theirs.title, theirs.text)), h("div", { class: "row wrap" }, h("span", { class: "sp" }), takeTheirs, keepMine)),
    { wide: true },
  );
  dialog.classList.add("widest");
  keepMine.addEventListener("click", () => { dialog.close(); editor.base = theirs.version; send(problem); });
  takeTheirs.addEventListener("click", () => { dialog.close(); page.open = theirs; fill({ ...theirs, tags: theirs.tags.join(", "), base: theirs.version }); keepDraft(); });
  keepMine.focus();
  return null;
}
