/* Finds the places that pages/frame.py offers to our scripts, whenever Gradio has made them. */

const found = new Map();
const waiting = new Map();

function register(offer) {
  found.set(offer.name, offer);
  waiting.get(offer.name)?.forEach((tell) => tell(offer));
  waiting.delete(offer.name);
}

/* The island of a name: {element, trigger, props, server, watch}. */
export function island(name) {
  if (found.has(name)) return Promise.resolve(found.get(name));
  return new Promise((tell) => {
    waiting.set(name, [...(waiting.get(name) ?? []), tell]);
  });
}

export function listenForIslands() {
  const early = window.chatbotIslands ?? [];
  window.chatbotIslands = { push: register };
  early.forEach(register);
}
