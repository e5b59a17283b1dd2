// One projection: its head, what can be done to it, and its parts.

import { documents } from "./documents.js";
import { h, put, refresh } from "./dom.js";
import { history } from "./history.js";
import { deadLetters } from "./letters.js";
import { lineage } from "./lineage.js";
import { now } from "./now.js";
import { operations } from "./operations.js";
import { badge, letters, wordOf } from "./standing.js";

const PARTS = { now: ["Now", now], letters: ["Dead letters", deadLetters], documents: ["Documents", documents], lineage: ["Lineage", lineage], history: ["History", history] };

/** The page of a projection. */
export function projection(name) {
  const [state, reason, body] = [h("span", {}), h("p", { class: "reason", role: "status" }), h("div", { class: "part" })];
  const tabs = Object.fromEntries(Object.keys(PARTS).map((part) => [part, tab(name, part)]));
  const tools = operations(name);
  const missing = h("p", { class: "quiet", hidden: true }, `There is no projection ${name} here.`);
  const head = h("div", { class: "head" }, h("h1", {}, name, state), tools.node);
  const nav = h("nav", { class: "tabs", "aria-label": "Parts" }, Object.values(tabs).map(({ node }) => node));
  const node = h("div", {}, head, reason, missing, nav, body);
  let [open, stored] = [null, null];

  return { node, close: () => open?.close?.(), go(part, rest) {
    const chosen = PARTS[part] ? part : "now";
    for (const [of, { node: link }] of Object.entries(tabs)) {
      if (of === chosen) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    if (open?.part !== chosen) {
      open?.close?.();
      open = { part: chosen, ...PARTS[chosen][1](name) };
      body.replaceChildren(open.node);
    }
    open.go?.(rest);
    if (stored) open.update?.(...stored);
  }, update({ overview, trails }) {
    const found = overview.projections.find((each) => each.name === name);
    for (const part of [missing]) part.hidden = Boolean(found);
    for (const part of [nav, body, tools.node]) part.hidden = !found;
    if (!found) return;
    stored = [found, trails.of(name), overview];
    refresh(state, wordOf(found), () => badge(wordOf(found)));
    put(reason, found.daemon?.reason ?? found.reason ?? pauseOf(found));
    put(tabs.letters.count, letters(found) || "");
    tools.update(found);
    open?.update?.(...stored);
  } };
}

function tab(name, part) {
  const count = h("span", { class: "count" });
  return { count, node: h("a", { href: `#/${encodeURIComponent(name)}/${part}` }, PARTS[part][0], count) };
}

function pauseOf({ paused }) {
  if (!paused) return "";
  return `Paused by ${paused.by}${paused.reason ? `: ${paused.reason}` : ""}`;
}
