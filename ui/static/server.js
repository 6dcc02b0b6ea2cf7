/* Calls to the server that always come back: with what was asked for, or with {error, code}. */

import { NOT_SENT, answered, checkSession } from "./session.js";

const OFFLINE = "The server does not answer. What you wrote is kept here; try again.";
const WAIT = 30_000;

let channel = null;

export function callThrough(island) {
  channel = island.server;
}

export const call = (what, given = {}) => ask(() => channel, what, given);

/* The same for the commands of another island of the page. */
export const callsOf = (island) => (what, given = {}) => ask(() => island.server, what, given);

async function ask(through, what, given) {
  const late = new Promise((_, fail) => {
    setTimeout(() => fail(new Error("late")), WAIT);
  });
  try {
    // Gradio answers nothing at all when the server could not be reached.
    const told = await Promise.race([through().call({ do: what, ...given }), late]);
    if (!told || told.code === "not_signed_in") return await unanswered();
    answered();
    return told;
  } catch {
    return unanswered();
  }
}

/* Why nothing came back: the login is over, or the server cannot be reached. */
const unanswered = async () =>
  (await checkSession())
    ? { error: OFFLINE, code: "offline" }
    : { error: NOT_SENT, code: "not_signed_in" };

/* A key for one send: the server makes one turn of it, however often it arrives. */
export function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
