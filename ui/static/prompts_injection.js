/* How often attacks are resisted, by version: the injection suite, run against one model. */

import { $, h } from "./dom.js";
import { badge, during, moment, note } from "./admin_parts.js";
import { say, toast } from "./overlays.js";
import { ask, button, percent, rate, versionName } from "./prompts_book.js";

const LOOK = 500;

export async function drawInjection(place, name, models) {
  const told = await ask("injection", { prompt: name });
  const fail = (text) => place.replaceChildren(h("div", { class: "ph" }, h("h2", {}, "Injection")), h("div", { class: "pb" }, note(text, "bad", "alert")));
  if (told.error) {
    fail(told.error);
    return;
  }
  draw(place, name, models, told);
  if (told.running) follow(place, name, models, told.running);
}

function draw(place, name, models, told) {
  const version = h("select", { class: "in", "aria-label": "Version" }, told.versions.map((one) => h("option", { value: one.sha }, versionName(one))));
  const model = h("select", { class: "in", "aria-label": "Model" }, models().map((one) => h("option", { value: one, selected: one === told.model }, one)));
  const start = button("Run attacks", "play", () =>
    during(start, "Starting…", async () => {
      const begun = await ask("run", { prompt: name, columns: [[version.value, model.value]], cases: null, suite: "injection" });
      if (begun.error) toast(begun.error, { error: true });
      else follow(place, name, models, begun.run);
    }),
  );
  place.replaceChildren(
    h("div", { class: "ph wrap" }, h("h2", { class: "grow" }, "Injection"), h("span", { class: "row attack" }, version, model, start)),
    told.rates.length ? table(told) : h("p", { class: "none pb" }, "Attacks in questions, passages and earlier messages, and look-alikes that must be answered. Not run yet."),
  );
}

const HEAD = ["Version", "Model", "Attacks resisted", "Look-alikes answered", "Run"];

function table({ rates, bars }) {
  const bar = (share, least) => least !== undefined && badge(share >= least ? "reaches the bar" : `under ${percent(least)}`, share >= least ? "ok" : "bad");
  const row = (one) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, versionName(one), one.live && h("span", { class: "sub acc" }, one.live)),
      h("td", {}, one.model),
      h("td", { class: "r" }, rate(one.resisted), bar(one.resisted[0], bars.injection)),
      h("td", { class: "r" }, rate(one.answered), bar(one.answered[0], bars.benign)),
      h("td", { class: "r" }, moment(one.at), one.status !== "complete" && h("span", { class: "sub" }, one.status)),
    );
  return h("div", { class: "across" }, h("table", { class: "t", "aria-label": "Injection by version" }, h("thead", {}, h("tr", {}, HEAD.map((text, at) => h("th", { scope: "col", class: at > 1 ? "r" : null }, text)))), h("tbody", {}, rates.map(row))));
}

async function follow(place, name, models, run) {
  const stop = button("Stop", "stop", () => during(stop, "Stopping…", () => ask("stop", { run })));
  const status = h("span", { class: "sm num", role: "status" });
  const bar = h("progress", { max: "1", "aria-label": "Progress" });
  $(".attack", place).replaceChildren(h("span", { class: "row going" }, bar, status, stop));
  for (;;) {
    const told = await ask("progress", { run });
    if (!place.isConnected) return;
    if (told.error || told.status !== "running") {
      if (told.error) toast(told.error, { error: true });
      await drawInjection(place, name, models);
      say("The injection suite ended.");
      return;
    }
    bar.value = told.total ? told.done / told.total : 0;
    status.textContent = `${told.done} of ${told.total}`;
    await new Promise((next) => setTimeout(next, LOOK));
  }
}
