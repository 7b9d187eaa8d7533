"""The page in a real browser: the journey by clicks in both languages, at a desk's width and a phone's.

Any failed request, any error on the page or in its console fails the test: nothing is fetched from elsewhere.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Iterator

import pytest

from tests.support.box_process import BoxProcess
from tests.support.page_visit import CONTRAST, Visit

STEPS = 12
SHOPPERS = {
    "camille": "PayPal", "weiling": "GrabPay", "budi": "DANA", "noura": "mada", "lucas": "Mercado Pago",
}  # fmt: skip


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BoxProcess]:
    with BoxProcess(tmp_path_factory.mktemp("box")) as started:
        started.read_until("Ctrl-C")
        yield started


TOLD = {
    "zh-CN": {"title": "一个小程序，两岸相连", "quote": "有效至", "points": "仅入账一次", "done": "旅程完成",
              "paid": "仅记一次付款", "lang": "zh-CN"},
    "en-GB": {"title": "One mini-program, two shores", "quote": "until", "points": "once", "done": "Journey complete",
              "paid": "paid once", "lang": "en"},
}  # fmt: skip


@pytest.mark.parametrize("locale", ["zh-CN", "en-GB"])
def test_the_journey_is_walked_by_clicks(browser: Any, box: BoxProcess, locale: str) -> None:
    words = TOLD[locale]
    with Visit(browser, box, locale) as visit:
        page = visit.page
        assert page.inner_text("h1") == words["title"]
        assert page.get_attribute("html", "lang") == words["lang"]
        lin = page.locator("[data-member=lin]")
        lin.locator("[data-deed=restart]").click()
        page.wait_for_selector("[data-member=lin] [data-step=start].waiting")
        for done in range(1, 4):
            lin.locator("[data-deed=step]").click()
            page.wait_for_function(
                "n => document.querySelectorAll('[data-member=lin] .step.done').length === n", arg=done
            )
        assert lin.locator("[data-deed=step]").is_enabled()
        lin.locator("[data-deed=run]").click()
        page.wait_for_selector("[data-finished=lin]")
        assert words["done"] in page.inner_text("[data-finished=lin]")
        assert lin.locator(".step.done").count() == STEPS
        assert words["quote"] in lin.locator("[data-step=quote] .step-told").inner_text()
        assert words["points"] in lin.locator("[data-step=points] .step-told").inner_text()

        before = page.get_attribute("[data-member=anna]", "data-journey")
        page.click("#run-both")
        page.wait_for_selector(f"[data-member=anna]:not([data-journey='{before}']) [data-finished=anna]")
        order = page.locator("[data-member=anna] [data-step=order]")
        order.locator("summary").click()
        shown = order.locator(".exchange").first.inner_text()
        assert "POST" in shown and "/v1/orders" in shown and "201" in shown
        assert not re.search(r"eyJ[A-Za-z0-9_-]{20}", page.content()), "no token is shown"


@pytest.mark.parametrize("locale", ["zh-CN", "en-GB"])
def test_five_shoppers_pay_each_in_their_own_way(browser: Any, box: BoxProcess, locale: str) -> None:
    """One by a click on the card, then all at once by the section's button."""
    with Visit(browser, box, locale) as visit:
        page = visit.page
        before = {slug: page.get_attribute(f"[data-member={slug}]", "data-journey") for slug in SHOPPERS}
        page.locator("[data-member=noura] [data-deed=pay]").click()
        page.wait_for_selector(f"[data-member=noura]:not([data-journey='{before['noura']}']) [data-finished=noura]")
        before["noura"] = page.get_attribute("[data-member=noura]", "data-journey")
        page.click("#run-shoppers")
        for slug, method in SHOPPERS.items():
            page.wait_for_selector(f"[data-member={slug}]:not([data-journey='{before[slug]}']) [data-finished={slug}]")
            card = page.locator(f"[data-member={slug}]")
            assert method in card.locator(".shopper-method").inner_text()
            assert TOLD[locale]["paid"] in card.locator(".shopper-told").inner_text()
        assert page.locator("#run-shoppers").is_enabled()
        page.focus("[data-key=steps-weiling]")
        page.keyboard.press("Enter")
        assert page.get_attribute("[data-key=steps-weiling]", "aria-expanded") == "true"
        assert page.evaluate("document.activeElement.dataset.key") == "steps-weiling"
        assert page.locator("#shopper-panel .step.done").count() == STEPS
        assert TOLD[locale]["points"] in page.locator("#shopper-panel [data-step=points] .step-told").inner_text()
        page.locator("#shopper-panel [data-step=confirm] summary").click()
        assert "/return" in page.locator("#shopper-panel [data-step=confirm]").inner_text()


