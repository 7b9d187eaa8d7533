// The picture: two shores, a lighthouse on each, and a lamp for each cell that is lit while the cell runs.

import { language, word } from "./words.js";

const NS = "http://www.w3.org/2000/svg";

function shape(tag, attributes, ...children) {
  const node = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const path = (d, fill, more = {}) => shape("path", { d, fill, ...more });

function lighthouse(x, base, colour, toward) {
  const beam = toward > 0 ? `M${x} ${base - 118} L${x + 520} ${base - 176} L${x + 520} ${base - 84} Z` : `M${x} ${base - 118} L${x - 520} ${base - 176} L${x - 520} ${base - 84} Z`;
  return [
    path(beam, `url(#beam-${toward > 0 ? "right" : "left"})`),
    path(`M${x - 15} ${base} L${x - 9} ${base - 104} H${x + 9} L${x + 15} ${base} Z`, "var(--surface)"),
    path(`M${x - 13.300} ${base - 30} L${x - 11.300} ${base - 62} H${x + 11.300} L${x + 13.300} ${base - 30} Z`, colour),
    path(`M${x - 13} ${base - 104} h26 v-4 h-26 Z`, colour),
    path(`M${x - 8} ${base - 108} h16 v-16 h-16 Z`, "#ffd98a"),
    path(`M${x - 11} ${base - 124} L${x} ${base - 137} L${x + 11} ${base - 124} Z`, colour),
  ];
}

function lamp(x, y, cell, name, anchor) {
  const up = cell.state !== null;
  const colour = `var(--${cell.shore})`;
  const step = anchor === "start" ? 18 : -18;
  return shape("g", { class: "lights" },
    shape("circle", { cx: x, cy: y, r: 13, fill: colour, opacity: up ? ".18" : "0" }),
    shape("circle", { cx: x, cy: y, r: 6.5, fill: up ? colour : "var(--muted)", class: "lamp" }),
    shape("text", { x: x + step, y: y - 1, "text-anchor": anchor, class: "pic-label" }, cell.title[language()]),
    shape("text", { x: x + step, y: y + 16, "text-anchor": anchor, class: "pic-small" }, `${name} · ${cell.cloud === "aws" ? "AWS Lambda" : "Tencent SCF"}`));
}

let shown = "";

export function drawPicture(cells) {
  const key = JSON.stringify([language(), Object.entries(cells).map(([name, cell]) => [name, cell.state !== null])]);
  if (key === shown) return;
  shown = key;
  const fade = (id, from) => shape("linearGradient", { id, x1: from, x2: 1 - from, y1: 0, y2: 0 },
    shape("stop", { offset: "0", "stop-color": "#ffe3a6", "stop-opacity": ".75" }),
    shape("stop", { offset: "1", "stop-color": "#ffe3a6", "stop-opacity": "0" }));
  const svg = shape("svg", { viewBox: "0 0 1440 330", role: "img", "aria-label": word("picture"), preserveAspectRatio: "xMidYMax slice" },
    shape("defs", {}, fade("beam-right", 0), fade("beam-left", 1)),
    path("M0 214 C240 200 420 226 720 214 S1200 202 1440 214 V330 H0 Z", "var(--sea-1)"),
    ...lighthouse(330, 190, "var(--mainland)", 1),
    ...lighthouse(1110, 190, "var(--overseas)", -1),
    path("M0 150 C120 118 210 158 300 182 S430 216 500 236 L500 330 H0 Z", "var(--mainland-soft)"),
    path("M0 196 C140 176 260 206 352 228 S470 262 520 282 L520 330 H0 Z", "color-mix(in srgb, var(--mainland) 22%, var(--mainland-soft))"),
    path("M1440 150 C1320 118 1230 158 1140 182 S1010 216 940 236 L940 330 H1440 Z", "var(--overseas-soft)"),
    path("M1440 196 C1300 176 1180 206 1088 228 S970 262 920 282 L920 330 H1440 Z", "color-mix(in srgb, var(--overseas) 20%, var(--overseas-soft))"),
    path("M0 268 C260 250 460 286 720 268 S1180 250 1440 268 V330 H0 Z", "var(--sea-2)", { opacity: ".55" }),
    path("M0 300 C260 286 460 314 720 300 S1180 286 1440 300 V330 H0 Z", "var(--sea-3)", { opacity: ".6" }),
    boat(720, 244),
    ...lamps(cells));
  document.getElementById("picture").replaceChildren(svg);
}

function boat(x, y) {
  return shape("g", {},
    path(`M${x - 34} ${y} h68 l-12 18 h-44 Z`, "var(--ink)"),
    shape("rect", { x: x - 11, y: y - 46, width: 22, height: 40, rx: 4, fill: "var(--surface)", stroke: "var(--ink)", "stroke-width": 2.500 }),
    path(`M${x - 5} ${y - 36} h10 M${x - 5} ${y - 29} h10 M${x - 5} ${y - 22} h6`, "none", { stroke: "var(--muted)", "stroke-width": 2, "stroke-linecap": "round" }));
}

function lamps(cells) {
  const of = (shore) => Object.entries(cells).filter(([, cell]) => cell.shore === shore);
  return [
    ...of("mainland").map(([name, cell], place) => lamp(96, 236 + place * 34, cell, name, "start")),
    ...of("overseas").map(([name, cell], place) => lamp(1344 - place * 8, 206 + place * 40, cell, name, "end")),
  ];
}
