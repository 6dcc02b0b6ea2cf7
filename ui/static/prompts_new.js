/* New prompts: from another one, from nothing, or out of a file. Nothing is saved until the author
   saves; until then the text is an unsaved one of this browser. */

import { $, h } from "./dom.js";
import { field, formDialog, input } from "./admin_parts.js";
import { toast } from "./overlays.js";
import { keep, kept } from "./prompts_drafts.js";
import { ask, go } from "./prompts_shell.js";

const EMPTY = `---
name: NAME
description: What it does, in a sentence.
inputs:
  - name: text
    kind: text
    required: true
    description: What it works on.
metadata:
  chatbot:
    kind: task
---
system:
You are brief and exact.

user:
{{ text }}
`;
const FIRST = ["support", "e-mail-draft", ""];
const NAME = /^[a-z][a-z0-9-]{0,63}$/;

/* Asks for a name and what to start from. `all` are the prompts there are. */
export function newPrompt(all) {
  const names = all.map((one) => one.name);
  const name = input({ maxlength: 64, spellcheck: "false", autocapitalize: "off" });
  const starts = [...FIRST.filter((one) => !one || names.includes(one)), ...names.filter((one) => !FIRST.includes(one))];
  const start = h("select", { class: "in" }, starts.map((one) => h("option", { value: one }, one || "an empty one")));
  formDialog("New prompt", [field("Name", name, "Small letters, digits and -, as in order-status."), field("Start from", start)], {
    action: "Begin",
    words: "Opening…",
    async run() {
      const chosen = name.value.trim();
      if (!NAME.test(chosen)) return { error: "A name begins with a small letter, then small letters, digits and -." };
      if (names.includes(chosen) || kept(chosen)) return { error: `There is a prompt ${chosen} already. Choose another name, or open that one.` };
      const told = start.value ? await ask("open", { prompt: start.value }) : { prompt: { source: EMPTY, partials: {}, examples: "" } };
      if (told.error) return told;
      begin(chosen, told.prompt);
      return {};
    },
  });
  name.focus();
}

function begin(name, { source, partials, examples, tests = null, notes = [], parent = null }) {
  keep(name, { source: source.replace(/^name:.*$/m, `name: ${name}`), partials, examples, tests, notes, parent, fresh: true });
  go(name);
}

/* Opens the prompt of a file; an existing one of that name gets it as an unsaved change. */
export async function takeFile(picker) {
  const [file] = picker.files;
  picker.value = "";
  if (!file) return;
  const told = await ask("take", { text: await file.text(), name: nameOf(file.name) });
  if (told.error) {
    toast(told.error, { error: true });
    return;
  }
  begin(told.prompt.name, told.prompt);
}

/* What the file is called, where that can be a prompt's name. */
function nameOf(file) {
  const name = file.replace(/\.[^.]+$/, "").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^[^a-z]+|-+$/g, "");
  return NAME.test(name) ? name : "";
}

export const showsList = () => Boolean($("#new-prompt"));
