/* A person's own page: who they are here, their password, their logins, their data. */

import { $, h, icon } from "./dom.js";
import { setPerson } from "./header.js";
import { island } from "./islands.js";
import { during, downloadButton, field, form, input, note, panel, profileFields, refused, rowsList, sessionsList } from "./admin_parts.js";
import { toast } from "./overlays.js";
import { beginPage } from "./page.js";
import { call, callThrough } from "./server.js";
import { logOut } from "./session.js";

export async function startAccount(top) {
  const [page, data] = await Promise.all(["account-page", "account-data"].map(island));
  callThrough(data);
  beginPage(top, "own", "Your account");
  await learn(page.element);
}

async function learn(place) {
  const title = h("div", { class: "head" }, h("h1", {}, "Your account"));
  const facts = await call("start");
  if (facts.error) {
    place.replaceChildren(title, refused(facts, () => learn(place)));
    return;
  }
  setPerson(facts.person);
  const logins = h("div", { class: "col" });
  place.replaceChildren(
    title,
    h("div", { class: "g2" }, h("div", { class: "col wide-gap" }, you(facts, () => learn(place)), password(facts, logins)), h("div", { class: "col wide-gap" }, facts.account && loginsPanel(logins), yourData(facts), leaving(facts))),
  );
  if (facts.account) await drawLogins(logins);
}

function you({ person, roles, account, gives_address }, again) {
  const pairs = account ? [["Login", account.login]] : [["Name", person.name]];
  return panel(
    "You",
    null,
    h("dl", { class: "kv big" }, pairs.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    account && profile(account, gives_address, again),
    h("h3", {}, "Roles"),
    h("ul", { class: "lines tight" }, Object.entries(roles).map(([name, about]) => h("li", {}, h("b", { class: "sm" }, name), h("span", { class: "sm dim" }, ` ${about}`)))),
    h("p", { class: "xs dim" }, account ? "An administrator changes roles." : "There is no login here (solo): whoever uses this machine has every role."),
  );
}

function profile(account, gives, again) {
  const fixedEmail = gives ? null : "It lets you in by another server: an administrator changes it.";
  const { boxes, parts, given } = profileFields(account, { fixedEmail });
  return form(parts, {
    action: "Save",
    words: "Saving…",
    async run() {
      const told = await call("set_profile", given());
      if (told.error) {
        boxes.name.focus();
        return told;
      }
      toast("Saved.");
      await again();
      return told;
    },
  });
}

function password({ account, shortest }, logins) {
  if (!account) return panel("Password", null, note("There is none: this server runs without a login (solo) and answers this machine alone. With CHATBOT_AUTH=accounts everybody gets a login."));
  if (!account.password) return panel("Password", null, note("This account has none: you log in with another server's account. Change the password there."));
  const kind = { type: "password", maxlength: "1000" };
  const old = input({ ...kind, autocomplete: "current-password" });
  const fresh = input({ ...kind, autocomplete: "new-password" });
  const shown = h("input", { type: "checkbox", onchange: () => { for (const box of [old, fresh]) box.type = shown.checked ? "text" : "password"; } });
  const user = h("input", { type: "text", autocomplete: "username", value: account.login, hidden: true });
  return panel(
    "Password",
    null,
    form([user, field("Old password", old), field("New password", fresh, `${shortest} characters or more. A few words in a row are easy to remember.`), h("label", { class: "tick" }, shown, h("span", {}, "Show passwords"))], {
      action: "Change password",
      words: "Changing…",
      async run() {
        const told = await call("change_password", { old: old.value, new: fresh.value });
        if (told.error) {
          (told.code === "wrong_login" ? old : fresh).focus();
          return told;
        }
        old.value = "";
        fresh.value = "";
        toast("The password is changed. Your other logins have ended.");
        await drawLogins(logins);
        return told;
      },
    }),
  );
}

const loginsPanel = (logins) =>
  panel("Logins", h("button", { type: "button", class: "btn s", onclick: () => logOut("/logout/everywhere") }, icon("leave"), "Log out everywhere"), logins);

async function drawLogins(place) {
  const told = await call("sessions");
  if (told.error) {
    place.replaceChildren(note(told.error, "bad", "alert"));
    return;
  }
  place.replaceChildren(
    sessionsList(told.sessions, (one) => {
      if (one.current) return null;
      const end = h("button", { type: "button", class: "btn s", onclick: () => during(end, "Ending…", () => endLogin(one, place)) }, "End");
      return end;
    }),
  );
}

async function endLogin(one, place) {
  const told = await call("end_session", { session: one.id });
  if (told.error) toast(told.error, { error: true });
  else toast("That login has ended.");
  await drawLogins(place);
}

const yourData = ({ rows }) =>
  panel(
    "Your data",
    null,
    rowsList(rows),
    h("div", { class: "row" }, downloadButton("Export my data", "/account/export")),
    h("p", { class: "xs dim" }, "One zip file: your account, every conversation as JSON and Markdown, and what the record says of you."),
  );

/* Deleting asks for the login, letter by letter. */
function leaving({ account, person }) {
  const word = account?.login ?? person.name;
  const typed = input();
  const about = account
    ? "Removes your account and everything you said here, for good. The record keeps an id and the fact. Backups keep what they hold."
    : "Removes everything you said here, for good. Backups keep what they hold.";
  return panel(
    account ? "Delete my account" : "Delete my data",
    null,
    h("p", { class: "sm" }, about),
    form([field(`Type ${word} to confirm`, typed)], {
      action: account ? "Delete my account" : "Delete my data",
      words: "Removing…",
      kind: "danger",
      async run() {
        const told = await call("delete", { typed: typed.value });
        if (told.error) return told;
        sessionStorage.clear();
        location.assign(account ? "/login" : "/");
        return told;
      },
    }),
  );
}
