/* The header of every page: pages, search, shortcuts, colours, account. */

import { $, h, icon, iconButton } from "./dom.js";
import { showKeys, singleKeys } from "./keys.js";
import { openMenu } from "./overlays.js";
import { call } from "./server.js";
import { expectLogin, logOut, nowSignedIn } from "./session.js";

const initials = (name) =>
  name.trim().split(/\s+/).slice(0, 2).map((part) => [...part][0] ?? "").join("").toUpperCase();

/* Draws the header into the island; `tools` are {search, openSide?}. */
export function drawHeader({ element, props }, tools) {
  const { page, title, pages, workspace, login } = props.value;
  all = pages;
  hasLogin = login;
  if (login) expectLogin();
  element.replaceChildren(
    h(
      "header",
      { class: "topbar" },
      tools.openSide &&
        iconButton("menu", "Open conversations", tools.openSide, {
          class: "ib only-s",
          id: "open-side",
          "aria-controls": "chat-side",
          "aria-expanded": "false",
        }),
      h("a", { class: "brand only-l ell", href: "/" }, workspace),
      h(
        "button",
        {
          type: "button",
          class: "btn quiet only-s",
          "aria-label": `Page: ${title}. Change page`,
          "aria-haspopup": "menu",
          "aria-expanded": "false",
          onclick: (event) =>
            openMenu(event.currentTarget, pages.filter(mayOpen).map((one) => ({ text: one.title, href: one.path, icon: one.name === page ? "check" : "page" })), { label: "Pages" }),
        },
        h("b", {}, title),
        icon("down"),
      ),
      h(
        "nav",
        { class: "pages", "aria-label": "Pages" },
        pages.map((one) =>
          h("a", { href: one.path, "aria-current": one.name === page ? "page" : null, "data-page": one.name, hidden: !mayOpen(one) }, one.title),
        ),
      ),
      h("span", { class: "sp" }),
      h(
        "button",
        { type: "button", class: "k", "aria-label": "Search everything", "aria-keyshortcuts": "Control+K", onclick: tools.search },
        icon("search"),
        h("span", {}, "Search"),
        h("kbd", {}, "Ctrl K"),
      ),
      iconButton("search", "Search everything", tools.search, { class: "ib only-s" }),
      h(
        "span",
        { class: "row only-l", style: "gap:2px" },
        iconButton("help", "Keyboard shortcuts", showKeys, { "aria-keyshortcuts": "?" }),
        iconButton("moon", "Use dark colours", changeColours, { id: "colours" }),
      ),
      h("button", {
        type: "button",
        class: "me",
        id: "account",
        "aria-label": "Account",
        "aria-haspopup": "menu",
        "aria-expanded": "false",
        onclick: accountMenu,
      }),
    ),
  );
  nameColours();
}

const WAITED_FOR = ["agent", "reviewer", "admin"];

let me = { id: null, name: "", roles: [] };
let all = [];
let hasLogin = false;

/* Whether a page is listed for this person; what it does is checked on the server. */
const mayOpen = ({ roles }) =>
  !roles.length || roles.some((role) => me.roles.includes(role));

/* Says who is using the page, once the server has told. */
export function setPerson(person) {
  if (me.id !== person.id) setTimeout(countAll);
  me = person;
  nowSignedIn(person.id);
  for (const one of all) $(`.pages [data-page=${one.name}]`).hidden = !mayOpen(one);
  const button = $("#account");
  if (!button) return;
  button.textContent = initials(person.name);
  button.setAttribute("aria-label", `Account: ${person.name}`);
  button.title = person.name;
}

/* How much waits on a page, beside its name. */
export function countPage(name, count) {
  const link = $(`.pages [data-page=${name}]`);
  if (!link) return;
  const place = $(".cnt", link) ?? link.appendChild(h("span", { class: "cnt num" }));
  place.textContent = count ? count.toLocaleString("en") : "";
  place.setAttribute("aria-label", `${count} waiting`);
}

/* Asked once by each page, for those whose work waits somewhere. */
async function countAll() {
  if (!me.roles.some((role) => WAITED_FOR.includes(role))) return;
  const told = await call("waiting");
  for (const [name, count] of Object.entries(told.waiting ?? {})) countPage(name, count);
}

function changeColours() {
  window.chatbotColours.set(!window.chatbotColours.dark());
  nameColours();
}

const coloursName = () =>
  window.chatbotColours.dark() ? "Use light colours" : "Use dark colours";

function nameColours() {
  const button = $("#colours");
  if (!button) return;
  button.replaceChildren(icon(window.chatbotColours.dark() ? "sun" : "moon"));
  button.setAttribute("aria-label", coloursName());
  button.title = coloursName();
}

function accountMenu(event) {
  openMenu(event.currentTarget, [
    {
      content: h(
        "div",
        { class: "who" },
        h("b", {}, me.name),
        h("span", { class: "dim xs" }, me.roles.join(", ")),
      ),
    },
    {
      text: "Single-key shortcuts",
      on: singleKeys.on,
      run: () => {
        singleKeys.on = !singleKeys.on;
      },
    },
    { text: "Keyboard shortcuts", icon: "help", key: "?", run: () => setTimeout(showKeys) },
    {
      text: coloursName(),
      icon: window.chatbotColours.dark() ? "sun" : "moon",
      run: changeColours,
    },
    { text: "Your account", icon: "person", href: "/account" },
    hasLogin && { text: "Log out", icon: "leave", run: () => logOut("/logout") },
    hasLogin && { text: "Log out everywhere", icon: "leave", run: () => logOut("/logout/everywhere") },
  ], { label: "Account" });
}
