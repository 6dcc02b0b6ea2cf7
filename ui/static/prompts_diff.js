/* Two texts side by side as one: lines that went, came and stayed, words marked. Draws, asks nothing.
   A line is [sign, old number, new number, [[text, changed], …]] with the sign " ", "-" or "+". */

import { h } from "./dom.js";

const SAID = { "-": "Removed: ", "+": "Added: " };
const MARK = { "-": "del", "+": "ins" };
const CLASS = { "-": "m", "+": "p" };

export function drawLines(lines, { numbers = true } = {}) {
  if (!lines.length) return h("p", { class: "none" }, "There is nothing to compare.");
  return h("div", { class: numbers ? "dl" : "dl bare", tabindex: "0", role: "group", "aria-label": "Lines" }, lines.map((line) => drawLine(line, numbers)));
}

function drawLine([sign, old, fresh, parts], numbers) {
  return h(
    "div",
    { class: CLASS[sign] },
    numbers && [h("i", {}, old ?? ""), h("i", {}, fresh ?? "")],
    h("b", {}, sign.trim() && h("span", { "aria-hidden": "true" }, sign), SAID[sign] && h("span", { class: "vh" }, SAID[sign])),
    h("span", {}, parts.map(([text, changed]) => (changed ? h(MARK[sign] ?? "span", {}, text) : text))),
  );
}

export const counted = (lines, sign) => lines.filter((line) => line[0] === sign).length;

/* How much came and went, as a sign and a number. */
export const drawCounts = (lines) =>
  h(
    "span",
    { class: "xs num" },
    h("span", { class: "good" }, `+${counted(lines, "+")}`),
    " ",
    h("span", { class: "bad" }, `−${counted(lines, "-")}`),
  );
