"""A visitor of the box's page in a real browser. Any failed request, any error on the page or in its console, and any
request to elsewhere fails the visit."""

from __future__ import annotations

import os
import shutil
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.box_process import BoxProcess

WAIT_MS = 60_000
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def chromium() -> str:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        message = "the page is tested in Chromium: apt-get install chromium fonts-wqy-microhei"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return str(found)


class Visit:
    """One visitor's page, with everything that went wrong on it."""

    def __init__(self, browser: Any, box: BoxProcess, locale: str, width: int = 1440, dark: bool = False) -> None:
        self.wrong: list[str] = []
        scheme = "dark" if dark else "light"
        self.context = browser.new_context(
            locale=locale, viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(WAIT_MS)
        self.page.on("pageerror", lambda err: self.wrong.append(f"error: {err}"))
        self.page.on("console", lambda said: said.type == "error" and self.wrong.append(f"console: {said.text}"))
        self.page.on("requestfailed", lambda request: self.wrong.append(f"failed: {request.url}"))
        self.page.on("request", lambda request: self._note_origin(request.url, box.url))
        self.page.goto(box.url)
        self.page.wait_for_selector("body[data-ready]")

    def _note_origin(self, url: str, home: str) -> None:
        if urlsplit(url).netloc != urlsplit(home).netloc:
            self.wrong.append(f"from elsewhere: {url}")

    def __enter__(self) -> Visit:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.context.close()
        if kind is None:
            assert self.wrong == []


# Every text that is shown: its colour against what lies behind it (WCAG 2.2, 1.4.3; disabled controls are exempt).
CONTRAST = """
() => {
  const parse = (text) => {
    const found = text.match(/[\\d.]+/g).map(Number);
    const parts = text.startsWith("color(") ? found.slice(0, 3).map((each) => each * 255) : found.slice(0, 3);
    return [...parts, found[3] ?? 1];
  };
  const linear = (c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour[3] > 0.9) return colour;
    }
    return [255, 255, 255, 1];
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim(), node = walker.currentNode.parentElement;
    if (!text || node.closest("svg, script, [disabled], [hidden], .skip") || !node.offsetParent) continue;
    const style = getComputedStyle(node), one = light(parse(style.color)), other = light(behind(node));
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && +style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) poor.push(`${text.slice(0, 30)}: ${ratio.toFixed(2)}`);
  }
  return poor;
}
"""
