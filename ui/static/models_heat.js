/* The attention of one layer as a grid: a cell for each pair of tokens, its weight as colour, its
   value on hover, by arrow keys, and as a table of numbers. */

import { $, h } from "./dom.js";
import { say } from "./overlays.js";
import { nameOf } from "./pieces.js";

const MEAN = "mean";

let shown = null;
let at = [0, 0];

/* Nothing to show yet. */
export function emptyAttention() {
  shown = null;
  $("#inside-heat").replaceChildren(h("p", { class: "none" }, "Show a sentence: a cell then says how much of one token went into another."));
  $("#inside-read").textContent = "";
  for (const id of ["inside-layer", "inside-head", "inside-table"]) {
    $(`#${id}`).disabled = true;
    if (id !== "inside-table") $(`#${id}`).replaceChildren();
  }
}

/* `told`: {tokens, layer, layers, heads}; a row of a head ends with the row's own token. */
export function drawAttention(told) {
  const head = $("#inside-head").value || MEAN;
  shown = told;
  at = [0, 0];
  fill($("#inside-layer"), count(told.layers).map((n) => [n, `${n} of ${told.layers}`]), told.layer);
  const heads = [[MEAN, "mean"], ...count(told.heads.length).map((n) => [n, `${n} of ${told.heads.length}`])];
  fill($("#inside-head"), heads, heads.some(([value]) => String(value) === head) ? head : MEAN);
  $("#inside-table").disabled = false;
  $("#inside-head").onchange = draw;
  $("#inside-table").onclick = turn;
  draw();
  say(`Attention of layer ${told.layer} for ${told.tokens.length} tokens.`);
}

const count = (most) => Array.from({ length: most }, (_, index) => index + 1);

function fill(select, options, value) {
  select.replaceChildren(...options.map(([one, text]) => h("option", { value: one }, text)));
  select.value = value;
  select.disabled = false;
}

function turn(event) {
  const pressed = event.currentTarget.getAttribute("aria-pressed") !== "true";
  event.currentTarget.setAttribute("aria-pressed", String(pressed));
  draw();
}

/* The weights of the chosen head, or their mean over all heads. */
function weights() {
  const { heads } = shown;
  const head = $("#inside-head").value;
  if (head !== MEAN) return heads[head - 1];
  return heads[0].map((row, i) => row.map((_, j) => heads.reduce((sum, one) => sum + one[i][j], 0) / heads.length));
}

function draw() {
  const rows = weights();
  const numbers = $("#inside-table").getAttribute("aria-pressed") === "true";
  const names = shown.tokens.map(nameOf);
  const heads = $("#inside-head").selectedOptions[0].textContent;
  const label = `Attention of layer ${shown.layer}, head ${heads}, from each token (rows) to those before it (columns)`;
  const table = h(
    "table",
    { class: numbers ? "heat numbers" : "heat", role: numbers ? "table" : "grid", "aria-label": label, style: `--columns:${names.length}` },
    h("thead", {}, h("tr", {}, h("td", {}), names.map((name) => h("th", { scope: "col", title: name }, h("span", {}, name))))),
    h("tbody", {}, rows.map((row, i) => h("tr", {}, h("th", { scope: "row", title: names[i] }, names[i]), names.map((name, j) => cell(row[j], i, j, names, numbers))))),
  );
  if (!numbers) {
    table.addEventListener("keydown", move);
    table.addEventListener("pointerover", (event) => hovered(event.target.closest("td[data-i]")));
    table.addEventListener("focusin", (event) => hovered(event.target.closest("td[data-i]")));
  }
  $("#inside-heat").replaceChildren(table);
  if (!numbers) read(...at);
  $("#inside-read").hidden = numbers;
}

function cell(weight, i, j, names, numbers) {
  if (weight === undefined) return h("td", { class: "later" }, numbers && "–");
  if (numbers) return h("td", {}, weight.toFixed(2));
  return h("td", {
    role: "gridcell",
    tabindex: i === at[0] && j === at[1] ? "0" : "-1",
    "data-i": i,
    "data-j": j,
    "aria-label": `${names[i]} to ${names[j]}: ${weight.toFixed(2)}`,
    title: `${names[i]} → ${names[j]}: ${weight.toFixed(2)}`,
    style: `--w:${(weight * 100).toFixed(1)}%`,
  });
}

function hovered(one) {
  if (one) read(Number(one.dataset.i), Number(one.dataset.j));
}

/* The value of a cell in words under the picture. */
function read(i, j) {
  const [from, to] = [i, j].map((place) => nameOf(shown.tokens[place]));
  $("#inside-read").textContent = `“${from}” takes ${weights()[i][j].toFixed(2)} from “${to}”${i === j ? ", itself" : ""}.`;
}

function move(event) {
  const [i, j] = at;
  const to = { ArrowUp: [i - 1, j], ArrowDown: [i + 1, j], ArrowLeft: [i, j - 1], ArrowRight: [i, j + 1], Home: [i, 0], End: [i, i] }[event.key];
  if (!to) return;
  event.preventDefault();
  const last = shown.tokens.length - 1;
  const row = Math.max(0, Math.min(to[0], last));
  const find = (place) => $(`#inside-heat [data-i="${place[0]}"][data-j="${place[1]}"]`);
  find(at).tabIndex = -1;
  at = [row, Math.max(0, Math.min(to[1], row))];
  find(at).tabIndex = 0;
  find(at).focus();
}
