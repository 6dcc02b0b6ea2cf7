/* What customers write about: topics by size, week by week, with examples. Asked for when opened. */

import { note, plural } from "./admin_parts.js";
import { h } from "./dom.js";
import { call } from "./server.js";
import { day } from "./knowledge_shell.js";

const SVG = "http://www.w3.org/2000/svg";
const [WIDE, HIGH] = [120, 24];

export function makeTopics() {
  const body = h("div", { class: "pb" });
  let asked = false;
  const open = async (event) => {
    if (!event.currentTarget.open || asked) return;
    asked = true;
    body.replaceChildren(h("p", { class: "dim sm", role: "status" }, "Grouping what was written…"));
    const told = await call("topics");
    body.replaceChildren(told.error ? note(told.error, "bad", "alert") : told.topics.length ? table(told.topics) : h("p", { class: "dim sm" }, "Too little was written in the last 90 days."));
    if (told.error) asked = false;
  };
  return h("details", { class: "panel", id: "knowledge-topics", ontoggle: open }, h("summary", { class: "ph" }, h("h2", { class: "grow" }, "Topics"), h("span", { class: "xs dim" }, "tickets and conversations, last 90 days")), body);
}

const table = (topics) =>
  h(
    "table",
    { class: "t still", "aria-label": "Topics" },
    h("thead", {}, h("tr", {}, ["Topic", "By week", "Messages"].map((label, at) => h("th", { scope: "col", class: at === 2 ? "r" : null }, label)))),
    h("tbody", {}, topics.map(row)),
  );

const row = (topic) =>
  h(
    "tr",
    {},
    h("td", {}, h("details", {}, h("summary", { class: "b" }, topic.name), h("ul", { class: "lines tight" }, topic.examples.map((one) => h("li", { class: "xs mute wrap-any" }, one.text))), weeks(topic))),
    h("td", {}, plot(topic)),
    h("td", { class: "r num" }, topic.size.toLocaleString("en")),
  );

/* The numbers behind the plot. */
const weeks = (topic) =>
  h(
    "table",
    { class: "t weeks", "aria-label": `${topic.name} by week` },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Week of"), h("th", { scope: "col", class: "r" }, "Messages"))),
    h("tbody", {}, topic.weeks.map(([monday, count]) => h("tr", {}, h("td", {}, day(monday)), h("td", { class: "r num" }, String(count))))),
  );

function plot({ name, weeks: rows }) {
  const most = Math.max(1, ...rows.map(([, count]) => count));
  const drawing = shape("svg", { class: "spark", viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": `${name}: ${rows.map(([monday, count]) => `${day(monday)} ${plural(count, "message")}`).join(", ")}` });
  const step = WIDE / Math.max(rows.length, 1);
  rows.forEach(([, count], at) => {
    const height = count ? Math.max(2, (count / most) * (HIGH - 2)) : 0;
    drawing.append(shape("rect", { x: at * step + 1, y: HIGH - height, width: Math.max(step - 2, 1), height }));
  });
  return drawing;
}

function shape(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
