/* A plot in its panel: title, legend, and the table behind it, whose every value leads to the answers
   behind the point. Asks nothing. */

import { $, h } from "./dom.js";
import { legend } from "./plots.js";
import { looksOf, timePlot } from "./monitor_plots.js";
import { addressOf, monitor } from "./monitor_shell.js";
import { bucketName, bucketsOf, worded } from "./monitor_words.js";

const tables = new Set(); // the plots that are shown as tables

/* The panel of a plot: {element, show(plot, period)}. */
export function plotPanel(key) {
  let shown = null;
  const follow = (series, [at]) => location.assign(addressOf(monitor.wanted, { plot: key, series: series.key, at }));
  const drawn = timePlot({ data: () => shown, choose: follow });
  const title = h("h2", {});
  const names = h("span", { class: "leg" });
  const toggle = h("button", { type: "button", class: "btn quiet s", id: `mon-table-${key}`, "aria-pressed": "false", onclick: () => swap() }, "Table");
  const body = h("div", { class: "pb" });
  const element = h("section", { class: "panel mon-plot" }, h("div", { class: "ph wrap" }, title, h("span", { class: "sp" }), names, toggle), body);

  const draw = () => {
    const asTable = tables.has(key);
    const { plot, period } = shown;
    toggle.setAttribute("aria-pressed", String(asTable));
    toggle.setAttribute("aria-label", asTable ? `Show ${plot.title} as a plot` : `Show ${plot.title} as a table`);
    toggle.textContent = asTable ? "Plot" : "Table";
    if (asTable) drawTable(body, plot, period, key);
    else if (drawn.root.parentElement !== body) body.replaceChildren(drawn.root);
    if (!asTable) drawn.draw();
  };
  const swap = () => {
    if (!tables.delete(key)) tables.add(key);
    draw();
  };
  const show = (plot, period) => {
    shown = { plot, period };
    element.setAttribute("aria-label", plot.title);
    title.textContent = plot.title;
    const looks = looksOf(plot.series);
    const kind = plot.kind === "bar" ? "f" : "s";
    // One series that the title names needs no name of its own.
    const named = plot.series.length > 1 || !plot.title.startsWith(plot.series[0].name);
    names.replaceChildren(...(named ? plot.series.map((one, at) => legend(`${kind}${looks[at]}`, one.name)) : []));
    draw();
  };
  return { element, show };
}

/* Drawn anew while somebody reads it, it stands as far down. */
function drawTable(body, plot, period, key) {
  const old = $(".behind-at", body);
  const table = h("div", { class: "behind-at scroll", tabindex: "0", role: "group", "aria-label": `${plot.title}, table` }, tableOf(plot, period, key));
  body.replaceChildren(table, plot.about ? h("p", { class: "xs dim behind-about" }, plot.about) : "");
  if (old) table.scrollTop = old.scrollTop;
}

function tableOf(plot, period, key) {
  const points = plot.series.map(({ points: all }) => new Map(all.map((one) => [Date.parse(one[0]), one])));
  const times = bucketsOf(period).filter((time) => points.some((known) => known.get(time) && known.get(time)[1] !== null));
  const cell = (series, point) => {
    if (!point || point[1] === null) return "–";
    const [at, value, count, low, high] = point;
    const text = worded(value, plot.unit);
    const of = plot.unit === "count" || plot.unit === "tokens" ? null : `of ${count.toLocaleString("en")}${low === null || high === null ? "" : `, ${worded(low, plot.unit)} to ${worded(high, plot.unit)}`}`;
    const shown = series.links && count ? h("a", { href: addressOf(monitor.wanted, { plot: key, series: series.key, at }), "aria-label": `${text}: show the answers` }, text) : text;
    return h("span", {}, shown, of && h("span", { class: "sub" }, of));
  };
  const row = (time) => h("tr", {}, h("th", { scope: "row" }, bucketName(time, period.bucket)), plot.series.map((one, at) => h("td", { class: "r" }, cell(one, points[at].get(time)))));
  const head = h("tr", {}, h("th", { scope: "col" }, period.bucket === "day" ? "Day" : "Hour"), plot.series.map((one) => h("th", { scope: "col", class: "r" }, one.name)));
  return h("table", { class: "t behind", "aria-label": plot.title }, h("thead", {}, head), h("tbody", {}, times.map(row)));
}
