/* A file on its way to the server, piece by piece: a request may carry less than a file. */

import { call } from "./server.js";

const UNREADABLE = "The browser could not read it. It may have been moved or deleted meanwhile.";

/* Sends a file {key, name, file} by the command `what`. `told(share)` hears how far it is; `stopped()`
   ends it. Resolves to {} or to {error}. */
export async function sendFile({ key, name, file }, what, { piece, largest, told = () => {}, stopped = () => false }) {
  const { size } = file;
  if (!size) return { error: "It is empty." };
  if (size > largest) return { error: `It has ${Math.round(size / 1e6)} MB; ${largest / 1e6} MB are read at most. Split it.` };
  try {
    for (let start = 0; start < size; start += piece) {
      if (stopped()) return { error: "Stopped." };
      const data = await encoded(file.slice(start, start + piece));
      const answer = await call(what, { upload: key, name, size, start, data });
      if (answer.error) return answer;
      told(answer.got / size);
    }
  } catch {
    return { error: UNREADABLE };
  }
  return {};
}

const encoded = (blob) =>
  new Promise((done, fail) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => fail(reader.error);
    reader.readAsDataURL(blob);
  });
