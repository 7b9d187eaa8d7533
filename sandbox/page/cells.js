// The cells: are they up, which event shape do their doors get, and what have they stored.

import { tell } from "./desk.js";
import { draw, el, fold, pretty, toast } from "./dom.js";
import { cloudName, language, word } from "./words.js";

const SHAPE = {
  alternate: { en: "Both, in turn", zh: "两种轮流" },
  "api-gateway": { en: "API Gateway, payload 2.0", zh: "API Gateway（2.0 格式）" },
  "function-url": { en: "Lambda function URL", zh: "Lambda 函数 URL" },
  plain: { en: "Function URL, plain", zh: "函数 URL（原生格式）" },
  "api-gateway-compatible": { en: "Function URL, API Gateway form", zh: "函数 URL（API 网关兼容格式）" },
};

export function drawCells(cells) {
  const container = document.getElementById("cell-cards");
  if (container.children.length !== Object.keys(cells).length) {
    container.replaceChildren(...Object.keys(cells).map((name) => el("div", { "data-cell": name })));
  }
  for (const [name, cell] of Object.entries(cells)) {
    const place = container.querySelector(`[data-cell="${name}"]`);
    const { flow, ...state } = cell.state || { flow: [], stored: [], shapes: [] };
    draw(place, [language(), cell.state === null, cell.restarts, state], () => card(name, cell, state));
  }
}

function card(name, cell, state) {
  const up = cell.state !== null;
  return el("article", { class: `panel card cell ${cell.shore}` },
    el("div", { class: "card-head" },
      el("div", {}, el("h3", {}, cell.title[language()]), el("p", {}, cloudName(cell.cloud), el("br"), el("span", { class: "mono" }, cell.region))),
      el("span", { class: `health ${up ? "" : "down"}` }, word(up ? "healthy" : "down"))),
    el("div", { class: "tags" }, el("span", { class: "tag tag-accent mono" }, name), cell.laws.map((law) => el("span", { class: "tag" }, law)),
      cell.restarts > 0 && el("span", { class: "tag tag-bad", "data-restarts": String(cell.restarts) }, word("restarts", { n: cell.restarts }))),
    up && el("label", {}, el("span", { class: "label" }, word("event_shape")),
      el("select", { "data-key": `shape-${name}`, onchange: (event) => choose(name, event.target.value) },
        state.shapes.map((shape) => el("option", { value: shape, selected: shape === state.shape }, SHAPE[shape]?.[language()] || shape)))),
    el("div", {}, el("span", { class: "label" }, word("stored")),
      state.stored.length ? state.stored.map((noun) => stored(name, noun)) : el("p", { class: "empty" }, word("nothing_stored"))),
    up && el("button", { type: "button", class: "button button-small", "data-key": `kill-${name}`, onclick: () => kill(name) }, word("kill")));
}

function stored(cell, noun) {
  return fold(`${cell}/${noun.noun}`, el("summary", {}, noun.noun, el("span", { class: "count" }, String(noun.count))), () => [
    ...noun.items.map((item) => el("div", { class: "item" }, el("div", { class: "item-key" }, `${item.partition} / ${item.sort}`), el("pre", {}, pretty(item.fields)))),
    noun.count > noun.items.length && el("p", { class: "empty" }, word("more_items", { n: noun.count - noun.items.length })),
  ].filter(Boolean), "noun");
}

async function choose(name, shape) {
  await tell(`/box/cells/${name}/shape`, { shape }).catch(() => toast(word("lost")));
}

async function kill(name) {
  await tell(`/box/cells/${name}/kill`).then(() => toast(word("killed", { name })), () => toast(word("lost")));
}
