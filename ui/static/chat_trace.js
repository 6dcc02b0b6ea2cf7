/* The trace of an answer: exactly what was sent, with which prompt, model and parameters. */

import { copyable } from "./clipboard.js";
import { h } from "./dom.js";
import { openDialog, toast } from "./overlays.js";
import { call } from "./server.js";

export async function showTrace(message) {
  const told = await call("trace", { message: message.id });
  if (told.error) {
    toast(told.error, { error: true, action: "Try again", run: () => showTrace(message) });
    return;
  }
  openDialog("Trace", draw(told, message.id), { wide: true });
}

function draw(trace, turn) {
  const unit = (value, name) => (value === null ? "not known" : `${value} ${name}`);
  const facts = [
    ["Turn", copyable(turn, "Turn id")],
    ["Model", trace.model],
    ["Prompt", `${trace.prompt} v${trace.version}`],
    ["Version", trace.sha],
    ["Sent", unit(trace.prompt_tokens, "tokens")],
    ["Answer", unit(trace.reply_tokens, "tokens")],
    ["First word", trace.first === null ? "none came" : `${trace.first.toFixed(2)} s`],
    ["Total", `${trace.total.toFixed(2)} s`],
    Object.keys(trace.parameters).length > 0 && ["Parameters", JSON.stringify(trace.parameters)],
    trace.error && ["Error", trace.error],
    trace.masked !== null && ["Masked", trace.masked || "nothing"],
    ...trace.notes.map((note) => ["Note", note]),
  ].filter(Boolean);
  const hidden = trace.masked ? "These messages were sent, with tags in the place of what was masked." : null;
  const exactly = trace.exact
    ? hidden ?? "These messages were sent, exactly so."
    : "These messages come closest to what was sent; something they were made of is gone.";
  return h(
    "div",
    { class: "pb col trace" },
    h("dl", { class: "kv" }, facts.flatMap(([name, value]) => [h("dt", {}, name), h("dd", { class: name === "Version" || name === "Parameters" ? "mono" : "" }, value)])),
    h("p", { class: "sm mute" }, exactly),
    trace.messages.map((one) =>
      h("div", { class: "pm" }, h("div", { class: "h" }, h("b", {}, one.role)), h("div", { class: "c", tabindex: "0" }, one.content)),
    ),
  );
}
