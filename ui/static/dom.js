/* Makes elements. All text goes in as text nodes: nothing in these scripts parses HTML. */

const SVG = "http://www.w3.org/2000/svg";

/* 16 × 16 line drawings: path data, or [element, attributes] for other shapes. */
const ICONS = {
  again: ["M13.2 7.2A5.3 5.3 0 1 0 12.6 10.6", "M13.5 3.4v3.900H9.600"],
  bad: ["M11 8.800 8.400 13.600c-.9 0-1.600-.7-1.600-1.600V9.600H3.700c-.8 0-1.400-.7-1.300-1.500l.7-4.300c.1-.7.700-1.200 1.400-1.200H11zM13.500 8.800H11V2.600h2.500z"],
  chat: ["M3.500 3h9a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1H8l-3 2.500V11H3.500a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1Z"],
  check: ["m3 8.500 3.200 3.200L13 4.800"],
  chip: [["rect", { x: 4, y: 4, width: 8, height: 8, rx: 1.2 }], "M6.500 1.800V4M9.500 1.800V4M6.500 12v2.200M9.500 12v2.200M1.800 6.500H4M1.800 9.500H4M12 6.500h2.200M12 9.500h2.200"],
  clock: [["circle", { cx: 8, cy: 8, r: 6 }], "M8 4.500V8l2.400 1.500"],
  close: ["m4 4 8 8M12 4l-8 8"],
  copy: [["rect", { x: 5.5, y: 5.5, width: 8, height: 8, rx: 1.5 }], "M10.500 5.500V4A1.500 1.500 0 0 0 9 2.500H4A1.500 1.500 0 0 0 2.500 4v5A1.500 1.500 0 0 0 4 10.500h1.500"],
  down: ["M4 6.200 8 10l4-3.800"],
  download: ["M8 2.500v7.500M4.800 7 8 10.200 11.200 7M3 13.200h10"],
  edit: ["m3 13 .7-2.900 7.100-7.100a1.300 1.300 0 0 1 1.900 0l.3.3a1.300 1.300 0 0 1 0 1.900L5.900 12.300 3 13Z"],
  eye: ["M1.500 8S4 3.700 8 3.700 14.500 8 14.500 8 12 12.300 8 12.300 1.500 8 1.500 8Z", ["circle", { cx: 8, cy: 8, r: 1.8 }]],
  filter: ["M2.500 4h11M4.500 8h7M6.500 12h3"],
  flag: ["M3.500 14V2.500h8.500L10.200 5.500l1.800 3H3.500"],
  fork: [["circle", { cx: 4.5, cy: 3.8, r: 1.6 }], ["circle", { cx: 4.5, cy: 12.2, r: 1.6 }], ["circle", { cx: 11.5, cy: 5.2, r: 1.6 }], "M4.500 5.400v5.200M11.500 6.800c0 2.400-3 2.400-5.500 3.600"],
  good: ["M5 7.200 7.600 2.400c.9 0 1.600.7 1.600 1.600v2.400h3.100c.8 0 1.400.7 1.300 1.500l-.7 4.300c-.1.7-.7 1.200-1.400 1.200H5zM2.500 7.200H5v6.200H2.500z"],
  help: [["circle", { cx: 8, cy: 8, r: 6 }], "M6.200 6.300a1.800 1.800 0 1 1 2.600 1.600c-.5.3-.8.6-.8 1.200M8 11.300v.1"],
  leave: ["M6.500 2.500H3v11h3.500M10.500 5 13.500 8l-3 3M13.500 8H6.500"],
  left: ["M10 3.500 5.500 8l4.500 4.500"],
  link: ["M6.800 9.200a2.600 2.600 0 0 0 3.700 0l2-2a2.600 2.600 0 0 0-3.700-3.700l-.8.8M9.200 6.800a2.600 2.600 0 0 0-3.700 0l-2 2a2.600 2.600 0 0 0 3.700 3.700l.8-.8"],
  lock: [["rect", { x: 3.2, y: 7, width: 9.6, height: 6.5, rx: 1.2 }], "M5.200 7V5a2.800 2.800 0 0 1 5.600 0v2"],
  menu: ["M3 4h10M3 8h10M3 12h10"],
  moon: ["M13 9.600A5.500 5.500 0 1 1 6.400 3a4.400 4.400 0 0 0 6.600 6.600Z"],
  more: [["circle", { cx: 3.5, cy: 8, r: 0.6 }], ["circle", { cx: 8, cy: 8, r: 0.6 }], ["circle", { cx: 12.5, cy: 8, r: 0.6 }]],
  out: ["M9.500 3H13v3.500M13 3 7.500 8.500M11 9.500V12a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1h2.500"],
  page: ["M4 1.800h5l3.200 3.200v9.200H4zM9 1.800V5h3.200"],
  person: [["circle", { cx: 8, cy: 5.2, r: 2.7 }], "M2.800 13.600c.5-2.800 2.500-4.200 5.200-4.200s4.700 1.400 5.200 4.200"],
  pin: ["M6 2.500h4l-.5 4 2.300 2.300H4.200L6.500 6.500zM8 8.800v5"],
  play: ["M5 3.500 12 8l-7 4.500z"],
  plus: ["M8 3v10M3 8h10"],
  right: ["M6 3.500 10.500 8 6 12.500"],
  search: [["circle", { cx: 7, cy: 7, r: 4.2 }], "m10.200 10.200 3.300 3.300"],
  stop: [["rect", { x: 4, y: 4, width: 8, height: 8, rx: 1.2, fill: "currentColor" }]],
  sun: [["circle", { cx: 8, cy: 8, r: 2.8 }], "M8 1.500v1.300M8 13.200v1.300M1.500 8h1.300M13.200 8h1.300M3.400 3.400l.9.9M11.700 11.700l.9.9M12.600 3.400l-.9.9M4.300 11.700l-.9.9"],
  trace: ["M3 4h10M3 8h6M3 12h8"],
  trash: ["M3 4.500h10M6.500 4.500V3h3v1.500M4.500 4.500l.6 8.500h5.800l.6-8.500M7 7v3.500M9 7v3.500"],
  up: ["M8 13V3.500M4 7.200 8 3.200l4 4"],
  warn: ["M8 2.500 14 13H2zM8 6.500v3M8 11.300v.1"],
};

