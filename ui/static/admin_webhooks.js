/* Webhooks: addresses that are told of events, what was sent to them, and what came of it. */

import { h, icon, iconButton } from "./dom.js";
import { badge, field, formDialog, input, moment, note, showOnce, tick, whole } from "./admin_parts.js";
import { confirmed, openDialog, openMenu, toast } from "./overlays.js";
import { call } from "./server.js";

const ABOUT = {
  "ticket.created": "a customer asks: by mail, from a chat, from a file",
  "reply.sent": "an agent's reply left",
  "verdict.given": "a reviewer judged an answer",
  "alert.began": "a rule of the Monitor page is broken",
  "alert.ended": "it is not broken any more",
};
const STATES = { taken: ["ok", "check"], waiting: ["warn", "clock"], failed: ["bad", "warn"] };

export async function drawWebhooks(place) {
  const told = await call("webhooks");
  if (told.error) {
    place.replaceChildren(note(told.error, "bad", "alert"));
    return;
  }
  const add = h("button", { type: "button", class: "btn pri s", id: "add-webhook", onclick: () => addHook(place, told.events) }, icon("plus"), "Add webhook");
  const head = h("div", { class: "ph" }, h("h2", {}, "Webhooks"), h("span", { class: "cnt" }, told.hooks.length), h("span", { class: "sp" }), add);
  const list = told.hooks.length ? table(place, told.hooks) : h("div", { class: "pb" }, h("p", { class: "sm dim" }, "No webhooks yet. Add the address of a program that is to know when a ticket comes, a reply leaves, a reviewer judges or an alert begins."));
  place.replaceChildren(h("section", { class: "panel", "aria-label": "Webhooks" }, head, list));
}

function table(place, hooks) {
  const head = [["Address"], ["Told of"], ["Taken", "r"], ["Waiting", "r"], ["Last"], [h("span", { class: "vh" }, "Actions"), "r"]];
  return h(
    "table",
    { class: "t cards still hooks", "aria-label": "Webhooks" },
    h("thead", {}, h("tr", {}, head.map(([name, kind]) => h("th", { scope: "col", class: kind ?? null }, name)))),
    h("tbody", {}, hooks.map((one) => row(place, one))),
  );
}

function row(place, one) {
  const more = iconButton("more", `More for ${one.url}`, (event) => menu(event.currentTarget, place, one), { id: `more-${one.id}`, "aria-haspopup": "menu", "aria-expanded": "false" });
  const number = (name, value) => h("td", { class: "r" }, h("span", { class: "only-s dim" }, `${name}\u00a0`), value.toLocaleString("en"));
  return h(
    "tr",
    { "data-hook": one.id },
    h("td", {}, h("b", { class: "wrap-any" }, one.url), !one.active && [" ", badge("off", "bad", "lock")], h("span", { class: "sub" }, one.made_by && `added by ${one.made_by}, `, moment(one.created_at))),
    h("td", {}, h("span", { class: "badges" }, one.events.map((each) => badge(each)))),
    number("Taken", one.taken),
    number("Waiting", one.waiting),
    h("td", {}, one.last ? [stateOf(one.last), " ", moment(one.last.created_at)] : h("span", { class: "dim" }, "nothing yet")),
    h("td", { class: "r at-end" }, more),
  );
}

const stateOf = (delivery) => badge(delivery.state, ...STATES[delivery.state]);

function menu(button, place, one) {
  const again = async () => {
    await drawWebhooks(place);
    backTo(`more-${one.id}`);
  };
  openMenu(button, [
    { text: "Send a test", icon: "play", run: () => test(one, again) },
    { text: "Deliveries…", icon: "trace", run: () => showDeliveries(one) },
    { text: one.active ? "Switch off" : "Switch on", icon: one.active ? "lock" : "check", run: () => told("switch_webhook", { hook: one.id, active: !one.active }, again) },
    { text: "Remove…", icon: "trash", run: () => remove(one, again) },
  ]);
}

/* What was drawn anew took the focus with it: back to where somebody was, else to the first button. */
const backTo = (id) => (document.getElementById(id) ?? document.getElementById("add-webhook"))?.focus();

async function told(command, given, again) {
  const answer = await call(command, given);
  if (answer.error) toast(answer.error, { error: true });
  else await again();
  return answer;
}

async function test(one, again) {
  const answer = await told("test_webhook", { hook: one.id }, again);
  if (answer.error) return;
  const { error, status } = answer.delivery;
  if (error) toast(`${error} Mend what listens at ${one.url}, then send the test again.`, { error: true });
  else toast(`It was taken (status ${status}).`);
}

async function remove(one, again) {
  if (await confirmed(`Tell ${one.url} nothing any more, and forget what was sent?`, "Remove")) await told("remove_webhook", { hook: one.id }, again);
}

function addHook(place, events) {
  const url = input({ type: "url", inputmode: "url", maxlength: "2000", placeholder: "https://", required: true });
  const boxes = events.map((each) => tick(each, each, ABOUT[each], true));
  const chosen = () => events.filter((_, number) => boxes[number].querySelector("input").checked);
  formDialog("Add webhook", [field("Address", url, "Gets a POST for each event. Public addresses alone, by https."), h("fieldset", { class: "ticks" }, h("legend", {}, "Told of"), boxes)], {
    action: "Add webhook",
    words: "Adding…",
    async run() {
      if (!chosen().length) return { error: "Choose what it is told of." };
      const answer = await call("add_webhook", { url: url.value, events: chosen() });
      if (!answer.error) {
        await drawWebhooks(place);
        setTimeout(() => showOnce("The webhook's secret", { label: "Secret", value: answer.secret, done: () => backTo(`more-${answer.hook.id}`), about: "The program that takes the events checks their signatures by it. It is shown only now." }));
      }
      return answer;
    },
  });
}

async function showDeliveries(one) {
  const list = h("div", { class: "pb col", role: "status" }, "Looking…");
  openDialog(`Deliveries to ${one.url}`, list, { wide: true });
  const answer = await call("deliveries", { hook: one.id });
  if (answer.error) {
    list.replaceChildren(note(answer.error, "bad", "alert"));
    return;
  }
  const line = (each) =>
    h(
      "li",
      { class: "row top" },
      stateOf(each),
      h("div", { class: "grow" }, h("b", { class: "sm" }, each.kind), " ", h("code", { class: "xs wrap-any" }, each.id), h("span", { class: "sub dim xs block" }, facts(each)), each.error && h("span", { class: "sm block wrap-any" }, each.error)),
      moment(each.created_at),
    );
  list.replaceChildren(answer.deliveries.length ? h("ul", { class: "lines" }, answer.deliveries.map(line)) : h("p", { class: "sm dim" }, "Nothing was sent in the last 30 days."));
}

function facts(each) {
  const tries = each.attempts === 1 ? "tried once" : `tried ${each.attempts} times`;
  const next = each.state === "waiting" && each.attempts ? `, next ${whole(each.due_at)}` : "";
  return `${tries}${each.status ? `, status ${each.status}` : ""}${next}`;
}
