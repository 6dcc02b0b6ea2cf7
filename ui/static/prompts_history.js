/* The History tab: the versions of a prompt, two of them compared, and how each did in use. */

import { $$, h } from "./dom.js";
import { badge, during, moment, note, plural } from "./admin_parts.js";
import { ask, percent, rate, seconds, segments, short, versionName } from "./prompts_book.js";
import { drawCounts, drawLines } from "./prompts_diff.js";
import { drawNoted } from "./prompts_noted.js";

const FORMS = [["source", "Source"], ["rendered", "Rendered"], ["answers", "Answers"]];

/* `shown` is the prompt that the page shows. */
export async function drawHistory(place, shown) {
  const [told, used] = await Promise.all([ask("history", { prompt: shown.name }), ask("measured", { prompt: shown.name })]);
  if (told.error) {
    place.replaceChildren(note(told.error, "bad", "alert"));
    return;
  }
  const view = { name: shown.name, versions: told.versions, form: "source", pair: null };
  const list = h("section", { class: "panel versions", "aria-label": "Versions" });
  const compare = h("section", { class: "panel", "aria-label": "Compare" });
  const right = h("div", { class: "col wide-gap" }, compare, drawMeasured(used), drawNoted(shown.name));
  place.replaceChildren(h("div", { class: "g12" }, list, right));
  const show = (newer) => {
    view.pair = pairOf(view, newer);
    drawCompare(compare, view);
    for (const line of $$(".vi", list)) line.setAttribute("aria-current", String(line.dataset.sha === view.pair[1].sha));
  };
  drawVersions(list, view, told.more, show);
  show(view.versions[0]);
}

/* A version beside what it came from; the first one stands alone. */
function pairOf(view, newer) {
  const from = view.versions.find((one) => one.sha === newer.parent);
  const before = view.versions.find((one) => one.seq < newer.seq);
  return [from ?? before ?? newer, newer];
}

const liveName = ({ environment, share }) => (share < 1 ? `${environment} ${percent(share)}` : environment);

const servedAs = (version) => version.live.map((one) => badge(liveName(one), one.environment === "production" ? "acc" : ""));

function drawVersions(list, view, more, show) {
  const line = (version) =>
    h(
      "button",
      { type: "button", class: "vi", "data-sha": version.sha, "aria-current": "false", onclick: () => show(version) },
      h("span", { class: "row" }, h("b", { class: "num" }, versionName(version)), h("span", { class: "ell grow" }, version.note || "No note"), servedAs(version)),
      h("span", { class: "xs dim" }, `${version.author}, `, moment(version.at), h("span", { class: "mono" }, ` ${short(version.sha)}`)),
    );
  const next = h("button", { type: "button", class: "btn s" }, "Load earlier versions");
  const foot = h("div", { class: "row under-table" }, next);
  next.addEventListener("click", () =>
    during(next, "Loading…", async () => {
      const told = await ask("history", { prompt: view.name, before: view.versions.at(-1).seq });
      if (told.error) return foot.replaceChildren(note(told.error, "bad", "alert"));
      view.versions.push(...told.versions);
      foot.before(...told.versions.map(line));
      foot.hidden = !told.more;
      return null;
    }),
  );
  foot.hidden = !more;
  list.replaceChildren(...view.versions.map(line), foot);
}

/* Two versions are chosen from those that are listed; what differs is asked for each time. */
async function drawCompare(place, view) {
  const [old, fresh] = view.pair;
  const select = (label, chosen, at) =>
    h(
      "select",
      { class: "in", "aria-label": label, onchange: (event) => { view.pair[at] = view.versions.find((one) => one.sha === event.target.value); drawCompare(place, view); } },
      view.versions.map((one) => h("option", { value: one.sha, selected: one.sha === chosen.sha }, [versionName(one), ...one.live.map(liveName)].join(", "))),
    );
  const counts = h("span", {});
  const body = h("div", { class: "compared" }, h("p", { class: "none", role: "status" }, "Comparing…"));
  const forms = segments("Compare what", FORMS, view.form, (form) => { view.form = form; draw(); });
  place.replaceChildren(
    h("div", { class: "ph wrap" }, h("h2", {}, "Compare"), select("Older version", old, 0), h("span", { class: "dim" }, "with"), select("Newer version", fresh, 1), h("span", { class: "sp" }), counts, forms),
    body,
  );
  const told = await ask("compare", { prompt: view.name, old: old.sha, new: fresh.sha });
  const draw = () => {
    if (told.error) {
      body.replaceChildren(note(told.error, "bad", "alert"));
      return;
    }
    const lines = { source: told.files, rendered: told.rendered, answers: [] }[view.form].flatMap((one) => one.lines);
    counts.replaceChildren(lines.some(([sign]) => sign !== " ") ? drawCounts(lines) : "");
    body.replaceChildren({ source: () => drawFiles(told.files), rendered: () => drawRendered(told), answers: () => drawAnswers(told.answers, old, fresh) }[view.form]());
  };
  draw();
}

