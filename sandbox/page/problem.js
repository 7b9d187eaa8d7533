// A problem document (RFC 9457) as a person reads it, and any exchange as a developer reads it.

import { el, fold, pretty } from "./dom.js";
import { word } from "./words.js";

const isProblem = (body) => body && typeof body === "object" && "type" in body && "title" in body && "status" in body;

export function problem(exchange) {
  const body = exchange.answer;
  if (!isProblem(body)) return exchangeBox(exchange);
  const rows = [
    [word("problem_call"), `${exchange.method} ${exchange.path}`, "mono"],
    body.detail && [word("problem_detail"), body.detail],
    body.home && [word("problem_home"), `${body.home}  ${body.endpoint || ""}`],
    [word("problem_type"), body.type, "mono"],
    [word("problem_id"), body.request_id, "mono"],
  ].filter(Boolean);
  return el("div", { class: "problem" },
    el("div", { class: "problem-status" }, String(body.status)),
    el("h3", {}, body.title),
    el("dl", {}, rows.map(([name, value, kind]) => [el("dt", {}, name), el("dd", { class: kind }, String(value))])),
    Array.isArray(body.errors) && el("dl", {}, body.errors.map((row) => [el("dt", { class: "mono" }, row.field), el("dd", {}, row.message)])));
}

export function exchangeBox(exchange) {
  const good = exchange.status >= 200 && exchange.status < 400;
  return el("div", { class: "exchange" },
    el("div", { class: "exchange-head" },
      el("span", { class: "tag" }, exchange.to),
      el("span", { class: "grow mono" }, el("b", {}, exchange.method), ` ${exchange.path}`),
      el("span", { class: `tag ${good ? "tag-good" : "tag-bad"}` }, exchange.status ? String(exchange.status) : "–"),
      el("span", { class: "step-time" }, `${exchange.ms} ms`)),
    exchange.sent !== null && exchange.sent !== undefined && el("pre", { "aria-label": word("sent") }, pretty(exchange.sent)),
    exchange.answer !== null && exchange.answer !== undefined && el("pre", { "aria-label": word("answered") }, pretty(exchange.answer)));
}

export function exchanges(key, list) {
  if (!list.length) return null;
  const title = list.length === 1 ? word("one_call") : word("calls", { n: list.length });
  return fold(key, el("summary", {}, title), () => list.map(exchangeBox));
}
