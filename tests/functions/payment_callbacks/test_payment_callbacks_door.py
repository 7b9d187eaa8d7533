"""The payment_callbacks door on both clouds, hearing what the twins of Stripe (eu) and Weixin Pay (cn) really send."""

from __future__ import annotations

import base64
import hmac
import json
import sqlite3
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sandbox.twins.wechat_pay_keys import sign
from tests.support.clock import Clock
from tests.support.doors import Answer
from tests.support.paying_place import OPENID, PayingPlace
from twinshore import wiring

CARD = "4242424242424242"
HOUR, DAY = 3_600, 86_400


def paid(paying: PayingPlace) -> str:
    order_id = paying.order()
    paying.payer_pays(paying.begin(order_id).json()["client"])
    paying.wait_for(lambda: paying.status(order_id) == "paid" and not paying.twin.undelivered())
    return order_id


def send(paying: PayingPlace, headers: dict[str, str], body: bytes, provider: str = "") -> Answer:
    path = f"/v1/webhooks/{provider or paying.provider}"
    return paying.place.call("payment_callbacks", "POST", path, headers=headers, body=body)


def accepted(paying: PayingPlace) -> tuple[dict[str, str], bytes]:
    """A notice that was acknowledged, as it came over the wire."""
    pairs = zip(paying.gateway.requests, paying.gateway.answers, strict=True)
    request = next(request for request, answer in pairs if answer.status == 200)
    return request.headers, request.body


def rows(paying: PayingPlace) -> list[tuple[object, ...]]:
    """Everything that is stored."""
    with sqlite3.connect(paying.place.folder / "store.db") as connection:
        return connection.execute("select * from items order by partition, sort").fetchall()


def test_a_notice_is_acknowledged_in_the_providers_own_form(paying: PayingPlace) -> None:
    paid(paying)
    good = [answer for answer in paying.gateway.answers if answer.status == 200]
    assert len(good) >= 2  # the twin delivers twice
    forms = {"wechat_pay": {"code": "SUCCESS", "message": "成功"}, "stripe": {}}
    assert all(answer.json() == forms[paying.provider] for answer in good)


def test_the_probe_and_every_other_refusal_is_a_plain_401(paying: PayingPlace) -> None:
    paid(paying)
    refused = [answer for answer in paying.gateway.answers if answer.status != 200]
    assert len(refused) == (1 if paying.provider == "wechat_pay" else 0)
    assert all((answer.status, answer.problem()) == (401, "signature-refused") for answer in refused)


