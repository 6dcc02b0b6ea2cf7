/* Words and places of the desk's texts. The server counts characters, the browser UTF-16 units. */

/* From a place of the server's to one of the browser's. */
export function unitsOf(text) {
  if (!/[\ud800-\udfff]/.test(text)) return (point) => point;
  const starts = [];
  let unit = 0;
  for (const one of text) {
    starts.push(unit);
    unit += one.length;
  }
  return (point) => starts[point] ?? unit;
}

/* The other way round. */
export const pointsOf = (text) => (unit) => [...text.slice(0, unit)].length;

/* Marks of the server with the browser's places. */
export function placed(text, marks) {
  const unit = unitsOf(text);
  return marks.map((one) => ({ ...one, start: unit(one.start), end: unit(one.end) }));
}

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

/* How long somebody waits: "41 min", "3 h 40", "2 d 4 h". */
export function waited(seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < MINUTE) return "now";
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)} h ${String(Math.floor((seconds % HOUR) / MINUTE)).padStart(2, "0")}`;
  const [days, hours] = [Math.floor(seconds / DAY), Math.floor((seconds % DAY) / HOUR)];
  return hours && days < 10 ? `${days} d ${hours} h` : `${days} d`;
}

/* A time in a thread: "Today 08:52", "20 Nov 08:52". */
export function clock(iso) {
  if (!iso) return "";
  const at = new Date(iso);
  const time = at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const today = new Date();
  if (at.toDateString() === today.toDateString()) return `Today ${time}`;
  const sameYear = at.getFullYear() === today.getFullYear();
  return `${at.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: sameYear ? undefined : "numeric" })} ${time}`;
}

export const hour = (at = new Date()) => at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });

const names = new Intl.DisplayNames(["en"], { type: "language" });

export function languageName(code) {
  if (!code) return "";
  try {
    return names.of(code) ?? code;
  } catch {
    return code;
  }
}

export const capital = (text) => (text ? text[0].toUpperCase() + text.slice(1) : "");

/* What of two texts stays the same at both ends: {start, before, after}, where they differ. */
export function edited(old, now) {
  const most = Math.min(old.length, now.length);
  let start = 0;
  while (start < most && old[start] === now[start]) start += 1;
  let same = 0;
  while (same < most - start && old[old.length - 1 - same] === now[now.length - 1 - same]) same += 1;
  return { start, before: old.length - same, after: now.length - same };
}
