// Dead letters: what could not be applied, why, and what to do about it.

import { get, path, post } from "./api.js";
import { ask, button, h, put, refresh, say } from "./dom.js";
import { count, indented, time } from "./format.js";
import { done, settled } from "./operations.js";
import { letters } from "./standing.js";

const PAGE = 50;

/** The part of the page. */
export function deadLetters(name) {
  const base = `${path("projections", name)}/dead-letters`;
  const kinds = h("select", { "aria-label": "Kind", onchange: load }, h("option", { value: "" }, "All kinds"));
  const matching = h("input", { type: "search", placeholder: "in the reason", "aria-label": "Part of the reason", onchange: load });
  const [total, rows, after] = [h("span", { role: "status" }), h("ul", { class: "letters" }), button("Show more", more)];
  const all = h("span", { class: "actions" },
    button("Retry these", () => settleAll("retry", "retried")),
    button("Discard these", () => settleAll("discard", "discarded"), "danger"));
  const node = h("div", {}, h("form", { class: "filters", onsubmit: (event) => event.preventDefault() }, kinds, matching, total, all), rows, after);
  let [next, loaded, wanted] = [null, null, 0];

  function query(from) {
    const parameters = new URLSearchParams({ limit: PAGE, after: from });
    if (kinds.value) parameters.set("kind", kinds.value);
    if (matching.value) parameters.set("matching", matching.value);
    return `${base}?${parameters}`;
  }

  async function load() {
    const ours = ++wanted;
    const page = await done(get(query(0)));
    if (!page || ours !== wanted) return;
    // What is as it was stays where it is: somebody may be reading it, or about to click.
    const shown = new Map([...rows.children].map((node) => [node.known, node]));
    const nodes = page.dead_letters.map((letter) => shown.get(JSON.stringify(letter)) ?? row(letter, one, mend));
    [...rows.children].filter((node) => !nodes.includes(node)).forEach((node) => node.remove());
    nodes.forEach((node, at) => rows.children[at] === node || rows.insertBefore(node, rows.children[at] ?? null));
    if (nodes.length === 0) rows.append(h("li", { class: "quiet" }, "There is nothing that could not be applied."));
    next = page.next;
    after.hidden = next === null;
  }

  async function more() {
    const page = await done(get(query(next)));
    if (!page) return;
    rows.append(...page.dead_letters.map((each) => row(each, one, mend)));
    next = page.next;
    after.hidden = next === null;
  }

  async function one(what, verb, { position }) {
    await settle(what, verb, { positions: [position] }, `the event at position ${count(position)}`);
  }

  /** The event as it should have been, in the place of what the log has. */
  async function mend({ position }, text) {
    const control = h("textarea", { rows: 14, spellcheck: "false" }, indented(text));
    const asked = await ask({ title: `Repair the event at position ${count(position)}`, text: "What stands here is applied in the place of what the log has, by later generations too. Its source, id and type stay as they are.", action: "Retry with this", fields: [{ name: "event", label: "Event", control }, { name: "reason", label: "What for (kept on record)" }] });
    if (!asked) return;
    const body = { repairs: [{ position, event: asked.event }], reason: asked.reason || undefined, by: "dashboard" };
    if (await done(post(`${base}/retry`, body), settled("repaired"))) await load();
  }

  async function settleAll(what, verb) {
    const chosen = { ...(kinds.value ? { kinds: [kinds.value] } : {}), ...(matching.value ? { matching: matching.value } : {}) };
    const isAll = Object.keys(chosen).length === 0;
    await settle(what, verb, isAll ? { all: true } : chosen, isAll ? `all dead letters of ${name}` : "all dead letters that match");
  }

  /** What is tried again costs nothing; what is given up is gone, and asked for twice. */
  async function settle(what, verb, chosen, title) {
    let reason;
    if (what === "discard") {
      const asked = await ask({ title: `Discard ${title}`, text: "Discarded events are not applied, now or by later generations. What waits behind them goes on.", action: "Discard", kind: "danger", fields: [{ name: "reason", label: "What for (kept on record)" }] });
      if (!asked) return;
      reason = asked.reason || undefined;
    }
    if (await done(post(`${base}/${what}`, { ...chosen, reason, by: "dashboard" }), settled(verb))) await load();
  }

  return { node, go: load, update(projection) {
    const byKind = projection.dead_letters ?? {};
    refresh(kinds, Object.keys(byKind), () => [h("option", { value: "" }, "All kinds"), ...Object.keys(byKind).map((kind) => h("option", { value: kind, selected: kind === kinds.value }, kind))]);
    const number = letters(projection);
    put(total, `${count(number)} kept`);
    all.hidden = number === 0;
    // What came since is shown, unless somebody is reading what is there.
    if (loaded !== null && loaded !== number && !rows.querySelector("details[open]")) load();
    loaded = number;
  } };
}

function row(letter, settle, repair) {
  const { position, time: taken, kind, reason, keys, event } = letter;
  const text = typeof event === "string" ? event : `bytes that are no text: ${JSON.stringify(event)}`;
  const details = h("details", {},
    h("summary", {}, h("span", { class: "number" }, count(position)), h("span", { class: "kind" }, kind), h("span", { class: "why" }, reason)),
    h("dl", { class: "facts small" }, h("div", {}, h("dt", {}, "Taken"), h("dd", {}, time(taken))), h("div", {}, h("dt", {}, "Touches"), h("dd", {}, keys.length ? keys.join(", ") : "no entity that is known"))),
    h("pre", { tabindex: 0, "aria-label": `Event at position ${position}` }, indented(text)),
    h("div", { class: "actions" },
      button("Retry", () => settle("retry", "retried", letter)),
      button("Repair…", () => repair(letter, text)),
      button("Discard", () => settle("discard", "discarded", letter), "danger"),
      button("Copy the event", () => copy(text))));
  const node = h("li", { "data-position": position }, details);
  node.known = JSON.stringify(letter);
  return node;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    say("Copied.");
  } catch {
    say("The browser does not let this page copy: select the text instead.", "error");
  }
}
