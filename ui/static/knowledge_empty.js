/* Where nothing is here yet: what to add, two formats as examples, and the demo. */

import { note } from "./admin_parts.js";
import { demoPlace } from "./demo.js";
import { h, icon } from "./dom.js";
import { addFiles } from "./knowledge_files.js";
import { page, tell } from "./knowledge_shell.js";

const MARKDOWN = `---
title: Returns within 30 days
tags: [returns]
visibility: public
---
## Condition
Unused, in its own box.`;
const CSV = `title,text,visibility
Delivery times,"Two working days in Germany.",public
Courier pick-up,"Book it before 11:00.",internal`;

export function makeEmpty() {
  const { writes } = page.facts;
  return h(
    "section",
    { class: "panel", id: "knowledge-empty", "aria-label": "Nothing here yet" },
    h(
      "div",
      { class: "pb col wide-gap" },
      h("h2", {}, "Add the pages you answer from"),
      h("p", { class: "sm mute" }, "Answers and drafts quote these articles and name them as their sources. Markdown, HTML, PDF, Word, text or CSV files; drop them anywhere on this page."),
      !writes && note("Agents, authors and administrators can add them."),
      h("div", { class: "g2" }, example("An article as Markdown, returns.md", MARKDOWN), example("Many articles as CSV, one a row", CSV)),
      h("div", { class: "row wrap" }, writes && h("button", { type: "button", class: "btn pri", onclick: () => addFiles() }, icon("up"), "Add files")),
      demoPlace(true, () => tell("list")),
    ),
  );
}

const example = (title, text) => h("figure", { class: "pm" }, h("figcaption", { class: "h" }, h("b", {}, title)), h("pre", { class: "c" }, text));
