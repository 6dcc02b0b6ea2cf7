/* The people of the workspace: invite, roles, logins, on and off, forget. */

import { $, $$, h, icon, iconButton } from "./dom.js";
import { drawKeys } from "./admin_keys.js";
import { badge, during, download, downloadButton, field, form, formDialog, input, moment, note, panel, plural, profileFields, rowsList, sessionsList, showLink, tick } from "./admin_parts.js";
import { confirmed, openDialog, openMenu, toast } from "./overlays.js";
import { call } from "./server.js";

const LAST = "The last administrator who can log in. Make another one first.";

let facts = null;
let people = [];

export async function drawPeople(place, known) {
  facts = known;
  const told = await call("people");
  if (told.error) {
    place.replaceChildren(note(told.error, "bad", "alert"));
    return;
  }
  people = told.people;
  const keys = h("div", { id: "admin-keys" });
  const solo = facts.auth === "solo" && soloNote();
  if (solo && !people.length) {
    place.replaceChildren(solo, keys);
    await drawKeys(keys, facts);
    return;
  }
  const add = h("button", { type: "button", class: "btn pri s", id: "add-person", onclick: () => addPerson(place) }, icon("plus"), "Add person");
  const list = h("section", { class: "panel", "aria-label": "People" }, h("div", { class: "ph" }, h("h2", {}, "People"), h("span", { class: "cnt" }, people.length), h("span", { class: "sp" }), add), table(place));
  const left = h("div", { class: "col wide-gap" }, list, keys);
  place.replaceChildren(...[solo, h("div", { class: "g21" }, left, forgetPanel(place))].filter(Boolean));
  await drawKeys(keys, facts);
}

const soloNote = () =>
  panel(
    "Only you",
    null,
    h("p", { class: "sm" }, "This server runs without a login (solo): there is one person, with every role. A team needs accounts:"),
    h(
      "ol",
      { class: "steps sm" },
      h("li", {}, "Set ", h("code", {}, "CHATBOT_AUTH=accounts"), ", or ", h("code", {}, 'auth = "accounts"'), " in chatbot.toml."),
      h("li", {}, "Start the server again. It prints a link for the first administrator."),
      h("li", {}, "Open the link, choose a login and a password. It can take over what was said here."),
    ),
  );

function table(place) {
  const head = [["Name"], ["Roles"], ["Last seen", "r"], [h("span", { class: "vh" }, "Actions"), "r"]];
  return h(
    "table",
    { class: "t cards still", "aria-label": "People" },
    h("thead", {}, h("tr", {}, head.map(([name, kind]) => h("th", { scope: "col", class: kind ?? null }, name)))),
    h("tbody", {}, people.map((one) => row(place, one))),
  );
}

const handle = (one) => one.login ?? one.name;

function row(place, one) {
  const states = { off: badge("off", "bad", "lock"), invited: badge("invited", "warn", "clock") };
  const more = iconButton("more", `More for ${one.name}`, (event) => personMenu(event.currentTarget, place, one), { id: `more-${one.id}`, "aria-haspopup": "menu", "aria-expanded": "false" });
  return h(
    "tr",
    { "data-login": one.login },
    h("td", {}, h("b", {}, one.name), one.id === facts.person.id && h("span", { class: "dim" }, " (you)"), h("span", { class: "sub" }, [one.login, one.email].filter(Boolean).join(" · "))),
    h("td", {}, h("span", { class: "badges" }, one.roles.map((role) => badge(role)), states[one.state])),
    h("td", { class: "r mute" }, h("span", { class: "only-s dim" }, "Last seen\u00a0"), moment(one.seen)),
    h("td", { class: "r at-end" }, more),
  );
}

function personMenu(button, place, one) {
  const mine = one.id === facts.person.id;
  const again = () => drawPeople(place, facts);
  openMenu(button, [
    one.last && { content: h("p", { class: "who xs dim" }, LAST) },
    { text: "Name and e-mail…", icon: "edit", run: () => changeProfile(place, one) },
    { text: "Roles…", icon: "person", run: () => changeRoles(place, one) },
    { text: "Logins…", icon: "lock", run: () => showSessions(one) },
    one.state !== "off" && { text: one.password ? "Link for a new password…" : "New invitation link…", icon: "link", run: () => newLink(one) },
    !one.last && { text: one.state === "off" ? "Switch on" : "Switch off…", icon: "out", run: () => setActive(one, again) },
    { text: "Export their data", icon: "download", run: () => exportOf(one) },
    !one.last && !mine && { text: "Forget…", icon: "trash", run: () => chooseToForget(place, one) },
  ]);
}

/* Roles as boxes; the last administrator keeps theirs, and it says why. */
function roleBoxes(chosen, last) {
  const boxes = Object.entries(facts.roles).map(([name, about]) =>
    tick(name, name, about, chosen.includes(name), last && name === "admin" ? LAST : null),
  );
  return h("fieldset", { class: "ticks" }, h("legend", {}, "Roles"), boxes);
}

const ticked = (set) => $$("input:checked", set).map((box) => box.name);

function addPerson(place) {
  const [login, name, email] = [input({ required: true, maxlength: "200" }), input({ maxlength: "200" }), input({ type: "email", maxlength: "320" })];
  const roles = roleBoxes(["chatter"], false);
  formDialog(
    "Add person",
    [field("Login", login, "What they log in with: small letters, digits, signs, or an e-mail address."), field("Name", name), field("E-mail, optional", email), roles],
    {
      action: "Add and make a link",
      words: "Adding…",
      async run() {
        const told = await call("invite", { login: login.value, name: name.value, email: email.value, roles: ticked(roles) });
        if (!told.error) {
          await drawPeople(place, facts);
          setTimeout(() => showLink(`Link for ${name.value || login.value}`, told.link));
        }
        return told;
      },
    },
  );
}

