/* The demo's shop: offered where nothing is here yet, and a way to take it out again. */

import { during } from "./admin_parts.js";
import { h, icon } from "./dom.js";
import { island } from "./islands.js";
import { toast } from "./overlays.js";
import { callsOf } from "./server.js";

const book = island("demo-data");
const looks = new Set(); // of every place of this page: what one changes, the others show
const ask = async (what, given) => callsOf(await book)(what, given);

/* A place that fills itself where it has something to say; `after` runs when the shop came or went.
   `here`: whether to offer loading in this place, or only removing. */
export function demoPlace(here, after) {
  const place = h("div", { class: "demo-place" });
  const look = async () => {
    const facts = await ask("facts");
    place.replaceChildren(...[here && facts.wanted && offer(again), !here && facts.loaded && removal(again)].filter(Boolean));
  };
  const again = () => {
    looks.forEach((each) => each());
    after();
  };
  looks.add(look);
  look();
  return place;
}

function offer(after) {
  const load = h("button", { type: "button", class: "btn s" }, "Load the demo shop");
  load.addEventListener("click", async () => {
    const told = await during(load, "Loading the demo…", () => loaded(load));
    if (told?.error) toast(told.error, { error: true });
    else if (told) toast("The demo shop is loaded.");
    if (told) after();
  });
  return h("div", { class: "note" }, icon("help"), h("div", { class: "col grow" }, h("span", {}, "Or look around first: a small fictional shop with articles and tickets. It can be removed again in one click."), h("div", {}, load)));
}

async function loaded(button) {
  const begun = await ask("load");
  let told = begun;
  while (!told.error && !told.result) {
    told = await ask("follow", { work: begun.work });
    if (told.running?.of) button.replaceChildren(`Loading ${told.running.done} of ${told.running.of}`);
  }
  return told;
}

function removal(after) {
  const remove = h("button", { type: "button", class: "btn quiet s" }, "Remove the demo");
  remove.addEventListener("click", async () => {
    const told = await during(remove, "Removing the demo…", () => ask("clear"));
    if (told?.error) toast(told.error, { error: true });
    else if (told) toast("The demo shop is gone.");
    if (told) after();
  });
  return h("p", { class: "xs dim row wrap" }, "The demo shop is loaded.", remove);
}