def test_museum_2_a_replay_is_acknowledged_and_has_no_effect(
    paying: PayingPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """VivaPayments #2553: the same notification at once, after an hour, a day, a week. The party signs each delivery
    anew; the first one, as it came, is out of its signature's window by then."""
    clock = Clock(monkeypatch)
    order_id = paid(paying)
    headers, body = accepted(paying)
    before = rows(paying)
    assert send(paying, headers, body).status == 200
    for wait_seconds in (HOUR, DAY - HOUR, 6 * DAY):
        clock.advance(wait_seconds)
        assert send(paying, headers, body).status == 401
        seen = len(paying.gateway.answers)
        paying.twin.notices.send_again()
        paying.wait_for(lambda seen=seen: len(paying.gateway.answers) > seen and not paying.twin.undelivered())
        again = zip(paying.gateway.requests[seen:], paying.gateway.answers[seen:], strict=True)
        assert [answer.status for request, answer in again if request.body == body] == [200]
        assert rows(paying) == before
    assert [event.name for event in paying.told()].count("payment.captured") == 1
    token = paying.place.member_token(paying.member_id)
    assert paying.call("GET", f"/v1/orders/{order_id}", token=token).json()["status"] == "paid"


def test_a_changed_byte_is_refused_and_nothing_is_written(paying: PayingPlace) -> None:
    order_id = paid(paying)
    headers, body = accepted(paying)
    before = paying.call("GET", f"/v1/orders/{order_id}").text
    for forged in (body + b" ", body[:-1], body.replace(b'"id"', b'"iD"', 1), b"", b"\xff\xfe", b"\xef\xbb\xbf" + body):
        answer = send(paying, headers, forged)
        assert (answer.status, answer.problem()) == (401, "signature-refused")
    for name in [name for name in headers if "signature" in name]:
        assert send(paying, {**headers, name: ""}, body).status == 401
    assert send(paying, {}, body).status == 401
    assert paying.call("GET", f"/v1/orders/{order_id}").text == before


@pytest.mark.parametrize("provider", ["nobody", "adyen", "STRIPE", "wiring"])
def test_an_unknown_provider_is_not_found(paying: PayingPlace, provider: str) -> None:
    assert send(paying, {}, b"{}", provider).status == 404


def test_the_provider_of_another_cell_is_not_found(paying: PayingPlace) -> None:
    other = {"stripe": "wechat_pay", "wechat_pay": "stripe"}[paying.provider]
    assert send(paying, {}, b"{}", other).status == 404


def test_a_body_beyond_the_limit_is_refused(paying: PayingPlace) -> None:
    answer = send(paying, {}, b"x" * (256 * 1024 + 1))
    assert (answer.status, answer.problem()) == (413, "body-too-large")


def test_another_method_is_not_allowed(paying: PayingPlace) -> None:
    assert paying.place.call("payment_callbacks", "GET", f"/v1/webhooks/{paying.provider}").status == 405


def test_a_store_that_is_down_asks_the_provider_to_come_again(
    paying: PayingPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid(paying)
    headers, body = accepted(paying)
    monkeypatch.setenv("TWINSHORE_STORE", f"sqlite:{tmp_path}")  # a folder cannot be opened as a file
    wiring.reset()
    assert send(paying, headers, body).status == 503


def test_a_secret_that_is_missing_closes_the_door(paying: PayingPlace) -> None:
    paid(paying)
    headers, body = accepted(paying)
    paying.place.secrets[f"provider_{paying.provider}"] = ""
    paying.place.rewire()
    assert send(paying, headers, body).status == 503


def test_out_of_order_and_doubled_news_ends_refunded_and_credited_once(paying: PayingPlace) -> None:
    """The twin holds the payment's notice back until its refund's notice has overtaken it."""
    paying.faults(reorder=True, duplicate=3)
    order_id = paying.order()
    paying.payer_pays(paying.begin(order_id).json()["client"])
    assert paying.status(order_id, refresh=True) == "paid"
    answer = paying.call("POST", f"/v1/orders/{order_id}/refunds", {"reason": "changed my mind"}, "refund")
    assert answer.status == 201, answer.text
    paying.wait_for(lambda: paying.status(order_id) == "refunded" and not paying.twin.undelivered())
    names = [event.name for event in paying.told()]
    assert (names.count("payment.captured"), names.count("payment.refunded")) == (1, 1)


def test_nothing_of_a_notice_is_in_the_log(paying: PayingPlace, capfd: pytest.CaptureFixture[str]) -> None:
    paid(paying)
    logged = capfd.readouterr().out
    headers, body = accepted(paying)
    assert '"message": "payment notice"' in logged
    assert json.loads(body)["id"] in logged  # which notice it was is a fact of the log
    for signature in [value for name, value in headers.items() if name.endswith("-signature")]:
        assert signature not in logged
    assert OPENID not in logged


def with_a_card_number(paying: PayingPlace, headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    """The same notice, to which the provider adds what it should never send, and signs it."""
    told, secret = json.loads(body), paying.twin.secret()
    if paying.provider == "stripe":
        told["data"]["object"].update(description=f"card {CARD}", number=int(CARD))
        told["data"]["object"]["metadata"]["note"] = CARD
        changed, at = json.dumps(told).encode(), str(int(time.time()))
        mark = hmac.new(secret["webhook_secrets"][0].encode(), f"{at}.".encode() + changed, "sha256").hexdigest()
        return {**headers, "stripe-signature": f"t={at},v1={mark}"}, changed
    sealed = told["resource"]
    cipher = AESGCM(paying.twin.keys["api_v3_keys"][-1].encode())
    aad, nonce = sealed["associated_data"].encode(), sealed["nonce"].encode()
    content = json.loads(cipher.decrypt(nonce, base64.b64decode(sealed["ciphertext"]), aad))
    plain = json.dumps({**content, "attach": f"card {CARD}", "pan": int(CARD)}).encode()
    sealed["ciphertext"] = base64.b64encode(cipher.encrypt(nonce, plain, aad)).decode()
    changed = json.dumps({**told, "summary": f"card {CARD}"}).encode()
    message = f"{headers['wechatpay-timestamp']}\n{headers['wechatpay-nonce']}\n{changed.decode()}\n".encode()
    return {**headers, "wechatpay-signature": sign(paying.twin.keys["public_key_private_pem"], message)}, changed


def test_a_notice_that_holds_a_card_number_counts_and_nothing_of_it_is_kept(
    paying: PayingPlace, capsys: pytest.CaptureFixture[str]
) -> None:
    """To refuse it would lose a payment: the number is not ours to send back, and of a notice we keep facts only."""
    paying.gateway.is_open = False
    order_id = paying.order()
    paying.payer_pays(paying.begin(order_id).json()["client"])

    def heard() -> bool:
        for request in [one for one in paying.gateway.turned_away if "SIGNTEST" not in repr(one.headers)]:
            assert send(paying, *with_a_card_number(paying, request.headers, request.body)).status == 200
        return paying.status(order_id) == "paid"

    paying.wait_for(heard)
    assert paying.place.call("payment_callbacks", "POST", f"/v1/webhooks/{CARD}").status == 404
    assert CARD not in repr(rows(paying))
    assert CARD not in capsys.readouterr().out
