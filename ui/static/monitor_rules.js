/* The dialog "Alerts": the rules, each a sentence; administrators make, change and remove them, and
   whoever sees the page may mute one. Shares are per cent here and 0 to 1 on the server, and so is how
   much worse than before. */

import { $, h, icon, iconButton } from "./dom.js";
import { badge, choice, during, field, formDialog, input, moment, refused, tick } from "./admin_parts.js";
import { monitor } from "./monitor_shell.js";
import { CHANNELS, momentName } from "./monitor_words.js";
import { confirmed, openDialog, say, toast } from "./overlays.js";
import { call } from "./server.js";

const HOW = { above: "is above", below: "is below", drop: "falls against the version before by", rise: "rises against the version before by" };
const MINUTES = { 5: "5 minutes", 15: "15 minutes", 60: "hour", 360: "6 hours", 1440: "day", 10080: "7 days", 43200: "30 days" };
const NEW = { name: "", how: "above", minutes: 60, channel: "", prompt: "", mail: "", hook: true, active: true };

let changed = () => {};

/* Opens the list; `done` runs when a rule was made, changed or removed. */
export function openRules(done) {
  changed = done;
  const list = h("div", { class: "col", id: "mon-rules", "aria-busy": "true" });
  openDialog("Alerts", h("div", { class: "pb col" }, list), { wide: true });
  fill(list);
}

async function fill(list) {
  const told = await call("rules");
  list.removeAttribute("aria-busy");
  if (told.error) {
    list.replaceChildren(refused(told, () => fill(list)));
    return;
  }
  const { may_set: sets } = monitor.facts;
  const make = sets && h("button", { type: "button", class: "btn pri", id: "new-rule", onclick: () => edit(list, told.measures, null) }, icon("plus"), "New rule");
  list.replaceChildren(
    told.rules.length ? h("ul", { class: "lines", "aria-label": "Rules" }, told.rules.map((one) => line(list, told.measures, one, sets))) : h("p", { class: "none" }, "No rules yet: nothing alerts."),
    h("div", { class: "row wrap" }, h("span", { class: "xs dim grow" }, sets ? "An alert stands on this page; it is mailed and sent to webhooks where its rule says so." : "Administrators set the rules."), make),
  );
}

function line(list, measures, rule, sets) {
  const { form } = rule;
  const marks = [rule.firing && badge("goes on", "bad", "warn"), rule.muted && badge(`muted until ${momentName(rule.muted)}`, "", "clock"), !form.active && badge("off")];
  const words = rule.muted ? "Speak again" : "Mute for a day";
  const mute = form.active && h("button", { type: "button", class: rule.muted ? "btn s" : "btn quiet s", id: `mute-rule-${rule.id}`, "aria-label": `${words}: ${form.name}` }, words);
  if (mute) mute.addEventListener("click", () => during(mute, rule.muted ? "Asking…" : "Muting…", () => muteRule(list, rule)));
  const change = sets && iconButton("edit", `Change ${form.name}`, () => edit(list, measures, rule), { id: `edit-rule-${rule.id}` });
  const remove = sets && iconButton("trash", `Remove ${form.name}`, () => removeRule(list, rule));
  return h(
    "li",
    { class: "row top" },
    h("div", { class: "grow" }, h("span", { class: "row wrap" }, h("b", { class: "sm wrap-any" }, form.name), marks), h("span", { class: "sm mute block wrap-any" }, rule.said), rule.last && h("span", { class: "xs dim block" }, "last time ", moment(rule.last))),
    h("span", { class: "row rule-does" }, mute, change, remove),
  );
}

async function muteRule(list, rule) {
  const told = await call("mute_rule", { rule: rule.id, hours: rule.muted ? 0 : 24 });
  if (told.error) {
    toast(told.error, { error: true });
    return;
  }
  await said(list, rule.muted ? "It speaks again." : "Muted for a day.");
  document.getElementById(`mute-rule-${rule.id}`)?.focus();
}

async function removeRule(list, rule) {
  if (!(await confirmed(`Remove the rule ${rule.form.name}, and what it found?`, "Remove"))) return;
  const told = await call("remove_rule", { rule: rule.id });
  if (told.error) toast(told.error, { error: true });
  else {
    await said(list, "The rule is removed.");
    document.getElementById("new-rule")?.focus();
  }
}

