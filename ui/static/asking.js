/* Whom to ask: a model, a prompt and one of its versions, as three fields. */

import { h } from "./dom.js";
import { field } from "./admin_parts.js";

/* `models` are {label, where}, `prompts` {name, title, live, versions}; `model` and `prompt` are chosen
   where they are among them. Returns {model, parts, given}: the first control, the fields in their
   order, and what is chosen. */
export function askingFields(id, { models, prompts }, chosen) {
  const select = (name, options, value) => {
    const made = h("select", { class: "in", id: `${id}-${name}` }, options.map(([key, text]) => h("option", { value: key }, text)));
    if (options.some(([key]) => key === value)) made.value = value;
    return made;
  };
  const model = select("model", models.map((one) => [one.label, `${one.label}, ${one.where}`]), chosen.model);
  const prompt = select("prompt", prompts.map((one) => [one.name, one.title]), chosen.prompt);
  const version = select("version", []);
  const fill = () => {
    const found = prompts.find((one) => one.name === prompt.value);
    version.replaceChildren(...(found?.versions ?? []).map((one) => h("option", { value: one.sha }, [`v${one.number}`, one.sha === found.live && "in production"].filter(Boolean).join(", "))));
    version.value = found?.live ?? "";
  };
  prompt.addEventListener("change", fill);
  fill();
  return {
    model,
    parts: [field("Model", model), field("Prompt", prompt), field("Version", version)],
    given: () => ({ model: model.value, prompt: prompt.value, version: version.value }),
  };
}
