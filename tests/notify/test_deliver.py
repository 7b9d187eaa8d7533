"""Delivering a message: the channel, the credit, the log, and what may not happen twice."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.notify.conftest import ADDRESS, MEMBER, NOW, OPENID, VALUES, Outside
from twinshore.notify.deliver import LEASE_SECONDS, Channels, Delivery, NotDeliveredYet, Notice, deliver
from twinshore.notify.port import EMAIL, SUBSCRIBE, Letter, Outcome
from twinshore.notify.templates import TemplateValuesWrong, UnknownTemplate


def log_of(outside: Outside) -> list[dict[str, Any]]:
    return [item.fields for item in outside.store.query(f"delivery#{MEMBER}").items]


def newest_log_of(outside: Outside, outcome: str) -> list[dict[str, Any]]:
    """The attempts of the message that had this outcome on its way."""
    return next(entry["attempts"] for entry in log_of(outside)
                if outcome in [attempt["outcome"] for attempt in entry["attempts"]])  # fmt: skip


def test_a_credit_buys_one_subscribe_message(outside: Outside) -> None:
    outside.allow()
    delivered = outside.send()
    assert (delivered.state, delivered.channel, outside.credits()) == ("sent", SUBSCRIBE, 0)
    (message,) = outside.said_by_wechat()
    assert message["openid"] == OPENID
    assert message["data"] == {"character_string1": "01jdtwinshore0000000000001", "amount2": "€12.99",
                               "date3": message["data"]["date3"], "thing4": "付款成功（EUR），感谢购买"}  # fmt: skip
    assert not message["escaped"]


def test_without_a_credit_the_letter_goes(outside: Outside) -> None:
    outside.choose()
    assert outside.send().channel == EMAIL
    (letter,) = outside.letters()
    assert letter["to"] == [ADDRESS]
    assert letter["subject"] == "Payment received: order 01jdtwinshore0000000000001"
    assert "€12.99" in letter["text"] and "(Europe/Berlin)" in letter["text"]
    assert '<html lang="en">' in letter["html"]
    assert outside.calls_to_wechat() == 0, "no vain call: our ledger knows"


def test_issue_museum_row_16_two_credits_five_sends_at_once_and_43101(outside: Outside) -> None:
    """WxJava #1387: five messages at once for a person who tapped twice, while the platform says that there is nothing
    left. At most two calls go out, the ledger falls to zero, and every message arrives by the next channel."""
    outside.choose()
    outside.allow(times=2, at_wechat=0)
    with ThreadPoolExecutor(5) as pool:
        results = list(pool.map(lambda number: outside.send(cause=f"event-{number}"), range(5)))
    assert [result.channel for result in results] == [EMAIL] * 5
    calls = [attempt for entry in log_of(outside) for attempt in entry["attempts"] if attempt["channel"] == SUBSCRIBE]
    assert outside.said_by_wechat() == []
    assert sum(1 for entry in log_of(outside) if entry["state"] == "sent") == 5
    assert len(calls) == 5, "each message tried its first channel: the ledger or the platform refused"
    assert outside.credits() == 0
    assert len(outside.letters()) == 5


class CountingSender:
    """WeChat as the row has it: 43101 for everyone, and a count of the calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def send(self, member_id: str, template: str, data: Any, language: str) -> Outcome:
        self.calls.append(template)
        return Outcome("no_credit")


def test_issue_museum_row_16_the_platform_is_called_at_most_twice(outside: Outside) -> None:
    outside.choose()
    outside.allow(times=2)
    sender = CountingSender()
    channels = Channels(sender, outside.channels.mail)

    def send(number: int) -> Delivery:
        return deliver(outside.store, channels, Notice(f"e-{number}", MEMBER, "receipt", VALUES["receipt"]), NOW)

    with ThreadPoolExecutor(5) as pool:
        results = list(pool.map(send, range(5)))
    assert len(sender.calls) <= 2
    assert (outside.credits(), {result.channel for result in results}) == (0, {EMAIL})


