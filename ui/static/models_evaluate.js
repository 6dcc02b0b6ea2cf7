/* The dialog Evaluate: which model, against which, on whose held-out turns. It takes minutes and goes
   on without the page; how far it is stands in the tab Evaluations. */

import { h } from "./dom.js";
import { choice, during, field, note } from "./admin_parts.js";
import { recount } from "./models_learning.js";
import { go, models } from "./models_shell.js";
import { openDialog, toast } from "./overlays.js";
import { call } from "./server.js";

/* `label`: the model to evaluate, where it is known. */
export async function openEvaluate(label = null) {
  const told = await call("datasets");
  if (told.error || !told.datasets.length) {
    toast(told.error ?? "An evaluation asks the held-out turns of a dataset: build one first.", { error: true });
    return;
  }
  const able = models.facts.models.filter((one) => one.where !== "scripted");
  const labels = able.map((one) => [one.label, one.label]);
  const serves = models.facts.model;
  const first = label ?? (able.find((one) => one.stage === "candidate") ?? able.find((one) => one.label !== serves))?.label ?? serves;
  const model = choice("evaluate-model", labels, first);
  const against = choice("evaluate-against", labels, able.find((one) => one.label === serves)?.label ?? able.find((one) => one.label !== first)?.label);
  const learned = models.facts.models.find((one) => one.label === first)?.from?.dataset;
  const dataset = choice("evaluate-data", told.datasets.map((one) => [one.name, `${one.name}, ${(one.splits.test ?? 0).toLocaleString("en")} held out`]), learned);
  const problem = h("div", { class: "problem" });
  const send = h("button", { type: "button", class: "btn pri" }, "Evaluate");
  const cancel = h("button", { type: "button", class: "btn" }, "Cancel");
  const dialog = openDialog(
    "Evaluate a model",
    h(
      "div",
      {},
      h(
        "div",
        { class: "pb col form" },
        field("Model", model),
        field("Against", against, "The gate asks for a comparison with the model that production serves."),
        field("Held-out turns of", dataset, "No run may have learned from them: take the dataset that the model was trained with, or one that is newer."),
        h("p", { class: "sm dim" }, "Both models answer the same held-out turns, general prompts, tests and attacks. It takes minutes and goes on without this page."),
        problem,
      ),
      h("div", { class: "row bottom" }, h("span", { class: "sp" }), cancel, send),
    ),
  );
  cancel.addEventListener("click", () => dialog.close());
  send.addEventListener("click", async () => {
    problem.replaceChildren();
    const answer = await during(send, "Starting…", () => call("evaluate", { model: model.value, against: against.value, dataset: dataset.value }));
    if (!answer) return;
    if (answer.error) {
      problem.replaceChildren(note(answer.error, "bad", "alert"));
      return;
    }
    dialog.close();
    toast(`${model.value} is being compared with ${against.value}.`);
    recount();
    if (answer.evaluation) go("evaluation", answer.evaluation);
    else go("evaluations");
  });
  model.focus();
}
