/* Texts that are not saved yet, kept in this browser for one person and one prompt over a reload.
   They are forgotten at log out. */

import { page } from "./prompts_shell.js";
import { onForget } from "./session.js";

const BEGIN = "chatbot-unsaved-";

const key = (name) => `${BEGIN}${page.facts.person.id}-${name}`;

let over = false;

onForget(() => {
  over = true;
  for (const name of Object.keys(localStorage)) if (name.startsWith(BEGIN)) localStorage.removeItem(name);
});

/* {source, partials, examples, parent, tests, at} or null. */
export function kept(name) {
  try {
    return JSON.parse(localStorage.getItem(key(name)) ?? "null");
  } catch {
    return null;
  }
}

/* Returns whether the browser took it: a person whose texts are not kept is told. */
export function keep(name, texts) {
  if (over) return true;
  try {
    localStorage.setItem(key(name), JSON.stringify({ ...texts, at: new Date().toISOString() }));
    return true;
  } catch {
    return false;
  }
}

export function drop(name) {
  try {
    localStorage.removeItem(key(name));
  } catch {
    // then nothing was kept
  }
}
