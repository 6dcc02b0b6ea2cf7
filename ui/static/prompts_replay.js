/* "From a conversation…": choose a stored turn, whose question and history fill the form. */

import { h, icon } from "./dom.js";
import { badge, moment, note } from "./admin_parts.js";
import { debounced } from "./dom.js";
import { openDialog } from "./overlays.js";
import { ask } from "./prompts_shell.js";

/* `choose` gets the turn: {question, history, said, model, version, …}. */
export function chooseTurn(choose) {
  const find = h("input", { class: "in", type: "search", "aria-label": "Find a question or an answer", placeholder: "Words of the question or the answer", autocomplete: "off" });
  const list = h("div", { class: "col", role: "list", "aria-label": "Turns", "aria-busy": "true" });
  const dialog = openDialog("From a conversation", h("div", { class: "pb col" }, h("div", { class: "find" }, icon("search"), find), list), { wide: true });
  let asked = 0;
  async function draw() {
    const number = (asked += 1);
    const told = await ask("turns", { text: find.value });
    if (number !== asked) return;
    list.setAttribute("aria-busy", "false");
    if (told.error) list.replaceChildren(note(told.error, "bad", "alert"));
    else if (told.turns.length) list.replaceChildren(...told.turns.map((one) => line(one, pick)));
    else list.replaceChildren(h("p", { class: "none", role: "status" }, find.value ? "No turn fits. Try fewer words." : "No conversations yet. Ask something in the chat first."));
  }
  async function pick(message, button) {
    button.setAttribute("aria-busy", "true");
    const told = await ask("turn", { message });
    button.removeAttribute("aria-busy");
    if (told.error) {
      list.prepend(note(told.error, "bad", "alert"));
      return;
    }
    dialog.close();
    choose(told.turn);
  }
  find.addEventListener("input", debounced(150, draw));
  find.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") list.querySelector("button")?.focus();
  });
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...list.querySelectorAll("button")];
    (all[all.indexOf(document.activeElement) + step] ?? find).focus();
  });
  find.focus();
  draw();
}

function line({ message, question, answer, prompt, version, model, rating, at, own }, pick) {
  const by = [prompt && (version ? `${prompt} v${version}` : prompt), model].filter(Boolean).join(" · ");
  const button = h(
    "button",
    { type: "button", class: "turn", onclick: () => pick(message, button) },
    h("span", { class: "b sm block wrap-any" }, question),
    h("span", { class: "sm mute block wrap-any" }, answer),
    h("span", { class: "row xs dim" }, h("span", {}, by), moment(at), rating && icon(rating > 0 ? "good" : "bad"), rating && h("span", { class: "vh" }, rating > 0 ? "judged good" : "judged poor"), !own && badge("somebody else's, masked")),
  );
  return h("div", { role: "listitem" }, button);
}

/* Which inputs a turn fills: the conversation so far, the passages that its model got, and the
   question under the name it usually has, else in the first required text. */
export function valuesOf(fields, { question, history, passages }) {
  const thread = fields.find((one) => one.kind === "thread");
  const texts = fields.filter((one) => one.kind === "string" || one.kind === "text");
  const asked = texts.find((one) => ["question", "message"].includes(one.name)) ?? texts.find((one) => one.required) ?? texts[0];
  const found = passages.length ? fields.find((one) => one.kind === "passages") : null;
  return { ...(asked && { [asked.name]: question }), ...(thread && { [thread.name]: history }), ...(found && { [found.name]: passages }) };
}
