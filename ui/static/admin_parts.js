/* What the Administration page and a person's own page are made of: panels, forms, times, files. */

import { $, h, icon } from "./dom.js";
import { openDialog, toast } from "./overlays.js";

const DAY = 86_400_000;

export const panel = (title, tools, ...body) =>
  h(
    "section",
    { class: "panel", "aria-label": title },
    h("div", { class: "ph" }, h("h2", { class: "grow ell" }, title), tools),
    h("div", { class: "pb col" }, body),
  );

export const note = (text, kind = "", role = null) =>
  h("div", { class: `note ${kind}`, role }, icon(kind ? "warn" : "help"), h("span", { class: "grow" }, text));

export const badge = (text, kind = "", drawing = null) =>
  h("span", { class: `badge ${kind}` }, drawing && icon(drawing), text);

/* A control under its label; the hint belongs to it. */
export function field(label, control, hint = null) {
  control.id ||= `f-${label.toLowerCase().replace(/\W+/g, "-")}`;
  const line = hint && h("span", { class: "hint", id: `${control.id}-hint` }, hint);
  if (line) control.setAttribute("aria-describedby", line.id);
  return h("div", { class: "field" }, h("label", { for: control.id }, label), control, line);
}

export const input = (attributes = {}) =>
  h("input", { class: "in", type: "text", autocomplete: "off", ...attributes });

/* A list to choose from: [[value, text], …]. */
export function choice(id, options, chosen) {
  const made = h("select", { class: "in", id }, options.map(([value, text]) => h("option", { value }, text)));
  if (options.some(([value]) => value === chosen)) made.value = chosen;
  return made;
}

/* A box to tick, with what it means. `why` says why it cannot be changed. */
export function tick(name, label, about, checked, why = null) {
  const box = h("input", { type: "checkbox", name, checked, disabled: Boolean(why) });
  return h("label", { class: "tick" }, box, h("span", {}, h("b", {}, label), about && h("span", { class: "dim xs block" }, about), why && h("span", { class: "xs block warned" }, why)));
}

/* A time as people say it, the whole of it on hover. */
export function moment(iso, none = "never") {
  if (!iso) return h("span", { class: "dim" }, none);
  return h("time", { datetime: iso, title: whole(iso) }, ago(new Date(iso)));
}

export const whole = (iso) =>
  new Date(iso).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });

function ago(at) {
  const passed = Date.now() - at;
  if (passed < 60_000) return "now";
  if (passed < 3_600_000) return `${Math.floor(passed / 60_000)} min`;
  if (passed < DAY) return `${Math.floor(passed / 3_600_000)} h`;
  if (passed < 2 * DAY) return "yesterday";
  const sameYear = at.getFullYear() === new Date().getFullYear();
  return at.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: sameYear ? undefined : "numeric" });
}

export const plural = (number, one, many = `${one}s`) =>
  `${number.toLocaleString("en")} ${number === 1 ? one : many}`;

/* The button says what it does and takes no second click until it is done. */
export async function during(button, words, run) {
  if (button.getAttribute("aria-busy")) return null;
  const before = [...button.childNodes];
  button.setAttribute("aria-busy", "true");
  button.replaceChildren(words);
  try {
    return await run();
  } finally {
    button.removeAttribute("aria-busy");
    button.replaceChildren(...before);
  }
}

/* Fields for what somebody is called. `given` is what a command takes: with what they were, so that of
   two who change them the second is told. */
export function profileFields({ name, email }, { fixedEmail = null } = {}) {
  const boxes = {
    name: input({ value: name, maxlength: "200", required: true }),
    email: input({ value: email ?? "", type: "email", maxlength: "320", readonly: Boolean(fixedEmail) }),
  };
  const hint = fixedEmail ?? "Logs in like the login. No mail is sent.";
  return {
    boxes,
    parts: [field("Name", boxes.name), field("E-mail, optional", boxes.email, hint)],
    given: () => ({ name: boxes.name.value, email: boxes.email.value, was_name: name, was_email: email ?? "" }),
  };
}

/* A form whose error stands in it and whose input stays. `run` returns what the server told. */
export function form(parts, { action, words, kind = "pri", run, beside = [] }) {
  const send = h("button", { type: "submit", class: `btn ${kind}` }, action);
  const problem = h("div", { class: "problem" });
  const body = h("form", { class: "col form", novalidate: true }, parts, problem, h("div", { class: "row wrap" }, beside, send));
  body.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.replaceChildren();
    const told = await during(send, words, run);
    if (told?.error) problem.replaceChildren(note(told.error, "bad", "alert"));
  });
  return body;
}

