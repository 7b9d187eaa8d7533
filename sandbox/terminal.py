"""The journey in the terminal: aligned, calm, in English or Chinese. Colour only where a person is looking."""

from __future__ import annotations

import os
import sys
import time
import unicodedata
from typing import Any

from sandbox.box import Box
from sandbox.journeys import Journeys
from sandbox.sea import Sea
from sandbox.walk import Traveller

CLOUD = {"aws": "AWS Lambda", "tencent": "Tencent SCF"}
ACCENT = {"mainland": "32", "overseas": "34"}
TITLE_COLUMNS = 22
LINE_COLUMNS = 74
SHOPPER_COLUMNS = 26
IN_BRIEF = ("confirm", "webhooks")
"""Of a shopper's steps: what one line tells."""

WORDS = {
    "title": {"en": "Twinshore: two clouds in a box", "zh": "Twinshore：一台机器，两朵云"},
    "twins": {
        "en": "{count} twins of outside parties; box.json lists them",
        "zh": "{count} 个外部机构的替身，详见 box.json",
    },
    "goes_on": {"en": "goes on where it was cut", "zh": "从中断处继续"},
    "waits": {
        "en": "The call that was cut still holds its lease: waiting, {seconds:.0f} s at most",
        "zh": "被中断的调用仍持有租约，最多等待 {seconds:.0f} 秒",
    },
    "all_well": {
        "en": "All {count} orders are paid and the points were credited once. Journey: {seconds:.1f} s.",
        "zh": "{count} 笔订单均已支付，积分仅入账一次。用时 {seconds:.1f} 秒。",
    },
    "crossing": {"en": "Points across the sea: from Guangzhou to Frankfurt", "zh": "积分过海：从广州到法兰克福"},
    "crossed": {
        "en": "What left one shore arrived on the other, once, though the line was cut in mid-way: {seconds:.1f} s.",
        "zh": "中途断线，积分仍一分不差、仅一次到达彼岸。用时 {seconds:.1f} 秒。",
    },
    "shoppers": {"en": "Five shoppers, five ways to pay", "zh": "五位顾客，五种支付方式"},
    "stopped": {
        "en": "The journey stopped: this should hold, and does not.",
        "zh": "旅程中断：以下事实应当成立，却没有。",
    },
    "open": {"en": "Open {url}", "zh": "请打开 {url}"},
    "end": {"en": "Ctrl-C ends the box; its data stays in {folder}", "zh": "按 Ctrl-C 结束；数据保存在 {folder}"},
    "ended": {"en": "The box has ended.", "zh": "已结束。"},
}


def language_from(environ: dict[str, str]) -> str:
    named = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG") or ""
    return "zh" if named.lower().startswith("zh") else "en"


