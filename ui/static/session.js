/* Whether this page's person is still logged in. Asked when a call failed, and when the tab is seen
   again; a person who is not keeps all text on the page and gets a way to log in beside it. */

import { $, h, icon } from "./dom.js";
import { toast } from "./overlays.js";

export const NOT_SENT = "Nothing was sent: you are logged out.";
const SIGNED_OUT = "You are logged out. What you wrote is kept here: log in, then try again.";
const SOMEBODY_ELSE = "Somebody else is logged in in this browser now.";

let expected = false;
let me = null;
let over = false;
const waiting = [];
const forgetting = [];

/* The server has a login at all. */
export function expectLogin() {
  expected = true;
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) checkSession();
  });
  addEventListener("focus", answered);
}

/* The server has answered a call, or the window is looked at again: somebody may be logged in. */
export function answered() {
  if (over) checkSession();
}

/* The server has told who uses this page: by id, since two people may have the same name. */
export function nowSignedIn(id) {
  me ??= id;
}

/* Runs when a person who was logged out is there again. */
export const onSignedIn = (run) => waiting.push(run);

export const isSignedOut = () => over;

/* Whether the page may go on. Says on the page why not. */
export async function checkSession() {
  if (!expected) return true;
  let answer;
  try {
    answer = await fetch("/session", { cache: "no-store" });
  } catch {
    return !over; // the server cannot be reached: that is another story
  }
  if (answer.status === 401) return stop(SIGNED_OUT, "Log in in a new tab", "/login", "_blank");
  if (!answer.ok) return !over;
  const { id } = await answer.json();
  if (me !== null && id !== me) return stop(SOMEBODY_ELSE, "Reload the page", "/", "_self");
  if (over) {
    over = false;
    $("#signed-out")?.remove();
    for (const run of waiting) run();
  }
  return true;
}

function stop(sentence, action, href, target) {
  over = true;
  const shown = $("#signed-out");
  if (shown?.dataset.why === sentence) return false;
  shown?.remove();
  const leave = target === "_self" ? forget : null;
  document.body.append(
    h(
      "div",
      { class: "toast bad", role: "alert", id: "signed-out", "data-why": sentence },
      icon("lock"),
      h("span", { class: "grow" }, sentence),
      h("a", { class: "btn s", href, target, rel: "noopener", onclick: leave }, action),
    ),
  );
  return false;
}

/* Unsent texts belong to the person who wrote them, not to the next one at this screen. */
function forget() {
  sessionStorage.clear();
  for (const run of forgetting) run();
}

/* Runs when a person leaves this browser: what is kept of theirs goes. */
export const onForget = (run) => forgetting.push(run);

export async function logOut(path) {
  try {
    const answer = await fetch(path, { method: "POST" });
    if (!answer.ok && answer.status !== 401) throw new Error("refused");
  } catch {
    toast("You are still logged in: the server did not answer. Try again.", { error: true });
    return;
  }
  forget();
  location.assign("/login");
}
