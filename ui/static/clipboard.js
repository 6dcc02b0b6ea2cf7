/* Texts for the clipboard, and ids that are there to be copied. */

import { h, iconButton } from "./dom.js";
import { say, toast } from "./overlays.js";

export async function toClipboard(text, what) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = h("textarea", { class: "vh" });
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy"); // the only way where the page is not served securely
    field.remove();
  }
  say(`${what} copied.`);
  toast(`${what} copied.`, { seconds: 2 });
}

/* An id in full, with a button that copies it. `what` names it. */
export const copyable = (id, what) =>
  h("span", { class: "row" }, h("code", { class: "mono xs wrap-any" }, id), iconButton("copy", `Copy ${what}`, () => toClipboard(id, what)));