class Terminal:
    def __init__(self, language: str) -> None:
        self.language = language
        self._colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")

    def word(self, name: str, **facts: object) -> str:
        return WORDS[name][self.language].format(**facts)

    def say(self, line: str = "") -> None:
        print(line, flush=True)

    def show_box(self, box: Box) -> None:
        self.say(f"\n  {self._bold(self.word('title'))}\n")
        for name, cell in box.declared["cells"].items():
            where = f"{CLOUD[cell['cloud']]}, {cell['region']}"
            title = padded(cell["name"][self.language], TITLE_COLUMNS - 7)
            accent = ACCENT[cell["shore"]]
            self.say(f"  {self._paint('●', accent)} {name:<5}{title}{padded(where, 32)}{box.cells[name].url}")
        self.say(f"  {self._dim('○')} {self.word('twins', count=len(box.ports.twins))}")

    def walk(self, journeys: Journeys, shores: dict[str, str]) -> bool:
        """Every member's journey, step by step. False if a fact did not hold."""
        began = time.monotonic()
        goes_on = journeys.begin()
        journeys.on_wait = lambda seconds: self.say(f"  {self._dim('…')} {self.word('waits', seconds=seconds)}")
        members = [each for each in journeys.travellers.values() if not each.is_local]
        shoppers = [each for each in journeys.travellers.values() if each.is_local]
        for traveller in members:
            slug, accent = traveller.slug, ACCENT[shores[traveller.slug]]
            self._show_member(traveller, accent, goes_on and bool(journeys.done(slug)))
            if not self._walk_one(journeys, slug, accent):
                return False
        self.say(f"\n  {self._bold(self.word('shoppers'))}")
        for traveller in shoppers:
            if not self._walk_in_brief(journeys, traveller, ACCENT[shores[traveller.slug]]):
                return False
        spent_seconds = time.monotonic() - began
        self.say(f"\n  {self._bold(self.word('all_well', count=len(journeys.travellers), seconds=spent_seconds))}")
        return True

    def cross(self, crossing: Journeys, sea: Sea) -> bool:
        """The points' journey. False if a fact did not hold."""
        began, goes_on = time.monotonic(), crossing.begin()
        if not goes_on:
            sea.heal()
        crossing.on_wait = lambda seconds: self.say(f"  {self._dim('…')} {self.word('waits', seconds=seconds)}")
        self.say(f"\n  {self._bold(self.word('crossing'))}")
        for traveller in crossing.travellers.values():
            self._show_member(traveller, ACCENT["mainland"], goes_on and bool(crossing.done(traveller.slug)))
            if not self._walk_one(crossing, traveller.slug, ACCENT["mainland"]):
                return False
        self.say(f"\n  {self._bold(self.word('crossed', seconds=time.monotonic() - began))}")
        return True

    def _walk_one(self, journeys: Journeys, slug: str, accent: str) -> bool:
        titles = {step.slug: step.title[self.language] for step in journeys.steps}
        for done in journeys.done(slug):
            self._show_step(titles[done["step"]], done, self._dim("✓"))
        while record := journeys.advance(slug):
            if not record["ok"]:
                return self._stop("", journeys, record)
            self._show_step(titles[record["step"]], record, self._paint("✓", accent))
        return True

    def _walk_in_brief(self, journeys: Journeys, traveller: Traveller, accent: str) -> bool:
        """One line when all is done; a fact that does not hold is told with its step."""
        while record := journeys.advance(traveller.slug):
            if not record["ok"]:
                return self._stop(self._place_of(traveller), journeys, record)
        done = {record["step"]: record for record in journeys.done(traveller.slug)}
        facts = "；" if self.language == "zh" else "; "
        told = facts.join(done[step]["told"][self.language] for step in IN_BRIEF)
        whole = {"told": {self.language: told}, "ms": sum(record["ms"] for record in done.values())}
        name = padded(self._place_of(traveller), SHOPPER_COLUMNS)
        self._show_step(name, whole, self._paint("✓", accent))
        return True

    def _stop(self, name: str, journeys: Journeys, record: dict[str, Any]) -> bool:
        title = next(step.title[self.language] for step in journeys.steps if step.slug == record["step"])
        self._show_step(name, {**record, "told": {self.language: title}}, self._paint("✗", "31"))
        self.say(f"\n  {self.word('stopped')}\n  {record['told'][self.language]}")
        return False

    def _place_of(self, traveller: Traveller) -> str:
        comma = "，" if self.language == "zh" else ", "
        return traveller.name[self.language] + comma + traveller.place[self.language]

    def _show_member(self, traveller: Traveller, accent: str, goes_on: bool) -> None:
        note = f"  ({self.word('goes_on')})" if goes_on else ""
        self.say(f"\n  {self._paint(self._bold(self._place_of(traveller)), accent)}{self._dim(note)}")

    def _show_step(self, title: str, record: dict[str, Any], mark: str) -> None:
        line = padded(record["told"].get(self.language, ""), LINE_COLUMNS)
        spent = self._dim(f"{record['ms']:>6.0f} ms")
        self.say(f"  {mark} {padded(title, TITLE_COLUMNS)}{line}{spent}")

    def _paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour else text

    def _bold(self, text: str) -> str:
        return self._paint(text, "1")

    def _dim(self, text: str) -> str:
        return self._paint(text, "2")


def columns(text: str) -> int:
    """Terminal columns: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def padded(text: str, width: int) -> str:
    return text + " " * max(1, width - columns(text))
