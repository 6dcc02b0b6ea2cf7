/* The tab Edit: the texts of a version beside their preview; saving them as the next version. Texts
   that are not saved are kept in this browser and offered back. */

import { $, debounced, h, icon, iconButton } from "./dom.js";
import { field, formDialog, input, note, plural, whole } from "./admin_parts.js";
import { onKey } from "./keys.js";
import { confirmed, openMenu, toast } from "./overlays.js";
import { showConflict } from "./prompts_conflict.js";
import { drop, keep, kept } from "./prompts_drafts.js";
import { moreForPrompt } from "./prompts_more.js";
import { makePreview } from "./prompts_preview.js";
import { makeProblems } from "./prompts_problems.js";
import { ask, changed, drawHead, noteDirty, shown } from "./prompts_shell.js";
import { makeSource } from "./prompts_source.js";

const KEEP_AFTER = 200;
const PARTIAL = /^[a-z0-9_-]+$/;

/* What is being edited: {of, texts, saved, file, source, problems, preview, offer}. */
let edit = null;

const textsOf = ({ source, partials, examples }) => ({ source, partials: { ...partials }, examples });
const same = (one, other) => JSON.stringify([one.source, Object.entries(one.partials).sort(), one.examples]) === JSON.stringify([other.source, Object.entries(other.partials).sort(), other.examples]);

/* Draws the panels of the open version once; the texts stay while other tabs are looked at. */
export function drawEditor(place) {
  const of = `${shown.name} ${shown.version}`;
  if (edit?.of === of && place.contains(edit.source.element)) return;
  edit?.preview.stop();
  if (edit) rememberNow();
  edit = { of, name: shown.name, file: "source", texts: textsOf(shown), saved: textsOf(shown), problems: null, parent: shown.parent, tests: null };
  edit.source = makeSource("Prompt source, Jinja", { change: typed, hint: "source-hint" });
  edit.problems = makeProblems(goTo);
  edit.preview = makePreview(shown.name, { texts: () => textsOf(edit.texts), tell: told, blocked });
  edit.files = h("div", { class: "row wrap files" });
  edit.notes = h("div", { class: "col", id: "prompt-notes" });
  place.replaceChildren(
    edit.notes,
    h(
      "div",
      { class: "split" },
      h(
        "section",
        { class: "panel source", "aria-label": "Source" },
        h("div", { class: "ph" }, edit.files, h("span", { class: "sp" }), h("span", { class: "xs dim only-l", id: "source-hint" }, h("kbd", {}, "Esc"), " then ", h("kbd", {}, "Tab"), " leaves the editor"), iconButton("more", "More for the source", (event) => more(event.currentTarget), { id: "source-more", "aria-haspopup": "menu", "aria-expanded": "false" })),
        edit.source.element,
        edit.problems.element,
      ),
      edit.preview.element,
    ),
  );
  offer();
  openFile("source");
  edit.preview.look();
}

/* Files of a version ------------------------------------------------------------------------------ */

const names = () => ["source", ...Object.keys(edit.texts.partials).sort(), ...(edit.texts.examples ? ["examples"] : [])];
const labelOf = (file) => (file === "source" ? "Source" : file === "examples" ? "Examples" : file);

function drawFiles() {
  const all = names();
  const title = all.length === 1 ? [h("h2", {}, "Source"), h("span", { class: "xs dim ell" }, `${shown.name}/prompt.prompty`)] : [h("div", { class: "seg", role: "group", "aria-label": "Texts of this version" }, all.map((file) => h("button", { type: "button", "aria-pressed": String(file === edit.file), onclick: () => openFile(file, true) }, labelOf(file))))];
  edit.files.replaceChildren(...title);
}

const readFile = (file) => (file === "source" || file === "examples" ? edit.texts[file] : edit.texts.partials[file]);

function writeFile(file, text) {
  if (file === "source" || file === "examples") edit.texts[file] = text;
  else edit.texts.partials[file] = text;
}

function openFile(file, focus = false) {
  edit.file = file;
  edit.source.set(readFile(file), file === "source" ? "prompt" : file === "examples" ? "examples" : "partial");
  edit.source.field.setAttribute("aria-label", file === "source" ? "Prompt source, Jinja" : labelOf(file));
  drawFiles();
  tint();
  if (focus) edit.source.field.focus();
}

function more(button) {
  const { file } = edit;
  openMenu(button, [
    { icon: "plus", text: "Add a partial…", run: addPartial },
    !edit.texts.examples && { icon: "plus", text: "Add examples", run: addExamples },
    file !== "source" && { icon: "trash", text: `Remove ${labelOf(file)}`, run: () => removeFile(file) },
    !same(edit.texts, edit.saved) && shown.version && { icon: "again", text: "Discard unsaved changes", run: discard },
  ]);
}

