/* The record: who did what to whom. Filters, more of it, all of it as a file. */

import { h } from "./dom.js";
import { downloadButton, during, field, input, note, whole } from "./admin_parts.js";
import { call } from "./server.js";

export async function drawRecord(place) {
  const [people, actions] = await Promise.all([call("people"), call("actions")]);
  if (people.error || actions.error) {
    place.replaceChildren(note(people.error ?? actions.error, "bad", "alert"));
    return;
  }
  const select = (id, first, entries) => h("select", { class: "in", id }, h("option", { value: "" }, first), entries.map(([value, text]) => h("option", { value }, text)));
  const who = select("record-about", "Everybody", people.people.map((one) => [one.id, one.login ? `${one.name} (${one.login})` : one.name]));
  const what = select("record-action", "Everything", actions.actions.map((one) => [one, words(one)]));
  const [from, to] = [input({ type: "date", id: "record-since" }), input({ type: "date", id: "record-until" })];
  const body = h("tbody", {});
  const state = h("div", { class: "none", role: "status" });
  const more = h("button", { type: "button", class: "btn", hidden: true }, "Load more");
  let last = null;

  const filters = () => ({ about: who.value, action: what.value, since: dayOf(from.value, 0), until: dayOf(to.value, 1) });
  const load = async (fresh) => {
    const asked = filters();
    const told = await call("record", { ...asked, before: fresh ? null : last });
    if (JSON.stringify(asked) !== JSON.stringify(filters())) return;
    if (told.error) {
      state.replaceChildren(note(told.error, "bad", "alert"));
      return;
    }
    if (fresh) body.replaceChildren();
    body.append(...told.entries.map(row));
    last = told.entries.at(-1)?.number ?? last;
    more.hidden = !told.more;
    const count = body.childElementCount;
    state.textContent = count ? `${count} shown${told.more ? ", there are more" : ", that is all"}.` : "No entries fit. Choose other filters.";
  };
  for (const box of [who, what, from, to]) box.addEventListener("change", () => load(true));
  more.addEventListener("click", () => during(more, "Loading…", () => load(false)));
  const file = downloadButton("Export", () => `/admin/record/export?${new URLSearchParams(filters())}`, { title: "As lines of JSON, as filtered" });
  place.replaceChildren(
    h("div", { class: "filters" }, field("Person", who), field("Action", what), field("From", from), field("To", to), file),
    h(
      "section",
      { class: "panel", "aria-label": "Record" },
      h("table", { class: "t cards still", "aria-label": "Record" }, h("thead", {}, h("tr", {}, ["When", "Who", "Action", "What"].map((name) => h("th", { scope: "col" }, name)))), body),
      h("div", { class: "row under-table" }, state, h("span", { class: "sp" }), more),
    ),
  );
  await load(true);
}

/* A day of this browser's clock as a moment; `add` days later. */
function dayOf(day, add) {
  if (!day) return "";
  const at = new Date(`${day}T00:00`);
  at.setDate(at.getDate() + add);
  return Number.isNaN(at.valueOf()) ? "" : at.toISOString();
}

const words = (action) => action.replaceAll("_", " ");

function row(one) {
  const actor = one.actor ? (one.actor_name ?? "somebody who left") : "the program";
  const subject = one.kind === "person" && one.subject ? (one.subject_name ?? "somebody who left") : [one.kind, one.subject_name ?? one.subject].filter(Boolean).join(" ");
  const detail = Object.entries(one.detail).filter(([, value]) => value !== "").map(([name, value]) => `${words(name)}: ${value}`).join(" · ");
  return h(
    "tr",
    {},
    h("td", { class: "num when" }, h("time", { datetime: one.at, title: one.at }, whole(one.at))),
    h("td", { title: one.actor ?? null }, actor),
    h("td", {}, words(one.action)),
    h("td", { title: one.subject || null, class: "what" }, subject, detail && h("span", { class: "sub" }, detail)),
  );
}
