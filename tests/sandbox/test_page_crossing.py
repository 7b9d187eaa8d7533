"""Points across the sea by clicks, in both languages, with the line cut by hand in the middle."""

from __future__ import annotations

import re
from typing import Any, Iterator

import pytest

from sandbox.story_cross import CROSSING, FIRST, POINTS_IN, POINTS_OUT, SECOND
from tests.support.box_process import BoxProcess
from tests.support.page_visit import CONTRAST, Visit

SETTLED_WITHIN_MS = 60_000
BEFORE_THE_CUT = 1 + [step.slug for step in CROSSING].index("quote")
TOLD = {
    ("zh-CN", "cut"): ("尚不知情", "待定", "已完成", "冻结 720", "广州"),
    ("zh-CN", "deaf"): ("消息未回", "待定", "已完成", "冻结 720", "广州"),
    ("en-GB", "cut"): ("has heard nothing", "pending", "settled", "720 held", "Guangzhou"),
    ("en-GB", "deaf"): ("cannot say so", "pending", "settled", "720 held", "Guangzhou"),
}


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BoxProcess]:
    with BoxProcess(tmp_path_factory.mktemp("box")) as started:
        started.read_until("Ctrl-C")
        yield started


def balances(page: Any) -> tuple[int, int]:
    shown = [page.inner_text(f"[data-balance={cell}]").replace(",", "") for cell in ("cn", "eu")]
    return int(shown[0]), int(shown[1])


def walk(page: Any, steps: int) -> None:
    for _ in range(steps):
        done = page.locator("#crossing-steps .step.done").count()
        page.click("[data-key=next-crossing]")
        page.wait_for_function(
            "n => document.querySelectorAll('#crossing-steps .step.done').length === n", arg=done + 1
        )


@pytest.mark.parametrize(("locale", "state"), TOLD)
def test_points_cross_by_clicks_although_the_line_is_cut(
    browser: Any, box: BoxProcess, locale: str, state: str
) -> None:
    unheard, pending, settled, held, city = TOLD[locale, state]
    with Visit(browser, box, locale) as visit:
        page = visit.page
        page.wait_for_selector("#crossing-steps .step")
        page.click("[data-key=over-crossing]")
        page.wait_for_selector("#crossing-steps [data-step=shop].waiting")
        assert page.inner_text("[data-shore=cn] h3") == city
        assert balances(page) == (0, 0)
        walk(page, BEFORE_THE_CUT)
        page.wait_for_selector("[data-linked=eu]")
        earned = sum(balances(page)) - FIRST[1] + FIRST[0]
        assert balances(page) == (earned - FIRST[0], FIRST[1])

        page.click(f"[data-line-to={state}]")
        page.wait_for_selector(f"[data-line={state}]")
        walk(page, 2)
        page.wait_for_selector("[data-exchange=pending]")
        assert pending in page.inner_text("[data-exchange=pending]")
        assert unheard in page.inner_text("#crossing-steps [data-step=exchange] .step-told")
        assert page.inner_text("[data-held]") == held
        assert balances(page) == (earned - POINTS_OUT, POINTS_IN if state == "deaf" else FIRST[1])
        assert page.get_attribute("[data-same]", "data-same") == str(state == "cut").lower()
        assert page.evaluate(CONTRAST) == []

        page.click("[data-line-to=whole]")  # nobody asks for anything: the cell's own timer does
        page.wait_for_selector("[data-exchange=pending]", state="detached", timeout=SETTLED_WITHIN_MS)
        page.wait_for_selector("[data-same=true]")
        assert [settled in each for each in page.locator("[data-exchange]").all_inner_texts()] == [True, True]
        assert balances(page) == (earned - POINTS_OUT, POINTS_IN)
        assert page.locator("[data-held]").count() == 0

        page.click("[data-key=all-crossing]")
        page.wait_for_selector("[data-finished=qing]")
        page.wait_for_selector("[data-voucher]")
        assert balances(page) == (earned - POINTS_OUT, 0)
        assert page.locator("[data-receipt]").count() == 2
        assert f"{SECOND[0]} → {SECOND[1]}" in page.locator("[data-receipt]").last.inner_text()
        assert page.get_attribute("[data-chain]", "data-chain") == "holds"
        assert not re.search(r"eyJ[A-Za-z0-9_-]{20}", page.content()), "no token is shown"


def test_a_line_is_cut_from_the_page_only_and_between_two_cells(box: BoxProcess) -> None:
    import urllib.error

    for path, body in (("cn-cn", {"state": "cut"}), ("cn-xx", {"state": "cut"}), ("cn-eu", {"state": "wet"})):
        with pytest.raises(urllib.error.HTTPError) as refused:
            box.post(f"/box/lines/{path}", body)
        assert refused.value.code == 422
    assert box.post("/box/lines/us-eu", {"state": "cut"}) == {"line": "eu-us", "state": "cut"}
    assert box.get("/box/lines") == {"eu-us": "cut"}
    box.post("/box/lines/eu-us", {"state": "whole"})
    assert box.get("/box/lines") == {}