/* The same in a dialog, which closes when it is done. */
export function formDialog(title, parts, { run, ...how }) {
  const cancel = h("button", { type: "button", class: "btn" }, "Cancel");
  const body = form(parts, {
    ...how,
    beside: [h("span", { class: "sp" }), cancel],
    async run() {
      const told = await run();
      if (told && !told.error) dialog.close();
      return told;
    },
  });
  const dialog = openDialog(title, h("div", { class: "pb" }, body));
  cancel.addEventListener("click", () => dialog.close());
  $(":is(input, select, textarea):not(:disabled)", body)?.focus();
  return dialog;
}

/* A one-time link, shown once: the server keeps only its hash. */
export const showLink = (title, { path, expires }) =>
  showOnce(title, {
    label: "One-time link",
    value: location.origin + path,
    about: "Pass it on yourself: nothing is mailed. It works once, and is shown only now.",
    foot: `Good until ${whole(expires)}.`,
  });

/* Something that the server tells once, in a field to copy from. `beside`: what else helps. */
export function showOnce(title, { label, value, about, foot = null, beside = null, done }) {
  const shown = input({ readonly: true, value, "aria-label": label, class: "in mono", onfocus: () => shown.select() });
  const copy = h("button", { type: "button", class: "btn pri" }, icon("copy"), "Copy");
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(value);
      copy.replaceChildren(icon("check"), "Copied");
    } catch {
      shown.select();
      toast("The browser does not let this page copy. The text is selected: press Ctrl+C.", { error: true });
    }
  });
  openDialog(title, h("div", { class: "pb col" }, h("p", { class: "sm" }, about), h("div", { class: "row" }, shown, copy), foot && h("p", { class: "xs dim" }, foot), beside), { done });
  copy.focus();
}

/* Fetches a file and hands it to the browser. Returns {error} where there is none. */
export async function download(path) {
  let answer;
  try {
    answer = await fetch(path, { method: "POST" });
    if (!answer.ok) return await answer.json();
    const name = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") ?? "")?.[1];
    const file = URL.createObjectURL(await answer.blob());
    h("a", { href: file, download: name ?? "export" }).click();
    setTimeout(() => URL.revokeObjectURL(file), 10_000);
    return {};
  } catch {
    return { error: "The server does not answer. Try again." };
  }
}

/* A button that fetches a file and says so. */
export function downloadButton(label, path, attributes = {}) {
  const button = h("button", { type: "button", class: "btn", ...attributes }, icon("download"), label);
  button.addEventListener("click", async () => {
    const told = await during(button, "Collecting…", () => download(typeof path === "function" ? path() : path));
    if (told?.error) toast(told.error, { error: true });
  });
  return button;
}

/* What is known of somebody, in numbers. */
export const rowsList = (rows) =>
  rows.length
    ? h("dl", { class: "kv rows" }, rows.flatMap(([what, count]) => [h("dt", {}, what), h("dd", {}, count.toLocaleString("en"))]))
    : h("p", { class: "sm dim" }, "Nothing but the account itself.");

/* A browser's own description, in two words. */
export function browserOf(agent) {
  const found = [/Edg|OPR|Firefox|Chrom(?=e|ium)|Safari|curl|python/i, /Windows|Android|iPhone|iPad|Mac OS|Linux/].map((one) => one.exec(agent)?.[0]);
  const names = { Edg: "Edge", OPR: "Opera", Chrom: "Chrome", "Mac OS": "macOS" };
  const [browser, system] = found.map((one) => names[one] ?? one);
  return [browser ?? "A browser", system && `on ${system}`].filter(Boolean).join(" ");
}

/* Logins, one a line. `end` makes the button of a line. */
export function sessionsList(sessions, end = () => null) {
  if (!sessions.length) return h("p", { class: "sm dim" }, "Logged in nowhere.");
  const line = (one) =>
    h(
      "li",
      { class: "row" },
      h(
        "div",
        { class: "grow" },
        h("span", { class: "b sm", title: one.agent }, browserOf(one.agent)),
        one.current && " ",
        one.current && badge("this one", "acc", "check"),
        h("span", { class: "sub dim xs block" }, one.address ? `from ${one.address}, ` : "", "last used ", moment(one.used), ", since ", moment(one.created)),
      ),
      end(one),
    );
  return h("ul", { class: "lines" }, sessions.map(line));
}

/* Without the role, or without the server, a page says so and shows nothing else. */
export function refused(told, again) {
  const button = told.code !== "not_allowed" && h("button", { type: "button", class: "btn s", onclick: again }, "Try again");
  return h("div", { class: "note bad", role: "alert" }, icon("warn"), h("span", { class: "grow" }, told.error), button);
}
