// The page: which part of it is shown, and what it shows now.

import { get, token } from "./api.js";
import { h, put, refresh } from "./dom.js";
import { seconds } from "./format.js";
import { list } from "./list.js";
import { projection } from "./projection.js";
import { Trails } from "./trails.js";

const PERIOD = 1000;
const BUSY_PERIOD = 300;
const HIDDEN_PERIOD = 10_000;

const content = document.getElementById("content");
const connection = document.getElementById("connection");
const form = document.getElementById("token");
const store = { overview: null, trails: new Trails(), answered: 0 };
let [page, timer] = [null, 0];

/** What the address asks for: `#/PROJECTION/PART/…`. */
function place() {
  const parts = location.hash.replace(/^#\/?/, "").split("/").filter(Boolean).map(decodeURIComponent);
  const only = store.overview.projections.length === 1 ? store.overview.projections[0].name : undefined;
  const [name = only, part = "now", ...rest] = parts;
  return { name, part, rest };
}

function show() {
  if (!store.overview) return;
  const { name, part, rest } = place();
  const key = name ?? "";
  if (page?.key !== key) {
    page?.close?.();
    page = { key, ...(name === undefined ? list() : projection(name)) };
    content.replaceChildren(page.node);
  }
  document.title = name === undefined ? "Projector" : `${name} · Projector`;
  page.go?.(part, rest);
  update();
}

function update() {
  const { projections } = store.overview;
  refresh(document.getElementById("projections"), [projections.map(({ name }) => name), page.key], () =>
    projections.length > 1
      ? projections.map(({ name }) => h("a", { href: `#/${encodeURIComponent(name)}`, "aria-current": name === page.key ? "page" : null }, name))
      : []);
  page.update(store);
}

async function poll() {
  clearTimeout(timer);
  try {
    const overview = await get(`/v1/overview?since=${store.trails.since}`);
    const isFirst = !store.overview;
    Object.assign(store, { overview, answered: Date.now() });
    store.trails.add(overview);
    form.hidden = true;
    if (isFirst) show();
    else update();
    connected(overview);
  } catch (error) {
    disconnected(error);
  }
  timer = setTimeout(poll, document.hidden ? HIDDEN_PERIOD : isBusy() ? BUSY_PERIOD : PERIOD);
}

/** Whether something is built: that is watched more closely. */
const isBusy = () => store.overview?.projections.some(({ building, operation }) => building || operation?.state === "running");

function connected({ version, observed_seconds: age }) {
  const isOld = age === null || age > 15;
  connection.className = isOld ? "late" : "";
  const stores = age === null ? "the stores have not answered yet" : `the stores have not answered for ${seconds(Math.round(age))}`;
  put(connection, isOld ? `Connected, but ${stores}` : `Connected · ${version}`);
}

function disconnected(error) {
  connection.className = "late";
  if (error.status === undefined) {
    const since = store.answered ? ` for ${seconds(Math.round((Date.now() - store.answered) / 1000))}` : "";
    put(connection, `No answer${since}`);
  } else put(connection, `Not allowed: ${error.message}`);
}

document.addEventListener("unauthorized", () => {
  if (!form.hidden) return;
  form.hidden = false;
  form.querySelector("input").focus();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  token.set(form.querySelector("input").value.trim());
  form.reset();
  form.hidden = true;
  poll();
});
document.addEventListener("operated", poll);
addEventListener("hashchange", show);
document.addEventListener("visibilitychange", () => document.hidden || poll());
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  content.focus();
});
poll();
