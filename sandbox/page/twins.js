// The twins: what each received and signed, and switches to make it misbehave.

import { tell } from "./desk.js";
import { clock, draw, el, toast } from "./dom.js";
import { journalWord, language, twinWords, word } from "./words.js";

const EVERY_TWIN = { delay_seconds: 2, status: 503, reset: true };

export function drawTwins(twins) {
  const container = document.getElementById("twin-cards");
  if (container.children.length !== Object.keys(twins).length) {
    container.replaceChildren(...Object.keys(twins).map((name) => el("div", { "data-twin": name })));
  }
  for (const [name, twin] of Object.entries(twins)) {
    draw(container.querySelector(`[data-twin="${name}"]`), [language(), twin], () => card(name, twin));
  }
}

function card(name, twin) {
  const [title, about] = twinWords(name);
  const up = twin.state !== null;
  const switches = { ...EVERY_TWIN, ...(twin.switches || {}) };
  return el("article", { class: "panel card" },
    el("div", {},
      el("div", { class: "card-head" }, el("h3", {}, title), el("span", { class: `health ${up ? "" : "down"}` }, word(up ? "healthy" : "down"))),
      el("p", { class: "small" }, about)),
    up && el("fieldset", { class: "switches plain" }, el("legend", { class: "label" }, word("faults")),
      Object.entries(switches).map(([fault, value]) => faultSwitch(name, twin.state.faults, fault, value))),
    up && el("div", {}, el("span", { class: "label" }, word("journal")),
      twin.state.journal.length
        ? el("ol", { class: "journal", tabindex: "0", "data-scroll": name }, twin.state.journal.map(entry))
        : el("p", { class: "empty" }, word("nothing_yet"))));
}

function faultSwitch(name, faults, fault, value) {
  const change = (event) => {
    const wanted = { ...faults };
    if (event.target.checked) wanted[fault] = value;
    else delete wanted[fault];
    tell(`/box/twins/${name}/faults`, wanted).catch(() => toast(word("lost")));
  };
  return el("label", { class: "switch" },
    el("input", { type: "checkbox", role: "switch", "data-key": `${name}-${fault}`, checked: Boolean(faults[fault]), onchange: change }),
    el("span", {}, word(`fault_${fault}`)));
}

// An id is known by its beginning.
const shortened = (text) => (/^[\w-]{20,}$/.test(text) ? `${text.slice(0, 12)}…` : text);

// What a fact says in one short phrase: addresses lose their host, lists and objects become text, nothing stays nothing.
function phrase(name, value) {
  if (value === null || value === "") return null;
  if (name === "url") return String(value).replace(/^https?:\/\/[^/]+/, "");
  if (typeof value === "object") return Object.values(value).join(", ");
  return `${name.replaceAll("_", " ")} ${shortened(String(value))}`;
}

function entry({ at, what, ...facts }) {
  const text = Object.entries(facts).map(([name, value]) => phrase(name, value)).filter(Boolean).join(" · ");
  return el("li", {}, el("time", {}, clock(at)), el("span", {}, journalWord(what)), text && el("span", { class: "facts" }, text));
}
