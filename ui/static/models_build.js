/* The dialog Build: what a dataset is made of, what it would hold, and every line that cannot be
   used. Built only after that was looked at. */

import { $$, h, icon, iconButton } from "./dom.js";
import { field, input, note, plural } from "./admin_parts.js";
import { recount } from "./models_learning.js";
import { go, models } from "./models_shell.js";
import { openDialog, toast } from "./overlays.js";
import { newKey } from "./server.js";
import { sendFile } from "./uploads.js";
import { withheld, work } from "./works.js";

const SOURCES = [
  ["verdict", "Approved answers", "answers that a reviewer judged good"],
  ["correction", "Corrected answers", "with what was there before as the worse reply"],
  ["reply", "Replies that were sent", "by agents, with the draft as the worse reply where they changed it"],
];
const FORMATS = ".jsonl,.json,.csv";

/* `taken`: the names there are; a dataset never changes, so a new one needs a name of its own. */
export function buildDataset(taken) {
  const view = { files: [] };
  const name = input({ id: "build-name", value: suggested(taken), maxlength: "100" });
  const since = input({ id: "build-since", type: "date" });
  const balance = input({ id: "build-balance", inputmode: "numeric", class: "in num", placeholder: "no limit" });
  const sources = SOURCES.map(([value, label, about]) => h("label", { class: "tick" }, h("input", { type: "checkbox", value, checked: true }), h("span", {}, h("b", {}, label), h("span", { class: "dim xs block" }, about))));
  const [add, files] = filesOf(view);
  const state = h("div", { class: "doing" });
  const result = h("div", { class: "col", "aria-live": "polite" });
  const problem = h("div", { class: "problem" });
  const look = h("button", { type: "button", class: "btn" }, "Look first");
  const send = h("button", { type: "button", class: "btn pri" }, "Build");
  const cancel = h("button", { type: "button", class: "btn" }, "Cancel");
  const body = h(
    "div",
    { class: "pb col form" },
    field("Name", name),
    h("fieldset", { class: "ticks" }, h("legend", {}, "Made of"), sources),
    h("div", { class: "field" }, h("span", { class: "lab" }, "Files of your own, optional"), h("div", {}, add), h("span", { class: "hint" }, "JSON Lines (messages and reply, OpenAI chat, ShareGPT, chosen and rejected) or CSV with the columns question and answer."), files),
    h("details", {}, h("summary", { class: "sm b" }, "More settings"), h("div", { class: "two-fields" }, field("Since", since, "Only what was judged or sent from that day on; empty for all."), field("At most of one topic", balance, "So that a frequent one does not drown the others."))),
    state,
    problem,
    result,
  );
  const dialog = openDialog("Build a dataset", h("div", {}, body, h("div", { class: "row bottom" }, h("span", { class: "sp" }), cancel, look, send)), { wide: true, done: () => state.run?.leave() });
  const run = async (dry, pressed) => {
    problem.replaceChildren();
    const lacking = whyNot(view, sources, balance);
    if (lacking) {
      problem.replaceChildren(note(lacking, "bad", "alert"));
      return;
    }
    pressed.setAttribute("aria-busy", "true");
    const given = {
      name: name.value.trim(),
      sources: chosenOf(sources),
      since: since.value,
      files: view.files.map((one) => [one.key, one.name]),
      balance: balance.value.trim() ? Number(balance.value) : null,
      dry,
    };
    const told = await withheld([look, send], () => work(state, "build_dataset", given));
    pressed.removeAttribute("aria-busy");
    if (!told || !dialog.isConnected) return;
    if (dry) {
      result.replaceChildren(...wouldHold(told));
      return;
    }
    dialog.close();
    toast(`${told.dataset.name} holds ${plural(told.dataset.rows, "turn")}${told.worse ? `; ${plural(told.worse, "line")} could not be used` : ""}.`);
    recount();
    go("dataset", told.dataset.name);
  };
  look.addEventListener("click", () => run(true, look));
  send.addEventListener("click", () => run(false, send));
  cancel.addEventListener("click", () => dialog.close());
  name.select();
  name.focus();
}

