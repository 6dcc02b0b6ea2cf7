/* The plain pages: a button that shows the password. Without this script they work as well. */

import { iconButton } from "./dom.js";

for (const field of document.querySelectorAll(".secret input")) {
  const button = iconButton("eye", "Show password", () => {
    const shown = field.type === "text";
    field.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
    field.focus();
  });
  button.setAttribute("aria-pressed", "false");
  field.after(button);
}
