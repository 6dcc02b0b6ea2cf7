/* What goes live: the Publish dialog with its gate, Roll back, and the Releases tab. A release is
   only ever added; rolling back adds one too. */

import { h, icon } from "./dom.js";
import { badge, during, field, input, moment, note, whole } from "./admin_parts.js";
import { openDialog, toast } from "./overlays.js";
import { ask, button, checkLine, percent, segments, versionName } from "./prompts_book.js";

const REASON = 10;
const ENVIRONMENTS = [["staging", "Staging"], ["production", "Production"]];

const serves = (weights) => weights.map((one) => (weights.length > 1 ? `${versionName(one)} ${percent(one.share)}` : versionName(one))).join(", ");

/* Publishes a version {sha, seq} of a prompt. `done` runs after it was published; `follow` leads to
   where a line of the gate can be mended: "edit", "tests", "injection", or "case:" and its name. */
export async function openPublish(name, version, { done, follow, unsaved = false }) {
  const told = await ask("publishing", { prompt: name, version: version.sha });
  if (told.error) {
    toast(told.error, { error: true });
    return;
  }
  const view = { environment: "production", told, name, version, follow };
  const share = input({ id: "publish-share", class: "in num", inputmode: "numeric", value: "100", "aria-describedby": "publish-rest" });
  const rest = h("span", { class: "xs dim", id: "publish-rest" });
  const gate = h("div", {});
  const words = input({ id: "publish-note", value: told.note, maxlength: "400" });
  const reason = h("textarea", { class: "in", id: "publish-reason", rows: "2", placeholder: "At least one sentence", maxlength: "400" });
  const against = h("details", {}, h("summary", { class: "sm b" }, "Publish against the gate"), field("Reason, kept in the record", reason));
  const state = h("span", { class: "sm row grow", role: "status" });
  const problem = h("div", { class: "problem" });
  const send = h("button", { type: "button", class: "btn pri" });
  const cancel = h("button", { type: "button", class: "btn" }, "Cancel");
  const body = h(
    "div",
    { class: "pb col form" },
    unsaved && note(`The editor holds changes that are not saved. They are no part of ${versionName(version)}.`, "warn"),
    h(
      "div",
      { class: "row wrap top" },
      h("div", { class: "field grow" }, h("span", { class: "lab" }, "Environment"), segments("Environment", ENVIRONMENTS, view.environment, (chosen) => { view.environment = chosen; draw(); })),
      h("div", { class: "field" }, h("label", { for: share.id }, "Share of new conversations, %"), h("div", { class: "row share" }, share, rest)),
    ),
    gate,
    field("Note", words),
    against,
    problem,
  );
  const dialog = openDialog(`Publish ${name} ${versionName(version)}`, h("div", {}, body, h("div", { class: "row bottom" }, state, cancel, send)));
  const draw = () => drawChoice(view, { share, rest, gate, against, reason, state, send, dialog });
  share.addEventListener("input", draw);
  reason.addEventListener("input", draw);
  cancel.addEventListener("click", () => dialog.close());
  send.addEventListener("click", async () => {
    problem.replaceChildren();
    const overridden = needsReason(view) ? reason.value.trim() : "";
    const answer = await during(send, "Publishing…", () =>
      ask("publish", { prompt: name, version: version.sha, environment: view.environment, share: Number(share.value), note: words.value, override: overridden }),
    );
    if (!answer) return;
    if (answer.error) {
      problem.replaceChildren(note(answer.error, "bad", "alert"));
      if (answer.gate) view.told.gate = answer.gate;
      if (answer.code === "conflict") {
        const fresh = await ask("publishing", { prompt: name, version: version.sha });
        if (!fresh.error) view.told = fresh;
      }
      draw();
      return;
    }
    dialog.close();
    toast(`${name} ${versionName(version)} is published to ${view.environment}. Conversations that are open stay on their version.`);
    done();
  });
  draw();
  words.focus();
}

const needsReason = (view) => view.environment === "production" && !view.told.gate.open;

/* What the dialog says about the choice so far, and whether it can be sent. */
function drawChoice(view, parts) {
  const { told, environment } = view;
  const { share, rest, gate, against, reason, state, send, dialog } = parts;
  const part = Number(share.value);
  const fine = Number.isInteger(part) && part >= 1 && part <= 100;
  const other = told.serving[environment].find((one) => one.sha !== view.version.sha);
  rest.textContent = !fine ? "1 to 100" : part === 100 ? "all of them" : other ? `rest ${versionName(other)}` : "nothing else is published here";
  share.setAttribute("aria-invalid", String(!fine));
  const held = needsReason(view);
  const failed = told.gate.lines.filter((one) => !one.ok).length;
  drawGate(gate, view, dialog);
  against.hidden = !held || !told.may_override;
  const enough = against.hidden ? !held : !held || reason.value.trim().length >= REASON;
  state.replaceChildren(...sentenceOf(held, failed, told.may_override));
  send.replaceChildren(`Publish to ${environment}`);
  send.disabled = !fine || !enough || (part < 100 && !other);
}