/* The button that adds files to `view.files`, and their list: each is sent at once. */
function filesOf(view) {
  const list = h("ul", { class: "lines tight", "aria-label": "Files" });
  const draw = () =>
    list.replaceChildren(
      ...view.files.map((one) => h("li", { class: "row" }, h("span", { class: "grow ell sm" }, one.name), h("span", { class: one.error ? "xs bad wrap-any" : "xs dim num" }, one.error ?? one.words), iconButton("close", `Leave out ${one.name}`, () => { view.files = view.files.filter((other) => other !== one); draw(); }))),
    );
  const take = async (chosen) => {
    for (const file of chosen) {
      const one = { key: newKey(), name: file.name, file, words: "waits", error: null };
      view.files.push(one);
      draw();
      const sent = await sendFile(one, "put_file", { ...models.facts.files, told: (share) => { one.words = `${Math.round(share * 100)} %`; draw(); } });
      one.error = sent.error ?? null;
      one.words = "here";
      draw();
    }
  };
  return [h("button", { type: "button", class: "btn s", onclick: () => chooseFiles(take) }, icon("plus"), "Add files…"), list];
}

function suggested(taken) {
  const month = `corrections-${new Date().toISOString().slice(0, 7)}`;
  let name = month;
  for (let number = 2; taken.includes(name); number += 1) name = `${month}-${number}`;
  return name;
}

const chosenOf = (sources) => sources.map((one) => one.firstElementChild).filter((box) => box.checked).map((box) => box.value);

/* Why nothing can be built of this yet. */
function whyNot({ files }, sources, balance) {
  if (!chosenOf(sources).length && !files.length) return "Choose at least one source, or add a file.";
  if (files.some((one) => one.error)) return "A file did not arrive. Leave it out or add it again.";
  if (files.some((one) => one.words !== "here")) return "The files are still on their way.";
  const most = balance.value.trim();
  if (most && !(Number.isInteger(Number(most)) && Number(most) >= 1)) return "At most of one topic: a whole number from 1, or nothing.";
  return null;
}

function chooseFiles(take) {
  const picker = h("input", { type: "file", hidden: true, multiple: true, accept: FORMATS, id: "build-picker" });
  for (const old of $$("#build-picker")) old.remove();
  picker.addEventListener("change", () => {
    take([...picker.files]);
    picker.remove();
  });
  document.body.append(picker);
  picker.click();
}

/* What a dry build tells: how many turns, and each line that cannot be used with its reason. */
function wouldHold({ card, bad, worse }) {
  const lines = bad.map((one) => h("li", {}, h("span", { class: "warned" }, icon("warn")), h("span", { class: "grow wrap-any" }, one.reason), one.file && h("span", { class: "xs dim num" }, `${one.file}${one.line ? `, line ${one.line}` : ""}`)));
  const { rows, split, preference } = card.counts;
  const parts = [["train", "to train"], ["validation", "to check"], ["test", "held out"]].map(([key, words]) => `${(split[key] ?? 0).toLocaleString("en")} ${words}`);
  const removed = Object.entries(card.removed).map(([why, number]) => `${number.toLocaleString("en")} ${why}`);
  return [
    note(rows ? `It would hold ${plural(rows, "turn")}: ${parts.join(", ")}; ${preference.toLocaleString("en")} with a worse reply.` : "There is nothing to learn from.", rows ? "" : "warn"),
    removed.length && h("p", { class: "sm mute" }, `Left out: ${removed.join("; ")}.`),
    worse && h("p", { class: "sm b" }, `${plural(worse, "line")} could not be used`),
    worse && h("ul", { class: "gate scroll problems", tabindex: "0", "aria-label": "Lines that could not be used" }, lines),
    worse > bad.length && h("p", { class: "xs dim" }, `And ${(worse - bad.length).toLocaleString("en")} more.`),
  ].filter(Boolean);
}