/* The prompt itself, then the files it takes in, each under its name where it changed. */
function drawFiles([prompt, ...others]) {
  const file = ({ name, lines }) => [h("h3", { class: "file mono" }, name), drawLines(lines)];
  return h("div", {}, drawLines(prompt.lines), others.filter(({ lines }) => lines.some(([sign]) => sign !== " ")).flatMap(file));
}

function drawRendered({ rendered, why }) {
  if (why) return h("p", { class: "none" }, why);
  return h(
    "div",
    { class: "col pb" },
    rendered.map((one) => h("div", { class: "pm" }, h("div", { class: "h" }, h("b", { class: "grow" }, one.role)), drawLines(one.lines, { numbers: false }))),
  );
}

/* What both answered to the same cases, those that turned out otherwise first. */
function drawAnswers(answers, old, fresh) {
  if (!answers.length) return h("p", { class: "none" }, "The two versions have not answered the same cases. Run the tests with both as columns.");
  const cell = (one) => h("td", {}, one ? badge(`${one.passes}/${one.repeats}`, one.passed ? "ok" : "bad", one.passed ? "check" : "close") : h("span", { class: "dim" }, "not run"), one && h("p", { class: "said sm" }, one.text || one.error || "No text"));
  return h(
    "div",
    { class: "across" },
    h(
      "table",
      { class: "t", "aria-label": "Answers" },
      h("thead", {}, h("tr", {}, ["Case", versionName(old), versionName(fresh)].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, answers.map((one) => h("tr", {}, h("th", { scope: "row" }, one.name, one.change && h("span", { class: `sub ${one.change === "worse" ? "bad" : "good"}` }, one.change)), cell(one.old), cell(one.new)))),
    ),
  );
}

const HEAD = ["Version", "Answers", "Thumbs up", "Edited", "Refused", "First word", "Tokens", "Errors"];

function drawMeasured(used) {
  const place = h("section", { class: "panel", "aria-label": "Measured" });
  const title = h("div", { class: "ph" }, h("h2", { class: "grow" }, "Measured, last 30 days"));
  if (used.error) {
    place.append(title, h("div", { class: "pb" }, note(used.error, "bad", "alert")));
    return place;
  }
  if (!used.arms.length) {
    place.append(title, h("p", { class: "none" }, "No answers of this prompt in these days."));
    return place;
  }
  const figure = (value, under = null) => h("td", { class: "r" }, value, under && h("span", { class: "sub" }, under));
  const whole = (value) => (value === null ? "–" : value.toLocaleString("en"));
  const row = (arm) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, h("span", { class: "badges" }, versionName(arm), servedAs(arm))),
      figure(whole(arm.answers), plural(arm.conversations, "conversation")),
      figure(rate(arm.up)),
      figure(arm.wordings ? percent(arm.edited) : "–", arm.wordings ? plural(arm.wordings, "wording") : null),
      figure(rate(arm.refused)),
      figure(seconds(arm.first), `${seconds(arm.total)} in all`),
      figure(whole(arm.tokens)),
      figure(rate(arm.errors)),
    );
  place.append(
    title,
    h("div", { class: "across" }, h("table", { class: "t", "aria-label": "Measured by version" }, h("thead", {}, h("tr", {}, HEAD.map((name, at) => h("th", { scope: "col", class: at ? "r" : null }, name)))), h("tbody", {}, used.arms.map(row)))),
    h("div", { class: "col under-table" }, used.sentences.map((one) => h("p", { class: "sm" }, one)), h("p", { class: "xs dim" }, "Times and tokens are medians. Under a rate stands where it lies in 95 of 100 such samples; edited is how far better wordings are from the answers.")),
  );
  return place;
}
