/* Plots as SVG with text as text: lines over steps, and pairs of bars. Each is as wide as its place and
   drawn anew when that changes; the values can be read with the arrow keys and under the pointer.
   Draws, asks nothing. */

import { h } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";
const NARROW = 620;
const KEYS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10, Home: -Infinity, End: Infinity };

function s(tag, attributes = {}, ...texts) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== undefined) made.setAttribute(name, value);
  made.append(...texts);
  return made;
}

/* A place that redraws itself at its own width. `stops()` are what the arrow keys go through: each
   {x, y, lines: [text, …]}, the first line its name; `paint(width)` returns [height, shapes]. */
function readable(label, { paint, stops, name }) {
  const drawing = s("svg", { class: "plot", "aria-hidden": "true" });
  const tip = h("div", { class: "tip", "aria-hidden": "true", hidden: true });
  const root = h("div", { class: "plot-at", tabindex: "0", role: "slider", "aria-label": label }, drawing, tip);
  let at = null;
  let cursor = null;
  const show = (index) => {
    const all = stops();
    at = all.length ? Math.max(0, Math.min(index, all.length - 1)) : null;
    tell(all);
    tip.hidden = at === null;
    cursor?.remove();
    if (at === null) return;
    const { x, y, lines, mark } = all[at];
    cursor = mark && drawing.insertBefore(mark(), drawing.firstChild);
    tip.replaceChildren(...lines.map((line, no) => h("span", { class: no ? "num" : "num b" }, line)));
    const left = Math.min(Math.max(0, x + 12), Math.max(0, root.clientWidth - tip.offsetWidth - 2));
    tip.style.left = `${x + 12 > left + 1 ? Math.max(0, x - tip.offsetWidth - 12) : left}px`;
    tip.style.top = `${Math.max(0, y)}px`;
  };
  const hide = () => {
    tip.hidden = true;
    cursor?.remove();
  };
  const tell = (all) => {
    const now = at ?? all.length - 1;
    root.setAttribute("aria-valuemin", "0");
    root.setAttribute("aria-valuemax", String(Math.max(0, all.length - 1)));
    root.setAttribute("aria-valuenow", String(Math.max(0, now)));
    root.setAttribute("aria-valuetext", all[now]?.lines.join(", ") ?? "Nothing measured yet");
  };
  const draw = () => {
    const width = root.clientWidth;
    if (!width) return;
    const [height, shapes] = paint(width, root.clientHeight);
    drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
    drawing.setAttribute("width", width);
    drawing.setAttribute("height", height);
    drawing.replaceChildren(...shapes);
    root.setAttribute("aria-label", name ? name() : label);
    if (!tip.hidden) show(at);
    else tell(stops());
  };
  root.addEventListener("keydown", (event) => {
    const step = KEYS[event.key];
    if (step === undefined) {
      if (event.key === "Escape" && !tip.hidden) hide();
      return;
    }
    event.preventDefault();
    const last = stops().length - 1;
    show(step === -Infinity ? 0 : step === Infinity ? last : at === null ? last : at + step);
  });
  root.addEventListener("focus", () => root.matches(":focus-visible") && show(at ?? stops().length - 1));
  root.addEventListener("blur", hide);
  root.addEventListener("pointermove", (event) => show(nearest(stops(), event, drawing)));
  root.addEventListener("pointerleave", () => document.activeElement !== root && hide());
  new ResizeObserver(draw).observe(root);
  return { root, draw };
}

function nearest(all, event, drawing) {
  const box = drawing.getBoundingClientRect();
  const [x, y] = [event.clientX - box.left, event.clientY - box.top];
  const far = (one) => (one.row === undefined ? Math.abs(one.x - x) : Math.abs(one.row - y));
  return all.reduce((best, one, index) => (far(one) < far(all[best]) ? index : best), 0);
}

/* Round numbers that cover a range, about `most` of them. */
export function ticks(low, high, most) {
  const span = Math.max(high - low, 1e-9);
  const rough = span / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= rough * 0.999);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

/* A line at one step, with its words where there is room for them. */
function markOf(mark, scale, width) {
  if (!mark) return [];
  const x = scale.x(mark.x);
  const right = x < width * 0.66;
  return [
    s("path", { class: "grid best", d: `M${x} ${scale.top}V${scale.bottom}` }),
    s("text", { x: right ? x + 6 : x - 6, y: scale.top + 12, "text-anchor": right ? "start" : "end" }, mark.text),
  ];
}

/* Where steps are named below a plot, the last apart: equal parts where they are round numbers. */
function stepsOf(most, parts) {
  const even = most % (5 * parts) === 0;
  const all = even ? Array.from({ length: parts }, (_, index) => (index * most) / parts) : ticks(0, most, parts);
  return all.filter((value) => value < most * 0.9);
}

/* Lines over steps, as high as their place. `data()` returns {series: [{name, kind, points: [[x, y], …]}], most, unit, mark:
   {x, text} or null}; `say(data)` its words for people who do not see it. Returns {root, draw}. */
