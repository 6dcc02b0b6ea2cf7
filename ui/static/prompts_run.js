/* Answers that are written while one looks on: one column a model, streamed, with Stop and figures. */

import { $, h, icon } from "./dom.js";
import { note } from "./admin_parts.js";
import { say, toast } from "./overlays.js";
import { call } from "./server.js";

const STATES = { complete: "", stopped: "stopped", truncated: "cut off at its longest length" };

/* Begins a run by `begin`, which resolves to {work} or {error}, and writes it into `place` until it
   ends. Returns {stop, ended}: `ended` resolves to the whole text, or null after an error, whose
   sentence `refused` gets. `ask`: through which commands it is followed. */
export function follow(place, begin, refused = () => {}, ask = call) {
  const run = { id: null, over: false, done: false, refused, ask };
  const text = h("div", { class: "answer", "aria-busy": "true" });
  const state = h("span", { class: "xs dim num grow", role: "status" }, "waiting…");
  const stop = h("button", { type: "button", class: "btn s", onclick: () => run.stop() }, icon("stop"), "Stop");
  place.replaceChildren(text, h("div", { class: "row wrap" }, state, stop));
  run.stop = async () => {
    run.over = true;
    if (run.id) await ask("stop", { work: run.id });
  };
  run.ended = write(run, begin, { place, text, state, stop });
  return run;
}

async function write(run, begin, { place, text, state, stop }) {
  const since = performance.now();
  const ticking = setInterval(() => {
    state.textContent = `${text.textContent ? "writing" : "waiting"}, ${Math.round((performance.now() - since) / 1000)} s`;
  }, 1000);
  try {
    const begun = await begin();
    if (begun.error) return refuse(run, place, begun);
    run.id = begun.work;
    if (run.over) run.ask("stop", { work: run.id });
    for (let have = 0; ; ) {
      const told = await run.ask("follow", { work: run.id, have });
      if (told.error) return refuse(run, place, told, text.textContent);
      have += [...told.text].length;
      if (told.text) text.append(told.text);
      if (told.ended) {
        state.textContent = figuresOf(told.ended);
        say(told.ended.model ? `Answer of ${told.ended.model} is there.` : "An answer is there.");
        return text.textContent;
      }
    }
  } finally {
    run.done = true;
    clearInterval(ticking);
    text.setAttribute("aria-busy", "false");
    stop.remove();
  }
}

/* What was written until then stays. */
function refuse(run, place, told, written = "") {
  run.refused(told.error);
  place.replaceChildren(written && h("div", { class: "answer" }, written), note(told.error, "bad", "alert"));
  if (!written) $(".answer", place)?.remove();
  return null;
}

const seconds = (value) => (value === null || value === undefined ? null : `${value < 10 ? value.toFixed(2) : value.toFixed(1)} s`);

/* What an answer cost, in a line. */
export function figuresOf({ status, model, tokens, prompt_tokens: asked, first_s: first, total_s: total, notes = [] }) {
  return [model, STATES[status], asked && `${asked.toLocaleString("en")} in`, tokens !== null && tokens !== undefined && `${tokens.toLocaleString("en")} out`, first && `first ${seconds(first)}`, seconds(total), ...notes].filter(Boolean).join(" · ");
}

/* A button that copies what `text` returns and says so. */
export function copyButton(text, label = "Copy") {
  const made = h("button", { type: "button", class: "btn s" }, icon("copy"), label);
  made.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text());
      made.replaceChildren(icon("check"), "Copied");
      setTimeout(() => made.replaceChildren(icon("copy"), label), 3000);
    } catch {
      toast("The browser does not let this page copy. Select the text and press Ctrl+C.", { error: true });
    }
  });
  return made;
}