function addPartial() {
  const name = input({ maxlength: 40, spellcheck: "false", autocapitalize: "off" });
  formDialog("Add a partial", [field("Name", name, "Small letters, digits, - and _. Include it by {% include \"partials/NAME.j2\" %}.")], {
    action: "Add",
    words: "Adding…",
    run: async () => {
      const file = `partials/${name.value.trim()}.j2`;
      if (!PARTIAL.test(name.value.trim())) return { error: "A partial's name has small letters, digits, - and _." };
      if (readFile(file) !== undefined) return { error: `There is ${file} already.` };
      edit.texts.partials[file] = "";
      openFile(file);
      typed();
      return {};
    },
  });
}

function addExamples() {
  edit.texts.examples = `${JSON.stringify({ user: "What is asked", assistant: "What should be answered" })}\n`;
  openFile("examples", true);
  typed();
}

function removeFile(file) {
  const text = readFile(file);
  if (file === "examples") edit.texts.examples = "";
  else delete edit.texts.partials[file];
  openFile("source");
  afterEdit();
  toast(`${labelOf(file)} was removed.`, { action: "Undo", run: () => { writeFile(file, text); openFile(file); afterEdit(); }, seconds: 10 });
}

/* Typing ------------------------------------------------------------------------------------------ */

function typed() {
  writeFile(edit.file, edit.source.text());
  afterEdit();
}

function afterEdit() {
  noteDirty(!same(edit.texts, edit.saved));
  edit.preview.look();
  remember();
}

const remember = debounced(KEEP_AFTER, () => rememberNow());

/* Another tab's texts of the same prompt are left alone by one that has written nothing. */
function rememberNow() {
  if (!same(edit.texts, edit.saved)) {
    const taken = keep(edit.name, { ...textsOf(edit.texts), parent: edit.parent, tests: edit.tests });
    if (!taken && !edit.keeps) toast("This browser does not keep unsaved texts. Save a version before you leave the page.", { error: true });
    edit.keeps = true;
  } else if (edit.keeps) {
    drop(edit.name);
    edit.keeps = false;
  }
}

addEventListener("pagehide", () => edit && rememberNow());

/* What the server found in the texts it was sent; places are shown where they still fit. */
function told(problems, sent) {
  edit.problems.show(problems);
  edit.found = { problems, sent };
  tint();
  drawSave();
}

function tint() {
  const { problems = [], sent } = edit.found ?? {};
  const fits = sent && (edit.file === "source" || edit.file === "examples" ? sent[edit.file] : sent.partials[edit.file]) === readFile(edit.file);
  if (fits) edit.source.tint(problems.filter((one) => fileOf(one) === edit.file));
}

const fileOf = ({ partial }) => (partial === null ? "source" : partial === "examples.jsonl" ? "examples" : partial);

function goTo(problem) {
  const file = fileOf(problem);
  if (file !== edit.file && names().includes(file)) openFile(file);
  edit.source.goTo(problem.line, problem.column);
}

function blocked() {
  const errors = edit.problems.errors();
  return errors ? `Fix ${plural(errors, "error")} first. F8 goes there.` : "";
}

/* Kept texts -------------------------------------------------------------------------------------- */

/* Offers texts of an earlier visit; what was begun or taken out of a file just now is opened. */
function offer() {
  edit.notes.replaceChildren(...(shown.notes ?? []).map((text) => note(text, "warn")));
  const found = kept(shown.name);
  if (!found || same(found, edit.saved)) return;
  if (!shown.version || found.fresh) {
    takeTexts(found, found.parent ?? edit.parent);
    return;
  }
  const line = note(`Unsaved changes of ${whole(found.at)} are kept in this browser.`, "warn");
  const restore = () => {
    line.remove();
    takeTexts(found, found.parent ?? edit.parent);
    edit.source.field.focus();
  };
  const forget = () => {
    line.remove();
    drop(edit.name);
    rememberNow();
  };
  line.append(
    h("button", { type: "button", class: "btn s", onclick: restore }, "Restore"),
    h("button", { type: "button", class: "btn s", onclick: forget }, "Discard"),
  );
  line.setAttribute("role", "status");
  edit.notes.append(line);
}

function takeTexts(texts, parent) {
  edit.texts = textsOf(texts);
  edit.parent = parent;
  edit.tests = texts.tests ?? null;
  for (const text of texts.notes ?? []) edit.notes.append(note(text, "warn"));
  openFile(names().includes(edit.file) ? edit.file : "source");
  noteDirty(!same(edit.texts, edit.saved));
  edit.preview.look();
  rememberNow();
}

