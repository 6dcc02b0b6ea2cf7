/* The Administration page: its tabs, and what stands in each. The address names the tab: #record. */

import { $, $$, h } from "./dom.js";
import { setPerson } from "./header.js";
import { island } from "./islands.js";
import { drawMasking } from "./admin_masking.js";
import { refused } from "./admin_parts.js";
import { drawPeople } from "./admin_people.js";
import { drawRecord } from "./admin_record.js";
import { drawRules } from "./admin_rules.js";
import { drawSystem } from "./admin_system.js";
import { drawWebhooks } from "./admin_webhooks.js";
import { beginPage } from "./page.js";
import { call, callThrough } from "./server.js";

const TABS = [
  ["people", "People and keys", drawPeople],
  ["rules", "Rules", drawRules],
  ["masking", "Masking", drawMasking],
  ["webhooks", "Webhooks", drawWebhooks],
  ["record", "Record", drawRecord],
  ["system", "System", drawSystem],
];

export async function startAdmin(top) {
  const [page, data] = await Promise.all(["admin-page", "admin-data"].map(island));
  callThrough(data);
  beginPage(top, "admin", "Admin");
  await learn(page.element);
}

async function learn(place) {
  const title = h("div", { class: "head" }, h("h1", {}, "Admin"));
  const facts = await call("start");
  if (facts.error) {
    place.replaceChildren(title, refused(facts, () => learn(place)));
    return;
  }
  setPerson(facts.person);
  place.replaceChildren(
    title,
    h("div", { class: "tabs", role: "tablist", "aria-label": "Admin", onkeydown: moveTabs }, TABS.map(tab)),
    ...TABS.map(([id]) => h("div", { role: "tabpanel", id: `admin-${id}`, "aria-labelledby": `tab-${id}`, class: "col wide-gap", hidden: true })),
  );
  const show = () => arrive(facts);
  show();
  addEventListener("hashchange", show);
}

const tab = ([id, label]) =>
  h("button", { type: "button", role: "tab", id: `tab-${id}`, "aria-controls": `admin-${id}`, onclick: () => { location.hash = id; } }, label);

/* Shows what the address names; each tab is read when it is opened, so it is never old. */
function arrive(facts) {
  const named = TABS.some(([id]) => id === location.hash.slice(1)) ? location.hash.slice(1) : "people";
  for (const [id, , draw] of TABS) {
    const chosen = id === named;
    const [button, place] = [$(`#tab-${id}`), $(`#admin-${id}`)];
    button.setAttribute("aria-selected", String(chosen));
    button.tabIndex = chosen ? 0 : -1;
    place.hidden = !chosen;
    if (chosen && (!place.childElementCount || !place.dataset.keeps)) draw(place, facts);
  }
}

function moveTabs(event) {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const all = $$("[role=tab]", event.currentTarget);
  const next = all[(all.indexOf(document.activeElement) + step + all.length) % all.length];
  next.focus();
  next.click();
}
