// Where views come from: services, their events, the entities these fold into, the views that read those.

import { get, path } from "./api.js";
import { h, svg } from "./dom.js";
import { done } from "./operations.js";

const COLUMNS = ["Services", "Events", "Entities", "Views"];
const [WIDTH, GAP, ROW, TOP] = [200, 108, 30, 34];

/** The part of the page. */
export function lineage(name) {
  const [picture, words] = [h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Picture of the lineage" }), h("div", { class: "words" })];
  const choice = h("select", { "aria-label": "View to follow", onchange: show });
  const node = h("div", {}, h("form", { class: "filters", onsubmit: (event) => event.preventDefault() }, h("label", {}, h("span", {}, "Follow"), choice)), picture, words);
  let [graph, generation] = [null, null];

  async function load() {
    const found = await done(get(`${path("projections", name)}/lineage`));
    if (!found) return;
    graph = graphOf(found);
    choice.replaceChildren(h("option", { value: "" }, "all views"), ...graph.columns[3].map(({ name: view }) => h("option", { value: view }, view)));
    show();
  }

  function show() {
    const followed = choice.value ? behind(graph, choice.value) : null;
    picture.replaceChildren(draw(graph, followed, (view) => {
      choice.value = choice.value === view ? "" : view;
      show();
    }));
    words.replaceChildren(...graph.columns[3].filter(({ name: view }) => !choice.value || view === choice.value).map((view) => sentence(graph, view)));
  }

  return { node, update(projection) {
    if (projection.generation === generation) return;
    generation = projection.generation;
    load();
  } };
}

/** Columns of nodes, and edges between neighbours; a node is known by its column and name. */
function graphOf({ services, events, entities, views }) {
  const columns = [services, events, entities, views].map((nodes, column) => nodes.map(({ name, query }, row) => ({ id: `${column}:${name}`, name, query, column, row })));
  const edges = [
    ...services.flatMap(({ name, events: said }) => said.map((event) => [`0:${name}`, `1:${event}`])),
    ...events.flatMap(({ name, entities: changed }) => changed.map((entity) => [`1:${name}`, `2:${entity}`])),
    ...views.flatMap(({ name, entities: read }) => read.map((entity) => [`2:${entity}`, `3:${name}`])),
  ];
  return { columns: untangled(columns, edges), edges };
}

/** Each column in the order of the mean row of what it comes from, so that lines cross less. */
function untangled(columns, edges) {
  const rows = new Map(columns[0].map((node) => [node.id, node.row]));
  columns.slice(1).forEach((column) => {
    const mean = ({ id }) => {
      const from = edges.filter(([, to]) => to === id).map(([of]) => rows.get(of) ?? 0);
      return from.length ? from.reduce((sum, row) => sum + row, 0) / from.length : 0;
    };
    column.sort((a, b) => mean(a) - mean(b) || a.name.localeCompare(b.name));
    column.forEach((node, row) => {
      node.row = row;
      rows.set(node.id, row);
    });
  });
  return columns;
}

/** All nodes that a view comes from, with itself. */
function behind({ edges }, view) {
  const found = new Set([`3:${view}`]);
  for (const id of found) edges.filter(([, to]) => to === id).forEach(([from]) => found.add(from));
  return found;
}

function draw({ columns, edges }, followed, choose) {
  const most = Math.max(...columns.map((column) => column.length));
  const [width, height] = [4 * WIDTH + 3 * GAP, TOP + most * ROW + 4];
  const place = new Map(columns.flat().map((node) => [node.id, { x: node.column * (WIDTH + GAP), y: TOP + (node.row + (most - columns[node.column].length) / 2) * ROW }]));
  const kind = (ids) => (followed === null ? "" : ids.every((id) => followed.has(id)) ? "on" : "off");
  const line = ([from, to]) => {
    const [a, b] = [place.get(from), place.get(to)];
    const [x1, y1, x2, y2] = [a.x + WIDTH, a.y + 12, b.x, b.y + 12];
    return svg("path", { class: `edge ${kind([from, to])}`, d: `M${x1} ${y1}C${x1 + GAP / 2} ${y1} ${x2 - GAP / 2} ${y2} ${x2} ${y2}` });
  };
  const box = (node) => {
    const { x, y } = place.get(node.id);
    const attributes = { class: `node column-${node.column} ${kind([node.id])}`, transform: `translate(${x} ${y})` };
    if (node.column === 3) Object.assign(attributes, { onclick: () => choose(node.name) });
    return svg("g", attributes, svg("title", {}, node.name), svg("rect", { width: WIDTH, height: 24, rx: 4 }), svg("text", { x: 8, y: 16 }, node.name.length > 23 ? `${node.name.slice(0, 22)}…` : node.name));
  };
  const heads = COLUMNS.map((name, column) => svg("text", { class: "column", x: column * (WIDTH + GAP), y: 16 }, name));
  return svg("svg", { class: "lineage", viewBox: `-1 0 ${width + 2} ${height}`, width: width + 2, height, role: "img", "aria-label": "Services, their events, entities and views; the same is written below" }, heads, edges.map(line), columns.flat().map(box));
}

/** The same in words, for who does not see the picture; and the view's query. */
function sentence(graph, view) {
  const ids = behind(graph, view.name);
  const names = (column) => graph.columns[column].filter(({ id }) => ids.has(id)).map(({ name }) => name).join(", ");
  return h("section", {}, h("h3", {}, view.name),
    h("p", {}, `reads ${names(2)}; these change by ${names(1)}, from ${names(0)}.`),
    h("details", {}, h("summary", {}, "Query"), h("pre", { tabindex: 0, "aria-label": `Query of ${view.name}` }, view.query)));
}
