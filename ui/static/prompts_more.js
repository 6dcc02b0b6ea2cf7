/* What else can be done with an open prompt: use it as a tool, hand it on, take it off the lists. */

import { h } from "./dom.js";
import { openMenu, toast } from "./overlays.js";
import { ask, go, shown } from "./prompts_shell.js";

const FORMS = [["prompty", "Prompty"], ["promptfoo", "promptfoo"], ["langfuse", "Langfuse"]];
const ENDS = { prompty: "prompty", promptfoo: "json", langfuse: "json" };

/* The menu of a prompt's head. */
export function moreForPrompt(button) {
  openMenu(button, [
    shown.kind === "task" && shown.production && { icon: "play", text: "Use as a tool", run: () => go(shown.name, "tool") },
    ...FORMS.map(([form, text]) => ({ icon: "download", text: `Export for ${text}`, run: () => give(form) })),
    { icon: shown.archived ? "again" : "trash", text: shown.archived ? "Put back on the lists" : "Take off the lists", run: () => archive(!shown.archived) },
  ]);
}

async function archive(archived, name = shown.name) {
  const told = await ask("archive", { prompt: name, archived });
  if (told.error) {
    toast(told.error, { error: true });
    return;
  }
  if (shown.name === name) shown.archived = archived;
  if (archived) toast(`${name} is off the lists. Conversations that use it go on.`, { action: "Undo", run: () => archive(false, name), seconds: 10 });
  else toast(`${name} is on the lists again.`);
}

async function give(form) {
  const told = await ask("give", { version: shown.version, form });
  if (told.error) {
    toast(told.error, { error: true });
    return;
  }
  const file = URL.createObjectURL(new Blob([told.text], { type: "text/plain" }));
  h("a", { href: file, download: `${shown.name}.${ENDS[form]}` }).click();
  setTimeout(() => URL.revokeObjectURL(file), 10_000);
}
