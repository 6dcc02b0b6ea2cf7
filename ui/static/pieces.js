/* Tokens as people read them. A token is [id, text, kind]. */

const SIGNS = { "\n": "⏎", "\t": "⇥", "\r": "↵" };
const NAMES = { "": "part of a character", " ": "space", "\n": "line break", "\t": "tab", "\r": "carriage return" };

/* What stands on the page: what cannot be seen has a sign, a part of a character too. */
export function signOf([, text, kind]) {
  if (kind === "part") return "·";
  if (text.trim() || !text) return text.replace(/[\n\t\r]/g, (sign) => SIGNS[sign]);
  return [...text].map((sign) => SIGNS[sign] ?? "␣").join("");
}

/* What is said of it: in a heading, to a screen reader. */
export function nameOf([, text, kind]) {
  if (kind === "control") return text;
  if (NAMES[text] !== undefined) return NAMES[text];
  return text.trim() || `${[...text].length} spaces`;
}

export function percent(share) {
  const value = share * 100;
  if (value >= 9.95) return `${Math.round(value)} %`;
  if (value >= 0.05) return `${value.toFixed(1)} %`;
  return "under 0.1 %";
}

/* The band of a probability, as a class that colour and line of the token follow. */
export const bandOf = (share) => (share > 0.9 ? "p4" : share > 0.6 ? "p3" : share > 0.3 ? "p2" : "p1");
