"""The cells file, its compiled form, and the guard of residency."""

from __future__ import annotations

import pytest

from infra.compile_cells import SOURCE, TARGET, compile_cells, render
from twinshore.cells import BY_HAND, INSTALMENTS, Cells, Residency, load_cells
from twinshore.errors import BrokenInvariant, Misdirected
from twinshore.points.rewards import MINOR_UNITS_PER_POINT
from twinshore.providers.choice import capabilities_of

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
    assert {method.provider for method in CELLS.methods_in("eu", "EUR")} == {"stripe", "paypal"}
    assert CELLS.providers_in("cn") == ("wechat_pay",)


@pytest.mark.parametrize(
    ("market", "method", "provider"),
    [
        ("CN", "wechat_pay", "wechat_pay"), ("DE", "card", "stripe"), ("FR", "paypal", "paypal"),
        ("SA", "mada", "hyperpay"), ("SG", "grabpay", "grabpay"), ("ID", "dana", "dana"),
        ("BR", "mercado_pago", "mercado_pago"),
    ],
)  # fmt: skip
def test_a_shopper_finds_a_local_method_at_home(market: str, method: str, provider: str) -> None:
    home = CELLS.markets[market]
    assert method in home.payment_methods
    carried = {each.name: each.provider for each in CELLS.methods_in(home.home, home.currency)}
    assert carried[method] == provider


def test_every_markets_currency_earns_points() -> None:
    assert {market.currency for market in CELLS.markets.values()} <= set(MINOR_UNITS_PER_POINT)


@pytest.mark.parametrize("cell", CELLS.all)
def test_every_method_is_one_that_its_provider_carries_in_each_of_its_currencies(cell: str) -> None:
    for currency in {market.currency for market in CELLS.markets.values() if market.home == cell}:
        for method in CELLS.methods_in(cell, currency):
            if method.provider in (BY_HAND, INSTALMENTS):
                continue  # the house's own
            said = capabilities_of(method.provider)
            assert method.name in said.methods
            assert not said.currencies or currency in said.currencies


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('opens_in = ["mini_program"]', 'opens_in = ["television"]'),
        ('opens_in = ["mini_program"]', "opens_in = []"),
        ('platforms = ["ios"]', 'platforms = ["symbian"]'),
        ("parts = 3", "parts = 1"),
        ("parts = 3", ""),
        ("parts = 3", "parts = 13"),
        ("BRL = 15_000", "BRL = 0"),
        ("max_minor = { IDR", "min_minor = { IDR = 600_000_000 }\nmax_minor = { IDR"),
    ],
)
def test_a_method_that_makes_no_sense_is_refused(before: str, after: str) -> None:
    text = SOURCE.read_text(encoding="utf-8")
    assert before in text
    with pytest.raises(ValueError):
        compile_cells(text.replace(before, after, 1))


def test_the_houses_own_methods_are_no_outside_party() -> None:
    carried = {method.provider for method in CELLS.methods}
    assert {BY_HAND, INSTALMENTS} <= carried
    for cell in CELLS.all:
        assert not {BY_HAND, INSTALMENTS} & set(CELLS.providers_in(cell))


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
