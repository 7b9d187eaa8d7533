// The shoppers' cards, in brief: how they pay and what came of it. One card at a time shows its steps, in a panel below.

import { el } from "./dom.js";
import { language, word } from "./words.js";

const OUTCOME = "webhooks"; // the step that says what was paid
let opened = "";

export const openedShopper = () => opened;

// deeds: what the journey offers: steps, busy, run, restart, redraw, and a row for each step.
export function shopperCards(slugs, members, deeds) {
  return slugs.map((slug) => [card(slug, members[slug], deeds), slug === opened && panel(slug, members[slug], deeds)]).flat().filter(Boolean);
}

function card(slug, member, deeds) {
  const { steps, busy } = deeds;
  const done = member.done.length;
  const name = member.name[language()];
  const bar = el("i");
  bar.style.width = `${(100 * done) / steps.length}%`;
  return el("article", { class: "panel shopper overseas", "data-member": slug, "data-journey": member.id, "aria-busy": String(busy.has(slug)), "aria-label": name },
    el("div", { class: "shopper-head" },
      el("div", { class: "avatar", "aria-hidden": "true" }, [...name][0]),
      el("div", {}, el("h3", {}, name), el("p", {}, member.place[language()]))),
    el("p", { class: "shopper-method" }, member.method[language()], el("span", { class: "tag" }, member.currency)),
    el("div", { class: "progress", role: "progressbar", "aria-valuemin": "0", "aria-valuemax": String(steps.length), "aria-valuenow": String(done), "aria-label": name }, bar),
    el("p", { class: "shopper-told" }, told(slug, member, deeds)),
    el("div", { class: "shopper-buttons" }, payButton(slug, done === steps.length, deeds), stepsButton(slug, name, deeds)));
}

function payButton(slug, finished, { busy, run, restart }) {
  const pressed = finished ? async () => { await restart(slug); await run(slug); } : () => run(slug);
  return el("button", {
    type: "button", class: `button button-small ${finished ? "" : "button-accent"}`, disabled: busy.has(slug),
    "data-key": `pay-${slug}`, "data-deed": "pay", "data-finished": finished && slug, onclick: pressed,
  }, word(finished ? "pay_again" : "pay"));
}

function stepsButton(slug, name, { redraw }) {
  return el("button", {
    type: "button", class: "button button-small button-quiet", "data-key": `steps-${slug}`, "data-deed": "steps",
    "aria-expanded": String(slug === opened), "aria-controls": slug === opened && "shopper-panel", "aria-label": `${word("steps")}: ${name}`,
    onclick: () => { opened = slug === opened ? "" : slug; redraw(); },
  }, word("steps"));
}

function panel(slug, member, { steps, row }) {
  return el("section", { class: "panel shopper-panel overseas", id: "shopper-panel", "aria-label": `${word("steps")}: ${member.name[language()]}` },
    el("ol", { class: "steps" }, steps.map((each, place) => row(slug, member, each, place))));
}

function told(slug, member, { steps, busy }) {
  if (busy.has(slug)) return `${steps[member.done.length]?.title[language()] || ""}…`;
  if (member.failed) return `${word("step_failed")} ${member.failed.told[language()]}`;
  if (member.done.length < steps.length) return word("not_begun");
  const paid = member.done.find((each) => each.step === OUTCOME);
  return [member.amount, paid.told[language()]].join(language() === "zh" ? "；" : "; ");
}
