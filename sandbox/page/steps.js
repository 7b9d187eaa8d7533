// One step of a journey: what it is, what came of it, and every call that it made.

import { el } from "./dom.js";
import { exchanges, problem } from "./problem.js";
import { language, word } from "./words.js";

export function stepRow(slug, member, each, place, running) {
  const record = member.done[place];
  const failed = place === member.done.length && member.failed ? member.failed : null;
  const state = record ? "done" : running ? "running" : failed ? "failed" : "waiting";
  const shown = record || (running ? null : failed);
  const refused = failed && !running ? failed.exchanges.filter((one) => one.status >= 400).at(-1) : null;
  return el("li", { class: `step ${state}`, "data-step": each.slug, "aria-current": running ? "step" : null },
    el("div", { class: "step-row" },
      el("span", { class: "step-mark", "aria-hidden": "true" }, record ? "✓" : failed && !running ? "!" : String(place + 1)),
      el("span", { class: "step-title" }, each.title[language()]),
      el("span", { class: "step-time" }, shown ? `${Math.round(shown.ms)} ms` : ""),
      shown && el("div", { class: "step-told" }, failed ? `${word("step_failed")} ${shown.told[language()]}` : shown.told[language()]),
      refused && el("div", { class: "step-told" }, problem(refused)),
      shown && exchanges(`${member.id}-${slug}-${each.slug}`, shown.exchanges)));
}
