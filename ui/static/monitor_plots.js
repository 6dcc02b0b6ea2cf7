/* Plots over time: lines, and bars that are stacked where there are several. Each is as wide as its
   place; a point leads to the answers behind it. Draws, asks nothing. */

import { NARROW, readable, s, ticks } from "./plots.js";
import { bucketName, bucketsOf, compact, tickOf, worded } from "./monitor_words.js";

const EDGE = { right: 16, top: 12, bottom: 28 };
const FIRST = { main: 1, before: 2, share: 3 };
const LOOKS = 6;

/* How each series is drawn, by number: its role's own look, else the next that is free. */
export function looksOf(series) {
  const taken = new Set();
  return series.map(({ role }) => {
    const free = Array.from({ length: LOOKS }, (_, at) => at + 1).filter((one) => !taken.has(one));
    const own = FIRST[role];
    const look = taken.has(own) ? free.find((one) => one > 3) ?? free[0] ?? own : own;
    taken.add(look);
    return look;
  });
}

/* Where the scale begins and ends, and the numbers on it. A share that stays high is looked at from
   near: its scale does not begin at 0. */
function rowsOf(plot, tops, height) {
  const most = height < 210 ? 3 : 4;
  const values = [...tops, ...(plot.limit ? [plot.limit.value] : [])];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (plot.unit === "share" && plot.kind === "line" && low > 0.5) {
    return ticks(Math.max(0, Math.floor(low * 10 - 0.5) / 10), Math.min(1, Math.ceil(high * 10) / 10), most);
  }
  if (plot.unit === "share") return ticks(0, Math.min(1, high || 0.1), most);
  const whole = plot.unit === "count" || plot.unit === "tokens";
  return ticks(0, high || 1, most).filter((one) => !whole || Number.isInteger(one));
}

/* A number on the scale; the highest with its unit. */
function scaleText(value, unit, rows) {
  const top = value === rows.at(-1);
  const digits = (numbers) => Math.max(0, ...numbers.map((one) => String(Number(one.toPrecision(6))).split(".")[1]?.length ?? 0));
  if (unit === "share" && !value) return "0";
  if (unit === "share") return `${(100 * value).toFixed(digits(rows.map((one) => 100 * one)))}${top ? " %" : ""}`;
  if (unit === "seconds") return value ? `${value.toFixed(digits(rows))}${top ? " s" : ""}` : "0";
  if (unit === "count" || unit === "tokens") return compact(value);
  return value ? value.toFixed(digits(rows)) : "0";
}

/* A value with what it may really be, and of how many. */
function said([, value, count, low, high], unit) {
  const range = low === null || high === null ? "" : ` (${worded(low, unit)} to ${worded(high, unit)})`;
  const of = unit === "count" || unit === "tokens" ? "" : `, of ${count.toLocaleString("en")}`;
  return `${worded(value, unit)}${range}${of}`;
}

/* A plot of `data()`: {plot, period: {since, until, bucket}}, see pages/monitor_view.py. `choose` gets a
   series and a point when somebody follows one. Returns {root, draw}. */
