/* Published task prompts as small tools for everybody: fill in, run, copy. */

import { $, h, icon } from "./dom.js";
import { note } from "./admin_parts.js";
import { makeForm } from "./prompts_form.js";
import { copyButton, follow } from "./prompts_run.js";
import { addressOf, page, place } from "./prompts_shell.js";
import { call } from "./server.js";

const filled = new Map();

/* The list, for people who write no prompts. */
export async function drawTools(root) {
  const told = await call("tools");
  if (place().name) return; // somewhere else meanwhile
  const title = h("div", { class: "head" }, h("h1", {}, "Prompts"), h("p", { class: "sm mute" }, "Small tools for everyday texts. What you fill in is not kept."));
  if (told.error) {
    root.replaceChildren(title, note(told.error, "bad", "alert"));
    return;
  }
  root.replaceChildren(
    title,
    told.tools.length
      ? h("ul", { class: "tools" }, told.tools.map((one) => h("li", {}, h("a", { class: "panel", href: addressOf(one.name) }, h("b", {}, one.title), h("span", { class: "sm mute" }, one.about)))))
      : note("No tools yet. An author makes one by publishing a prompt of the kind task."),
  );
}

/* One tool: its form, and the answer beside it. */
export async function drawTool(root, name) {
  const told = await call("tool", { name });
  if (place().name !== name) return; // somewhere else meanwhile
  const crumbs = h("nav", { class: "xs row crumbs", "aria-label": "Breadcrumb" }, h("a", { href: addressOf("") }, "Prompts"), icon("right"), page.facts.writes && [h("a", { href: addressOf(name) }, name), icon("right")], h("span", { class: "mute ell", "aria-current": "page" }, page.facts.writes ? "as a tool" : told.tool?.title ?? name));
  if (told.error) {
    root.replaceChildren(crumbs, h("div", { class: "head" }, h("h1", {}, name)), note(told.error, "bad", "alert"));
    return;
  }
  const { tool } = told;
  const form = makeForm(tool.fields, { prefix: "tool", change: () => filled.set(name, form.values()) });
  form.set(filled.get(name) ?? {});
  const answer = h("div", { class: "pb col", id: "tool-answer" }, h("p", { class: "none" }, "The answer stands here. Ctrl+Enter runs it too."));
  const run = h("button", { type: "submit", class: "btn pri" }, icon("play"), "Run", h("kbd", { class: "only-l", "aria-hidden": "true" }, "Ctrl Enter"));
  const liked = page.facts.models.find(({ label }) => [label, label.split("@")[0]].includes(tool.model))?.label ?? page.facts.model;
  const model = h("select", { class: "in", "aria-label": "Model" }, page.facts.models.map((one) => h("option", { value: one.label, selected: one.label === liked }, one.host ? `${one.label}, sent to ${one.host}` : one.label)));
  const copy = h("span", { class: "row" });
  const body = h("form", { class: "pb col wide-gap", novalidate: true }, form.element, h("div", { class: "row wrap" }, page.facts.models.length > 1 && model, h("span", { class: "sp" }), run));
  body.addEventListener("submit", (event) => {
    event.preventDefault();
    write();
  });
  body.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      write();
    }
  });
  let running = null;
  async function write() {
    running?.stop();
    copy.replaceChildren();
    if (!form.complete()) return;
    running = follow(answer, () => call("use", { name, values: form.values(), model: model.value }), form.blame);
    const text = await running.ended;
    if (text) copy.replaceChildren(copyButton(() => text));
  }
  root.replaceChildren(
    h("div", { class: "col prompt-top" }, crumbs, h("div", { class: "head" }, h("h1", {}, tool.title), h("p", { class: "sm mute" }, tool.about))),
    h(
      "div",
      { class: "split tool" },
      h("section", { class: "panel", "aria-label": "Fill in" }, h("div", { class: "ph" }, h("h2", {}, "Fill in")), body),
      h("section", { class: "panel", "aria-label": "Answer" }, h("div", { class: "ph" }, h("h2", { class: "grow" }, "Answer"), copy), answer),
    ),
  );
  form.focus();
}
