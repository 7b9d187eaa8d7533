// Points across the sea: both shores, the line between them, her steps, and the chain of receipts.

import { ask, tell } from "./desk.js";
import { draw, el, toast } from "./dom.js";
import { stepRow } from "./steps.js";
import { language, word } from "./words.js";

const LINES = ["whole", "cut", "deaf"];
let crossing = null;
let running = "";

export async function lookAtCrossing() {
  crossing = await ask("/box/crossing");
  drawCrossing();
}

export function drawCrossing() {
  if (!crossing) return;
  const { journey, line, shores, voucher } = crossing;
  const [home, abroad] = Object.values(shores);
  draw(document.getElementById("strait"), [line, shores, voucher, language()], () => [
    shoreCard(home, "mainland"), strait(line, home.exchanges), shoreCard(abroad, "overseas", voucher)]);
  draw(document.getElementById("crossing-steps"), [journey, running, language()], () => steps(journey));
  draw(document.getElementById("receipts"), [shores, language()], () => chain(home, abroad));
}

const member = (journey) => Object.entries(journey.members)[0];

function shoreCard(shore, side, voucher = null) {
  const facts = [
    shore.held > 0 && el("span", { class: "tag tag-warm", "data-held": String(shore.held) }, word("held", { n: shore.held })),
    shore.linked && el("span", { class: "tag tag-accent", "data-linked": shore.cell }, word("linked")),
    !shore.joined && el("span", { class: "tag" }, word("not_joined")),
  ].filter(Boolean);
  return el("article", { class: `panel harbour ${side}`, "data-shore": shore.cell },
    el("div", { class: "harbour-head" }, el("h3", {}, shore.city[language()]), el("span", { class: "tag tag-accent mono" }, shore.cell)),
    el("div", { class: "harbour-points" },
      el("span", { class: "harbour-number", "data-balance": shore.cell }, shore.balance.toLocaleString("en")),
      el("span", { class: "harbour-unit" }, word(`points_${shore.programme}`))),
    el("div", { class: "tags" }, facts),
    voucher && ticket(voucher));
}

function ticket(voucher) {
  const day = voucher.valid_until.slice(0, 10);
  return el("div", { class: "ticket", "data-voucher": voucher.serial },
    el("b", {}, word("lounge")), el("p", {}, word("voucher_until", { day })),
    el("div", { class: "ticket-code mono" }, el("span", {}, voucher.code), el("small", {}, voucher.serial)));
}

function strait(line, exchanges) {
  return el("div", { class: "strait-line", "data-line": line.state },
    el("div", { class: "wires", role: "img", "aria-label": word(`line_${line.state}`) },
      wire("question", "→", line.state === "cut"), wire("answer", "←", line.state !== "whole")),
    el("div", { class: "segments", role: "group", "aria-label": word("line") }, LINES.map((state) =>
      el("button", { type: "button", "data-key": `line-${state}`, "data-line-to": state, "aria-pressed": String(state === line.state), onclick: () => setLine(line.pair, state) }, word(`line_${state}`)))),
    el("ul", { class: "voyages" }, exchanges.map(voyage)));
}

const wire = (name, arrow, broken) => el("div", { class: `wire ${broken ? "broken" : ""}` }, el("span", {}, `${arrow} ${word(`wire_${name}`)}`), el("i", {}));

const TONE = { pending: "tag-warm", settled: "tag-good", rejected: "tag-bad" };

function voyage(one) {
  return el("li", { "data-exchange": one.state }, el("b", {}, `${one.points_out} → ${one.points_in}`),
    el("span", { class: `tag ${TONE[one.state]}` }, word(one.state)));
}

function steps(journey) {
  const [slug, traveller] = member(journey);
  const done = traveller.done.length;
  const finished = done === journey.steps.length;
  const bar = el("i");
  bar.style.width = `${(100 * done) / journey.steps.length}%`;
  return [
    el("div", { class: "member-head" },
      el("div", { class: "avatar", "aria-hidden": "true" }, [...traveller.name[language()]][0]),
      el("div", {}, el("h3", {}, traveller.name[language()]), el("p", {}, word("crossing_who")))),
    el("div", { class: "member-buttons" },
      el("button", { type: "button", class: "button button-accent", "data-key": "next-crossing", "data-deed": "step", disabled: Boolean(running) || finished, onclick: step }, word("next_step")),
      el("button", { type: "button", class: "button", "data-key": "all-crossing", "data-deed": "run", disabled: Boolean(running) || finished, onclick: run }, word("run_all")),
      el("button", { type: "button", class: "button button-quiet", "data-key": "over-crossing", "data-deed": "restart", disabled: Boolean(running), onclick: restart }, word("start_over")),
      finished && el("span", { class: "tag tag-accent", "data-finished": slug }, `✓ ${word("all_done")}`)),
    el("div", { class: "progress", role: "progressbar", "aria-valuemin": "0", "aria-valuemax": String(journey.steps.length), "aria-valuenow": String(done), "aria-label": word("crossing_title") }, bar),
    el("ol", { class: "steps" }, journey.steps.map((each, place) => stepRow(slug, traveller, each, place, running === each.slug))),
  ];
}

function chain(home, abroad) {
  const same = JSON.stringify(home.receipts) === JSON.stringify(abroad.receipts);
  const holds = !home.broken && !abroad.broken;
  if (!abroad.receipts.length) return [el("p", { class: "empty" }, word("no_receipts"))];
  return [
    el("ol", { class: "chain" },
      el("li", { class: "chain-start mono" }, "000000…"),
      abroad.receipts.map((each) => receipt(each, home.receipts.some((mine) => mine.receipt === each.receipt)))),
    el("div", { class: "tags" },
      el("span", { class: `tag ${holds ? "tag-good" : "tag-bad"}`, "data-chain": holds ? "holds" : "broken" }, holds ? `✓ ${word("chain_holds")}` : home.broken || abroad.broken),
      el("span", { class: `tag ${same ? "tag-good" : "tag-warm"}`, "data-same": String(same) }, same ? `✓ ${word("chain_same")}` : word("chain_differs"))),
  ];
}

function receipt(each, known) {
  const hash = (text) => `${text.slice(0, 6)}…`;
  return el("li", { class: `link-of-chain ${known ? "" : "unheard"}`, "data-receipt": each.receipt },
    el("span", { class: "chain-number" }, word("receipt_number", { n: each.sequence })),
    el("b", {}, `${each.points_out} → ${each.points_in}`),
    el("span", { class: "mono" }, `${hash(each.previous)} → ${hash(each.receipt)}`),
    el("small", {}, word("signed_by", { key: each.signed_by })));
}

async function step() {
  const [, traveller] = member(crossing.journey);
  const next = crossing.journey.steps[traveller.done.length];
  if (!next || running) return false;
  running = next.slug;
  drawCrossing();
  try {
    crossing = await tell("/box/crossing/step");
    return member(crossing.journey)[1].done.length > traveller.done.length;
  } catch {
    toast(word("lost"));
    return false;
  } finally {
    running = "";
    drawCrossing();
  }
}

async function run() {
  while (await step());
}

async function restart() {
  try {
    crossing = await tell("/box/crossing/restart");
  } catch {
    toast(word("lost"));
  }
  drawCrossing();
}

async function setLine(pair, state) {
  await tell(`/box/lines/${pair}`, { state }).catch(() => toast(word("lost")));
  await lookAtCrossing().catch(() => toast(word("lost")));
}
