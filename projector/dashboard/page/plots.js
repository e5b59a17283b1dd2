// Plots of the last minutes, as pictures that scale with their box, and say in words what they show.

import { h, svg, put } from "./dom.js";
import { measure } from "./format.js";

const [WIDTH, HEIGHT, SPAN] = [600, 120, 300];

/** A plot of one or two series. `series`: `{ name, unit, values: (sample) => number }`; the second one is drawn dashed. */
export function plot(title, series) {
  const now = series.map(() => h("strong", {}, "–"));
  const legend = series.map(({ name, unit }, at) =>
    h("span", { class: `key key-${at}` }, svg("svg", { viewBox: "0 0 18 6", width: 18, height: 6, "aria-hidden": "true" }, svg("path", { d: "M0 3H18", class: `line line-${at}` })), `${name} `, now[at], ` ${unit}`));
  const top = h("span", { class: "scale" });
  const lines = series.map((_, at) => svg("path", { class: `line line-${at}` }));
  const area = svg("path", { class: "area" });
  const grid = [1, 2, 3, 4].map((minute) => svg("path", { class: "grid", d: `M${(minute * WIDTH) / 5} 0V${HEIGHT}` }));
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" }, grid, area, lines);
  const node = h("figure", { class: "plot" },
    h("figcaption", {}, h("h3", {}, title), h("span", { class: "legend" }, legend)),
    h("div", { class: "canvas" }, top, picture),
    h("div", { class: "axis", "aria-hidden": "true" }, h("span", {}, "5 min ago"), h("span", {}, "now")));

  return { node, update(samples) {
    const all = series.map(({ values }) => samples.map(values));
    const highest = nice(Math.max(0, ...all.flat()));
    const end = samples.at(-1)?.time ?? 0;
    const x = (sample) => WIDTH - ((end - sample.time) / 1000 / SPAN) * WIDTH;
    const y = (value) => HEIGHT - (value / highest) * (HEIGHT - 2);
    all.forEach((values, at) => {
      const points = values.map((value, index) => `${x(samples[index]).toFixed(1)} ${y(value).toFixed(1)}`);
      lines[at].setAttribute("d", points.length ? `M${points.join("L")}` : "");
      if (at === 0) area.setAttribute("d", points.length ? `M${x(samples[0]).toFixed(1)} ${HEIGHT}L${points.join("L")}L${WIDTH} ${HEIGHT}Z` : "");
      put(now[at], measure(values.at(-1)));
    });
    put(top, `${measure(highest)} ${series[0].unit}`);
    picture.setAttribute("aria-label", words(title, series, all));
  } };
}

/** The least round number that is not below. */
function nice(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].map((step) => step * power).find((step) => step >= value);
}

function words(title, series, all) {
  const one = ({ name, unit }, values) =>
    `${name} now ${measure(values.at(-1))} ${unit}, at most ${measure(Math.max(0, ...values))}`;
  return `${title} in the last five minutes: ${series.map((each, at) => one(each, all[at])).join("; ")}`;
}

/** A plot without words, as large as a line of text. */
export function sparkline() {
  const line = svg("path", { class: "line line-0" });
  const node = svg("svg", { class: "spark", viewBox: "0 0 120 24", preserveAspectRatio: "none", "aria-hidden": "true" }, line);
  return { node, update(values) {
    const highest = Math.max(1, ...values);
    const points = values.map((value, at) => `${((at / Math.max(1, values.length - 1)) * 120).toFixed(1)} ${(23 - (value / highest) * 22).toFixed(1)}`);
    line.setAttribute("d", points.length ? `M${points.join("L")}` : "");
  } };
}