export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

/* The element, as soon as Gradio has made it. */
export async function present(selector) {
  while (!$(selector)) await new Promise((next) => setTimeout(next, 20));
  return $(selector);
}

/* h("button", {class: "ib", "aria-label": "Close", onclick: f}, child, …); absent children are left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function icon(name) {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("class", "i");
  drawing.setAttribute("viewBox", "0 0 16 16");
  drawing.setAttribute("aria-hidden", "true");
  for (const shape of ICONS[name]) {
    const [tag, attributes] = typeof shape === "string" ? ["path", { d: shape }] : shape;
    const part = document.createElementNS(SVG, tag);
    for (const [key, value] of Object.entries(attributes)) part.setAttribute(key, value);
    drawing.append(part);
  }
  return drawing;
}

/* A button that shows an icon alone; its name is said and shown on hover. */
export function iconButton(drawing, name, onclick, attributes = {}) {
  return h(
    "button",
    { type: "button", class: "ib", "aria-label": name, title: name, onclick, ...attributes },
    icon(drawing),
  );
}

/* What an address says after its #; one that nobody could have made is taken as it stands. */
export function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/* Draws the icons that templates ask for with <i data-icon="…">. */
export function drawIcons(root) {
  for (const place of $$("i[data-icon]", root)) place.replaceWith(icon(place.dataset.icon));
}

/* One after another: the function runs at most once per wait, the last call's turn is never lost. */
export function debounced(wait, run) {
  let timer = 0;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => run(...given), wait);
  };
}

/* What the person prefers in this browser; where storage is off, only until the page closes. */
const kept = new Map();
export const prefs = {
  get(name) {
    try {
      return localStorage.getItem(`chatbot-${name}`) ?? kept.get(name) ?? null;
    } catch {
      return kept.get(name) ?? null;
    }
  },
  set(name, value) {
    kept.set(name, value);
    try {
      localStorage.setItem(`chatbot-${name}`, value);
    } catch {
      // kept for this page
    }
  },
};

/* Unsent text, kept for this tab over a reload; a text too large to keep is kept in the field only. */
export const drafts = {
  get(name) {
    try {
      return JSON.parse(sessionStorage.getItem(name) ?? "null");
    } catch {
      return null;
    }
  },
  set(name, value) {
    try {
      if (value) sessionStorage.setItem(name, JSON.stringify(value));
      else sessionStorage.removeItem(name);
    } catch {
      sessionStorage.removeItem(name);
    }
  },
};
