/* Figures and times of the Monitor page in words. Knows no element. A unit is one of count, share,
   seconds, distance, tokens, money; a value of none is a dash. Days are UTC's, hours the reader's. */

import { percent } from "./prompts_book.js";

const NONE = "–";
const absent = (value) => value === null || value === undefined;

export const PERIODS = { "24h": "24 h", "7d": "7 days", "30d": "30 days" };
export const BEFORE = { "24h": "the day before", "7d": "last week", "30d": "the 30 days before" };
export const GROUPS = { prompt: "By prompt version", model: "By model", channel: "By channel", arm: "By release and share" };
export const CHANNELS = { chat: "Chat", desk: "Desk", api: "API" };
export const BY_CHANNEL = { chat: "in the chat", desk: "at the desk", api: "through the API" };

/* A large number in few signs: 940, 12 k, 0.9 M. */
export function compact(value) {
  if (absent(value)) return NONE;
  if (value >= 1e8) return `${Math.round(value / 1e6).toLocaleString("en")} M`;
  if (value >= 1e5) return `${(value / 1e6).toFixed(1)} M`;
  if (value >= 1e4) return `${Math.round(value / 1e3)} k`;
  return Math.round(value).toLocaleString("en");
}

/* A value as it stands in a table, with its unit. */
export function worded(value, unit) {
  if (absent(value)) return NONE;
  if (unit === "share") return `${(100 * value).toFixed(1)} %`;
  if (unit === "seconds") return `${value.toFixed(value < 10 ? 2 : 1)} s`;
  if (unit === "distance") return value.toFixed(2);
  if (unit === "money") return value.toFixed(2);
  if (unit === "tokens") return compact(value);
  return Math.round(value).toLocaleString("en");
}

/* A value as one of the six at the top: short. */
export function headline(value, unit) {
  if (unit === "seconds" && !absent(value) && value >= 0.5) return `${value.toFixed(1)} s`;
  if (unit === "share" && !absent(value)) return percent(value);
  return worded(value, unit);
}

const signed = (value, digits) => {
  const text = String(Number(Math.abs(value).toFixed(digits)));
  return text === "0" ? "0" : `${value < 0 ? "−" : "+"}${text}`;
};

/* What became of a figure since the period before: its words, and whether it is better (1), worse (-1)
   or neither (0). null: there is nothing to compare with. */
export function change({ value, before, unit, better }) {
  if (absent(value) || absent(before)) return null;
  const by = value - before;
  if (unit === "count" && !before) return null;
  const words = { count: () => `${signed((100 * by) / before, 0)}${Math.abs(by / before) < 0.005 ? "" : " %"}`, share: () => signed(100 * by, 1), distance: () => signed(by, 2) };
  const text = (words[unit] ?? (() => signed(by, unit === "seconds" && Math.abs(by) >= 0.05 ? 1 : 2)))();
  const good = !better || text === "0" ? 0 : by > 0 === (better === "up") ? 1 : -1;
  return { text, good };
}

// Times -------------------------------------------------------------------------------------------

const DAY = 86_400_000;
const STEPS = { hour: 3_600_000, day: DAY };
const dayOf = (time, month) => new Date(time).toLocaleDateString("en-GB", { day: "numeric", month: month ? "short" : undefined, timeZone: "UTC" });
const hourOf = (time) => new Date(time).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });

/* The buckets of a period in their order, as milliseconds. */
export function bucketsOf({ since, until, bucket }) {
  const step = STEPS[bucket];
  const [from, to] = [Date.parse(since), Date.parse(until)];
  const first = Math.floor(from / step) * step;
  return Array.from({ length: Math.max(1, Math.ceil((to - first) / step)) }, (_, at) => first + at * step);
}

/* What stands under a plot: the day or the hour; the last of all, and the first of a month, with it. */
export function tickOf(time, bucket, last) {
  if (bucket === "hour") return hourOf(time);
  return dayOf(time, last || new Date(time).getUTCDate() === 1);
}

/* A bucket in words: "Mon 23 Nov", "Mon 23 Nov, 16:00". */
export function bucketName(time, bucket) {
  const zone = bucket === "day" ? { timeZone: "UTC" } : {};
  const day = new Date(time).toLocaleDateString("en-GB", { weekday: "short", day: "numeric", month: "short", ...zone });
  return bucket === "day" ? day : `${day}, ${hourOf(time)}`;
}

/* A moment as people say it: "16:10", "yesterday 16:10", "tomorrow 16:10", "23 Nov 16:10". */
export function momentName(iso) {
  const at = new Date(iso);
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / DAY);
  const near = { 0: "", 1: "yesterday ", [-1]: "tomorrow " };
  const day = near[days] ?? `${at.toLocaleDateString("en-GB", { day: "numeric", month: "short" })} `;
  return day + hourOf(at);
}
