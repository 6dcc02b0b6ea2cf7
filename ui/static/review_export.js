/* The filtered set as a file, and how far reviewers agree. */

import { $, h, icon } from "./dom.js";
import { download, field, formDialog, note } from "./admin_parts.js";
import { openDialog } from "./overlays.js";
import { call } from "./server.js";
import { chips, chosen } from "./review_filters.js";

const SHAPES = [
  ["openai", "OpenAI chat, JSON Lines"],
  ["sharegpt", "ShareGPT, JSON Lines"],
  ["preference", "Preference pairs, JSON Lines"],
  ["csv", "CSV, safe from formulas"],
  ["parquet", "Parquet"],
];

export function exportSet() {
  const shape = h("select", { class: "in", id: "export-shape" }, SHAPES.map(([value, text]) => h("option", { value }, text)));
  const which = chips().filter(([, names]) => !names.includes("text")).map(([text]) => text);
  const said = which.length ? `What passes the filters, open and done: ${which.join(", ")}.` : "The whole queue, open and done.";
  formDialog("Export", [h("p", { class: "sm" }, said), field("Form of the file", shape, "OpenAI, ShareGPT and preference files hold what may be learned from: corrected, sent, or found good. CSV and Parquet hold every row."), note("Names, numbers and addresses are masked. The record notes who took the file."), chosen.text && note("The file does not look at the words: it holds what passes the other filters.", "warn")], {
    action: "Download",
    words: "Writing…",
    run: () => download(`/review/export?${new URLSearchParams({ shape: shape.value, filters: JSON.stringify(chosen.filters) })}`),
  });
}

const WORDS = [[0.8, "almost perfect"], [0.6, "substantial"], [0.4, "moderate"], [0.2, "fair"], [0, "slight"]];

/* Kappa in the words of Landis and Koch, Biometrics 33 (1977), 159-174. */
const kappaWord = (kappa) => WORDS.find(([least]) => kappa > least)?.[1] ?? "no better than chance";

export async function showAgreement() {
  const place = h("div", { class: "pb col", role: "status" }, h("p", { class: "sm mute" }, "Counting…"));
  openDialog("Agreement of reviewers", place);
  const told = await call("figures");
  if (told.error) {
    place.replaceChildren(note(told.error, "bad", "alert"));
    return;
  }
  const { pairs, share, kappa, days } = told.agreement;
  const rows = [
    [`Reviewed in the last ${days} days`, told.reviewed.toLocaleString("en")],
    ["Judged by two reviewers", pairs.toLocaleString("en")],
    ["Judged alike", share === null ? "–" : `${Math.round(share * 100)} %`],
    ["Cohen's kappa", kappa === null ? "–" : `${kappa.toFixed(2)}, ${kappaWord(kappa)}`],
  ];
  place.replaceChildren(
    h("dl", { class: "kv big" }, rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", { class: "num" }, value)])),
    h("p", { class: "xs dim" }, pairs ? "Kappa takes away what chance alone would agree on: 1 is perfect, 0 no better than chance." : "Ask a second opinion of some messages: where two reviewers judged the same one, their agreement is counted here."),
  );
}
