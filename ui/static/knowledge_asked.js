/* What was asked in the last 30 days and no passage answers; an article is begun from it. */

import { h, iconButton } from "./dom.js";
import { call } from "./server.js";
import { asked, on, page } from "./knowledge_shell.js";
import { writeArticle } from "./knowledge_write.js";

export function makeAsked() {
  const body = h("tbody", {});
  const section = h(
    "section",
    { class: "panel", "aria-label": "Asked without an answer", id: "knowledge-asked", hidden: true },
    h("div", { class: "ph" }, h("h2", {}, "Asked, but no passage fits"), h("span", { class: "sp" }), h("span", { class: "xs dim" }, "last 30 days")),
    h("table", { class: "t still", "aria-label": "Asked without an answer" }, body),
  );
  const draw = async () => {
    const told = await call("lacking");
    if (told.error) return;
    section.hidden = !told.lacks.length;
    body.replaceChildren(...told.lacks.map((one) => row(one, draw)));
  };
  on("lacks", draw);
  draw();
  return section;
}

const row = (one, draw) =>
  h(
    "tr",
    {},
    h("td", { class: "wrap-any", title: one.questions.join("\n") }, one.question),
    h("td", { class: "r num" }, one.times === 1 ? "once" : `${one.times.toLocaleString("en")} times`),
    h("td", { class: "r" }, page.facts.writes && h("button", { type: "button", class: "as-link accent", onclick: () => writeArticle(null, { questions: one.questions, lack: one.id }) }, "Write article")),
    h("td", { class: "r at-end" }, page.facts.writes && iconButton("close", `Take "${one.question}" off the list`, async () => { if (await asked("drop_lack", { lack: one.id })) draw(); })),
  );
