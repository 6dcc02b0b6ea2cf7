/* Before a hosted call: the line over the message box that says what leaves, and what it opens. */

import { chat } from "./chat.js";
import { $, debounced, h } from "./dom.js";
import { openDialog, toast } from "./overlays.js";
import { call } from "./server.js";

const PAUSE = 350;
const MANY = 2; // groups that the line names; of more it tells the number of values
const TAG = /⟨[a-z]+ [1-9][0-9]*⟩/g;

let form = null;
let asking = 0; // the newest question to the server; answers to older ones are dropped
let shown = ""; // what the line was last asked for

/* `asked` returns what a send would ask for now; `answerLocally` sends it to the local model. */
export function drawLeaving(given) {
  form = given;
  $("#chat-leaves-see").addEventListener("click", seeWhatLeaves);
  $("#chat-leaves-home").addEventListener("click", () => form.answerLocally());
}

function hosted() {
  const label = $("#chat-model").value;
  return chat.facts.models.find((one) => one.label === label && one.where === "hosted");
}

/* Brings the line up to date with the chosen model and the text. */
export function noteLeaving() {
  const model = hosted();
  const { text, ...rest } = form.asked();
  const empty = !text.trim();
  const line = $("#chat-leaves");
  const here = chat.page.handed; // a person answers: nothing leaves for a model
  line.hidden = !model || Boolean(here) || (empty && !chat.page.messages.length); // an empty page says it itself
  if (!model || here) {
    shown = "";
    return;
  }
  $("#chat-leaves-see").hidden = empty;
  $("#chat-leaves-home").hidden = empty || !chat.facts.local;
  const { running, messages } = chat.page;
  const now = JSON.stringify([rest, text, running, messages.map((one) => one.id), model.label]);
  if (now === shown) return;
  shown = now;
  asking += 1;
  if (empty) tell(`${model.label} is hosted: what you send leaves this machine.`);
  else {
    if (!$("#chat-leaves-text").textContent.startsWith("Leaves")) tell("Leaves this machine: one moment …");
    ask();
  }
}

const ask = debounced(PAUSE, async () => {
  const number = asking;
  const { text, ...rest } = form.asked();
  if (!hosted() || !text.trim()) return;
  const told = await call("leaving", { ...rest, text });
  if (number !== asking) return;
  if (told.error) tell(told.error);
  else tell(told.leaves ? summary(told) : "Answered on this machine: nothing leaves.");
});

function summary({ count, masked, values, groups }) {
  const messages = `Leaves this machine: ${count} ${count === 1 ? "message" : "messages"}`;
  if (masked === null) return `${messages}, not masked`;
  if (!values) return `${messages}, nothing to mask`;
  return `${messages}, ${groups > MANY ? `${values} values` : masked} masked`;
}

function tell(text) {
  const place = $("#chat-leaves-text");
  if (place.textContent !== text) place.textContent = text;
}

async function seeWhatLeaves() {
  const told = await call("leaving", { ...form.asked(), whole: true });
  if (told.error) {
    toast(told.error, { error: true, action: "Try again", run: seeWhatLeaves });
    return;
  }
  openDialog("What leaves this machine", draw(told), { wide: true });
}

function draw(told) {
  const facts = [
    ["Goes to", told.host],
    ["Model", told.model],
    ["Masked", told.masked === null ? "off for this model" : told.masked || "nothing was found to mask"],
  ];
  const promise = told.masked === null
    ? "These messages are sent as they stand, if you send now."
    : "Exactly these messages are sent, if you send now. In the answer the tags become what they stand for again.";
  return h(
    "div",
    { class: "pb col trace" },
    h("dl", { class: "kv" }, facts.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    h("p", { class: "sm mute" }, promise),
    told.messages.map((one) =>
      h("div", { class: "pm" }, h("div", { class: "h" }, h("b", {}, one.role)), h("div", { class: "c", tabindex: "0", role: "group", "aria-label": `Message of the ${one.role}` }, marked(one.content))),
    ),
  );
}

/* The text with its tags standing out. */
function marked(text) {
  const parts = [];
  let done = 0;
  for (const match of text.matchAll(TAG)) {
    parts.push(text.slice(done, match.index), h("mark", {}, match[0]));
    done = match.index + match[0].length;
  }
  return [...parts, text.slice(done)];
}
