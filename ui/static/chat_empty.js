/* The page of a conversation that has not begun: questions to start with, and where answers are made. */

import { chat } from "./chat.js";
import { sendText } from "./chat_composer.js";
import { $, h, icon } from "./dom.js";
import { openDialog } from "./overlays.js";

export function drawEmpty() {
  const { facts, page } = chat;
  if (page.messages.length || !facts.models.length) return;
  const prompt = facts.prompts.find((one) => one.name === $("#chat-prompt").value);
  $("#chat-about").textContent = prompt?.about ?? "";
  const questions = $("#chat-questions");
  if (questions.childElementCount !== facts.questions.length) {
    questions.replaceChildren(
      ...facts.questions.map((text) =>
        h("button", { type: "button", onclick: () => sendText(text) }, icon("chat"), h("span", {}, text)),
      ),
    );
  }
  const model = facts.models.find((one) => one.label === $("#chat-model").value);
  $("#chat-where span").replaceChildren(...whereMade(model));
}

function whereMade(model) {
  if (!model) return [""];
  const larger = h("button", { type: "button", class: "as-link", onclick: () => explainModels() }, "connect a larger model");
  if (model.where === "local") {
    return [`${model.label} answers on this machine; nothing you write leaves it. It is small: for longer questions `, larger, "."];
  }
  if (model.where === "scripted") {
    return [`${model.label} is a stand-in for tests and demonstrations: it repeats what you write. To get answers, `, larger, "."];
  }
  return [`${model.label} answers on another server: what you write is sent there.`];
}

/* `folder`: where checkpoints of this machine lie, for those who may know. */
export function explainModels(folder = null) {
  const lines = [
    "[[hosted]]",
    'name = "larger"',
    'model = "the name at the server"',
    'base_url = "http://127.0.0.1:8000/v1"',
    'api_key = "…"',
  ];
  openDialog(
    "Connect a larger model",
    h(
      "div",
      { class: "pb col" },
      h("p", {}, "Any server that speaks OpenAI's protocol can answer here. An administrator connects it on the Models page, by “Connect a model”. Without one, write this into chatbot.toml in the data folder, start the chat again, and choose the model under the message box:"),
      h("pre", { class: "code" }, lines.join("\n")),
      folder && h("p", {}, "A checkpoint of transformers runs on this machine: copy its folder, named NAME@VERSION, here:"),
      folder && h("pre", { class: "code" }, folder),
      h("p", { class: "dim sm" }, "What you write to a model on a server is sent to that server. The command `chatbot doctor` shows the data folder and checks the settings."),
    ),
  );
}
