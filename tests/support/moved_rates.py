"""What is refunded is what was captured, to the unit, wherever the market has gone since the price was locked."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from tests.support.party import Party
from tests.support.rates import fresh
from tests.support.scenario import Scene
from twinshore import wiring
from twinshore.charging import step_minor
from twinshore.fx import tables
from twinshore.fx.port import RateTable
from twinshore.payments.postings import PROVIDER, postings_of

BEYOND_THE_ECB = {"CLP": "1085.5", "KWD": "0.3561", "SAR": "4.3512", "TWD": "35.61", "UGX": "4230"}
"""Of an invented day; the other source of rates has them."""
WEEK_SECONDS = 7 * 86_400


class MovedRates:
    party: Party

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "charged" in metafunc.fixturenames:
            metafunc.parametrize("charged", dict.fromkeys((self.party.currency, *self.party.more_currencies)))

    def test_refunded_after_the_rate_moved(self, scene: Scene, charged: str) -> None:
        price = {"amount_minor": 12_347, "currency": "USD" if charged == "EUR" else "EUR"}
        hold_rates(charged, Decimal(1))
        quote = locked(scene, price, charged)
        order = scene.order_with(price, quote=quote["token"])
        scene.payer(scene.begun(order))
        scene.settle()
        taken_minor = quote["amount_to"]["amount_minor"]
        assert scene.status(order) == "paid"
        assert scene.order_of(order).amount == (taken_minor, charged)

        scene.clock.advance(WEEK_SECONDS)
        hold_rates(charged, Decimal("1.25"))
        assert locked(scene, price, charged)["amount_to"] != quote["amount_to"], "the rate has moved"
        part_minor = taken_minor // 3 // step_minor(charged) * step_minor(charged)
        assert scene.refund(order, part_minor).status == 201
        scene.settle()
        assert scene.refund(order).status == 201
        scene.settle()
        assert scene.status(order) == "refunded"
        steps = [event.data["amount_minor"] for event in scene.told_of(order, "payment.refunded")]
        assert steps == [part_minor, taken_minor - part_minor] and scene.returned() == 2
        lines = [line for posting in postings_of(wiring.store(), order) for line in posting]
        assert [line.amount.currency for line in lines if line.account == PROVIDER] == [charged] * 3
        left: Counter[tuple[str, str]] = Counter()
        for line in lines:
            left[line.account, line.amount.currency] += line.amount.amount_minor
        assert not any(left.values()), "nothing is left of any line, in neither currency"
        scene.found = charged


def hold_rates(currency: str, factor: Decimal) -> None:
    """Those of the package, as if published just now, with `factor` times as much of `currency` to the euro, or of the
    dollar for the euro itself."""

    def table(now: int) -> RateTable:
        held = fresh(now)
        rates = {**BEYOND_THE_ECB, **held.rates}
        moved = "USD" if currency == held.base else currency
        rates[moved] = str(Decimal(rates[moved]) * factor)
        return held._replace(rates=rates)

    assert tables.refresh(wiring.store(), table, wiring.now()).outcome == "stored"


def locked(scene: Scene, price: dict[str, Any], into: str) -> dict[str, Any]:
    wish = {"from": price["currency"], "to": into, "amount_minor": price["amount_minor"]}
    token = scene.place.member_token(scene.member_id)
    answer = scene.place.call("fx", "POST", "/v1/fx/quotes", json_body=wish, token=token)
    assert answer.status == 201, answer.text
    quote: dict[str, Any] = answer.json()
    return quote