function changeProfile(place, one) {
  const { boxes, parts, given } = profileFields(one);
  formDialog(`Name and e-mail of ${one.name}`, parts, {
    action: "Save",
    words: "Saving…",
    async run() {
      const told = await call("set_profile", { whom: one.id, ...given() });
      if (told.error) boxes.name.focus();
      else await drawPeople(place, facts);
      return told;
    },
  });
}

function changeRoles(place, one) {
  const roles = roleBoxes(one.roles, one.last);
  formDialog(`Roles of ${one.name}`, [h("p", { class: "sm dim" }, "They count at once, in open pages too."), roles], {
    action: "Save roles",
    words: "Saving…",
    async run() {
      const told = await call("set_roles", { whom: one.id, roles: ticked(roles) });
      if (!told.error) await drawPeople(place, facts);
      return told;
    },
  });
}

async function showSessions(one) {
  const told = await call("sessions", { whom: one.id });
  if (told.error) {
    toast(told.error, { error: true });
    return;
  }
  const end = h("button", { type: "button", class: "btn danger" }, "End all logins");
  const dialog = openDialog(`Logins of ${one.name}`, h("div", { class: "pb col" }, sessionsList(told.sessions), told.sessions.length > 0 && h("div", { class: "row" }, h("span", { class: "sp" }), end)));
  end.addEventListener("click", async () => {
    const done = await during(end, "Ending…", () => call("end_sessions", { whom: one.id }));
    if (done?.error) toast(done.error, { error: true });
    else if (done) {
      dialog.close();
      toast(`Ended ${plural(done.ended, "login")} of ${one.name}.`);
    }
  });
}

async function newLink(one) {
  const told = await call("new_link", { whom: one.id });
  if (told.error) toast(told.error, { error: true });
  else showLink(`Link for ${one.name}`, told.link);
}

async function setActive(one, again) {
  const off = one.state !== "off";
  if (off && !(await confirmed(`Switch off ${one.name}? Their logins end at once.`, "Switch off"))) return;
  const told = await call("set_active", { whom: one.id, active: !off });
  if (told.error) toast(told.error, { error: true });
  else toast(off ? `${one.name} is switched off.` : `${one.name} is switched on.`, off ? { action: "Undo", run: () => setActive({ ...one, state: "off" }, again) } : {});
  await again();
}

async function exportOf(one) {
  const told = await download(`/admin/people/${one.id}/export`);
  if (told.error) toast(told.error, { error: true, action: "Try again", run: () => exportOf(one) });
}

/* Forgetting: find, look at every row, type the login again. */
function forgetPanel(place) {
  const sought = input({ "aria-label": "Login, name or e-mail", placeholder: "Login, name or e-mail" });
  const found = h("div", { class: "col", id: "forget-found" });
  const find = h("form", { class: "row", onsubmit: (event) => { event.preventDefault(); look(place, sought.value, found); } }, sought, h("button", { type: "submit", class: "btn" }, "Find"));
  return panel("Forget a person", null, find, found, h("p", { class: "xs dim" }, "Shows what is known first. Removing asks for the login again and cannot be undone. The record keeps an id and the fact; backups keep what they hold."));
}

function chooseToForget(place, one) {
  const box = $("[aria-label='Forget a person'] .in", place);
  box.value = handle(one);
  look(place, handle(one), $("#forget-found"), one);
}

function look(place, words, found, exact = null) {
  const sought = words.trim().toLowerCase();
  const hits = exact ? [exact] : people.filter((one) => sought && [one.login, one.name, one.email].some((text) => text?.toLowerCase().includes(sought)));
  if (hits.length === 1) {
    showHeld(place, hits[0], found);
  } else if (!hits.length) {
    found.replaceChildren(note(sought ? "Nobody is called so. Try a part of the login, the name or the e-mail." : "Type a login, a name or an e-mail first.", "", "status"));
  } else {
    found.replaceChildren(
      h("p", { class: "sm", role: "status" }, `${hits.length} people fit. Which one?`),
      h("div", { class: "row wrap" }, hits.slice(0, 20).map((one) => h("button", { type: "button", class: "btn s", onclick: () => showHeld(place, one, found) }, `${one.name} (${handle(one)})`))),
    );
  }
}

async function showHeld(place, one, found) {
  const told = await call("held", { whom: one.id });
  if (told.error) {
    found.replaceChildren(note(told.error, "bad", "alert"));
    return;
  }
  const blocked = one.last ? LAST : one.id === facts.person.id && "This is you. Your account page removes you.";
  const typed = input();
  const remove = form([field(`Type ${handle(one)} to forget them for good`, typed)], {
    action: "Forget for good",
    words: "Removing…",
    kind: "danger",
    async run() {
      const done = await call("forget", { whom: one.id, typed: typed.value });
      if (!done.error) {
        await drawPeople(place, facts);
        $("[aria-label='Forget a person'] .in", place).focus();
        toast(`Everything about ${one.name} is removed.`);
      }
      return done;
    },
  });
  found.replaceChildren(
    h("h3", { tabindex: "-1" }, `${one.name} (${handle(one)})`),
    rowsList(told.rows),
    h("div", { class: "row" }, downloadButton("Export first", `/admin/people/${one.id}/export`)),
    blocked ? note(blocked) : remove,
  );
  $("h3", found).focus();
}
