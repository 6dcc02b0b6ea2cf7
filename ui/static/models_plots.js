/* The plots of the Models page: lines over the steps of a run, and pairs of bars. Draws, asks nothing. */

import { NARROW, readable, s, ticks } from "./plots.js";

/* How wide a letter of a label is on average, in pixels, rounded up. */
const LETTER = 6.2;

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

/* A title that ends at x, on two lines where one is too short for it. */
function beside(title, x, y) {
  const room = Math.floor(x / LETTER);
  const cut = title.length > room ? title.lastIndexOf(" ", room) : -1;
  const lines = cut > 0 ? [title.slice(0, cut), title.slice(cut + 1)] : [title];
  return lines.map((line, at) => s("text", { class: "ink", x, y: y + (at - (lines.length - 1) / 2) * 14, "text-anchor": "end" }, line));
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
    const names = width < NARROW ? [s("text", { class: "ink", x: 0, y: top - 5 }, title)] : beside(title, from - 10, top + 16);
    return [...names, ...bar(base, "f2", top), ...bar(tuned, "f1", top + 14)];
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