function said(list, words) {
  say(words);
  changed();
  return fill(list);
}

// One rule ----------------------------------------------------------------------------------------

/* What a number of the form counts, and how often 1 of the server's goes into it. */
function scaleOf({ unit }, how) {
  const compared = how === "drop" || how === "rise";
  if (unit === "share") return [compared ? "points of 100" : "%", 100];
  if (unit === "distance") return [compared ? "points of 0 to 1" : "0 to 1", 1];
  if (compared) return ["% of it", 100];
  return [{ seconds: "seconds", tokens: "tokens", money: "money" }[unit] ?? "in number", 1];
}

function edit(list, measures, rule) {
  const form = rule?.form ?? { ...NEW, measure: measures[0].name, threshold: null, least: measures[0].at_least };
  const known = (name) => measures.find((one) => one.name === name) ?? measures[0];
  const options = (words, all) => [["", all], ...words];
  const minutes = Object.keys(MINUTES).includes(String(form.minutes)) ? MINUTES : { ...MINUTES, [form.minutes]: `${form.minutes} minutes` };
  const boxes = {
    name: input({ value: form.name, maxlength: "100", id: "rule-name" }),
    measure: choice("rule-measure", measures.map((one) => [one.name, one.title]), form.measure),
    how: choice("rule-how", Object.entries(HOW), form.how),
    threshold: input({ id: "rule-threshold", inputmode: "decimal" }),
    minutes: choice("rule-minutes", Object.entries(minutes), String(form.minutes)),
    least: input({ id: "rule-least", value: String(form.least), inputmode: "numeric" }),
    channel: choice("rule-channel", options(Object.entries(CHANNELS), "All channels"), form.channel),
    prompt: choice("rule-prompt", options([...new Set([...monitor.facts.prompts, ...(form.prompt ? [form.prompt] : [])])].map((one) => [one, one]), "All prompts"), form.prompt),
    mail: input({ id: "rule-mail", type: "email", value: form.mail, maxlength: "320" }),
  };
  const hook = tick("hook", "Tell webhooks", "Those that listen to alerts.", form.hook);
  const active = tick("active", "On", null, form.active);
  const limit = field("Limit", boxes.threshold, " ");
  const scale = () => scaleOf(known(boxes.measure.value), boxes.how.value);
  const nameUnit = () => {
    $(".hint", limit).textContent = scale()[0];
  };
  for (const one of [boxes.measure, boxes.how]) one.addEventListener("change", nameUnit);
  nameUnit();
  if (form.threshold !== null) boxes.threshold.value = String(Number((form.threshold * scale()[1]).toFixed(6)));
  const parts = [
    field("Name", boxes.name),
    field("What is watched", boxes.measure),
    h("div", { class: "two-fields" }, field("When it", boxes.how), limit),
    h("div", { class: "two-fields" }, field("Over the last", boxes.minutes), field("Answers at least", boxes.least, "Fewer say nothing.")),
    h("div", { class: "two-fields" }, field("Channel", boxes.channel), field("Prompt", boxes.prompt)),
    field("E-mail to, optional", boxes.mail),
    h("div", { class: "two-fields" }, hook, active),
  ];
  const given = () => ({
    name: boxes.name.value.trim(),
    measure: boxes.measure.value,
    how: boxes.how.value,
    threshold: numberIn(boxes.threshold) / scale()[1],
    minutes: Number(boxes.minutes.value),
    least: numberIn(boxes.least),
    channel: boxes.channel.value,
    prompt: boxes.prompt.value,
    mail: boxes.mail.value.trim(),
    hook: $("input", hook).checked,
    active: $("input", active).checked,
  });
  formDialog(rule ? "Change the rule" : "New rule", parts, {
    action: rule ? "Save" : "Make the rule",
    words: "Saving…",
    async run() {
      const made = given();
      if (!Number.isFinite(made.threshold)) return { error: "Give the limit as a number." };
      if (!Number.isInteger(made.least)) return { error: "Give a whole number of answers." };
      const told = await call("set_rule", { form: made, rule: rule?.id ?? "" });
      if (!told.error) await said(list, "The rule is saved.");
      return told;
    },
  });
}

const numberIn = (box) => (box.value.trim() ? Number(box.value.trim().replace(",", ".")) : NaN);
