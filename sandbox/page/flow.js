// Calls, events and timers of all cells in one list, newest first.

import { clock, draw, el } from "./dom.js";
import { known, language, word } from "./words.js";

const KINDS = ["main", "call", "event", "timer"];
const SHOWN_ROWS = 80;
let chosen = "main"; // calls and events: timers tick all the time
let last = {};

export function drawFlow(cells = last) {
  last = cells;
  draw(document.getElementById("flow-filters"), [chosen, language()], () => KINDS.map((kind) =>
    el("button", { type: "button", class: "button button-small", "data-key": `kind-${kind}`, "aria-pressed": String(kind === chosen),
      onclick: () => { chosen = kind; drawFlow(); } }, word(`kind_${kind}`))));
  const rows = Object.entries(cells)
    .flatMap(([name, cell]) => (cell.state?.flow || []).map((entry) => ({ ...entry, cell: name, shore: cell.shore })))
    .filter((entry) => (chosen === "main" ? entry.kind !== "timer" : entry.kind === chosen))
    .sort((one, other) => other.at - one.at)
    .slice(0, SHOWN_ROWS);
  draw(document.getElementById("flow-rows"), [rows, language()], () => (rows.length ? rows.map(row) : [
    el("tr", {}, el("td", { colspan: "6", class: "empty" }, word("nothing_yet")))]));
}

function row(entry) {
  const outcome = entry.status ?? entry.outcome ?? "";
  const bad = entry.status >= 500 || entry.outcome === "failed" || entry.outcome === "again";
  const good = entry.status < 400 || entry.outcome === "done";
  return el("tr", { class: entry.shore },
    el("td", { class: "when" }, clock(entry.at)),
    el("td", {}, el("i", { class: "dot", "aria-hidden": "true" }), entry.cell),
    el("td", { class: "what mono" }, entry.what),
    el("td", { class: "through" }, entry.door ? `${entry.door} · ${entry.shape}` : entry.via || word(`kind_${entry.kind}`)),
    el("td", { class: "outcome" }, el("span", { class: `tag ${bad ? "tag-bad" : good ? "tag-good" : ""}` }, known(String(outcome)) ? word(String(outcome)) : String(outcome))),
    el("td", { class: "number" }, String(entry.ms)));
}
