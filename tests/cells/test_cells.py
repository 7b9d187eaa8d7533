"""The cells file, its compiled form, and the guard of residency."""

from __future__ import annotations

import pytest

from infra.compile_cells import SOURCE, TARGET, compile_cells, render
from twinshore.cells import Cells, Residency, load_cells
from twinshore.errors import BrokenInvariant, Misdirected

CELLS = load_cells()


def test_the_compiled_file_is_what_the_declaration_says() -> None:
    assert TARGET.read_text(encoding="utf-8") == render(compile_cells(SOURCE.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('cloud = "tencent"', 'cloud = "azure"'),
        ('home = "cn"', 'home = "mars"'),
        ('payment_methods = ["wechat_pay"]', 'payment_methods = ["card"]'),
        ('currency = "CNY"', 'currency = "yuan"'),
        ('time_zone = "Asia/Shanghai"', 'time_zone = "Asia/Atlantis"'),
        ('market = "SG"', 'market = "XX"'),
        ('shore = "mainland"', 'shore = "mainland"\ntypo = 1'),
    ],
)
def test_a_wrong_declaration_is_refused(before: str, after: str) -> None:
    text = SOURCE.read_text(encoding="utf-8")
    assert before in text
    with pytest.raises((ValueError, KeyError, OSError)):
        compile_cells(text.replace(before, after, 1))


def test_four_cells_on_two_clouds() -> None:
    assert {name: (cell.cloud, cell.region) for name, cell in CELLS.all.items()} == {
        "cn": ("tencent", "ap-guangzhou"), "eu": ("aws", "eu-central-1"),
        "sea": ("aws", "ap-southeast-1"), "us": ("aws", "us-east-1"),
    }  # fmt: skip


def test_home_and_nearest() -> None:
    assert CELLS.market_of("DE").home == "eu"
    assert CELLS.market_of("ZZ") == CELLS.default_market
    assert CELLS.nearest_to("BR").name == "us"
    assert CELLS.nearest_to("CH").name == "eu"
    assert CELLS.nearest_to("ZZ").name == CELLS.default_market.home


def test_methods_are_of_the_cell_and_the_currency() -> None:
    assert [method.name for method in CELLS.methods_in("cn", "CNY")] == ["wechat_pay"]
    assert CELLS.methods_in("cn", "EUR") == ()
    assert {method.provider for method in CELLS.methods_in("eu", "EUR")} == {"stripe"}
    assert CELLS.providers_in("cn") == ("wechat_pay",)


def test_a_new_country_is_a_diff_of_the_file() -> None:
    text = (
        SOURCE.read_text(encoding="utf-8")
        + """
[markets.AT]
home = "eu"
currency = "EUR"
languages = ["en"]
calling_code = "43"
payment_methods = ["card"]
campaigns = {}
"""
    )
    assert Cells(compile_cells(text)).market_of("AT").home == "eu"


def test_another_cells_person_cannot_be_written_here() -> None:
    guard = Residency(CELLS, "eu")
    assert guard.label({"mail": "x"}, "eu") == {"mail": "x", "cell": "eu"}
    with pytest.raises(Misdirected) as refused:
        guard.label({"mail": "x"}, "cn")
    assert refused.value.extensions == {"home": "cn", "endpoint": "https://cn.api.twinshore.example"}


def test_an_item_that_ended_up_in_the_wrong_cell_is_not_served() -> None:
    guard = Residency(CELLS, "eu")
    assert guard.check({"mail": "x", "cell": "eu"})
    for stray in ({"mail": "x", "cell": "cn"}, {"mail": "x"}):
        with pytest.raises(BrokenInvariant):
            guard.check(stray)
