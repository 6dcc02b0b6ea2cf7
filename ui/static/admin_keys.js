/* Keys of programs: make one (shown once), change what it may, how much each asked, revoke, export,
   forget. */

import { $$, h, icon, iconButton } from "./dom.js";
import { badge, download, downloadButton, field, formDialog, input, moment, note, plural, rowsList, showOnce, tick, whole } from "./admin_parts.js";
import { confirmed, openMenu, toast } from "./overlays.js";
import { call } from "./server.js";

const LIMITS = [
  ["requests_minute", "Requests a minute"],
  ["requests_month", "Requests a month"],
  ["tokens_minute", "Tokens a minute"],
  ["tokens_month", "Tokens a month"],
];
/* Those of a new key, where nobody says otherwise. */
const FIRST = { requests_minute: 60 };

let facts = null;
let withRevoked = false;

export async function drawKeys(place, known) {
  facts = known;
  const told = await call("keys");
  if (told.error) {
    place.replaceChildren(note(told.error, "bad", "alert"));
    return;
  }
  const live = told.keys.filter((one) => one.state !== "revoked");
  const gone = told.keys.filter((one) => one.state === "revoked");
  const add = h("button", { type: "button", class: "btn s", id: "add-key", onclick: () => addKey(place) }, icon("plus"), "New key");
  const head = h("div", { class: "ph" }, h("h2", {}, "Keys"), h("span", { class: "cnt" }, live.length), h("span", { class: "sp" }), add);
  const shown = withRevoked ? [...live, ...gone] : live;
  const empty = h("div", { class: "pb" }, h("p", { class: "sm dim" }, "A program calls this server with a key: the API under /v1, drafts, figures. Make one for each program, so that it can be revoked alone."));
  place.replaceChildren(h("section", { class: "panel", "aria-label": "Keys" }, head, shown.length ? table(place, shown) : empty, gone.length > 0 && under(place, gone.length)));
}

function under(place, count) {
  const again = () => {
    withRevoked = !withRevoked;
    drawKeys(place, facts);
  };
  const text = withRevoked ? "Hide those that were revoked" : `Show ${count.toLocaleString("en")} that ${count === 1 ? "was" : "were"} revoked`;
  return h("div", { class: "row under-table" }, h("button", { type: "button", class: "as-link xs", id: "revoked-keys", onclick: again }, text));
}

function table(place, keys) {
  const head = [["Name"], ["Ends with"], ["Today", "r"], ["This month", "r"], ["Expires", "r"], [h("span", { class: "vh" }, "Actions"), "r"]];
  return h(
    "table",
    { class: "t cards still keys", "aria-label": "Keys" },
    h("thead", {}, h("tr", {}, head.map(([name, kind]) => h("th", { scope: "col", class: kind ?? null }, name)))),
    h("tbody", {}, keys.map((one) => row(place, one))),
  );
}

const labelled = (label, ...content) => [h("span", { class: "only-s dim" }, `${label}\u00a0`), ...content];

function row(place, one) {
  const states = { revoked: badge("revoked", "bad", "lock"), expired: badge("expired", "warn", "clock") };
  const revoke = one.state !== "revoked" && h("button", { type: "button", class: "btn s danger", "aria-label": `Revoke ${one.name}`, onclick: () => revokeKey(place, one) }, "Revoke");
  const more = iconButton("more", `More for the key ${one.name}`, (event) => menu(event.currentTarget, place, one), { id: `more-${one.id}`, "aria-haspopup": "menu", "aria-expanded": "false" });
  const most = one.limits.requests_month;
  const month = one.month.requests.toLocaleString("en") + (most ? ` of ${most.toLocaleString("en")}` : "");
  return h(
    "tr",
    {},
    h("td", {}, h("span", { class: "badges" }, h("b", {}, one.name), states[one.state]), h("span", { class: "sub" }, about(one))),
    h("td", {}, labelled("Ends with"), h("span", { class: "mono" }, `…${one.ends}`)),
    h("td", { class: "r" }, labelled("Today"), one.today.requests.toLocaleString("en")),
    h("td", { class: "r" }, labelled("This month"), month, h("span", { class: "sub" }, tokens(one))),
    h("td", { class: "r mute" }, labelled("Expires"), one.expires ? h("time", { datetime: one.expires, title: whole(one.expires) }, day(one.expires)) : "never"),
    h("td", { class: "r at-end" }, h("span", { class: "row" }, revoke, more)),
  );
}

