"""The reconciliation door on both clouds: the day's report, and a bill that comes as a file."""

from __future__ import annotations

import json
import time
from typing import Any

from sandbox.twins.stripe import StripeTwin
from sandbox.twins.wechat_pay import WechatPayTwin
from tests.support.doors import Place
from twinshore import reconciliation_wiring, wiring
from twinshore.events import Event
from twinshore.reconciliation.daybook import read_day
from twinshore.reconciliation.days import DAY_SECONDS, day_of

HEAD = "reference,provider_id,kind,amount,currency"


def set_up(at: Place, wechat_pay_keys: dict[str, Any]) -> tuple[str, str]:
    """A provider of the cell, and yesterday in its zone."""
    twin = StripeTwin() if at.cell == "eu" else WechatPayTwin(keys=wechat_pay_keys)
    name = "stripe" if at.cell == "eu" else "wechat_pay"
    at.secrets[f"provider_{name}"] = json.dumps(twin.secret())
    at.outside[name] = twin.url
    at.rewire()
    zone = "UTC" if at.cell == "eu" else "Asia/Shanghai"
    return name, day_of(int(time.time()) - DAY_SECONDS, zone)


def test_a_file_is_compared_and_its_report_read_again(at: Place, wechat_pay_keys: dict[str, Any]) -> None:
    name, day = set_up(at, wechat_pay_keys)
    path, token = f"/v1/reconciliation/{name}/{day}", at.service_token("accounts")
    assert at.call("reconciliation", "GET", path, token=token).problem() == "day-not-reconciled"
    currency = "EUR" if at.cell == "eu" else "CNY"
    csv = f"{HEAD}\nanother-shop-1,9,payment,12.99,{currency}\nend,1\n"
    answer = at.call("reconciliation", "POST", path, json_body={"csv": csv}, token=token)
    assert answer.status == 200, answer.text
    told = answer.json()
    assert (told["matched"], told["open"]) == (0, 1)
    assert told["totals"][0]["bill"] == {"lines": 1, "sum": {"amount_minor": 1299, "currency": currency}}
    (difference,) = told["differences"]
    assert (difference["kind"], difference["action"]) == ("order_unknown", "person")
    assert "another-shop-1" in told["report"]
    assert at.call("reconciliation", "GET", path, token=token).json() == told


def test_a_day_is_shown_in_the_language_and_form_that_are_asked_for(at: Place, wechat_pay_keys: dict[str, Any]) -> None:
    name, day = set_up(at, wechat_pay_keys)
    path, token = f"/v1/reconciliation/{name}/{day}", at.service_token("accounts")
    csv = f"{HEAD}\nanother-shop-1,9,payment,12.99,{'EUR' if at.cell == 'eu' else 'CNY'}\nend,1\n"
    at.call("reconciliation", "POST", path, json_body={"csv": csv}, token=token)
    chinese = {"Accept-Language": "zh-CN", "Accept": "text/html"}
    page = at.call("reconciliation", "GET", path, token=token, headers=chinese)
    assert page.headers["content-type"].startswith("text/html")
    assert "找不到对应订单的支付" in page.text
    all_of_them = at.call("reconciliation", "GET", f"/v1/reconciliation/{day}", token=token)
    assert all_of_them.status == 200, all_of_them.text
    told = {one["provider"]: one.get("open") for one in all_of_them.json()["providers"]}
    assert told[name] == 1
    assert set(told.values()) <= {1, None}
    text = at.call(
        "reconciliation", "GET", f"/v1/reconciliation/{day}", token=token, headers={"Accept": "text/markdown"}
    )
    assert text.text == all_of_them.json()["report"]
    assert at.call("reconciliation", "GET", "/v1/reconciliation/2026-02-30", token=token).problem() == "not-a-day"
    assert at.call("reconciliation", "GET", f"/v1/reconciliation/{day}").status == 401


def test_half_a_file_and_no_day_are_refused(at: Place, wechat_pay_keys: dict[str, Any]) -> None:
    name, day = set_up(at, wechat_pay_keys)
    path, token = f"/v1/reconciliation/{name}/{day}", at.service_token("accounts")
    half = at.call("reconciliation", "POST", path, json_body={"csv": f"{HEAD}\na-1,9,payment,1,EUR\n"}, token=token)
    assert half.problem() == "bill-damaged"
    assert at.call("reconciliation", "GET", path, token=token).status == 404
    wrong = f"/v1/reconciliation/{name}/2026-02-30"
    assert at.call("reconciliation", "GET", wrong, token=token).problem() == "not-a-day"
    whole = {"csv": f"{HEAD}\nend,0\n"}
    assert at.call("reconciliation", "POST", wrong, json_body=whole, token=token).problem() == "not-a-day"
    unknown = f"/v1/reconciliation/nobody/{day}"
    assert at.call("reconciliation", "POST", unknown, json_body=whole, token=token).status == 404


def test_it_is_for_services_only(at: Place) -> None:
    path = "/v1/reconciliation/stripe/2026-09-21"
    assert at.call("reconciliation", "GET", path).status == 401
    assert at.call("reconciliation", "GET", path, token=at.member_token("m_anna")).status == 401
    assert at.call("reconciliation", "POST", path, json_body={"csv": ""}, token=at.member_token("m_anna")).status == 401


def test_the_wiring_enters_what_is_told_and_the_timer_compares_it(at: Place, wechat_pay_keys: dict[str, Any]) -> None:
    name, day = set_up(at, wechat_pay_keys)
    data = {"order_id": "0" * 26, "member_id": "m_anna", "amount_minor": 1299, "currency": "EUR", "provider": name,
            "reference": "0" * 26 + "-1", "captured_at": int(time.time()) - DAY_SECONDS}  # fmt: skip
    event = Event("e1", "payment.captured", int(time.time()), data)
    reconciliation_wiring.and_daybook({}, wiring.store)["payment.captured"][0](event)
    assert len(wiring.consumers()["payment.captured"]) > 1
    assert [one.amount.amount_minor for one in read_day(wiring.store(), name, day).values()] == [1299]
    assert "reconcile" in wiring.jobs()
