// The two members and their steps, and the shoppers in brief. Steps run on the server side of the box: the terminal's journey is the same one.

import { ask, tell } from "./desk.js";
import { draw, el, toast } from "./dom.js";
import { openedShopper, shopperCards } from "./shopper.js";
import { stepRow } from "./steps.js";
import { cloudName, language, word } from "./words.js";

const busy = new Map(); // member -> slug of the running step
let journey = null;
let shores = {};

export async function loadJourney() {
  journey = await ask("/box/journey");
  drawJourney();
}

export function setShores(cells) {
  shores = Object.fromEntries(Object.entries(cells).map(([name, cell]) => [name, cell]));
  drawJourney();
}

export function drawJourney() {
  if (!journey) return;
  const state = [journey, [...busy], language(), Object.keys(shores)];
  draw(document.getElementById("members"), state, () => slugs(false).map((slug) => memberCard([slug, journey.members[slug]])));
  const deeds = { steps: journey.steps, busy, run, restart, redraw: drawJourney, row };
  draw(document.getElementById("shoppers"), [state, openedShopper()], () => shopperCards(slugs(true), journey.members, deeds));
  document.getElementById("run-both").disabled = slugs(false).some((slug) => busy.has(slug));
  document.getElementById("run-shoppers").disabled = slugs(true).some((slug) => busy.has(slug));
}

const slugs = (local) => Object.keys(journey.members).filter((slug) => journey.members[slug].local === local);

const row = (slug, member, each, place) => stepRow(slug, member, each, place, busy.get(slug) === each.slug);

const shoreOf = (member) => shores[member.cell]?.shore || "overseas";

function memberCard([slug, member]) {
  const done = member.done.length;
  const total = journey.steps.length;
  const name = member.name[language()];
  const finished = done === total;
  const running = busy.has(slug);
  const cell = shores[member.cell];
  const bar = el("i");
  bar.style.width = `${(100 * done) / total}%`;
  return el("article", { class: `panel member ${shoreOf(member)}`, "data-member": slug, "data-journey": member.id, "aria-busy": String(running) },
    el("div", { class: "member-head" },
      el("div", { class: "avatar", "aria-hidden": "true" }, [...name][0]),
      el("div", {},
        el("h3", {}, `${name}${language() === "zh" ? "，" : ", "}${member.place[language()]}`),
        el("p", {}, cell ? `${cell.title[language()]} · ${cloudName(cell.cloud)} · ${member.currency}` : ""))),
    el("div", { class: "member-buttons" },
      el("button", { type: "button", class: "button button-accent", "data-key": `next-${slug}`, "data-deed": "step", disabled: running || finished, onclick: () => step(slug) }, word("next_step")),
      el("button", { type: "button", class: "button", "data-key": `all-${slug}`, "data-deed": "run", disabled: running || finished, onclick: () => run(slug) }, word("run_all")),
      el("button", { type: "button", class: "button button-quiet", "data-key": `over-${slug}`, "data-deed": "restart", disabled: running, onclick: () => restart(slug) }, word("start_over")),
      finished && el("span", { class: "tag tag-accent", "data-finished": slug }, `✓ ${word("all_done")}`)),
    el("div", { class: "progress", role: "progressbar", "aria-valuemin": "0", "aria-valuemax": String(total), "aria-valuenow": String(done), "aria-label": word("journey_title") }, bar),
    el("ol", { class: "steps" }, journey.steps.map((each, place) => row(slug, member, each, place))));
}

async function step(slug) {
  const member = journey.members[slug];
  const next = journey.steps[member.done.length];
  if (!next || busy.has(slug)) return false;
  busy.set(slug, next.slug);
  drawJourney();
  try {
    journey.members[slug] = (await tell(`/box/journey/${slug}/step`)).member;
    return journey.members[slug].done.length > member.done.length;
  } catch {
    toast(word("lost"));
    return false;
  } finally {
    busy.delete(slug);
    drawJourney();
  }
}

async function run(slug) {
  while (await step(slug));
}

async function restart(slug) {
  try {
    journey.members[slug] = (await tell(`/box/journey/${slug}/restart`)).member;
  } catch {
    toast(word("lost"));
  }
  drawJourney();
}

const runAll = (local) => Promise.all(slugs(local).map(async (slug) => {
  if (journey.members[slug].done.length === journey.steps.length) await restart(slug);
  await run(slug);
}));

export const runBoth = () => runAll(false);
export const runShoppers = () => runAll(true);
