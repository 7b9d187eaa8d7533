// Mistakes on purpose, made by the box against a real cell, and the problem document that comes back.

import { ask, tell } from "./desk.js";
import { draw, el, toast } from "./dom.js";
import { exchangeBox, problem } from "./problem.js";
import { language, word } from "./words.js";

let known = [];
let answer = null;

export async function loadMishaps() {
  known = await ask("/box/mishaps");
  drawMishaps();
}

export function drawMishaps() {
  draw(document.getElementById("mishap-list"), [known, language()], () => known.map((each) =>
    el("button", { type: "button", class: "button", "data-key": each.slug, "data-mishap": each.slug, onclick: () => make(each.slug) }, each.title[language()])));
  const narrow = matchMedia("(max-width: 760px)").matches;
  draw(document.getElementById("mishap-answer"), [answer, language(), narrow], () => (answer
    ? [problem(answer), el("div", { class: "gap" }), exchangeBox(answer)]
    : [el("p", { class: "empty" }, word(narrow ? "mishap_hint_narrow" : "mishap_hint"))]));
}

async function make(slug) {
  try {
    answer = (await tell(`/box/mishaps/${slug}`, { language: language() === "zh" ? "zh-CN" : "en" })).exchange;
  } catch {
    toast(word("lost"));
  }
  drawMishaps();
}