const day = (iso) => new Date(iso).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });

/* What it may do, in a line. */
const about = (one) => {
  const limits = LIMITS.filter(([name]) => one.limits[name] && name !== "requests_month").map(([name, label]) => `${one.limits[name].toLocaleString("en")} ${label.toLowerCase()}`);
  return [one.roles.join(", "), one.models.join(", ") || "all models", ...limits, !one.stores && "keeps nothing"].filter(Boolean).join(" · ");
};

const tokens = ({ month, limits }) => `${plural(month.tokens, "token")}${limits.tokens_month ? ` of ${limits.tokens_month.toLocaleString("en")}` : ""}`;

function menu(button, place, one) {
  openMenu(button, [
    { content: h("p", { class: "who xs dim" }, "Last used ", moment(one.used)) },
    ...(one.state === "revoked" ? [] : [{ text: "Change…", icon: "edit", run: () => editKey(place, one) }]),
    { text: "Export what it asked", icon: "download", run: () => exportOf(one) },
    { text: "Forget…", icon: "trash", run: () => forget(place, one) },
  ]);
}

async function exportOf(one) {
  const told = await download(`/admin/keys/${one.id}/export`);
  if (told.error) toast(told.error, { error: true, action: "Try again", run: () => exportOf(one) });
}

async function revokeKey(place, one) {
  if (!(await confirmed(`Revoke ${one.name}? What runs for it stops within seconds, and it cannot be undone.`, "Revoke"))) return;
  const told = await call("revoke_key", { key: one.id });
  if (told.error) {
    toast(told.error, { error: true });
    return;
  }
  await drawKeys(place, facts);
  document.getElementById("add-key").focus();
  toast(`${one.name} is revoked. What it asked is kept.`);
}

async function forget(place, one) {
  const told = await call("held_key", { key: one.id });
  if (told.error) {
    toast(told.error, { error: true });
    return;
  }
  const typed = input();
  const parts = [
    h("p", { class: "sm" }, "The key ends, and everything that it asked and was answered is removed for good."),
    rowsList(told.rows),
    h("div", { class: "row" }, downloadButton("Export first", `/admin/keys/${one.id}/export`)),
    field(`Type ${one.name} to forget it for good`, typed),
  ];
  formDialog(`Forget ${one.name}`, parts, {
    action: "Forget for good",
    words: "Removing…",
    kind: "danger",
    async run() {
      const done = await call("forget_key", { key: one.id, typed: typed.value });
      if (!done.error) {
        await drawKeys(place, facts);
        toast(`The key ${one.name} and what it asked are removed.`);
      }
      return done;
    },
  });
}

// A new key --------------------------------------------------------------------------------------

async function addKey(place) {
  const choices = await call("key_choices");
  if (choices.error) {
    toast(choices.error, { error: true });
    return;
  }
  const name = input({ required: true, maxlength: "60", id: "key-name" });
  const roles = h("fieldset", { class: "ticks" }, h("legend", {}, "Roles"), Object.entries(choices.roles).map(([role, what]) => tick(role, role, what, role === "chatter")));
  const may = mayParts(choices, { models: [], limits: FIRST, expires: null });
  const stores = tick("stores", "Keep what it asks as conversations", "For review, datasets and the Monitor page; as long as the rules say.", true);
  const parts = [field("Name", name, "What the key is for, such as the program that uses it."), roles, ...may.parts, stores];
  formDialog("New key", parts, {
    action: "Make the key",
    words: "Making…",
    async run() {
      const given = may.given();
      if (given.error) return given;
      const told = await call("add_key", { name: name.value, roles: ticked(roles), ...given, stores: stores.querySelector("input").checked });
      if (!told.error) {
        await drawKeys(place, facts);
        setTimeout(() => showKey(told));
      }
      return told;
    },
  });
}

