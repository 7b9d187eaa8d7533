"""Rates of two sources: who is believed, where they meet, and what is said of it. Further figures are invented."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.twins.ecb import EcbTwin
from sandbox.twins.treasury_rates import INVENTED, LICENCE, TreasuryRatesTwin, document
from tests.support.doors import Place
from tests.support.rates import DAY, FRIDAY, FRIDAY_AT_SIX, fresh, packaged
from twinshore import wiring
from twinshore.fx import tables
from twinshore.fx.port import TREASURY, RateSourceAbsent, RateSourceFailed, RateTable
from twinshore.fx.quote import Holder, RatesStale, Terms, make_quote
from twinshore.fx.rates import NoRate, pair_rate
from twinshore.money import Money
from twinshore.providers.treasury_rates.document import parse
from twinshore.store.sqlite import SqliteStore

NOW = FRIDAY_AT_SIX
OURS = parse(json.dumps(document(FRIDAY)).encode(), NOW)
BANK = packaged()
BOTH = BANK._replace(further=(OURS,))
PER_USD = Fraction(BANK.rates["USD"])
HOLDER, TERMS = Holder("eu", "m_anna"), Terms(150, Money(1_000_000, "EUR"))


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return SqliteStore(str(tmp_path / "store.db"))


def giving(table: RateTable) -> tables.RateSource:
    return lambda _now: table


def failing(_now: int) -> RateTable:
    raise RateSourceFailed("no-answer")


def absent(_now: int) -> RateTable:
    raise RateSourceAbsent


def close(text: str, value: Fraction) -> bool:
    return abs(Fraction(text) / value - 1) < Fraction(1, 10**11)


PAIRS = [
    ("USD", "TWD", Fraction("31.85"), "Example Treasury"),  # the meeting currency itself: one source
    ("VND", "USD", 1 / Fraction("25410"), "Example Treasury"),
    ("TWD", "KWD", Fraction("0.3071") / Fraction("31.85"), "Example Treasury"),
    ("EUR", "NGN", PER_USD * Fraction("1532.4"), "ecb and Example Treasury through USD"),
    ("CLP", "EUR", 1 / (PER_USD * Fraction("948.6")), "Example Treasury and ecb through USD"),
    ("CNY", "USD", PER_USD / Fraction(BANK.rates["CNY"]), "ecb"),  # the treasury knows it too, and is not asked
    ("SAR", "KWD", Fraction("0.3071") / Fraction("3.75"),
     "ecb and Example Treasury through USD, SAR pegged to USD"),
]  # fmt: skip


@pytest.mark.parametrize(("base", "quote", "value", "source"), PAIRS)
def test_each_currency_is_taken_from_the_first_source_and_the_rate_says_where_they_meet(
    base: str, quote: str, value: Fraction, source: str
) -> None:
    found = pair_rate(BOTH, base, quote)
    assert close(found.text, value)
    assert found.source == source


@given(*[st.sampled_from(["EUR", "USD", "CNY", "AED", "JPY", *INVENTED])] * 3)
def test_rates_of_two_sources_are_consistent_whichever_way_one_crosses(a: str, b: str, c: str) -> None:
    direct = Fraction(pair_rate(BOTH, a, c).text)
    assert abs(Fraction(pair_rate(BOTH, a, b).text) * Fraction(pair_rate(BOTH, b, c).text) / direct - 1) < Fraction(
        3, 10**11
    )


def test_a_treasury_that_counts_in_euro_meets_in_the_euro() -> None:
    euro = OURS._replace(base="EUR", rates={"TWD": "35.5"})
    found = pair_rate(BANK._replace(further=(euro,)), "CNY", "TWD")
    assert found.source == "ecb and Example Treasury through EUR"
    assert close(found.text, Fraction("35.5") / Fraction(BANK.rates["CNY"]))


def test_a_rate_is_as_old_as_the_older_of_its_sources() -> None:
    later = BANK._replace(date="2026-11-02", further=(OURS,))
    assert pair_rate(later, "CNY", "TWD").date == FRIDAY
    assert pair_rate(later, "CNY", "JPY").date == "2026-11-02"


def test_sources_that_know_no_common_currency_do_not_meet() -> None:
    alone = OURS._replace(base="KWD", rates={"TWD": "100"})
    with pytest.raises(NoRate):
        pair_rate(BANK._replace(further=(alone,)), "CNY", "TWD")


def refreshed(store: SqliteStore, bank: Any, ours: Any, now: int) -> dict[str, str]:
    done = tables.refresh_all(store, {"ecb": bank, TREASURY: ours}, now)
    return {origin: each.reason or each.outcome for origin, each in done.items()}


def test_each_source_is_kept_by_itself_once_a_day(store: SqliteStore) -> None:
    assert refreshed(store, giving(BANK), giving(OURS), NOW) == {"ecb": "stored", TREASURY: "stored"}
    assert refreshed(store, giving(BANK), giving(OURS), NOW) == {"ecb": "unchanged", TREASURY: "unchanged"}
    assert tables.current(store, NOW) == BOTH
    monday = OURS._replace(date="2026-11-02", published_at=NOW + 3 * DAY, fetched_at=NOW + 3 * DAY)
    assert refreshed(store, giving(BANK), giving(monday), NOW + 3 * DAY)[TREASURY] == "stored"
    assert len(store.query(f"{tables.PARTITION}#{TREASURY}").items) == 2
    changed = monday._replace(licence="Other words.")
    assert refreshed(store, giving(BANK), giving(changed), NOW + 3 * DAY)[TREASURY] == "corrected"
    assert tables.current(store, NOW + 3 * DAY).further == (changed,)


def test_a_source_that_fails_leaves_the_other(store: SqliteStore) -> None:
    assert refreshed(store, giving(BANK), failing, NOW) == {"ecb": "stored", TREASURY: "no-answer"}
    assert tables.current(store, NOW) == BANK
    assert refreshed(store, failing, giving(OURS), NOW) == {"ecb": "no-answer", TREASURY: "stored"}
    assert refreshed(store, giving(BANK), failing, NOW)[TREASURY] == "no-answer"
    assert tables.current(store, NOW) == BOTH


def test_a_source_that_is_taken_away_is_no_longer_used(store: SqliteStore) -> None:
    refreshed(store, giving(BANK), giving(OURS), NOW)
    assert refreshed(store, giving(BANK), absent, NOW) == {"ecb": "unchanged"}
    assert tables.current(store, NOW) == BANK
    assert store.query(f"{tables.PARTITION}#{TREASURY}").items == []


DOUBTED = [
    (OURS._replace(rates={**INVENTED, "TWD": "3.185"}), "implausible TWD"),
    (OURS._replace(rates={**INVENTED, "TWD": "48"}), "implausible TWD"),
    (OURS._replace(date="2026-10-29"), "older"),
    (OURS._replace(published_at=OURS.published_at - 60), "older"),  # an earlier edition of the same day
    (OURS._replace(date="2026-11-20"), "future"),
    (OURS._replace(published_at=NOW + 3 * DAY), "future"),
]


@pytest.mark.parametrize(("table", "reason"), DOUBTED)
def test_a_table_that_cannot_be_believed_is_held_back(store: SqliteStore, table: RateTable, reason: str) -> None:
    refreshed(store, giving(BANK), giving(OURS), NOW)
    assert refreshed(store, giving(BANK), giving(table), NOW) == {"ecb": "unchanged", TREASURY: reason}
    assert tables.current(store, NOW) == BOTH


def test_a_first_table_is_held_against_the_bank_where_both_know_a_currency(store: SqliteStore) -> None:
    upside_down = OURS._replace(rates={**INVENTED, "CNY": "0.15"})
    assert refreshed(store, giving(BANK), giving(upside_down), NOW)[TREASURY] == "implausible CNY"
    assert tables.current(store, NOW) == BANK


def later(days: int) -> RateTable:
    at = NOW + days * DAY
    return OURS._replace(date="2026-11-06", published_at=at - 3600, fetched_at=at)


def test_while_the_bank_is_stale_a_fresh_source_comes_first_and_locks_need_fresh_ones_only(store: SqliteStore) -> None:
    now = NOW + 7 * DAY
    refreshed(store, failing, giving(later(7)), now)
    held = tables.current(store, now)
    assert (held.source, [each.source for each in held.further]) == ("Example Treasury", ["ecb"])
    assert pair_rate(held, "CNY", "TWD").source == "Example Treasury"
    assert pair_rate(held, "EUR", "TWD").source == "ecb and Example Treasury through USD"
    with pytest.raises(RatesStale):
        make_quote(held, Money(10_000, "CNY"), "EUR", HOLDER, TERMS, now)


def test_while_the_source_is_stale_its_rates_are_shown_and_not_promised(store: SqliteStore) -> None:
    refreshed(store, giving(BANK), giving(OURS), NOW)
    now = NOW + 7 * DAY
    tables.refresh(store, giving(BANK._replace(date="2026-11-06")), now)
    held = tables.current(store, now)
    assert pair_rate(held, "CNY", "TWD").date == FRIDAY
    make_quote(held, Money(10_000, "CNY"), "JPY", HOLDER, TERMS, now)
    with pytest.raises(RatesStale):
        make_quote(held, Money(10_000, "CNY"), "TWD", HOLDER, TERMS, now)


def test_when_both_are_stale_the_bank_is_first_again(store: SqliteStore) -> None:
    refreshed(store, giving(BANK), giving(OURS), NOW)
    held = tables.current(store, NOW + 14 * DAY)
    assert (held.source, held.further) == ("ecb", (OURS,))


@pytest.mark.parametrize("into", ["TWD", "VND", "KWD", "NGN", "CLP"])
def test_a_lock_is_made_in_each_currencys_own_step(into: str) -> None:
    # 1 USD at the invented rate, plus 1.5 %; VND and CLP have no decimals, TWD has none in use, KWD has three.
    quote = make_quote(BOTH, Money(100, "USD"), into, HOLDER, TERMS, NOW)
    scale = {"VND": 1, "CLP": 1, "KWD": 1000}.get(into, 100)
    exactly = Fraction(INVENTED[into]) * scale * Fraction("1.015")
    assert abs(quote.amount_to.amount_minor - exactly) <= Fraction(quote.step_minor, 2)
    assert quote.step_minor == {"TWD": 100, "KWD": 10}.get(into, 1)
    assert (quote.source, quote.rate_date) == ("Example Treasury", FRIDAY)


@pytest.fixture
def treasury(at: Place) -> Iterator[TreasuryRatesTwin]:
    with TreasuryRatesTwin() as twin, EcbTwin() as bank:
        at.outside.update(treasury_rates=twin.url, ecb=bank.url)
        at.secrets["rate_source"] = json.dumps(twin.secret())
        at.rewire()
        yield twin


def shown(at: Place, **query: str) -> Any:
    return at.call("fx", "GET", "/v1/fx/rates", query=query)


def test_the_door_says_source_date_age_and_licence_of_every_rate(at: Place, treasury: TreasuryRatesTwin) -> None:
    wiring.jobs()["fx-refresh"](wiring.now())
    answer = shown(at, base="CNY", quote="TWD,JPY", amount_minor="10000").json()
    mixed, bank = answer["items"]
    assert mixed["source"] == "ecb and Example Treasury through USD"
    assert LICENCE in mixed["attribution"]
    assert "European Central Bank" in mixed["attribution"]
    assert (mixed["stale"], bank["stale"], bank["source"]) == (False, False, "ecb")
    assert LICENCE not in bank["attribution"]
    assert answer["source"] == "ecb, Example Treasury"
    assert LICENCE in answer["attribution"]
    assert answer["age_seconds"] == max(mixed["age_seconds"], bank["age_seconds"])


def test_an_answer_from_one_source_is_as_it_always_was(at: Place, treasury: TreasuryRatesTwin) -> None:
    wiring.jobs()["fx-refresh"](wiring.now())
    bank = shown(at, base="CNY", quote="JPY").json()
    assert (bank["source"], set(bank["items"][0])) == ("ecb", {"currency", "rate", "date", "source"})
    ours = shown(at, base="USD", quote="TWD,VND").json()
    assert (ours["source"], ours["attribution"]) == ("Example Treasury", f"Example Treasury: {LICENCE}")


def test_a_member_locks_a_rate_of_two_sources(at: Place, treasury: TreasuryRatesTwin) -> None:
    wiring.jobs()["fx-refresh"](wiring.now())
    wish = {"from": "CNY", "to": "TWD", "amount_minor": 10_000}
    answer = at.call("fx", "POST", "/v1/fx/quotes", json_body=wish, token=at.member_token())
    assert (answer.status, answer.json()["source"]) == (201, "ecb and Example Treasury through USD")


def test_without_the_secret_there_is_no_second_source_and_no_rate(at: Place, treasury: TreasuryRatesTwin) -> None:
    del at.secrets["rate_source"]
    at.rewire()
    done = tables.refresh_all(wiring.store(), wiring.rate_sources(), wiring.now())
    assert {origin: each.outcome for origin, each in done.items()} == {"ecb": "stored"}
    assert shown(at, base="CNY", quote="TWD").problem() == "no-rate"
    assert treasury.journal == []


def test_a_secret_that_cannot_be_used_does_not_hinder_the_bank(at: Place, treasury: TreasuryRatesTwin) -> None:
    at.secrets["rate_source"] = "not json"
    at.rewire()
    done = tables.refresh_all(wiring.store(), wiring.rate_sources(), wiring.now())
    assert {o: each.reason or each.outcome for o, each in done.items()} == {"ecb": "stored", TREASURY: "configuration"}
    assert fresh(wiring.now()).date == tables.current(wiring.store(), wiring.now()).date