def test_the_choice_of_language_is_remembered(browser: Any, box: BoxProcess) -> None:
    with Visit(browser, box, "en-GB") as visit:
        visit.page.click("[data-language=zh]")
        assert visit.page.inner_text("h1") == TOLD["zh-CN"]["title"]
        visit.page.reload()
        visit.page.wait_for_selector("body[data-ready]")
        assert visit.page.inner_text("h1") == TOLD["zh-CN"]["title"]
        assert visit.page.get_attribute("[data-language=zh]", "aria-pressed") == "true"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("locale", ["zh-CN", "en-GB"])
@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_is_wider_than_the_window(browser: Any, box: BoxProcess, width: int, locale: str, dark: bool) -> None:
    with Visit(browser, box, locale, width, dark) as visit:
        page = visit.page
        page.wait_for_selector("[data-cell=cn] article")
        page.click("[data-key=steps-budi]")
        page.wait_for_selector("#shopper-panel")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        untranslated = page.evaluate(
            "[...document.querySelectorAll('[data-word], .switch span, .filters button')]"
            ".map(node => node.textContent).filter(text => !text || /^[a-z]+_[a-z_]+$/.test(text))"
        )
        assert untranslated == []
        assert page.evaluate(CONTRAST) == []


def test_it_works_from_the_keyboard(browser: Any, box: BoxProcess) -> None:
    with Visit(browser, box, "en-GB") as visit:
        page = visit.page
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.url.endswith("#journey")
        page.focus("[data-member=anna] [data-deed=restart]")
        page.keyboard.press("Enter")
        page.wait_for_selector("[data-member=anna] [data-step=start].waiting")
        page.focus("[data-member=anna] [data-deed=step]")
        page.keyboard.press("Enter")
        page.wait_for_selector("[data-member=anna] [data-step=start].done")
        assert page.evaluate("document.activeElement.dataset.key") == "next-anna", "a redraw leaves the focus in place"
        page.keyboard.press("Space")
        page.wait_for_selector("[data-member=anna] [data-step=login].done")


def test_a_twin_misbehaves_when_told_and_the_step_shows_the_problem(browser: Any, box: BoxProcess) -> None:
    with Visit(browser, box, "en-GB") as visit:
        page = visit.page
        switch = page.locator("[data-twin=wechat] input[data-key=wechat-status]")
        switch.check()
        lin = page.locator("[data-member=lin]")
        lin.locator("[data-deed=restart]").click()
        lin.locator("[data-deed=run]").click()
        page.wait_for_selector("[data-member=lin] .step.failed .problem")
        assert "503" in page.inner_text("[data-member=lin] .step.failed .problem-status")
        page.wait_for_function("document.querySelector('input[data-key=wechat-status]').checked")
        page.locator("[data-twin=wechat] input[data-key=wechat-status]").uncheck()
        page.wait_for_timeout(200)
        lin.locator("[data-deed=run]").click()
        page.wait_for_selector("[data-finished=lin]")


def test_every_mistake_is_answered_by_a_readable_problem(browser: Any, box: BoxProcess) -> None:
    wanted = {
        "no-such-route": "404", "broken-json": "400", "wrong-fields": "422", "no-session": "401",
        "other-shore": "421", "odd-currency": "422", "forged-webhook": "401",
    }  # fmt: skip
    with Visit(browser, box, "zh-CN") as visit:
        page = visit.page
        shown = {}
        for slug in wanted:
            with page.expect_response(re.compile(slug)):
                page.click(f"[data-mishap={slug}]")
            page.wait_for_selector("#mishap-answer .problem-status")
            page.wait_for_timeout(100)
            shown[slug] = page.inner_text("#mishap-answer .problem-status")
            assert re.search(r"[\u4e00-\u9fff]", page.inner_text("#mishap-answer .problem h3"))
        assert shown == wanted


def test_a_killed_cell_comes_back_and_the_page_says_so(browser: Any, box: BoxProcess) -> None:
    with Visit(browser, box, "en-GB") as visit:
        page = visit.page
        page.click("[data-key=kill-us]")
        page.wait_for_selector("#toast:not([hidden])")
        page.wait_for_selector("[data-cell=us] [data-restarts='1']")
        page.wait_for_selector("[data-cell=us] .health:not(.down)")


def test_only_the_page_itself_may_press_the_buttons(box: BoxProcess, tmp_path: Path) -> None:
    import urllib.error
    import urllib.request

    for headers in (
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/json", "Origin": "https://x.example"},
    ):
        request = urllib.request.Request(f"{box.url}/box/cells/us/kill", b"{}", headers)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=5)
        assert refused.value.code == 403
    with pytest.raises(urllib.error.HTTPError) as hidden:
        urllib.request.urlopen(f"{box.url}/../page_server.py", timeout=5)
    assert hidden.value.code == 404