export function linePlot({ data, say }) {
  const edge = { left: 40, right: 16, top: 10, bottom: 28 };
  let scale = null;
  const paint = (width, room) => {
    const { series, most, unit, mark } = data();
    const height = Math.max(200, room);
    const values = series.flatMap((one) => one.points.map(([, y]) => y));
    const rows = ticks(values.length ? Math.min(...values) : 0, values.length ? Math.max(...values) : 1, height < 220 ? 3 : 4);
    const [low, high] = [rows[0], rows.at(-1)];
    const wide = width - edge.left - edge.right;
    const tall = height - edge.top - edge.bottom;
    scale = {
      x: (value) => edge.left + (most ? value / most : 0) * wide,
      y: (value) => edge.top + (1 - (value - low) / Math.max(high - low, 1e-9)) * tall,
      top: edge.top,
      bottom: edge.top + tall,
    };
    const digits = rows.some((one) => one !== Number(one.toFixed(1))) ? 2 : 1;
    const across = rows.flatMap((value, at) => [
      s("path", { class: at ? "grid" : "ax", d: `M${edge.left} ${scale.y(value)}H${width - edge.right}` }),
      s("text", { x: edge.left - 6, y: scale.y(value) + 4, "text-anchor": "end" }, value.toFixed(digits)),
    ]);
    return [height, [...across, ...along(most, unit, width, height), ...markOf(mark, scale, width), ...series.map(lineOf)]];
  };
  const along = (most, unit, width, height) => {
    const columns = stepsOf(most, width < NARROW ? 2 : 4);
    const text = (value, anchor, words) => s("text", { x: scale.x(value), y: height - 10, "text-anchor": anchor }, words);
    return [...columns.map((value) => text(value, value ? "middle" : "start", value.toLocaleString("en"))), text(most, "end", `${most.toLocaleString("en")} ${unit}`)];
  };
  const lineOf = ({ kind, points }) =>
    points.length === 1
      ? s("circle", { class: `${kind} only`, cx: scale.x(points[0][0]), cy: scale.y(points[0][1]), r: 2.5 })
      : s("path", { class: kind, d: points.map(([x, y], at) => `${at ? "L" : "M"}${scale.x(x).toFixed(1)} ${scale.y(y).toFixed(1)}`).join("") });
  const stops = () => {
    const { series } = scale ? data() : { series: [] };
    const steps = [...new Set(series.flatMap((one) => one.points.map(([x]) => x)))].sort((a, b) => a - b);
    const known = series.map((one) => [one, new Map(one.points)]);
    return steps.map((step) => {
      const here = known.filter(([, values]) => values.has(step));
      return {
        x: scale.x(step),
        y: scale.top,
        lines: [`Step ${step.toLocaleString("en")}`, ...here.map(([one, values]) => `${one.name} ${values.get(step).toFixed(3)}`)],
        mark: () => {
          const part = s("g", {}, s("path", { class: "cursor", d: `M${scale.x(step)} ${scale.top}V${scale.bottom}` }));
          part.append(...here.map(([one, values]) => s("circle", { class: `${one.kind} dot`, cx: scale.x(step), cy: scale.y(values.get(step)), r: 3.5 })));
          return part;
        },
      };
    });
  };
  return readable("Plot", { paint, stops, name: () => say(data()) });
}

/* A pair of bars for each row {title, base, tuned, lines}, from 0 to 100. `label` names the plot;
   `lines` are what is said of a row after its title. */
export function barPlot(label, rows) {
  let width = 0;
  const tall = () => (width < NARROW ? 56 : 43);
  const left = () => (width < NARROW ? 0 : Math.min(230, width * 0.3));
  const across = (value) => (Math.max(0, Math.min(100, value)) / 100) * (width - left() - 50);
  const pair = ({ title, base, tuned }, at) => {
    const from = left();
    const top = at * tall() + (width < NARROW ? 20 : 4);
    const bar = (value, kind, y) =>
      value === null
        ? [s("text", { x: from + 2, y: y + 9 }, "not measured")]
        : [s("rect", { class: kind, x: from, y, width: Math.max(1, across(value)), height: 10.5, rx: 2 }), s("text", { x: from + across(value) + 6, y: y + 9 }, value.toFixed(1))];
    const name = width < NARROW ? { x: 0, y: top - 5 } : { x: from - 10, y: top + 16, "text-anchor": "end" };
    return [s("text", { class: "ink", ...name }, title), ...bar(base, "f2", top), ...bar(tuned, "f1", top + 14)];
  };
  const paint = (given) => {
    width = given;
    return [rows.length * tall() + 8, rows.flatMap(pair)];
  };
  const stops = () =>
    rows.map((one, at) => ({
      x: left() + across(Math.max(one.base ?? 0, one.tuned ?? 0)) / 2,
      y: at * tall() + tall() - 4,
      row: at * tall() + tall() / 2,
      lines: [one.title, ...one.lines],
      mark: () => s("rect", { class: "under", x: 0, y: at * tall(), width, height: tall(), rx: 4 }),
    }));
  return readable(label, { paint, stops });
}

/* A line of a legend: how a series is drawn, and its name. */
export function legend(kind, name) {
  const drawing = s("svg", { viewBox: "0 0 22 8", "aria-hidden": "true" });
  drawing.append(kind[0] === "f" ? s("rect", { class: kind, x: 0, y: 1, width: 22, height: 7, rx: 2 }) : s("path", { class: kind, d: "M1 4h20" }));
  return h("span", { class: "row" }, drawing, name);
}