def test_five_sends_at_once_with_two_real_credits_use_them_both_and_no_more(outside: Outside) -> None:
    outside.choose()
    outside.allow(times=2)
    with ThreadPoolExecutor(5) as pool:
        results = list(pool.map(lambda number: outside.send(cause=f"event-{number}"), range(5)))
    assert sorted(result.channel for result in results) == [EMAIL] * 3 + [SUBSCRIBE] * 2
    assert (outside.credits(), len(outside.said_by_wechat()), len(outside.letters())) == (0, 2, 3)


def test_the_same_event_is_told_once_however_often_it_comes(outside: Outside) -> None:
    outside.choose()
    outside.allow(times=3)
    first = outside.send()
    assert [outside.send(now=NOW + 3600 * n) for n in range(3)] == [first] * 3
    assert (len(outside.said_by_wechat()), outside.letters(), outside.credits()) == (1, [], 2)


def test_the_same_event_at_the_same_time_is_told_once(outside: Outside) -> None:
    outside.choose()
    outside.allow(times=5)

    def send(_: int) -> str:
        try:
            return outside.send().state
        except NotDeliveredYet:
            return "later"

    with ThreadPoolExecutor(5) as pool:
        results = list(pool.map(send, range(5)))
    assert "sent" in results and set(results) <= {"sent", "later"}
    assert (len(outside.said_by_wechat()), len(outside.letters()), outside.credits()) == (1, 0, 4)


def test_one_event_may_tell_two_things(outside: Outside) -> None:
    outside.choose()
    assert outside.send("receipt").id != outside.send("points_credited").id
    assert len(outside.letters()) == 2


@pytest.mark.parametrize("errcode", [47003, 40003, 40037, 45168, 43107])
def test_a_refusal_gives_the_credit_back_and_takes_the_next_channel(outside: Outside, errcode: int) -> None:
    outside.choose()
    outside.allow()
    outside.force(errcode)
    assert (outside.send().channel, outside.credits()) == (EMAIL, 1)


@pytest.mark.parametrize("errcode", [-1, 43108, 45011])
def test_a_busy_platform_gives_the_credit_back_and_a_letter_goes_at_once(outside: Outside, errcode: int) -> None:
    outside.choose()
    outside.allow()
    outside.force(errcode)
    assert (outside.send().channel, outside.credits()) == (EMAIL, 1)


def test_a_busy_platform_that_is_the_only_channel_is_asked_again_later(outside: Outside) -> None:
    outside.allow()
    outside.force(45011)
    with pytest.raises(NotDeliveredYet) as caught:
        outside.send()
    assert caught.value.extensions["retry_after"] > 0
    assert outside.credits() == 1
    assert outside.send(now=NOW + 60).channel == SUBSCRIBE
    assert (outside.credits(), len(outside.said_by_wechat())) == (0, 1)


def test_a_platform_that_is_always_busy_is_given_up_after_six_tries(outside: Outside) -> None:
    outside.allow()
    outside.force(45011, times=99)
    for number in range(5):
        with pytest.raises(NotDeliveredYet):
            outside.send(now=NOW + 60 * number)
    assert outside.send(now=NOW + 3600).state == "failed"
    assert len(log_of(outside)[0]["attempts"]) == 6
    assert outside.credits() == 1


def test_a_receipt_whose_fate_is_unknown_is_told_again_on_another_channel(outside: Outside) -> None:
    outside.choose()
    outside.allow(times=2)
    outside.send(cause="an event before, which fetches the access token")
    outside.wechat.faults = {"reset": True, "times": 9}
    assert outside.send().channel == EMAIL
    assert [attempt["outcome"] for attempt in newest_log_of(outside, "unknown")] == ["unknown", "sent"]
    assert outside.credits() == 0, "it may have been spent: a credit too few costs less than one too many"


