// How a projection is, in a word and a shape.

import { h, svg } from "./dom.js";
import { count, counted, measure, seconds } from "./format.js";

const SHAPES = {
  well: svg("circle", { cx: 6, cy: 6, r: 4.5 }),
  starting: svg("path", { d: "M6 1.5a4.5 4.5 0 0 1 0 9zM6 1.5a4.5 4.5 0 1 0 0 9", class: "half" }),
  paused: svg("path", { d: "M2 1.5h3v9H2zM7 1.5h3v9H7z" }),
  stalled: svg("path", { d: "M6 1 11.5 11H.5z" }),
  halted: svg("path", { d: "M1.5 1.5h9v9h-9z" }),
  stopped: svg("circle", { cx: 6, cy: 6, r: 4, class: "half" }),
};

/** How it is: as the daemon says, or, where another one runs it, as it is stored. */
export const wordOf = ({ daemon, state }) => daemon?.state ?? state ?? "unknown";

/** The word with its shape. */
export function badge(word) {
  const kind = { running: "well", killed: "halted" }[word] ?? word;
  const shape = SHAPES[kind] ?? SHAPES.stopped;
  return h("span", { class: `badge ${kind}` }, svg("svg", { viewBox: "0 0 12 12", width: 12, height: 12, "aria-hidden": "true" }, shape.cloneNode(true)), word);
}

/** All dead letters that are kept. */
export const letters = ({ dead_letters: kinds }) => Object.values(kinds ?? {}).reduce((sum, kept) => sum + kept, 0);

/** How far it is behind: as the daemon has seen it last, else as it is stored. */
export function lag({ daemon, lag: stored }) {
  const events = daemon ? Math.max(0, daemon.head - daemon.position) : stored?.events;
  return { events, seconds: events === 0 ? 0 : stored?.seconds };
}

/** The numbers that matter, each with its name; the same for the list and for the page of one. */
export function numbers(projection, samples) {
  const { events, seconds: behind } = lag(projection);
  const delays = samples.slice(-10).filter(({ commits }) => commits > 0).map(({ delay }) => delay / 1000);
  const position = projection.daemon?.position ?? projection.position;
  // The head may have been looked at before the newest events came.
  const head = Math.max(projection.daemon?.head ?? 0, position ?? 0);
  return {
    lag: [counted(events, "event"), typeof behind === "number" ? seconds(behind) : ""],
    rate: [`${measure(projection.daemon?.events_per_second)} /s`, "events applied"],
    delay: [delays.length ? seconds(Math.max(...delays)) : "–", "from log to view"],
    position: [count(position), `of ${count(head)}`],
    letters: [count(letters(projection)), projection.parked_keys ? counted(projection.parked_keys, "key") + " wait" : "none waits"],
  };
}

/** What the numbers are called. */
export const NAMES = { lag: "Lag", rate: "Rate", delay: "Latency", position: "Position", letters: "Dead letters" };
