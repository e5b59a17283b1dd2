// How numbers, times and JSON are written.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

/** A count, with its thousands apart; a dash where nothing is known. */
export const count = (number) => (typeof number === "number" ? whole.format(number) : "–");

/** A rate or a measure: three digits are enough. */
export const measure = (number) => (typeof number !== "number" ? "–" : number >= 100 ? whole.format(number) : fine.format(number));

/** "1 event", "2 events". */
export const counted = (number, what) => `${count(number)} ${what}${number === 1 ? "" : "s"}`;

/** How long something takes. */
export function seconds(value) {
  if (typeof value !== "number") return "–";
  if (value === 0) return "0 s";
  if (value < 1) return `${measure(value * 1000)} ms`;
  if (value < 120) return `${measure(value)} s`;
  if (value < 7200) return `${whole.format(value / 60)} min`;
  return value < 172800 ? `${measure(value / 3600)} h` : `${whole.format(value / 86400)} days`;
}

/** A time of day of today, else with its date; from milliseconds or text. */
export function time(value) {
  const date = new Date(value);
  if (Number.isNaN(date.getTime())) return String(value);
  const clock = date.toLocaleTimeString("sv");
  return date.toDateString() === new Date().toDateString() ? clock : `${date.toLocaleDateString("sv")} ${clock}`;
}

/** JSON with its digits as they came: what a browser makes of a number may be another one. */
export function parse(text) {
  const exact = (_, value, context) => (typeof value === "number" && context?.source !== undefined ? new Digits(context.source) : value);
  return JSON.parse(text, exact);
}

class Digits {
  constructor(text) {
    this.text = text;
  }
  toString() {
    return this.text;
  }
  toJSON() {
    return Number(this.text);
  }
}

/** A value in a cell. */
export function cell(value) {
  if (value === null || value === undefined) return "null";
  return typeof value === "object" && !(value instanceof Digits) ? JSON.stringify(value) : String(value);
}

/** JSON text with line breaks and indents, its strings and numbers untouched; any other text as it is. */
export function indented(text) {
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? [];
  let [out, depth] = ["", 0];
  const line = () => `\n${"  ".repeat(depth)}`;
  tokens.forEach((token, at) => {
    const isEmpty = "{[".includes(token) && "}]".includes(tokens[at + 1]);
    if (token === "{" || token === "[") {
      depth += 1;
      out += isEmpty ? token : token + line();
    } else if (token === "}" || token === "]") {
      depth -= 1;
      out += "{[".includes(tokens[at - 1]) ? token : line() + token;
    } else if (token === ",") out += token + line();
    else out += token === ":" ? ": " : token;
  });
  return out;
}

/** The parts of a document's key as its path has them: joined by commas, commas and backslashes within a part marked. */
export function keyText(parts) {
  const part = (value) => (value === null ? "\\N" : cell(value).replace(/\\/g, "\\\\").replace(/,/g, "\\,"));
  return parts.map(part).join(",");
}
