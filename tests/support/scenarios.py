"""What every provider must live through, through the real doors of its cell: one class, and one small file for each.

What a provider cannot do its capabilities say, and the scenario asserts that they do.
"""

from __future__ import annotations

import pytest

from tests.support.deaths import Deaths
from tests.support.moved_rates import MovedRates
from tests.support.one_method import DAY, OneMethod
from tests.support.party import LOST, OPENED, PRICE, WON, Party
from tests.support.scenario import Scene, paid_once
from tests.support.unclear_answers import UnclearAnswers
from twinshore.money import Money
from twinshore.points.rewards import points_for


class Scenarios(OneMethod, MovedRates, UnclearAnswers, Deaths):
    party: Party

    def test_late(self, scene: Scene) -> None:
        """The webhook is lost, the poll finds the payment, and then the notice comes after all."""
        order = scene.place_order()
        started = scene.begun(order)
        scene.settle()
        scene.gateway.is_open = False
        scene.payer(started, comes_back=False)
        scene.poll(31)
        before = scene.rows()
        if self.party.can.query_finds_payment:
            assert scene.status(order) == "paid"
        else:
            assert scene.status(order) == "pending"
            scene.found = "by notice"
        scene.gateway.is_open = True
        scene.delivered()
        assert (scene.rows() == before) is self.party.can.query_finds_payment, "else it says nothing new"
        scene.settle()
        paid_once(scene, order)

    def test_stale(self, scene: Scene) -> None:
        """A notice of eight days ago, as it came."""
        scene.paid_order()
        before, known = scene.rows(), scene.genuine()[-1]
        scene.clock.advance(8 * DAY)
        answer = scene.gateway.deliver(known)
        assert (answer.status == 401) is self.party.can.signs_time, answer.text
        assert scene.rows() == before
        scene.found = "refused" if answer.status == 401 else "old news"

    def test_wrong_signature(self, scene: Scene) -> None:
        order = scene.place_order()
        started = scene.begun(order)
        scene.settle()
        scene.faults(wrong_signature=True, duplicate=1)
        seen = len(scene.gateway.answers)
        scene.payer(started, comes_back=self.party.comes_back)
        before = scene.rows()
        scene.wait_for(lambda: len(scene.gateway.answers) >= seen + 2)
        assert {answer.status for answer in scene.gateway.answers[seen:]} == {401}
        assert scene.rows() == before
        assert self.party.comes_back or scene.status(order) == "pending"
        scene.faults()
        scene.settle()
        paid_once(scene, order)
        scene.found = "refused"

    def test_reordered(self, scene: Scene) -> None:
        """News of the refund overtakes that of the payment, and what was pending is heard of last."""
        order = scene.place_order()
        scene.settle()
        scene.faults(reorder=True)
        scene.payer(scene.begun(order))
        if not self.party.can.query_finds_payment:
            scene.faults()
            scene.settle()
        assert scene.status(order, refresh=True) == "paid"
        assert scene.refund(order).status == 201
        scene.settle()
        assert scene.status(order) == "refunded"
        assert len(scene.told_of(order, "payment.captured")) == len(scene.told_of(order, "payment.refunded")) == 1
        before = scene.rows()
        for request in reversed(scene.genuine()):
            scene.gateway.deliver(request)
        assert scene.rows() == before
        assert sum(scene.credits(order)) == 0

    def test_refund_news_before_the_payment_is_known(self, scene: Scene) -> None:
        """All that the party has to say, in reverse, to us who have heard nothing since the attempt began."""
        order = scene.place_order()
        started = scene.begun(order)
        scene.settle()
        before = scene.rows()
        scene.payer(started)
        scene.settle()
        assert scene.refund(order).status == 201
        scene.settle()
        said = scene.genuine()
        scene.put_back(before)
        for request in reversed(said):
            assert scene.gateway.deliver(request).status < 300
        scene.settle()
        scene.poll(31)
        # A refund that we never asked for, and whose sum nobody tells, is looked at by a person.
        told = scene.status(order) == "refunded" or scene.shown(order)["needs_review"]
        assert told if self.party.can.tells_refunds else scene.status(order) == "paid"
        assert len(scene.told_of(order, "payment.captured")) == 1
        scene.found = "✓" if told else "not told"

    @pytest.mark.parametrize("part", [PRICE // 3, PRICE], ids=["part", "whole"])
    def test_refunded_before_we_hear_of_the_payment(self, scene: Scene, part: int) -> None:
        """No notice reaches us until the money has gone back; then somebody asks."""
        order = scene.place_order()
        started = scene.begun(order)
        scene.settle()
        before = scene.rows()
        scene.payer(started)
        scene.settle()
        assert scene.refund(order, part).status == 201
        scene.settle()
        scene.put_back(before)
        scene.poll(31)
        scene.settle()
        if not self.party.can.query_finds_payment:
            assert scene.status(order) == "pending"
            scene.found = "by notice"
            return
        assert [event.data["amount_minor"] for event in scene.told_of(order, "payment.captured")] == [PRICE]
        points = points_for(scene.order_of(order).amount)
        if self.party.can.query_tells_refunds:
            assert scene.status(order) == ("refunded" if part == PRICE else "part_refunded")
            assert [event.data["amount_minor"] for event in scene.told_of(order, "payment.refunded")] == [part]
            booked = scene.credits(order)
            assert max(booked) == points and sum(booked) == points - points_for(Money(part, self.party.currency))
            assert not scene.order_of(order).flags
        else:
            assert scene.status(order) == "paid" and scene.credits(order) == [points]
            flagged = [event.data["reason"] for event in scene.told_of(order, "payment.flagged")]
            assert flagged == (["refund_unknown"] if self.party.can.tells_refunds else [])
            scene.found = "flagged" if flagged else "not told"

    @pytest.mark.parametrize(
        "scale", ["currency_without_decimals", "currency_with_three_decimals"], ids=["none", "three"]
    )
    def test_refunded_in_currencies_of_other_decimals(self, scene: Scene, scale: str) -> None:
        currency = getattr(self.party, scale)
        if not self.party.takes(currency):
            assert self.party.can.currencies, "it names the currencies that it takes"
            order = scene.place_order(PRICE, currency)
            assert scene.begin(order).status == 422, "and is asked for no other one"
            scene.found = f"no {currency}"
            return
        order = scene.paid_order(PRICE, currency)
        for wanted in (PRICE // 3, None):
            assert scene.refund(order, wanted).status == 201
            scene.settle()
        assert scene.status(order) == "refunded"
        steps = [event.data["amount_minor"] for event in scene.told_of(order, "payment.refunded")]
        assert steps == [PRICE // 3, PRICE // 3 * 2] and scene.returned() == 2
        scene.found = currency

    @pytest.mark.parametrize("end", [WON, LOST])
    def test_disputed(self, scene: Scene, end: str) -> None:
        if self.party.dispute is None:
            assert not self.party.can.disputes
            scene.found = "—"
            return
        assert self.party.can.disputes
        order = scene.paid_order()
        reference = f"{order}-1"
        assert scene.act(self.party.dispute(scene.book, reference, OPENED)).status == 200
        scene.settle()
        assert scene.status(order) == "disputed" and scene.shown(order)["needs_review"]
        assert scene.refund(order).problem() == "order-disputed"
        if end not in self.party.dispute_ends:
            scene.found = f"{end} not told"
            return
        assert scene.act(self.party.dispute(scene.book, reference, end)).status == 200
        scene.settle()
        assert scene.status(order) == f"dispute_{end}"
        assert len(scene.told_of(order, "payment.disputed")) == len(scene.told_of(order, f"dispute.{end}")) == 1
        assert sum(scene.credits(order)) == (0 if end == LOST else points_for(scene.order_of(order).amount))
        scene.found = end

    def test_amount_differs(self, scene: Scene) -> None:
        order = scene.place_order()
        started = scene.begun(order)
        scene.settle()
        scene.charge_more(order)
        scene.payer(started)
        scene.settle()
        scene.poll(31)
        scene.settle()
        assert not scene.told_of(order, "payment.captured") and not scene.credits(order)
        flagged = [event.data["reason"] for event in scene.told_of(order, "payment.flagged")]
        assert flagged == ["amount_differs"] or scene.taken() == 0

    def test_captured_by_us(self, scene: Scene) -> None:
        order = scene.place_order()
        started = scene.begun(order)
        scene.payer(started, comes_back=False)
        scene.delivered()
        if not self.party.can.we_capture:
            assert scene.taken() == 1 and not scene.told_of(order, "payment.authorised")
            scene.found = "by itself"
            return
        assert scene.taken() == 0, "the money is set aside"
        for _ in range(2):
            scene.status(order, refresh=True)
            scene.poll(31)
            scene.settle()
        paid_once(scene, order)
        scene.found = "by us"

    def test_everybody_at_once(self, scene: Scene) -> None:
        order = scene.place_order()
        started = scene.begun(order)
        scene.settle()
        scene.gateway.is_open = False
        scene.payer(started, comes_back=False)
        if not self.party.comes_back:
            scene.wait_for(lambda: len(scene.gateway.turned_away) >= 2)
        held = scene.gateway.turned_away[:2]
        scene.clock.advance(31)
        scene.at_once(
            *[lambda request=request: scene.gateway.deliver(request) for request in held],
            lambda: scene.job("payment-poll"),
            lambda: scene.status(order, refresh=True),
            lambda: scene.status(order, refresh=True),
        )
        scene.gateway.is_open = True
        scene.settle()
        scene.poll(61)
        scene.settle()
        paid_once(scene, order)
