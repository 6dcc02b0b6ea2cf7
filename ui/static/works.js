/* Work on the server that may take a while: begun, followed, shown while it lasts, stopped. */

import { h, icon } from "./dom.js";
import { call } from "./server.js";

const QUIET = 300;

/* Begins `what` and resolves to its result, or to null after an error, which stands in `place` with
   the next step. A later call for the same place ends the earlier one. */
export async function work(place, what, given) {
  place.run?.leave();
  const run = { over: false, id: null, begun: Date.now() };
  place.run = run;
  run.leave = () => {
    run.over = true;
    if (run.id) call("stop", { work: run.id });
  };
  place.replaceChildren();
  const begun = await call(what, given);
  run.id = begun.work ?? null;
  const told = begun.error ? begun : await ended(place, run);
  if (run.over) return null;
  place.replaceChildren();
  place.run = null;
  if (!told.error) return told.result;
  place.append(
    h("div", { class: "note bad", role: "alert" }, icon("warn"), h("span", { class: "grow" }, told.error)),
  );
  return null;
}

/* Lets no button of `buttons` be pressed while `run` goes on; the focus stays where it was. */
export async function withheld(buttons, run) {
  const focused = document.activeElement;
  for (const one of buttons) one.disabled = true;
  try {
    return await run();
  } finally {
    for (const one of buttons) one.disabled = false;
    if (document.activeElement === document.body && focused.isConnected) focused.focus();
  }
}

async function ended(place, run) {
  for (;;) {
    const told = await call("follow", { work: run.id });
    if (run.over || told.error || told.result) return told;
    if (Date.now() - run.begun > QUIET) draw(place, run, told.running);
  }
}

/* Words and time at once; a bar where an end is known. */
function draw(place, run, { stage, done, of }) {
  const seconds = Math.round((Date.now() - run.begun) / 1000);
  const text = of ? `${stage}, ${done} of at most ${of}, ${seconds} s` : `${stage}, ${seconds} s`;
  const old = place.querySelector(".is-doing");
  if (!old) {
    place.replaceChildren(
      h(
        "div",
        { class: "is-doing row" },
        h("span", { class: "sm mute num", role: "status" }),
        h("progress", { max: "1", "aria-label": "Progress" }),
        h("button", { type: "button", class: "btn s", onclick: () => call("stop", { work: run.id }) }, "Stop"),
      ),
    );
  }
  place.querySelector("[role=status]").textContent = text;
  const bar = place.querySelector("progress");
  if (of) bar.value = done / of;
  else bar.removeAttribute("value");
}
