/* The list of all prompts, for authors. */

import { h } from "./dom.js";

export async function drawList(root) {
  root.replaceChildren(h("div", { class: "head" }, h("h1", {}, "Prompts")));
}
