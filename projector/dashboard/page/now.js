// What a projection does now: numbers, plots, generations, what it waits for.

import { h, put, refresh } from "./dom.js";
import { count, measure, seconds } from "./format.js";
import { facts } from "./list.js";
import { plot } from "./plots.js";

const PHASES = { fold: "folding events into rows", materialize: "evaluating views", load: "loading into the store", building: "catching up with the log", starting: "starting", halted: "halted" };

/** The part of the page. */
export function now() {
  const values = facts(["lag", "rate", "delay", "position", "letters"]);
  const throughput = plot("Throughput", [{ name: "Applied", unit: "events/s", values: ({ rate }) => rate }]);
  const latency = plot("Latency", [
    { name: "Log to view", unit: "ms", values: ({ delay }) => delay },
    { name: "Commit", unit: "ms", values: ({ commit }) => commit },
  ]);
  const behind = plot("Lag", [{ name: "Behind", unit: "events", values: ({ head, position }) => Math.max(0, head - position) }]);
  const [waits, building, operation, rows, more] = [h("ul", { class: "waits" }), rebuild(), h("p", { class: "quiet", role: "status" }), h("tbody"), h("dl", { class: "facts small" })];
  const table = h("table", {},
    h("thead", {}, h("tr", {}, ["Generation", "Role", "Position", "Definitions"].map((name) => h("th", { scope: "col" }, name)))), rows);
  const node = h("div", {}, values.node, waits, building.node,
    h("div", { class: "plots" }, throughput.node, latency.node, behind.node),
    h("section", { "aria-labelledby": "generations" }, h("h2", { id: "generations" }, "Generations"), h("div", { class: "scroll" }, table), operation),
    more);

  return { node, update(projection, samples) {
    values.update(projection, samples);
    for (const each of [throughput, latency, behind]) each.update(samples);
    building.update(projection);
    refresh(waits, projection.daemon?.retrying?.map(({ port, seconds: lasting, error }) => [port, Math.round(lasting), error]), () =>
      (projection.daemon?.retrying ?? []).map(({ port, seconds: lasting, error }) => h("li", {}, `The ${port} has not answered for ${seconds(Math.round(lasting))}${error ? `: ${error}` : ""}`)));
    refresh(rows, [projection.generations, projection.generation, projection.building?.generation], () => (projection.generations ?? []).map((each) => generation(each, projection)));
    put(operation, last(projection.operation));
    refresh(more, rest(projection), () => rest(projection).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
  } };
}

function generation({ number, live, position, fingerprint, went_live: was }, { generation: present, building }) {
  const role = live ? "live" : was ? "was live" : number === building?.generation ? "being built" : number > present ? "begun, not live" : "left over";
  return h("tr", { class: live ? "live" : null }, h("th", { scope: "row" }, number), h("td", {}, role), h("td", { class: "number" }, count(position)), h("td", {}, h("code", {}, fingerprint)));
}

/** How far a generation is that is built beside what is live. */
function rebuild() {
  const [title, bar, text] = [h("h2", { id: "building" }), h("progress", { "aria-labelledby": "building" }), h("p", {})];
  const node = h("section", { class: "building", hidden: true, "aria-labelledby": "building" }, title, bar, text);
  return { node, update({ building, operation }) {
    const isRunning = operation?.state === "running";
    node.hidden = !building && !isRunning;
    if (node.hidden) return;
    if (!building) {
      put(title, `The ${operation.what} begins`);
      bar.removeAttribute("value");
      return put(text, "");
    }
    const { generation: number, stage, position, head, events_per_second: rate, seconds_to_go: left, reason } = building;
    put(title, number ? `Building generation ${number}` : "A generation is looked for");
    bar.max = Math.max(1, head);
    bar.value = position;
    const eta = stage === "fold" && typeof left === "number" && left > 0 ? `, about ${seconds(left)} to go` : "";
    put(text, reason ?? `${PHASES[stage] ?? stage}: ${count(position)} of ${count(head)} events${rate > 0 ? `, ${measure(rate)} events/s` : ""}${eta}`);
  } };
}

function last(operation) {
  if (!operation || operation.state === "running") return "";
  const { what, by, generation: number, state, error } = operation;
  return `The last ${what}, asked for by ${by}: ${error ?? `generation ${number} is ${state}`}`;
}

/** What is worth a line only where there is something to say. */
function rest({ tables, broken_documents: broken, pending_jobs: jobs, open_orders: orders }) {
  const lines = [["Broken documents", broken], ["Fan-out jobs left", jobs], ["Orders not carried out", orders]];
  const shown = lines.filter(([, number]) => number > 0).map(([name, number]) => [name, count(number)]);
  if (tables) shown.push(["Tables", `at ${count(tables.position)}, ${count(tables.waiting)} documents wait`]);
  return shown;
}
