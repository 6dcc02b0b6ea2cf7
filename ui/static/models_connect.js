/* The dialog "Connect a model": a server's address and key, a test of it, and what it lists. A key goes
   to the server once and never comes back; in its place stands a sign that keeps it. */

import { $, h, icon } from "./dom.js";
import { during, field, formDialog, input, note, tick } from "./admin_parts.js";
import { confirmed, toast } from "./overlays.js";
import { call } from "./server.js";

/* What runs there, and where it listens unless told otherwise. */
const KINDS = {
  vllm: ["vLLM", "http://127.0.0.1:8000/v1"],
  sglang: ["SGLang", "http://127.0.0.1:30000/v1"],
  ray: ["Ray Serve", "http://127.0.0.1:8000/v1"],
  "llama-server": ["llama-server", "http://127.0.0.1:8080/v1"],
  other: ["Another OpenAI-compatible server", "https://host/v1"],
};

/* The entries of a connected model's menu. `done` runs when something has changed. */
export const changing = (label, done) => [
  { icon: "edit", text: "Change the connection…", run: () => change(label, done) },
  { icon: "trash", text: "Disconnect…", run: () => disconnect(label, done) },
];

async function change(label, done) {
  const told = await call("connected");
  const found = told.connected?.find((one) => one.label === label);
  if (found) openConnect(done, found, told.kept);
  else toast(told.error ?? `${label} is not connected any more.`, { error: true });
}

async function disconnect(label, done) {
  if (!(await confirmed(`Disconnect ${label}? Its server is not touched; conversations that chose it need another model.`, "Disconnect"))) return;
  const told = await call("disconnect", { name: label.slice(0, label.indexOf("@")) });
  if (told.error) toast(told.error, { error: true });
  else await done();
}

/* `known`: the connected model that is changed; `kept` stands for its key. */
export function openConnect(done, known = null, kept = "") {
  const kind = h("select", { class: "in" }, Object.entries(KINDS).map(([value, [text]]) => h("option", { value, selected: value === (known?.kind ?? "vllm") }, text)));
  const names = h("datalist", { id: "f-models" });
  const boxes = {
    name: input({ maxlength: "60", required: true, value: known?.name ?? "", readonly: Boolean(known) }),
    address: input({ type: "url", maxlength: "500", required: true, value: known?.address ?? "", inputmode: "url" }),
    key: input({ type: "password", maxlength: "2000", autocomplete: "new-password", value: known?.has_key ? kept : "" }),
    model: input({ maxlength: "200", value: known?.model ?? "", list: "f-models" }),
    context: input({ type: "number", min: "0", step: "1", value: known?.context ?? "" }),
  };
  const mask = tick("mask", "Hide personal values", "They leave as tags and come back in the answer.", known?.mask ?? true);
  const found = h("div", { class: "col", role: "status" });
  const given = () => ({
    name: boxes.name.value.trim(),
    address: boxes.address.value.trim(),
    model: boxes.model.value.trim(),
    kind: kind.value,
    key: boxes.key.value,
    context: Number(boxes.context.value) || 0,
  });
  const suggest = () => boxes.address.setAttribute("placeholder", KINDS[kind.value][1]);
  kind.addEventListener("change", suggest);
  suggest();
  const test = h("button", { type: "button", class: "btn", onclick: (event) => during(event.currentTarget, "Asking…", () => tried(found, names, boxes, given())) }, icon("play"), "Test");
  formDialog(
    known ? `Connection of ${known.label}` : "Connect a model",
    [
      h("p", { class: "sm dim" }, "Any server that speaks OpenAI's protocol. What people write to this model is sent there."),
      field("Runs there", kind),
      field("Name here", boxes.name),
      field("Address", boxes.address, "Ends with /v1 on most servers."),
      field("Key, optional", boxes.key, "Kept in the database, and never shown again."),
      field("Model, optional", boxes.model, "Its name on the server. Left out, it is the one that the server lists."),
      names,
      field("Context in tokens, optional", boxes.context, "Left out, it is what the server says."),
      mask,
      h("div", { class: "row wrap" }, test),
      found,
    ],
    {
      action: known ? "Save" : "Connect",
      words: known ? "Saving…" : "Connecting…",
      async run() {
        const told = await call("connect", { ...given(), mask: $("input", mask).checked });
        if (told.error) return told;
        toast(`${told.connected.label} is connected. People can choose it now.`);
        await done();
        return told;
      },
    },
  );
}

/* Asks the server, tells what it said, and offers what it lists. */
async function tried(place, names, boxes, given) {
  const told = await call("probe_server", given);
  if (told.error) {
    place.replaceChildren(note(told.error, "bad", "alert"));
    return;
  }
  names.replaceChildren(...(told.models ?? []).map((one) => h("option", { value: one.name })));
  if (told.model && !boxes.model.value) boxes.model.value = told.model;
  if (told.context && !boxes.context.value) boxes.context.value = told.context;
  place.replaceChildren(...lines(told));
}

function lines(told) {
  const listed = told.models?.map((one) => one.name) ?? [];
  const many = `${listed.slice(0, 5).join(", ")}${listed.length > 5 ? ` and ${listed.length - 5} more` : ""}`;
  return [
    told.first !== null && h("p", { class: "note" }, icon("check"), h("span", { class: "grow" }, `${told.model} answers: the first token took ${told.first.toFixed(2)} s.${told.context ? ` Context: ${told.context.toLocaleString("en")} tokens.` : ""}`)),
    told.wrong && note(told.wrong, "bad", "alert"),
    told.models === null && told.unlisted !== told.wrong && note(`It does not list its models: ${told.unlisted}`, "warn"),
    !told.model && listed.length > 1 && note(`It lists ${many}. Say which one is meant.`, "warn"),
    !told.model && told.models?.length === 0 && note("It answers, and lists no model. Say which one is meant.", "warn"),
    told.open && note("The address begins with http://: the key and what people write travel unprotected.", "warn"),
  ].filter(Boolean);
}
