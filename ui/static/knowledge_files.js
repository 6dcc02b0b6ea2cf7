/* Files in: chosen or dropped anywhere on the page, sent in pieces, read by the server one after
   another. A refused file keeps its row with the reason, the rest goes on. */

import { $, h, prefs } from "./dom.js";
import { say, toast } from "./overlays.js";
import { call, newKey } from "./server.js";
import { page, tell } from "./knowledge_shell.js";
import { sendFile } from "./uploads.js";

/* Files on their way, and those with problems: {key, name, file, share, words, problems, work}. */
export const files = [];

const MOST = 500;
let running = false;
let sum = null;

/* Opens the file picker; with a `source` the one file counts as a new state of that source. */
export function addFiles(source = null) {
  const picker = h("input", { type: "file", hidden: true, multiple: !source, accept: page.facts.formats.join(","), id: "knowledge-picker" });
  $("#knowledge-picker")?.remove();
  picker.addEventListener("change", () => {
    take([...picker.files].map((file) => ({ file, name: source ?? file.name })));
    picker.remove();
  });
  document.body.append(picker);
  picker.click();
}

/* Who sees new articles whose files do not say it: staff, until somebody chooses otherwise. */
const seenBy = () => (prefs.get("new-files") === "public" ? "public" : "internal");

export function chooseSeenBy() {
  const options = [["internal", "New files: staff only"], ["public", "New files: everyone"]].map(([value, text]) => h("option", { value, selected: value === seenBy() }, text));
  const choice = h("select", { class: "in", id: "knowledge-seen", "aria-label": "New files are seen by", title: "For files that do not say it themselves", onchange: () => prefs.set("new-files", choice.value) }, options);
  return choice;
}

export function dismiss(file) {
  files.splice(files.indexOf(file), 1);
  tell("files");
}

export function stopFile(file) {
  file.stopped = true;
  if (file.work) call("stop", { work: file.work });
}

/* Lets files and folders be dropped anywhere on the page. */
export function takeDrops(region) {
  let depth = 0;
  const carries = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const mark = (shown) => region.classList.toggle("dropping", shown);
  addEventListener("dragenter", (event) => { if (carries(event)) { depth += 1; mark(true); } });
  addEventListener("dragleave", (event) => { if (carries(event) && (depth -= 1) <= 0) { depth = 0; mark(false); } });
  addEventListener("dragover", (event) => { if (carries(event)) event.preventDefault(); });
  addEventListener("drop", async (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    depth = 0;
    mark(false);
    if (document.querySelector("dialog[open]")) return;
    take(await dropped(event.dataTransfer));
  });
}

/* Every file that was dropped, with its path inside a dropped folder. */
async function dropped(transfer) {
  const loose = [...transfer.files].map((file) => ({ file, name: file.name }));
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return loose;
  const found = [];
  for (const entry of entries) await walk(entry, found);
  return found;
}

async function walk(entry, found) {
  if (entry.name.startsWith(".") || found.length > MOST) return;
  const path = entry.fullPath.replace(/^\//, "");
  if (entry.isFile) {
    found.push({ file: await new Promise((done, fail) => entry.file(done, fail)), name: path });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((done, fail) => reader.readEntries(done, fail));
    if (!some.length) return;
    for (const one of some) await walk(one, found);
  }
}

function take(chosen) {
  if (chosen.length > MOST) toast(`${chosen.length} files are too many at once: the first ${MOST} are read. For more use "chatbot knowledge add".`, { error: true });
  for (const { file, name } of chosen.slice(0, MOST)) files.push({ key: newKey(), name, file, share: 0, words: "waits", problems: [] });
  tell("files");
  if (!running) run();
}

async function run() {
  running = true;
  sum = { added: 0, changed: 0, unchanged: 0, refused: 0 };
  for (;;) {
    const file = files.find((one) => !one.problems.length && !one.stopped);
    if (!file) break;
    const told = await bring(file);
    note(file, told);
    tell("files");
    tell("list");
  }
  files.splice(0, files.length, ...files.filter((one) => one.problems.length));
  running = false;
  tell("files");
  report();
}

/* What became of a file: it leaves the rows, or stays with what was wrong. */
function note(file, told) {
  if (told.error) file.problems = [told.error];
  else {
    sum.added += told.new;
    sum.changed += told.changed;
    sum.unchanged += told.unchanged;
    file.problems = told.refused.map(([source, reason]) => (source === file.name ? reason : `${source.slice(file.name.length)}: ${reason}`));
    file.words = told.new + told.changed + told.unchanged ? "the rest was read" : "";
  }
  sum.refused += file.problems.length;
  if (!file.problems.length) files.splice(files.indexOf(file), 1);
}

/* What came of all files. */
function report() {
  const parts = [[sum.added, "new"], [sum.changed, "changed"], [sum.unchanged, "as before"], [sum.refused, "refused"]].filter(([count]) => count);
  if (!parts.length) return;
  const text = `Articles: ${parts.map(([count, word]) => `${count.toLocaleString("en")} ${word}`).join(", ")}.`;
  if (sum.added + sum.changed + sum.unchanged > 0) toast(text);
  else say(text);
}

async function bring(file) {
  const { piece, largest } = page.facts;
  const sent = await sendFile(file, "put", {
    piece,
    largest,
    stopped: () => file.stopped,
    told: (share) => progress(file, 0.5 * share, `sending, ${Math.round(100 * share)} %`),
  });
  return sent.error ? sent : read(file);
}

async function read(file) {
  const begun = await call("take", { upload: file.key, name: file.name, visibility: seenBy() });
  if (begun.error) return begun;
  file.work = begun.work;
  for (;;) {
    const told = await call("follow", { work: file.work });
    if (told.error) return told;
    if (told.result) return file.stopped ? { ...told.result, refused: [...told.result.refused, [file.name, "Stopped. What was read until then is kept."]] } : told.result;
    const { done, of } = told.running;
    const unit = /\.pdf$/i.test(file.name) ? "page" : "line";
    progress(file, 0.5 + (of ? (0.5 * done) / of : 0), of ? `${unit} ${done.toLocaleString("en")} of ${of.toLocaleString("en")}` : "reading");
  }
}

function progress(file, share, words) {
  Object.assign(file, { share, words });
  tell("files");
}