function sentenceOf(held, failed, mayOverride) {
  if (!held) return [];
  const failing = `${failed} ${failed === 1 ? "check" : "checks"} failed`;
  return [h("span", { class: "bad row" }, icon("warn"), mayOverride ? failing : `${failing}. Only an administrator publishes against the gate.`)];
}

function drawGate(place, { told, environment, follow }, dialog) {
  if (environment === "staging") {
    place.replaceChildren(h("p", { class: "sm dim" }, "Staging has no gate. It serves Try it, and nobody's chat."));
    return;
  }
  const leave = (link) => h("button", { type: "button", class: "as-link xs", onclick: () => { dialog.close(); follow(link); } }, link.startsWith("case:") ? "Open case" : "Open");
  place.replaceChildren(
    h("p", { class: "lab", id: "publish-gate" }, "Gate"),
    h("ul", { class: "gate", "aria-labelledby": "publish-gate" }, told.gate.lines.map((one) => checkLine(one.ok, one.sentence, one.detail, one.link ? leave(one.link) : one.at && h("span", { class: "xs dim num" }, moment(one.at))))),
  );
}

/* Serves what an earlier release served: asked once, done at once, without a gate. */
export async function openRollback(name, done, to = null) {
  const told = await ask("earlier", { prompt: name, to });
  if (told.error) {
    toast(told.error, { error: true });
    return;
  }
  const problem = h("div", { class: "problem" });
  const cancel = h("button", { type: "button", class: "btn" }, "Cancel");
  const send = h("button", { type: "button", class: "btn danger" }, `Roll back to ${serves(told.to.weights)}`);
  const dialog = openDialog(
    `Roll back ${name}`,
    h(
      "div",
      {},
      h(
        "div",
        { class: "pb col" },
        h("p", { class: "sm" }, `New conversations get ${serves(told.to.weights)} again, as released on ${whole(told.to.at)}${told.to.note ? `: “${told.to.note}”` : ""}. Now they get ${serves(told.now.weights)}.`),
        h("p", { class: "sm dim" }, "Open conversations stay on their version. This is a release too, and stands in the record."),
        problem,
      ),
      h("div", { class: "row bottom" }, h("span", { class: "sp" }), cancel, send),
    ),
  );
  cancel.addEventListener("click", () => dialog.close());
  send.addEventListener("click", async () => {
    const answer = await during(send, "Rolling back…", () => ask("roll_back", { prompt: name, to: told.to.id }));
    if (!answer) return;
    if (answer.error) {
      problem.replaceChildren(note(answer.error, "bad", "alert"));
      return;
    }
    dialog.close();
    toast(`${name} serves ${serves(told.to.weights)} again.`);
    done();
  });
  send.focus();
}

const HEAD = ["When", "Environment", "Serves", "By", "Note"];

/* The Releases tab. `shown` is the prompt that the page shows; `done` runs after a rollback. */
export async function drawReleases(place, shown, done) {
  const told = await ask("releases", { prompt: shown.name });
  if (told.error) {
    place.replaceChildren(note(told.error, "bad", "alert"));
    return;
  }
  if (!told.releases.length) {
    place.replaceChildren(note("Nothing is published yet. Publish… asks the gate and makes the first release."));
    return;
  }
  const body = h("tbody", {}, told.releases.map((one) => row(shown.name, one, done)));
  const more = h("button", { type: "button", class: "btn s" }, "Load earlier releases");
  const foot = h("div", { class: "row under-table" }, more);
  foot.hidden = told.before === null;
  let { before } = told;
  more.addEventListener("click", () =>
    during(more, "Loading…", async () => {
      const next = await ask("releases", { prompt: shown.name, before });
      if (next.error) return foot.replaceChildren(note(next.error, "bad", "alert"));
      body.append(...next.releases.map((one) => row(shown.name, one, done)));
      ({ before } = next);
      foot.hidden = before === null;
      return null;
    }),
  );
  place.replaceChildren(
    h(
      "section",
      { class: "panel", "aria-label": "Releases" },
      h("div", { class: "ph" }, h("h2", { class: "grow" }, "Releases"), h("span", { class: "xs dim" }, "Nothing here is changed or deleted")),
      h("table", { class: "t cards still releases", "aria-label": "Releases" }, h("thead", {}, h("tr", {}, [...HEAD.map((name) => h("th", { scope: "col" }, name)), h("th", {}, h("span", { class: "vh" }, "Roll back"))])), body),
      foot,
    ),
  );
}

function row(name, one, done) {
  const again = one.may_return && button("Roll back to this…", null, () => openRollback(name, done, one.id), { "aria-label": `Roll back to the release of ${whole(one.at)}` });
  return h(
    "tr",
    {},
    h("td", { class: "num when" }, h("time", { datetime: one.at, title: one.at }, whole(one.at))),
    h("td", {}, h("span", { class: "badges" }, badge(one.environment, one.environment === "production" ? "acc" : ""), one.current && badge("now", "ok", "check"))),
    h("td", { class: "num" }, serves(one.weights)),
    h("td", {}, one.by),
    h("td", { class: "what" }, one.note || h("span", { class: "dim" }, "No note"), one.override && h("span", { class: "sub warned" }, `Against the gate: ${one.override}`)),
    h("td", { class: "at-end" }, again),
  );
}
