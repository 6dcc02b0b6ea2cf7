/* The state of the server: what the doctor finds, what takes room, which models there are. */

import { h, icon } from "./dom.js";
import { badge, during, note, panel } from "./admin_parts.js";
import { numbers } from "./models_detail.js";
import { call } from "./server.js";

const LEVELS = { ok: ["ok", "check", "fine"], warn: ["warn", "warn", "look at it"], bad: ["bad", "warn", "broken"] };
const FOLDERS = { models: "Models added", converted: "Models made fast", exports: "Exports, kept for a day" };

export async function drawSystem(place) {
  const again = h("button", { type: "button", class: "btn s" }, "Look again");
  const health = h("div", { class: "col" }, h("p", { class: "sm dim", role: "status" }, "Looking…"));
  const state = h("span", {});
  const room = h("div", { class: "col" });
  const look = async () => {
    const known = await call("health");
    if (known.error) {
      health.replaceChildren(note(known.error, "bad", "alert"));
      return;
    }
    const findings = [];
    for (const [number, part] of known.parts.entries()) {
      const told = await call("health", { part });
      findings.push(...(told.findings ?? [{ level: "bad", check: part, found: told.error, advice: "Look again." }]));
      drawHealth(health, state, findings, known.parts[number + 1]);
    }
  };
  again.addEventListener("click", () => during(again, "Looking…", look));
  place.replaceChildren(h("div", { class: "g21" }, panel("Health", h("span", { class: "row" }, state, again), health), room));
  await Promise.all([look(), drawRoom(room)]);
}

/* Each part as it comes, since some wait for other servers. `next`: what is looked at now. */
function drawHealth(place, state, findings, next) {
  const worst = ["bad", "warn", "ok"].find((level) => findings.some((one) => one.level === level)) ?? "ok";
  const count = findings.filter((one) => one.level !== "ok").length;
  state.replaceChildren(next ? badge("looking") : badge(worst === "ok" ? "ready" : `${count} to look at`, worst, LEVELS[worst][1]));
  const line = (one) => {
    const [kind, drawing, word] = LEVELS[one.level];
    return h("li", { class: "row top" }, badge(word, kind, drawing), h("div", { class: "grow" }, h("b", { class: "sm" }, one.check), h("span", { class: "sm block wrap-any" }, one.found), one.advice && h("span", { class: "sm dim block wrap-any" }, one.advice)));
  };
  const order = { bad: 0, warn: 1, ok: 2 };
  const lines = [...findings].sort((one, other) => order[one.level] - order[other.level]).map(line);
  place.replaceChildren(h("ul", { class: "lines" }, lines), ...(next ? [h("p", { class: "sm dim", role: "status" }, `Looking at: ${next}…`)] : []));
}

async function drawRoom(place) {
  const told = await call("system");
  if (told.error) {
    place.replaceChildren(note(told.error, "bad", "alert"));
    return;
  }
  const kv = (pairs) => h("dl", { class: "kv big" }, pairs.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
  const { storage } = told;
  place.replaceChildren(
    panel("This server", null, kv([["Version", `${told.version}, schema ${told.schema}`], ["Database", told.database], ["Journal", told.journal], ["Home", told.home]])),
    panel("Storage", null, kv([["Database", numbers.bytes(storage.database)], ...Object.entries(storage.folders).map(([name, size]) => [FOLDERS[name] ?? name, numbers.bytes(size)]), ["Free on the disk", numbers.bytes(storage.free)]])),
    panel("Models", h("a", { class: "btn s", href: "/models" }, icon("chip"), "Open Models"), h("ul", { class: "lines" }, told.models.map((one) => h("li", { class: "row" }, h("span", { class: "grow sm wrap-any" }, one.label), badge(one.state === "idle" ? "not loaded" : one.state, { ready: "ok", failed: "bad" }[one.state] ?? ""))))),
  );
}
