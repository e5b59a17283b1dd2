// Asks the server.

const TOKEN = "projector-token";

/** What the server refused, with its reason. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail ?? `the server answered ${status}`);
    Object.assign(this, { status, code: problem.code, problem });
  }
}

/** The token of this tab; nothing where none was given. */
export const token = {
  get: () => sessionStorage.getItem(TOKEN),
  set: (text) => (text ? sessionStorage.setItem(TOKEN, text) : sessionStorage.removeItem(TOKEN)),
};

async function send(method, path, body, headers = {}) {
  if (token.get()) headers.authorization = `Bearer ${token.get()}`;
  if (body !== undefined) headers["content-type"] = "application/json";
  const response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), cache: "no-store" });
  if (response.ok || response.status === 304) return response;
  const problem = await response.json().catch(() => ({}));
  if (response.status === 401) document.dispatchEvent(new CustomEvent("unauthorized"));
  throw new Refused(response.status, problem);
}

/** The JSON at a path. */
export const get = async (path) => (await send("GET", path)).json();

/** The whole answer at a path. */
export const fetched = (path, headers) => send("GET", path, undefined, headers);

/** Has something done. */
export const post = async (path, body) => (await send("POST", path, body ?? {})).json();

/** A path of these parts, each as it is. */
export const path = (...parts) => `/v1/${parts.map((part) => encodeURIComponent(part)).join("/")}`;
