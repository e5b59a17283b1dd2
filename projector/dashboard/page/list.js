// All projections, where there are several.

import { h, put, refresh } from "./dom.js";
import { sparkline } from "./plots.js";
import { NAMES, badge, numbers, wordOf } from "./standing.js";

/** The list. */
export function list() {
  const rows = new Map();
  const all = h("ul", { class: "cards" });
  const node = h("section", { "aria-labelledby": "list-title" }, h("h1", { id: "list-title" }, "Projections"), all);
  return { node, update({ overview, trails }) {
    refresh(all, overview.projections.map(({ name }) => name), () => {
      rows.clear();
      for (const { name } of overview.projections) rows.set(name, row(name));
      return rows.size ? [...rows.values()].map(({ node }) => node) : h("li", { class: "quiet" }, "Nothing is deployed yet.");
    });
    for (const projection of overview.projections) rows.get(projection.name)?.update(projection, trails.of(projection.name));
  } };
}

function row(name) {
  const [state, spark, values] = [h("span", {}), sparkline(), facts(["lag", "rate", "delay", "letters"])];
  const link = h("a", { href: `#/${encodeURIComponent(name)}` }, name);
  const node = h("li", { class: "card" }, h("h2", {}, link, state), values.node, spark.node);
  return { node, update(projection, samples) {
    refresh(state, wordOf(projection), () => badge(wordOf(projection)));
    values.update(projection, samples);
    spark.update(samples.map(({ rate }) => rate));
  } };
}

/** Some of the numbers of a projection. */
export function facts(names) {
  const fields = names.map((name) => [name, h("strong", {}), h("span", { class: "quiet" })]);
  const node = h("dl", { class: "facts" }, fields.map(([name, value, note]) => h("div", { "data-fact": name }, h("dt", {}, NAMES[name]), h("dd", {}, value, note))));
  return { node, update(projection, samples) {
    const now = numbers(projection, samples);
    for (const [name, value, note] of fields) {
      put(value, now[name][0]);
      put(note, now[name][1]);
    }
  } };
}
