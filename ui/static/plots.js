/* What every plot is made of: SVG with text as text, as wide as its place and drawn anew when that
   changes; the values can be read with the arrow keys and under the pointer. Knows no page: the plots
   of Models are models_plots.js, those over time monitor_plots.js. Draws, asks nothing. */

import { h } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";
/* Below this many pixels a plot is drawn for a narrow screen. */
export const NARROW = 620;
const KEYS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10, Home: -Infinity, End: Infinity };

/* s("path", {class: "grid", d: "…"}, text, …): an element of a drawing. */
export function s(tag, attributes = {}, ...texts) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== undefined) made.setAttribute(name, value);
  made.append(...texts);
  return made;
}

/* A place that redraws itself at its own width. `stops()` are what the arrow keys go through: each
   {x, y, lines: [text, …]}, the first line its name; `paint(width)` returns [height, shapes]. `choose`
   gets the stop on which somebody clicks or presses Enter, and the click. */
export function readable(label, { paint, stops, name, choose = null }) {
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
      if (event.key === "Enter" && choose && stops().length) choose(stops()[at ?? stops().length - 1], null);
      return;
    }
    event.preventDefault();
    const last = stops().length - 1;
    show(step === -Infinity ? 0 : step === Infinity ? last : at === null ? last : at + step);
  });
  if (choose) root.addEventListener("click", (event) => stops().length && choose(stops()[nearest(stops(), event, drawing)], event));
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

/* A line of a legend: how a series is drawn, and its name. */
export function legend(kind, name) {
  const drawing = s("svg", { viewBox: "0 0 22 8", "aria-hidden": "true" });
  drawing.append(kind[0] === "f" ? s("rect", { class: kind, x: 0, y: 1, width: 22, height: 7, rx: 2 }) : s("path", { class: kind, d: "M1 4h20" }));
  return h("span", { class: "row" }, drawing, name);
}
