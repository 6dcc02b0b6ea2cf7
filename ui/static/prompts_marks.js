/* Cuts a line of a prompt into marked pieces: YAML keys, role lines, Jinja. Knows no page.

   A line's marks depend on the line and on the state before it: "yaml" in the front matter, "text"
   after it, "#", "{" or "%" inside a comment, an expression or a statement of several lines. */

const OPEN = { "{#": "#", "{{": "{", "{%": "%" };
const CLOSE = { "#": "#}", "{": "}}", "%": "%}" };
const KIND = { "#": "ck", "{": "cj", "%": "cj" };
const ROLE = /^\s*(system|user|assistant)\s*:\s*$/i;
const KEY = /(?<=^\s*(?:- )?|[{,]\s*)[A-Za-z_][\w-]*(?=\s*:(?:\s|$))/g;

/* The state before the first line. A partial or a list of examples has no front matter. */
export const begin = (form) => (form === "prompt" ? "start" : form === "examples" ? "json" : "text");

/* The pieces of a line as [class or "", text], and the state after it. */
export function marks(line, state) {
  if (state === "json") return { pieces: json(line), after: "json" };
  if (state === "start") return line.trim() === "---" ? { pieces: [["ck", line]], after: "yaml" } : marks(line, "text");
  if (state === "yaml") return line.trim() === "---" ? { pieces: [["ck", line]], after: "text" } : { pieces: yaml(line), after: "yaml" };
  if (state === "text" && ROLE.test(line)) return { pieces: [["cr", line]], after: "text" };
  return jinja(line, state);
}

function yaml(line) {
  const comment = /(^|\s)#.*$/.exec(line);
  const text = comment ? line.slice(0, comment.index) : line;
  const pieces = between(text, KEY, "cj");
  if (comment) pieces.push(["ck", line.slice(comment.index)]);
  return pieces;
}

const json = (line) => between(line, /"(?:[^"\\]|\\.)*"(?=\s*:)/g, "cj");

function between(text, pattern, kind) {
  const pieces = [];
  let at = 0;
  for (const found of text.matchAll(pattern)) {
    if (found.index > at) pieces.push(["", text.slice(at, found.index)]);
    pieces.push([kind, found[0]]);
    at = found.index + found[0].length;
  }
  if (at < text.length) pieces.push(["", text.slice(at)]);
  return pieces;
}

function jinja(line, state) {
  const pieces = [];
  let at = 0;
  while (at < line.length) {
    if (state === "text") {
      const found = /\{[#{%]/.exec(line.slice(at));
      const end = found ? at + found.index : line.length;
      if (end > at) pieces.push(["", line.slice(at, end)]);
      at = end;
      if (found) state = OPEN[found[0]];
      else break;
    }
    const close = line.indexOf(CLOSE[state], at);
    const end = close < 0 ? line.length : close + 2;
    pieces.push([KIND[state], line.slice(at, end)]);
    at = end;
    if (close >= 0) state = "text";
  }
  return { pieces, after: state };
}
