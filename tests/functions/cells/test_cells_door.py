"""The cells door itself, on both clouds, with the house's own table."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.support.cell_pair import Pair
from tests.support.doors import Place
from twinshore import intercell_wiring, wiring
from twinshore.intercell.client import authority_of, signed_headers
from twinshore.intercell.messages import MESSAGES
from twinshore.intercell.nonces import new_nonce

UNLINK = json.dumps({"link": "lnk_of_two", "ended_at": 1_790_000_000}).encode()


@pytest.fixture
def pair(at: Place) -> Pair:
    return Pair(at)


def headers(pair: Pair, message: str, body: bytes, at: int = 0) -> dict[str, str]:
    authority = authority_of(pair.cells.all[pair.here].endpoint)
    return signed_headers(pair.key(), authority, f"/cells/v1/{message}", body, at or int(time.time()), new_nonce())


def call(pair: Pair, message: str, body: bytes, sent: dict[str, str]) -> Any:
    return pair.at.call("cells", "POST", f"/cells/v1/{message}", headers=sent, body=body)


def test_a_stranger_is_told_what_is_missing(pair: Pair) -> None:
    answer = call(pair, "points-unlink", UNLINK, {"Content-Type": "application/json"})
    assert (answer.status, answer.problem()) == (401, "cell-signature-invalid")
    assert answer.json()["detail"] == "send Signature-Input and Signature"


def test_a_session_of_a_member_opens_nothing(pair: Pair) -> None:
    sent = {"Content-Type": "application/json", "Authorization": f"Bearer {pair.at.member_token()}"}
    assert call(pair, "points-unlink", UNLINK, sent).problem() == "cell-signature-invalid"


def test_a_forged_body_is_refused(pair: Pair) -> None:
    sent = headers(pair, "points-unlink", UNLINK)
    assert call(pair, "points-unlink", UNLINK.replace(b"two", b"six"), sent).problem() == "cell-signature-invalid"


def test_a_clock_ten_minutes_off_is_refused_in_the_readers_language(pair: Pair) -> None:
    sent = {**headers(pair, "points-unlink", UNLINK, int(time.time()) - 600), "Accept-Language": "zh-CN"}
    answer = call(pair, "points-unlink", UNLINK, sent)
    assert answer.problem() == "cell-clock-off"
    assert answer.json()["title"] == "消息时间与本方时钟相差过大"


def test_a_message_that_is_not_in_the_table_is_refused(pair: Pair) -> None:
    assert call(pair, "points-gift", b"{}", headers(pair, "points-gift", b"{}")).problem() == "cell-message-unknown"


def test_a_field_that_is_not_in_the_table_is_refused(pair: Pair) -> None:
    body = json.dumps({**json.loads(UNLINK), "phone": "+491700000000"}).encode()
    answer = call(pair, "points-unlink", body, headers(pair, "points-unlink", body))
    assert (answer.status, answer.problem()) == (422, "cell-message-invalid")
    assert "phone" not in answer.text


def test_the_same_message_twice_is_refused(pair: Pair) -> None:
    sent = headers(pair, "points-gift", b"{}")
    assert call(pair, "points-gift", b"{}", sent).problem() == "cell-message-unknown"
    assert call(pair, "points-gift", b"{}", sent).problem() == "cell-message-replayed"


def test_a_body_over_the_limit_is_refused(pair: Pair) -> None:
    assert call(pair, "points-unlink", b" " * 70_000, {}).problem() == "body-too-large"


def test_whoever_answers_a_message_answers_one_of_the_table(pair: Pair) -> None:
    assert set(intercell_wiring.handlers(wiring.store())) <= set(MESSAGES)
