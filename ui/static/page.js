/* What every page but Chat begins with: header, title, its main region, the keys of all pages. */

import { $ } from "./dom.js";
import { drawHeader } from "./header.js";
import { onKey } from "./keys.js";
import { openSearch } from "./search.js";

/* `id` is the page's root region, `label` its name; a hit of the search opens in the chat. */
export function beginPage(top, id, label) {
  const search = () => openSearch((chat, message) => location.assign(`/?${new URLSearchParams(message ? { c: chat, m: message } : { c: chat })}`));
  drawHeader(top, { search });
  document.title = `${label} · ${top.props.value.workspace}`;
  $("main.contain").setAttribute("role", "presentation"); // it holds the header too
  for (const [name, value] of Object.entries({ role: "main", tabindex: "-1", "aria-label": label })) {
    $(`#${id}`).setAttribute(name, value);
  }
  onKey("search", search);
  onKey("new", () => location.assign("/"));
}
