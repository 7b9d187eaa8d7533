"""No card number comes in by any door, on either cloud."""

from __future__ import annotations

import json
import re
import sqlite3
from typing import Any, Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.compile_openapi import doors
from tests.support.cards import numbers
from tests.support.doors import Answer, Place
from twinshore.card_numbers import holds_card_number

CARD = "4242424242424242"
ORDER: dict[str, Any] = {"description": "A kettle", "amount": {"amount_minor": 1299, "currency": "EUR"}}
ROUTES = [(door.name, route) for door in doors() for route in door.routes]
OF_PROVIDERS = {
    ("POST", "/v1/webhooks/{provider}"),
    ("POST", "/v1/reconciliation/{provider}/{day}"),
    ("POST", "/v1/rewards/partners/{partner}/notices"),
}


def place_order(at: Place, **more: Any) -> Answer:
    return at.call("payments", "POST", "/v1/orders", **{"token": at.member_token(), "key": "k", **more})


def stored(at: Place) -> str:
    file = at.folder / "store.db"
    if not file.exists():
        return ""
    with sqlite3.connect(file) as connection:
        return repr(connection.execute("select * from items").fetchall())


IN_A_BODY: dict[str, Callable[[str], bytes]] = {
    "a field that is shown to the payer": lambda n: json.dumps({**ORDER, "description": f"card {n}"}).encode(),
    "a list inside": lambda n: json.dumps({**ORDER, "lines": [{"title": n}]}).encode(),
    "a field that we do not know": lambda n: json.dumps({**ORDER, "card_number": n}).encode(),
    "the name of a field": lambda n: json.dumps({**ORDER, n: 1}).encode(),
    "a number": lambda n: json.dumps({**ORDER, "pan": int(n)}).encode(),
    "where an amount should be": lambda n: f'{{"amount": {{"amount_minor": {n}}}}}'.encode(),
    "behind the end of a line": lambda n: json.dumps({**ORDER, "description": f"my card:\n{n}\n12/29"}).encode(),
    "escaped digits": lambda n: ('{"note": "' + "".join(f"\\u{ord(c):04x}" for c in n) + '"}').encode(),
    "in fours": lambda n: json.dumps({"note": " ".join(n[i : i + 4] for i in range(0, len(n), 4))}).encode(),
    "JSON in JSON": lambda n: json.dumps({"client": json.dumps({"card": {"number": n}})}).encode(),
    "Chinese around it": lambda n: json.dumps({"description": f"卡号{n}。"}, ensure_ascii=False).encode(),
    "Arabic digits": lambda n: json.dumps(
        {"note": n.translate({48 + i: 0x660 + i for i in range(10)})}, ensure_ascii=False
    ).encode(),
    "wide digits and blanks": lambda n: json.dumps(
        {"note": "\u3000".join(n).translate({48 + i: 0xFF10 + i for i in range(10)})}, ensure_ascii=False
    ).encode(),
    "no JSON at all": lambda n: f"number={n}&cvc=123".encode(),
    "broken JSON": lambda n: f'{{"number": "{n}'.encode(),
}


@pytest.mark.parametrize("where", IN_A_BODY)
def test_a_body_that_holds_one_is_refused(where: str, at: Place, capsys: pytest.CaptureFixture[str]) -> None:
    for number in numbers():
        answer = place_order(at, body=IN_A_BODY[where](number), headers={"Content-Type": "application/json"})
        assert (answer.status, answer.problem()) == (422, "card-number-refused")
        assert answer.json()["where"] == "body"
        assert not holds_card_number(answer.text)
    assert not holds_card_number(capsys.readouterr().out)
    assert not holds_card_number(stored(at))


