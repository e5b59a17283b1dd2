// Builds the page. Everything that comes from the server goes in as text nodes and attributes: nothing is ever parsed as HTML.

const SVG = "http://www.w3.org/2000/svg";
const PROPERTIES = new Set(["value", "checked", "disabled", "hidden", "selected", "open", "indeterminate"]);

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (PROPERTIES.has(name)) node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** An element: `h("p", { class: "quiet" }, "text", child)`. */
export function h(name, attributes, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** The same for pictures. */
export function svg(name, attributes, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

/** Sets a node's text, if it is another one: what does not change is not announced, selected or painted again. */
export function put(node, text) {
  const wanted = String(text);
  if (node.textContent !== wanted) node.textContent = wanted;
}

/** Calls `build` for new children of `node` when `facts` are not what they were the last time. */
export function refresh(node, facts, build) {
  const known = JSON.stringify(facts ?? null);
  if (node.known === known) return;
  node.known = known;
  node.replaceChildren(...[build()].flat(2).filter(Boolean));
}

/** A button. */
export function button(text, onclick, kind) {
  return h("button", { type: "button", class: kind, onclick }, text);
}

/** Says something that has happened, for a while. */
export function say(text, kind = "note") {
  const message = h("p", { class: `message ${kind}` }, text);
  message.append(button("Close", () => message.remove(), "link"));
  document.getElementById("messages").append(message);
  if (kind === "note") setTimeout(() => message.remove(), 12_000);
}

/** Asks before something is done; `fields` are inputs whose values come back by their names, null where it is not wanted. */
export function ask({ title, text, action, kind, fields = [] }) {
  return new Promise((resolve) => {
    const form = h("form", { method: "dialog" },
      h("h2", { id: "ask-title" }, title),
      h("p", {}, text),
      fields.map(({ name, label, control }) => h("label", { class: "field" }, h("span", {}, label), named(control ?? h("input", { type: "text", autocomplete: "off" }), name))),
      h("div", { class: "actions" },
        h("button", { value: "", formnovalidate: "" }, "Leave it"),
        h("button", { value: "yes", class: kind ?? "primary" }, action)));
    const dialog = h("dialog", { "aria-labelledby": "ask-title" }, form);
    dialog.addEventListener("close", () => {
      const values = dialog.returnValue === "yes" ? Object.fromEntries(new FormData(form)) : null;
      dialog.remove();
      resolve(values);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

function named(control, name) {
  control.setAttribute("name", name);
  return control;
}