export function timePlot({ data, choose }) {
  let scale = null;

  const paint = (width) => {
    const { plot, period } = data();
    const height = width < NARROW / 2 ? 200 : 216;
    scale = scaleOf(plot, period, width, height);
    const shapes = plot.kind === "bar" ? bars(plot) : lines(plot);
    return [height, [...rows(plot, width), ...columns(period, height, width), ...limit(plot, width), ...shapes]];
  };

  const rows = (plot, width) =>
    scale.rows.flatMap((value, at) => [
      s("path", { class: at ? "grid" : "ax", d: `M${scale.left} ${scale.y(value)}H${width - EDGE.right}` }),
      s("text", { x: scale.left - 6, y: scale.y(value) + 4, "text-anchor": "end" }, scaleText(value, plot.unit, scale.rows)),
    ]);

  const columns = ({ bucket }, height, width) => {
    const { buckets } = scale;
    const every = Math.ceil((buckets.length * (bucket === "hour" ? 52 : 46)) / (width - scale.left));
    const last = buckets.length - 1;
    return buckets.flatMap((time, at) => {
      if ((last - at) % every) return [];
      const anchor = scale.bars || (at > 0 && at < last) ? "middle" : at ? "end" : "start";
      return [s("text", { x: scale.x(time), y: height - 8, "text-anchor": anchor }, tickOf(time, bucket, at === last))];
    });
  };

  const limit = (plot, width) =>
    plot.limit
      ? [
          s("path", { class: "limit", d: `M${scale.left} ${scale.y(plot.limit.value)}H${width - EDGE.right}` }),
          s("text", { class: "limit", x: scale.left + 6, y: scale.y(plot.limit.value) - 5 }, plot.limit.text),
        ]
      : [];

  const lines = (plot) => {
    const looks = looksOf(plot.series);
    return plot.series.flatMap((one, no) => parts(one.points).map((part) => lineOf(part, `s${looks[no]}`))).reverse();
  };

  /* Points that follow each other; where a bucket has none the line is interrupted. */
  const parts = (points) => {
    const known = new Map(points.map((one) => [Date.parse(one[0]), one]));
    const found = [];
    let open = null;
    for (const time of scale.buckets) {
      const point = known.get(time);
      if (!point || point[1] === null) open = null;
      else if (open) open.push([time, point[1]]);
      else found.push((open = [[time, point[1]]]));
    }
    return found;
  };

  const lineOf = (part, kind) =>
    part.length === 1
      ? s("circle", { class: `${kind} only`, cx: scale.x(part[0][0]), cy: scale.y(part[0][1]), r: 2.5 })
      : s("path", { class: kind, d: part.map(([time, value], at) => `${at ? "L" : "M"}${scale.x(time).toFixed(1)} ${scale.y(value).toFixed(1)}`).join("") });

  const bars = (plot) => {
    const looks = looksOf(plot.series);
    const under = new Map();
    return plot.series.flatMap((one, no) =>
      one.points.filter(([, value]) => value).map(([iso, value]) => {
        const time = Date.parse(iso);
        const from = under.get(time) ?? 0;
        under.set(time, from + value);
        const [top, bottom] = [scale.y(from + value), scale.y(from)];
        return s("rect", { class: `f${looks[no]}`, x: scale.x(time) - scale.wide / 2, y: top, width: scale.wide, height: Math.max(1, bottom - top - (from ? 1 : 0)), rx: 2 });
      }),
    );
  };

  const stops = () => {
    if (!scale) return [];
    const { plot, period } = data();
    return scale.buckets.flatMap((time) => {
      const here = plot.series
        .map((series) => ({ series, point: series.points.find(([iso, value]) => value !== null && Date.parse(iso) === time) }))
        .filter(({ point }) => point);
      if (!here.length) return [];
      return [
        {
          x: scale.x(time),
          y: EDGE.top,
          here,
          lines: [bucketName(time, period.bucket), ...here.map(({ series, point }) => `${series.name} ${said(point, plot.unit)}`)],
          mark: () => cursor(plot, time, here),
        },
      ];
    });
  };

  const cursor = (plot, time, here) => {
    if (scale.bars) return s("rect", { class: "under", x: scale.x(time) - scale.band / 2, y: EDGE.top, width: scale.band, height: scale.bottom - EDGE.top, rx: 4 });
    const looks = looksOf(plot.series);
    const dots = here.map(({ series, point }) => s("circle", { class: `s${looks[plot.series.indexOf(series)]} dot`, cx: scale.x(time), cy: scale.y(point[1]), r: 3.5 }));
    return s("g", {}, s("path", { class: "cursor", d: `M${scale.x(time)} ${EDGE.top}V${scale.bottom}` }), ...dots);
  };

  /* What somebody meant: by the keyboard the first series, by the pointer the nearest. */
  const meant = ({ here }, event) => {
    const linked = here.filter(({ series }) => series.links);
    if (!linked.length) return;
    const y = event ? event.clientY - made.root.getBoundingClientRect().top : null;
    const far = ({ point }) => Math.abs(scale.y(point[1]) - y);
    const { series, point } = y === null || scale.bars ? linked[0] : linked.reduce((best, one) => (far(one) < far(best) ? one : best));
    choose(series, point);
  };

  const name = () => {
    const { plot } = data();
    const leads = plot.series.some(({ links }) => links) ? " Enter shows the answers." : "";
    return `${plot.title}: ${plot.series.map((one) => one.name).join(", ")}. Arrow keys read the values.${leads}`;
  };
  const made = readable("Plot", { paint, stops, name, choose: meant });
  return made;
}

function scaleOf(plot, period, width, height) {
  const buckets = bucketsOf(period);
  const isBars = plot.kind === "bar";
  const rows = rowsOf(plot, isBars ? sums(plot.series) : plot.series.flatMap(({ points }) => points.map(([, value]) => value).filter((value) => value !== null)), height);
  const [low, high] = [rows[0], rows.at(-1)];
  const left = 14 + 6.2 * Math.max(...rows.map((one) => scaleText(one, plot.unit, rows).length), 2);
  const bottom = height - EDGE.bottom;
  const across = width - left - EDGE.right;
  const band = across / buckets.length;
  const step = buckets.length > 1 ? buckets[1] - buckets[0] : 1;
  return {
    buckets,
    rows,
    left,
    bottom,
    band,
    bars: isBars,
    wide: Math.max(2, band * 0.54),
    x: (time) => left + (isBars ? ((time - buckets[0]) / step + 0.5) * band : buckets.length > 1 ? ((time - buckets[0]) / (buckets.at(-1) - buckets[0])) * across : across / 2),
    y: (value) => EDGE.top + (1 - (value - low) / Math.max(high - low, 1e-9)) * (bottom - EDGE.top),
  };
}

/* How high the stack of each bucket is. */
function sums(series) {
  const found = new Map();
  for (const { points } of series) for (const [iso, value] of points) found.set(iso, (found.get(iso) ?? 0) + (value ?? 0));
  return [0, ...found.values()];
}