@pytest.mark.parametrize("number", [CARD, "4242 4242 4242 4242", "378282246310005", "6205500000000000004"])
def test_an_address_or_a_header_that_holds_one_is_refused(
    number: str, at: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    token, bare = at.member_token(), number.replace(" ", "-")
    answers = {
        "address": [
            at.call("payments", "GET", f"/v1/orders/{bare}", token=token),
            at.call("payments", "GET", f"/v1/orders/order_{bare}", token=token),
            at.call("payments", "GET", "/v1/orders/x", token=token, query={"refresh": number}),
            at.call("payments", "GET", "/v1/orders/x", token=token, query={number: "true"}),
            at.call("bootstrap", "GET", "/v1/bootstrap", query={"phone": number}),
        ],
        "header": [
            place_order(at, json_body=ORDER, key=bare),
            place_order(at, json_body=ORDER, key=f"order-{bare}"),
            at.call("bootstrap", "GET", "/v1/health", headers={"Authorization": f"Bearer {number}"}),
            at.call("bootstrap", "GET", "/v1/health", headers={"Accept-Language": number}),
        ],
    }
    for where, found in answers.items():
        for answer in found:
            assert (answer.status, answer.problem(), answer.json()["where"]) == (422, "card-number-refused", where)
            assert not holds_card_number(answer.text)
    out = capsys.readouterr().out
    assert not holds_card_number(out)
    assert not holds_card_number(stored(at))
    lines = [json.loads(line) for line in out.splitlines()]
    assert sum(line["message"] == "card number refused" for line in lines) == sum(map(len, answers.values()))


@pytest.mark.parametrize(("door", "route"), ROUTES, ids=[f"{route.method} {route.path}" for _, route in ROUTES])
def test_every_route_refuses_but_those_that_providers_write_to(door: str, route: Any, at: Place) -> None:
    path = re.sub(r"\{\w+\}", "x", route.path)
    body = json.dumps({"any": [{"field": CARD}]}).encode()
    token = at.service_token() if route.who == "service" else at.member_token()
    answer = at.call(door, route.method, path, body=body, token=token, key="k")
    refused = answer.status == 422 and answer.json()["type"].endswith("/card-number-refused")
    assert refused is ((route.method, route.path) not in OF_PROVIDERS)
    assert CARD not in answer.text


def test_the_key_of_a_refused_request_is_not_used_up(at: Place) -> None:
    refused = place_order(at, json_body={**ORDER, "description": f"card {CARD}"})
    assert refused.problem() == "card-number-refused"
    assert place_order(at, json_body=ORDER).status == 201


def test_the_caller_is_told_in_their_language(at: Place) -> None:
    answer = place_order(at, json_body={"note": CARD}, headers={"Accept-Language": "zh-CN"})
    assert answer.json()["title"] == "请勿提交银行卡号"
    assert place_order(at, json_body={"note": CARD}).json()["title"] == "Please never send a card number"


@pytest.mark.parametrize(
    "description",
    ["order 1763848123456 of 2026-11-23", "Weixin Pay 4200001234202611221234567890", "call +4915112345678",
     "EAN 4006381000093", "sizes 41 42 43 44 45 46 47 48", "1c07a1c5-2bb0-4242-4242-424242424242",
     "卡号4242 42** **** 4242", "DE95 4242 4242 4242 4242 42", "４２４２"],
)  # fmt: skip
def test_other_numbers_pass(description: str, at: Place) -> None:
    answer = place_order(at, json_body={**ORDER, "description": description})
    assert answer.status == 201, answer.text
    assert answer.json()["description"] == description


def test_headers_that_nobody_reads_are_left_alone(at: Place) -> None:
    """A tracer's id of 64 bits in decimal may well look like a card number: the request is not lost for it."""
    answer = place_order(at, json_body=ORDER, headers={"X-Datadog-Trace-Id": "4242424242424242", "X-Any": CARD})
    assert answer.status == 201


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    number=st.sampled_from(numbers()),
    between=st.sampled_from(["", " ", "-"]),
    before=st.text(st.characters(exclude_categories=["Cs", "Nd"]), max_size=20),
    after=st.text(st.characters(exclude_categories=["Cs", "Nd"]), max_size=20),
    field=st.sampled_from(["description", "quote", "pan", "lines"]),
)
def test_no_digits_of_it_are_kept_or_logged(
    at: Place, capsys: pytest.CaptureFixture[str], number: str, between: str, before: str, after: str, field: str
) -> None:
    grouped = between.join(number[i : i + 4] for i in range(0, len(number), 4))
    body = {**ORDER, field: f"{before} {grouped} {after}"}
    for ascii_only in (True, False):
        raw = json.dumps(body, ensure_ascii=ascii_only).encode()
        answer = place_order(at, body=raw, headers={"Content-Type": "application/json"})
        assert answer.problem() == "card-number-refused"
        seen = re.sub(r"\D", "", answer.text.replace(answer.json()["request_id"], ""))
        kept = stored(at) + re.sub(r'"(at|request_id|duration_ms)": ("[^"]*"|[\d.]+)', "", capsys.readouterr().out)
        for start in range(len(number) - 5):
            piece = number[start : start + 6]
            assert piece not in seen
            assert piece not in re.sub(r"[ -]", "", kept)