/* Sends what differs and nothing else, so that two who change different things both have their way. */
async function editKey(place, one) {
  const choices = await call("key_choices");
  if (choices.error) {
    toast(choices.error, { error: true });
    return;
  }
  const may = mayParts(choices, one);
  const before = may.given();
  const about = h("p", { class: "sm dim" }, "It holds from the next call on. Its name and its roles stay: another program gets a key of its own.");
  formDialog(`Change ${one.name}`, [about, ...may.parts], {
    action: "Save",
    words: "Saving…",
    async run() {
      const given = may.given();
      if (given.error) return given;
      const changed = Object.fromEntries(Object.entries(given).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])));
      const told = Object.keys(changed).length ? await call("edit_key", { key: one.id, ...changed }) : {};
      if (!told.error) {
        await drawKeys(place, facts);
        setTimeout(() => document.getElementById(`more-${one.id}`)?.focus());
        toast(told.key ? `${one.name} is changed.` : `Nothing was changed of ${one.name}.`);
      }
      return told;
    },
  });
}

/* What a key may, as fields: {parts, given()}; `given` tells it as commands take it, or what is wrong. */
function mayParts(choices, { models: had, limits: most, expires: end }) {
  const models = modelBoxes(choices, had);
  const limits = LIMITS.map(([key, label]) => [key, input({ type: "number", min: "0", step: "1", inputmode: "numeric", value: most[key] || "", placeholder: "no limit", id: `key-${key}` }), label]);
  const expires = input({ type: "date", id: "key-expires", min: tomorrow(), value: end ? dated(new Date(end)) : "" });
  const number = (box) => (box.value === "" ? (box.validity.badInput ? -1 : 0) : Number(box.value));
  const given = () => {
    const numbers = Object.fromEntries(limits.map(([key, box]) => [key, number(box)]));
    if (Object.values(numbers).some((each) => !Number.isInteger(each) || each < 0)) return { error: "A limit is a whole number. Leave it empty for none." };
    if (models.some.checked && !ticked(models).length) return { error: "Choose a model, or allow all." };
    if (expires.validity.badInput) return { error: "Give the whole day on which it expires, or none." };
    return { models: models.some.checked ? ticked(models) : [], ...numbers, expires: moved(expires.value) };
  };
  return { parts: [models, h("div", { class: "two-fields" }, limits.map(([, box, label]) => field(label, box))), field("Expires, optional", expires, "From this day on it opens nothing.")], given };
}

const ticked = (set) => $$("input[type=checkbox]:checked", set).map((box) => box.name);

/* All, or those that are ticked; `had` also names what is not there any more. */
function modelBoxes({ models, prompts }, had) {
  const radio = (id, text, checked) => {
    const box = h("input", { type: "radio", name: "key-models", id, checked });
    return [box, h("label", { class: "tick" }, box, h("span", {}, text))];
  };
  const [every, all] = radio("key-models-all", "All, also those to come", !had.length);
  const [some, only] = radio("key-models-some", "Only these", had.length > 0);
  const boxes = h("div", { class: "ticks two", hidden: !had.length }, [...new Set([...models, ...prompts, ...had])].map((one) => tick(one, one, null, had.includes(one))));
  for (const box of [every, some]) box.addEventListener("change", () => { boxes.hidden = !some.checked; });
  const made = h("fieldset", { class: "ticks" }, h("legend", {}, "Models and prompts"), all, only, boxes);
  made.some = some;
  return made;
}

const tomorrow = () => dated(new Date(Date.now() + 86_400_000));

/* A day of this browser's clock, as a field of dates has it. */
function dated(at) {
  return `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, "0")}-${String(at.getDate()).padStart(2, "0")}`;
}

/* The beginning of a day of this browser's clock. */
const moved = (date) => (date ? new Date(`${date}T00:00`).toISOString() : "");

function showKey({ token, key }) {
  const example = `curl ${location.origin}/v1/models -H "Authorization: Bearer $CHATBOT_KEY"`;
  showOnce(`Key for ${key.name}`, {
    label: "The key",
    done: () => document.getElementById("add-key")?.focus(),
    value: token,
    about: "Copy it now and keep it where the program finds it: this server keeps its hash alone, and nobody can show it again.",
    beside: h("div", { class: "col" }, h("p", { class: "xs dim" }, "To try it, with the key in CHATBOT_KEY:"), h("p", { class: "mono xs wrap-any" }, example)),
  });
}