async function discard() {
  if (!(await confirmed("Discard the unsaved changes?", "Discard"))) return;
  drop(edit.name);
  takeTexts(edit.saved, shown.parent);
}

/* Saving ------------------------------------------------------------------------------------------ */

/* The buttons of the head while this tab is open. */
export function editorActions() {
  const save = h("button", { type: "button", class: "btn", id: "save-version", "aria-keyshortcuts": "Control+S", onclick: askNote }, "Save version", h("kbd", { class: "only-l", "aria-hidden": "true" }, "Ctrl S"));
  const menu = iconButton("more", "More for this prompt", (event) => moreForPrompt(event.currentTarget), { "aria-haspopup": "menu", "aria-expanded": "false" });
  requestAnimationFrame(drawSave);
  return [
    h("button", { type: "button", class: "as-link xs bad", id: "save-why", hidden: true, onclick: () => edit.problems.next() }),
    h("button", { type: "button", class: "btn", id: "try-it", "aria-keyshortcuts": "Control+Enter", onclick: () => edit.preview.run() }, icon("play"), "Try it", h("kbd", { class: "only-l", "aria-hidden": "true" }, "Ctrl Enter")),
    save,
    shown.version && menu,
  ];
}

/* A blocked button says why, next to it. */
function drawSave() {
  const [save, why] = [$("#save-version"), $("#save-why")];
  if (!save || !edit) return;
  const errors = edit.problems.errors();
  const clean = Boolean(shown.version) && same(edit.texts, edit.saved);
  save.disabled = errors > 0 || clean;
  save.title = errors ? `Fix ${plural(errors, "error")} first` : clean ? "Nothing changed since this version" : "";
  save.classList.toggle("pri", !save.disabled);
  why.hidden = !errors;
  why.textContent = `Fix ${plural(errors, "error")} first`;
}

function askNote() {
  if ($("#save-version")?.disabled) {
    if (blocked()) edit.problems.next();
    else toast("Nothing changed since this version.");
    return;
  }
  const text = input({ maxlength: 1000, placeholder: "As in: names the guarantee for members" });
  formDialog("Save version", [field("Note", text, "What changed, for those who read the history.")], {
    action: "Save version",
    words: "Saving…",
    run: () => save(text.value, edit.parent),
  });
  text.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || !["s", "Enter"].includes(event.key)) return;
    event.preventDefault();
    text.form.requestSubmit();
  });
  text.focus();
}

async function save(words, parent) {
  const { name } = shown;
  const sent = textsOf(edit.texts);
  const told = await ask("save", { prompt: name, ...sent, note: words, parent, tests: edit.tests });
  if (told.code === "version_conflict") {
    conflict(told, sent, words);
    return {};
  }
  if (told.problems?.length) edit.problems.show(told.problems);
  if (told.error) return told;
  saved(told, sent);
  return {};
}

/* What was typed while the version was being saved stays, as unsaved. */
function saved({ prompt, new: isNew }, sent) {
  Object.assign(shown, prompt, { dirty: false });
  Object.assign(edit, { saved: sent, parent: prompt.parent, tests: null, of: `${shown.name} ${shown.version}` });
  edit.notes.replaceChildren();
  drop(edit.name);
  drawHead();
  noteDirty(!same(edit.texts, edit.saved));
  rememberNow();
  drawSave();
  changed();
  toast(isNew ? `Saved as v${prompt.seq}. It is not live before somebody publishes it.` : `This text is v${prompt.seq} already: nothing new was saved.`);
}

function conflict({ error, theirs }, mine, words) {
  showConflict(error, mine, theirs, {
    async keep() {
      const told = await save(words, theirs.version);
      if (told.error) toast(told.error, { error: true });
    },
    take() {
      edit.saved = textsOf(theirs);
      Object.assign(shown, textsOf(theirs), { version: theirs.version, seq: theirs.seq, parent: theirs.version });
      edit.of = `${shown.name} ${shown.version}`;
      takeTexts(theirs, theirs.version);
      drawHead();
      changed();
      toast(`This is v${theirs.seq} by ${theirs.author}.`, { action: "Back to mine", run: () => takeTexts(mine, theirs.version), seconds: 20 });
    },
  });
}

/* Keys -------------------------------------------------------------------------------------------- */

const open = () => Boolean(edit && $("#prompt-edit") && !$("#prompt-edit").hidden);

export function editorKeys() {
  onKey("try", () => (open() ? edit.preview.run() : $(".run-all:not([disabled])")?.click() ?? false));
  onKey("save-version", () => (open() ? askNote() : false));
  onKey("problem", () => open() && edit.problems.next());
  onKey("escape", () => open() && edit.preview.stop());
}

