/* The bar over the messages: title, rename, and the menu of the conversation. */

import { chat, newConversation, show } from "./chat.js";
import { drawAsking } from "./chat_handing.js";
import { refreshList } from "./chat_list.js";
import { $, h } from "./dom.js";
import { onKey } from "./keys.js";
import { openDialog, openMenu, toast } from "./overlays.js";
import { call } from "./server.js";

let bound = false;

export function drawHead() {
  const { page } = chat;
  $("#chat-head").hidden = !page.id;
  $("#chat-title").textContent = page.title || "Conversation";
  $("#chat-kind").hidden = !page.temporary;
  drawAsking();
  if (bound) return;
  bound = true;
  $("#chat-rename").addEventListener("click", () => rename(chat.page));
  $("#chat-more").addEventListener("click", (event) =>
    openMenu(event.currentTarget, entries(chat.page)),
  );
  onKey("rename", () => {
    const row = document.activeElement?.closest?.("[data-conversation]");
    const one = row
      ? { id: row.dataset.conversation, title: row.dataset.title }
      : chat.page;
    return one.id ? rename(one) : false;
  });
}

/* The menu of a conversation: {id, title, pinned, temporary}. */
export function entries(one) {
  return [
    { text: "Rename", icon: "edit", key: "F2", run: () => setTimeout(rename, 0, one) },
    !one.temporary && {
      text: one.pinned ? "Unpin" : "Pin",
      icon: "pin",
      run: () => change("pin", { conversation: one.id, pinned: !one.pinned }),
    },
    { text: "Export as Markdown", icon: "download", run: () => exportAs(one.id, "markdown") },
    { text: "Export as JSON", icon: "download", run: () => exportAs(one.id, "json") },
    { text: "Fork", icon: "fork", run: () => fork(one.id) },
    { text: "Delete", icon: "trash", run: () => remove(one) },
  ];
}

async function change(what, given) {
  const told = await call(what, given);
  if (told.error) toast(told.error, { error: true });
  refreshList();
  return told;
}

function rename(one) {
  const field = h("input", { class: "in", "aria-label": "Title", maxlength: "120" });
  field.value = one.title;
  const wrong = h("p", { class: "bad sm", role: "alert" });
  const form = h(
    "form",
    { class: "pb col" },
    field,
    wrong,
    h("div", { class: "row" }, h("span", { class: "sp" }), h("button", { class: "btn pri" }, "Rename")),
  );
  const dialog = openDialog("Rename conversation", form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const told = await call("rename", { conversation: one.id, title: field.value });
    wrong.textContent = told.error ?? "";
    if (told.error) return;
    dialog.close();
    refreshList();
  });
  field.select();
}

export async function fork(conversation, message = null) {
  const told = await call("fork", { conversation, message });
  if (told.error) {
    toast(told.error, { error: true });
    return;
  }
  show(told.conversation);
  toast("A copy of the conversation up to here.", { action: "Back", run: () => show(conversation) });
}

async function exportAs(conversation, form) {
  const told = await call("export", { conversation, form });
  if (told.error) {
    toast(told.error, { error: true, action: "Try again", run: () => exportAs(conversation, form) });
    return;
  }
  const file = URL.createObjectURL(new Blob([told.text], { type: "text/plain;charset=utf-8" }));
  h("a", { href: file, download: told.name }).click();
  setTimeout(() => URL.revokeObjectURL(file), 10_000);
}

async function remove(one) {
  const shown = chat.wanted === one.id;
  if (shown) newConversation();
  const told = await call("delete", { conversation: one.id });
  refreshList();
  if (told.error) {
    toast(told.error, { error: true });
    if (shown) show(one.id);
  } else if (one.temporary) {
    toast("The temporary conversation is gone.");
  } else {
    toast(`Deleted “${one.title}”.`, { action: "Undo", seconds: 10, run: () => bringBack(one, shown) });
  }
}

async function bringBack(one, shown) {
  const told = await call("undelete", { conversation: one.id });
  if (told.error) toast(told.error, { error: true });
  refreshList();
  if (shown && !told.error) show(one.id);
}
