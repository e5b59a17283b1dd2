// Documents: by key, and lists with filters. An open document is looked at again and again, and says when it has changed.

import { fetched, get, path } from "./api.js";
import { button, h, put } from "./dom.js";
import { cell, count, indented, keyText, parse, time } from "./format.js";
import { done } from "./operations.js";

const PAGE = 25;
const PERIOD = 1000;

/** The part of the page. */
export function documents(name) {
  const [views, body] = [h("div", { class: "tabs small", role: "group", "aria-label": "Views" }), h("div", {})];
  const node = h("div", {}, views, body);
  let [known, open] = [null, null];

  async function go([wanted, key]) {
    known ??= done(get("/v1/views"));
    const all = ((await known)?.views ?? []).filter(({ projection }) => projection === name);
    const spec = all.find((view) => view.name === wanted) ?? all[0];
    if (!spec) return body.replaceChildren(h("p", { class: "quiet" }, "There are no views yet."));
    views.replaceChildren(...all.map((view) => h("a", { href: address(name, view.name), "aria-current": view === spec ? "page" : null }, view.name)));
    open?.close?.();
    open = key === undefined ? list(name, spec) : document_(name, spec, key);
    body.replaceChildren(byKey(name, spec, key), open.node);
  }
  return { node, go, close: () => open?.close?.() };
}

const address = (...parts) => `#/${[parts[0], "documents", ...parts.slice(1)].map(encodeURIComponent).join("/")}`;

function byKey(name, spec, key) {
  const input = h("input", { type: "text", name: "key", placeholder: spec.key.join(","), value: key ?? "", autocomplete: "off", spellcheck: "false", required: "", "aria-label": `Key: ${spec.key.join(", ")}` });
  const submit = (event) => {
    event.preventDefault();
    location.hash = address(name, spec.name, input.value);
  };
  return h("form", { class: "filters", onsubmit: submit }, h("label", {}, h("span", {}, "Key"), input), h("button", { class: "primary" }, "Open"),
    key === undefined ? null : h("a", { href: address(name, spec.name) }, "All documents"));
}

/** One document, as it is now. */
function document_(name, spec, key) {
  const [status, text] = [h("p", { class: "quiet", role: "status" }), h("pre", { tabindex: 0, "aria-label": `Document ${key}` }, "Loading…")];
  const node = h("article", { "aria-label": `${spec.name} ${key}` }, h("h2", {}, h("code", {}, key)), status, text);
  let [tag, shown, timer, isClosed] = [null, null, 0, false];

  async function look() {
    try {
      const response = await fetched(path("views", `${name}.${spec.name}`, key), tag ? { "if-none-match": tag } : {});
      if (isClosed) return;
      const position = response.headers.get("projector-position");
      if (response.status !== 304) {
        const json = await response.text();
        tag = response.headers.get("etag");
        if (shown !== null && shown !== json) node.dataset.changed = time(Date.now());
        shown = json;
        put(text, indented(json));
      }
      const changed = node.dataset.changed ? ` · changed at ${node.dataset.changed}` : "";
      put(status, `As of position ${count(Number(position))}${changed}`);
    } catch (error) {
      if (isClosed) return;
      [tag, shown] = [null, shown === null ? null : ""];
      put(status, error.message);
      put(text, error.code === "no_document" ? "There is no such document." : "");
    }
    timer = setTimeout(look, PERIOD);
  }
  look();
  return { node, close() {
    isClosed = true;
    clearTimeout(timer);
  } };
}

/** Documents by filters, page by page. */
function list(name, spec) {
  const filters = spec.filters.map((column) => h("label", {}, h("span", {}, column), h("input", { type: "search", name: column, autocomplete: "off", spellcheck: "false" })));
  const orders = [["", "as declared"], ...spec.filters.flatMap((column) => [[column, `${column} ↑`], [`-${column}`, `${column} ↓`]])];
  const order = h("select", { name: "order" }, orders.map(([value, text]) => h("option", { value }, text)));
  const [status, rows, after] = [h("p", { class: "quiet", role: "status" }), h("tbody"), button("Show more", () => load(next))];
  const columns = spec.columns.map((column) => column.name ?? column);
  const form = h("form", { class: "filters", onsubmit: (event) => (event.preventDefault(), load()) }, filters, h("label", {}, h("span", {}, "Order"), order), h("button", {}, "Show"));
  const table = h("table", {}, h("thead", {}, h("tr", {}, columns.map((column) => h("th", { scope: "col" }, column)))), rows);
  const node = h("section", { "aria-label": `Documents of ${spec.name}` }, form, status, h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Documents" }, table), after);
  let next = null;

  async function load(cursor) {
    const parameters = new URLSearchParams({ limit: PAGE });
    for (const [column, value] of new FormData(form)) if (value !== "") parameters.set(column, value);
    if (cursor) parameters.set("cursor", cursor);
    const answer = await done(fetched(`${path("views", `${name}.${spec.name}`)}?${parameters}`));
    if (!answer) return;
    const page = parse(await answer.text());
    if (!cursor) rows.replaceChildren();
    rows.append(...page.documents.map((found) => row(name, spec, columns, found)));
    next = page.next;
    after.hidden = !next;
    put(status, `${count(rows.children.length)} shown${next ? ", there are more" : ""}, as of position ${cell(page.position)}`);
  }
  after.hidden = true;
  load();
  return { node };
}

function row(name, spec, columns, found) {
  const key = keyText(spec.key.map((column) => found[column] ?? null));
  const link = (column) => (column === spec.key[0] ? h("a", { href: address(name, spec.name, key) }, cell(found[column])) : value(found[column]));
  return h("tr", {}, columns.map((column) => h("td", {}, link(column))));
}

function value(found) {
  if (found === null || found === undefined) return h("span", { class: "none" }, "null");
  const text = cell(found);
  return text.length > 80 ? h("span", { title: text.slice(0, 1000) }, `${text.slice(0, 80)}…`) : text;
}
