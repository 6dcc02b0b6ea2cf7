/* What is wrong with the texts of a prompt: a list with places, walked by F8. Knows no server. */

import { h, icon } from "./dom.js";
import { plural } from "./admin_parts.js";

/* `goTo` gets a problem that was chosen. Returns {element, show, next, errors}. */
export function makeProblems(goTo) {
  const counts = h("span", { class: "row", role: "status" });
  const list = h("ul", { class: "probs" });
  const next = h("button", { type: "button", class: "btn quiet s", "aria-keyshortcuts": "F8", onclick: () => made.next() }, "Next", h("kbd", { class: "only-l", "aria-hidden": "true" }, "F8"));
  const element = h("div", { class: "prob-panel", role: "region", "aria-label": "Problems" }, h("div", { class: "row prob-head" }, h("h3", {}, "Problems"), counts, h("span", { class: "sp" }), next), list);
  let all = [];
  let at = -1;
  const made = {
    element,
    errors: () => all.filter((one) => one.severity === "error").length,
    show(problems) {
      const same = JSON.stringify(problems) === JSON.stringify(all);
      all = problems;
      if (same && counts.childElementCount) return;
      at = -1;
      const errors = made.errors();
      const warnings = all.length - errors;
      counts.replaceChildren(
        ...[
          errors > 0 && h("span", { class: "xs bad" }, plural(errors, "error")),
          warnings > 0 && h("span", { class: "xs warned" }, plural(warnings, "warning")),
          !all.length && h("span", { class: "xs dim" }, "none"),
        ].filter(Boolean),
      );
      next.hidden = !all.length;
      list.replaceChildren(...all.map((one) => h("li", {}, line(one, () => goTo(one)))));
    },
    next() {
      if (!all.length) return false;
      at = (at + 1) % all.length;
      goTo(all[at]);
      return true;
    },
  };
  return made;
}

function line(problem, choose) {
  const { severity, message, hint, line: number, column, partial } = problem;
  const error = severity === "error";
  return h(
    "button",
    { type: "button", class: "prob", onclick: choose },
    h("span", { class: error ? "bad" : "warned" }, icon(error ? "warn" : "help"), h("span", { class: "vh" }, `${severity}: `)),
    h("span", { class: "mono dim" }, `${partial ? `${partial} ` : ""}${number}:${column}`),
    h("span", { class: "grow" }, coded(message), hint && " ", hint && coded(hint)),
  );
}

/* What stands in backticks is a name: bold, as text. */
function coded(sentence) {
  return sentence.split("`").map((part, at) => (at % 2 ? h("b", {}, part) : part));
}