def test_points_whose_fate_is_unknown_are_not_told_again(outside: Outside) -> None:
    outside.choose(wechat=False)
    outside.mail.faults = {"lost_answer": True}
    assert outside.send("points_credited").state == "unknown"
    outside.mail.faults = {}
    assert outside.send("points_credited", now=NOW + 9999).state == "unknown"
    assert len(outside.letters()) == 1


def test_a_receipt_by_mail_only_is_tried_twice_when_its_fate_is_unknown_and_then_left(outside: Outside) -> None:
    outside.choose(wechat=False)
    outside.mail.faults = {"lost_answer": True}
    with pytest.raises(NotDeliveredYet):
        outside.send()
    assert outside.send(now=NOW + 60).state == "unknown"
    assert outside.send(now=NOW + 120).state == "unknown"
    assert len(outside.letters()) == 2, "twice at the most"


class Crashing:
    """A channel during which the function dies."""

    def send(self, letter: Letter) -> Outcome:
        raise KeyboardInterrupt


@pytest.mark.parametrize(("template", "state", "letters"), [("receipt", "sent", 1), ("points_credited", "unknown", 0)])
def test_a_function_that_dies_while_sending_leaves_an_unknown_attempt(
    outside: Outside, template: str, state: str, letters: int
) -> None:
    outside.choose(wechat=False)
    dying = outside._replace(channels=Channels(None, Crashing()))
    with pytest.raises(KeyboardInterrupt):
        dying.send(template)
    assert log_of(outside)[0]["state"] == "sending"
    with pytest.raises(NotDeliveredYet):
        outside.send(template, now=NOW + LEASE_SECONDS - 1)
    assert outside.send(template, now=NOW + LEASE_SECONDS).state == state
    assert len(outside.letters()) == letters


def test_a_member_whom_no_channel_reaches_is_a_failure_on_record(outside: Outside) -> None:
    assert outside.send() == outside.send(now=NOW + 60)
    (entry,) = log_of(outside)
    assert (entry["state"], [attempt["outcome"] for attempt in entry["attempts"]]) == ("failed", ["no_credit"])


def test_channels_that_are_off_or_not_offered_are_not_used(outside: Outside) -> None:
    outside.allow(times=2)
    outside.choose(wechat=False, email=True)
    assert outside.send(cause="e1").channel == EMAIL
    outside.choose(wechat=True, email=False)
    assert outside.send(cause="e2").channel == SUBSCRIBE
    assert outside._replace(channels=Channels(None, None)).send(cause="e3").state == "failed"


def test_the_log_keeps_neither_text_nor_address(outside: Outside, capsys: pytest.CaptureFixture[str]) -> None:
    outside.choose()
    outside.send()
    kept = json.dumps(log_of(outside), ensure_ascii=False) + capsys.readouterr().out
    for hidden in (ADDRESS, "anna", OPENID, "12.99", "Payment received"):
        assert hidden not in kept.replace(MEMBER, "")


def test_an_address_of_another_cell_goes_nowhere(outside: Outside) -> None:
    outside.choose(wechat=False)
    key = outside.store.query(f"notify#{MEMBER}").items[0]
    from twinshore.store.port import Replace

    outside.store.commit(Replace(key.key, {**key.fields, "cell": "cn"}, key.version))
    assert outside.send().state == "failed"
    assert outside.letters() == []


def test_what_the_template_does_not_know_or_lacks_is_refused_before_anything_is_written(outside: Outside) -> None:
    with pytest.raises(UnknownTemplate):
        deliver(outside.store, outside.channels, Notice("e", MEMBER, "nonsense", {}), NOW)
    for values in ({}, {**VALUES["receipt"], "extra": "x"}, {**VALUES["receipt"], "amount": "12.99"}):
        with pytest.raises(TemplateValuesWrong):
            deliver(outside.store, outside.channels, Notice("e", MEMBER, "receipt", values), NOW)
    assert log_of(outside) == []
