/* Dialogs, menus and toasts: what floats over a page. Focus goes in, and back where it came from. */

import { $$, h, icon, iconButton } from "./dom.js";

/* A dialog on the browser's own <dialog>: it holds the focus and closes by Esc. Returns the element;
   `done` runs when it is closed. */
export function openDialog(title, content, { done, wide = false, label = true, whole = false } = {}) {
  const before = document.activeElement;
  const dialog = h(
    "dialog",
    { class: wide ? "dialog wide" : "dialog", "aria-label": title },
    label &&
      h(
        "div",
        { class: "ph" },
        h("h2", { class: whole ? "grow wrap-any" : "grow ell" }, title),
        iconButton("close", "Close", () => dialog.close()),
      ),
    content,
  );
  dialog.addEventListener("close", () => {
    dialog.remove();
    done?.();
    focusAgain(before);
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/* Asks before something that cannot be undone. Resolves to true or false. */
export function confirmed(question, action) {
  return new Promise((answer) => {
    let agreed = false;
    const yes = h("button", { type: "button", class: "btn danger" }, action);
    const no = h("button", { type: "button", class: "btn" }, "Cancel");
    const dialog = openDialog(
      question,
      h("div", { class: "pb row" }, h("span", { class: "sp" }), no, yes),
      { done: () => answer(agreed), whole: true },
    );
    no.addEventListener("click", () => dialog.close());
    yes.addEventListener("click", () => {
      agreed = true;
      dialog.close();
    });
    no.focus();
  });
}

/* Unless something else has the focus by now. What was drawn anew meanwhile is found by its id. */
function focusAgain(element) {
  // Chromium gives the focus back itself, but a field that gets it so takes no keys.
  if (element?.isConnected && element === document.activeElement) element.blur();
  const free = !document.activeElement || document.activeElement === document.body;
  const place = element?.isConnected || !element?.id ? element : document.getElementById(element.id);
  if (free && place?.isConnected) place.focus({ preventScroll: true });
}

let closeMenu = null;

/* A menu under a button. Entries: {text, icon, key, run, on, href} or {content: element}. */
export function openMenu(button, entries, { label } = {}) {
  const again = button.getAttribute("aria-expanded") === "true";
  closeMenu?.();
  if (again) return;
  const menu = h(
    "div",
    { class: "menu", role: "menu", "aria-label": label ?? button.getAttribute("aria-label") },
    entries.filter(Boolean).map(menuEntry),
  );
  closeMenu = (back = false) => {
    menu.remove();
    button.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside, true);
    closeMenu = null;
    if (back) button.focus();
  };
  const outside = (event) => {
    if (!menu.contains(event.target) && !button.contains(event.target)) closeMenu?.();
  };
  menu.addEventListener("click", (event) => {
    if (event.target.closest("[role^=menuitem]")) closeMenu?.(true);
  }, true);
  menu.addEventListener("keydown", moveInMenu);
  document.addEventListener("pointerdown", outside, true);
  button.setAttribute("aria-expanded", "true");
  document.body.append(menu);
  place(menu, button);
  menu.querySelector("[role^=menuitem]")?.focus();
}

function menuEntry(entry) {
  if (entry.content) return entry.content;
  const checked = entry.on === undefined ? {} : { "aria-checked": String(entry.on) };
  return h(
    entry.href ? "a" : "button",
    {
      ...(entry.href ? { href: entry.href } : { type: "button" }),
      role: entry.on === undefined ? "menuitem" : "menuitemcheckbox",
      tabindex: "-1",
      onclick: entry.run,
      ...checked,
    },
    entry.icon ? icon(entry.icon) : icon(entry.on ? "check" : "more"),
    h("span", { class: "grow" }, entry.text),
    entry.key && h("kbd", {}, entry.key),
  );
}

function moveInMenu(event) {
  const items = $$("[role^=menuitem]", event.currentTarget);
  const at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (event.key === "Escape" || event.key === "Tab") {
    closeMenu?.(true);
  } else if (to !== undefined) {
    items[(to + items.length) % items.length].focus();
  } else {
    return;
  }
  event.preventDefault();
  event.stopPropagation();
}

function place(menu, button) {
  const near = button.getBoundingClientRect();
  const size = menu.getBoundingClientRect();
  const below = near.bottom + 4 + size.height <= innerHeight;
  const top = below ? near.bottom + 4 : Math.max(8, near.top - size.height - 4);
  const left = Math.min(near.left, innerWidth - size.width - 8);
  menu.style.top = `${top}px`;
  menu.style.left = `${Math.max(8, near.right - size.width > left ? near.right - size.width : left)}px`;
}

export const menuIsOpen = () => closeMenu !== null;

/* A line at the bottom left. Errors stay until closed and are read out at once. */
export function toast(text, { error = false, action, run, seconds = 6 } = {}) {
  const line = h(
    "div",
    { class: error ? "toast bad" : "toast", role: error ? "alert" : "status" },
    icon(error ? "warn" : "check"),
    h("span", { class: "grow" }, text),
    action && h("button", { type: "button", class: "btn s", onclick: () => { leave(); run(); } }, action),
    iconButton("close", "Close message", () => leave()),
  );
  const leave = () => line.remove();
  for (const same of $$(".toast.bad", toastRegion())) {
    if (same.textContent === line.textContent) same.remove();
  }
  toastRegion().append(line);
  if (!error) setTimeout(leave, seconds * 1000);
  return leave;
}

export function toastRegion() {
  let found = document.getElementById("toasts");
  if (!found) {
    found = h("div", { id: "toasts" });
    document.body.append(found);
  }
  return found;
}

/* Says something to a screen reader, politely and once. */
export function say(text) {
  let place = document.getElementById("said");
  if (!place) {
    place = h("div", { id: "said", class: "vh", role: "status" });
    document.body.append(place);
  }
  place.textContent = text;
}
