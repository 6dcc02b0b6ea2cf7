/* What the parts of the Monitor page share: what is asked for, what the server told, the address. The
   address names the view, and the point whose answers are open. Knows no part. */

export const DEFAULTS = { period: "7d", group: "prompt", channel: "" };

/* What the server told at the start, what is shown, and what is asked for. */
export const monitor = { facts: {}, shown: null, wanted: { ...DEFAULTS } };

/* The address of a view; `point` {plot, series, at} opens its answers. The whole of it, since Gradio's
   <base> would send a bare "#…" to the first page. */
export function addressOf(wanted = monitor.wanted, point = null) {
  const parts = Object.entries({ ...wanted, ...point }).filter(([name, value]) => value !== (DEFAULTS[name] ?? null));
  const text = new URLSearchParams(parts).toString();
  return location.pathname + (text && `#${text}`);
}

/* What the address names: {wanted, point}; what nobody could have chosen is left as it was. */
export function fromAddress(choices) {
  const given = new URLSearchParams(location.hash.slice(1));
  const wanted = { ...DEFAULTS };
  for (const name of Object.keys(DEFAULTS)) if (choices[name].includes(given.get(name))) wanted[name] = given.get(name);
  const [plot, series, at] = ["plot", "series", "at"].map((name) => given.get(name));
  // A series of "" stands for all of the plot's together.
  return { wanted, point: plot && series !== null && at ? { plot, series, at } : null };
}
