/* Two texts side by side as one: lines that went, came and stayed, words marked. Draws, asks nothing.
   A line is [sign, old number, new number, [[text, changed], …]] with the sign " ", "-" or "+". */

import { h } from "./dom.js";

const AROUND = 3;
const FEW = 4;
const SAID = { "-": "Removed: ", "+": "Added: " };
const MARK = { "-": "del", "+": "ins" };
const CLASS = { "-": "m", "+": "p" };

/* Lines far from every change are folded; a button shows them. */
export function drawLines(lines, { numbers = true } = {}) {
  if (!lines.length) return h("p", { class: "none" }, "There is nothing to compare.");
  return h("div", { class: numbers ? "dl" : "dl bare", tabindex: "0", role: "group", "aria-label": "Lines" }, folded(lines).map((part) => drawPart(part, numbers)));
}

/* Runs of lines: one a line that is shown, many that are folded. */
function folded(lines) {
  if (lines.every(([sign]) => sign === " ")) return lines.map((line) => [line]);
  const near = lines.map((_, at) => lines.slice(Math.max(0, at - AROUND), at + AROUND + 1).some(([sign]) => sign !== " "));
  const parts = [];
  lines.forEach((line, at) => {
    const open = parts.at(-1);
    if (!near[at] && at && !near[at - 1]) open.push(line);
    else parts.push([line]);
  });
  return parts.flatMap((part) => (part.length > FEW ? [part] : part.map((line) => [line])));
}

function drawPart(part, numbers) {
  if (part.length === 1) return drawLine(part[0], numbers);
  const show = h("button", { type: "button", class: "gap", onclick: () => show.replaceWith(...part.map((line) => drawLine(line, numbers))) }, `${part.length} lines that are the same`);
  return show;
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
