// The picture: two shores, a lighthouse on each, and a lamp for each cell that is lit while the cell runs.

import { cloudName, language, word } from "./words.js";

const NS = "http://www.w3.org/2000/svg";

function shape(tag, attributes, ...children) {
  const node = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const path = (d, fill, more = {}) => shape("path", { d, fill, ...more });

const TOWER = "color-mix(in srgb, var(--paper) 30%, #ffffff)";

function lighthouse(x, base, colour) {
  return [
    path(`M${x - 17} ${base + 30} L${x - 9} ${base - 104} H${x + 9} L${x + 17} ${base + 30} Z`, TOWER, { stroke: "var(--line)", "stroke-width": 1 }),
    path(`M${x - 13.8} ${base - 22} L${x - 11.7} ${base - 58} H${x + 11.7} L${x + 13.8} ${base - 22} Z`, colour),
    path(`M${x - 14} ${base - 103} h28 v-5 h-28 Z`, colour),
    path(`M${x - 8} ${base - 108} h16 v-16 h-16 Z`, "#ffd98a"),
    path(`M${x - 12} ${base - 124} L${x} ${base - 138} L${x + 12} ${base - 124} Z`, colour),
  ];
}

// From the lamp to the middle of the water, where the two beams meet.
function beam(x, y, reach, id) {
  return path(`M${x} ${y} L${x + reach} ${y - 46} L${x + reach} ${y + 46} Z`, `url(#${id})`);
}

function shore(width, mirrored, soft, colour) {
  const at = (x) => (mirrored ? width - x * (width / 1440) : x * (width / 1440));
  const line = (points) => points.map(([x, y]) => `${at(x)} ${y}`).join(" ");
  return [
    path(`M${line([[0, 146]])} C${line([[130, 116], [230, 160], [320, 186]])} S${line([[470, 226], [560, 262]])} S${line([[640, 316], [690, 330]])} L${line([[0, 330]])} Z`, soft),
    path(`M${line([[0, 196]])} C${line([[140, 172], [250, 204], [340, 228]])} S${line([[450, 262], [520, 296]])} S${line([[560, 324], [590, 330]])} L${line([[0, 330]])} Z`, `color-mix(in srgb, ${colour} 22%, ${soft})`),
  ];
}

function lamp(x, y, cell, name, anchor) {
  const up = cell.state !== null;
  const colour = `var(--${cell.shore})`;
  const step = anchor === "start" ? 20 : -20;
  return shape("g", {},
    shape("circle", { cx: x, cy: y, r: 13, fill: colour, opacity: up ? ".2" : "0" }),
    shape("circle", { cx: x, cy: y, r: 6.5, fill: up ? colour : "var(--muted)" }),
    shape("text", { x: x + step, y: y - 1, "text-anchor": anchor, class: "pic-label" }, cell.title[language()]),
    shape("text", { x: x + step, y: y + 15, "text-anchor": anchor, class: "pic-small" }, `${name} · ${cloudName(cell.cloud)}`));
}

function boat(x, y) {
  return shape("g", {},
    path(`M${x - 34} ${y} h68 l-13 19 h-42 Z`, "var(--ink)"),
    shape("rect", { x: x - 12, y: y - 47, width: 24, height: 41, rx: 4.5, fill: "var(--surface)", stroke: "var(--ink)", "stroke-width": 2.5 }),
    path(`M${x - 6} ${y - 37} h12 M${x - 6} ${y - 30} h12 M${x - 6} ${y - 23} h7`, "none", { stroke: "var(--muted)", "stroke-width": 2, "stroke-linecap": "round" }));
}

function lamps(cells, width) {
  const of = (side) => Object.entries(cells).filter(([, cell]) => cell.shore === side);
  const edge = width / 20;
  return [
    ...of("mainland").map(([name, cell], place) => lamp(edge, 236 + place * 40, cell, name, "start")),
    ...of("overseas").map(([name, cell], place) => lamp(width - edge, 196 + place * 40, cell, name, "end")),
  ];
}

const fade = (id, from) => shape("linearGradient", { id, x1: from, x2: 1 - from, y1: 0, y2: 0 },
  shape("stop", { offset: "0", "stop-color": "#ffdf9a", "stop-opacity": ".85" }),
  shape("stop", { offset: "1", "stop-color": "#ffdf9a", "stop-opacity": "0" }));

function waves(width, y, fill, opacity) {
  const part = width / 4;
  return path(`M0 ${y} C${part * 0.7} ${y - 14} ${part * 1.3} ${y + 12} ${part * 2} ${y} S${part * 3.3} ${y - 14} ${width} ${y} V330 H0 Z`, fill, { opacity });
}

let shown = "";
const narrow = matchMedia("(max-width: 760px)");

export function drawPicture(cells) {
  const width = narrow.matches ? 640 : 1440;
  const key = JSON.stringify([language(), width, Object.entries(cells).map(([name, cell]) => [name, cell.state !== null])]);
  if (key === shown) return;
  shown = key;
  const left = width * 0.235;
  const right = width - left;
  document.getElementById("picture").replaceChildren(shape("svg",
    { viewBox: `0 0 ${width} 330`, role: "img", "aria-label": word("picture") },
    shape("defs", {}, fade("beam-right", 0), fade("beam-left", 1)),
    beam(left, 56, (right - left) * 0.62, "beam-right"),
    beam(right, 56, (left - right) * 0.62, "beam-left"),
    waves(width, 214, "var(--sea-1)", 1),
    ...lighthouse(left, 172, "var(--mainland)"),
    ...lighthouse(right, 172, "var(--overseas)"),
    ...shore(width, false, "var(--mainland-soft)", "var(--mainland)"),
    ...shore(width, true, "var(--overseas-soft)", "var(--overseas)"),
    waves(width, 284, "var(--sea-2)", 0.75),
    boat(width / 2, 268),
    waves(width, 304, "var(--sea-3)", 0.8),
    ...lamps(cells, width)));
}
