// What was done to a projection, when and by whom.

import { get, path } from "./api.js";
import { h } from "./dom.js";
import { count, seconds, time } from "./format.js";
import { done } from "./operations.js";

const WORDS = { deployed: "deployed", cut_over: "cut over to", rolled_back: "rolled back to", cancelled: "cancelled", dropped: "dropped" };

/** The part of the page. */
export function history(name) {
  const rows = h("tbody");
  const head = h("tr", {}, ["When", "What", "By", "Took", "Events"].map((text) => h("th", { scope: "col" }, text)));
  const node = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "History" }, h("table", {}, h("thead", {}, head), rows));
  let known = null;

  async function load() {
    const found = await done(get(`${path("projections", name)}/history`));
    if (found) rows.replaceChildren(...found.history.reverse().map(row));
  }

  return { node, update({ generations }) {
    const now = JSON.stringify(generations?.map(({ number, live }) => [number, live]));
    if (now === known) return;
    known = now;
    load();
  } };
}

function row({ what, generation, before, events, by, at, took }) {
  const from = before === null ? "" : ` from ${before}`;
  return h("tr", {}, h("td", {}, time(at / 1000)), h("td", {}, `${WORDS[what] ?? what} ${generation}${from}`), h("td", {}, by),
    h("td", { class: "number" }, seconds(took / 1e6)), h("td", { class: "number" }, events > 0 ? count(events) : ""));
}
