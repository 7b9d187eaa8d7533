"""The global notice among the cross-checked vectors."""

from __future__ import annotations

import json

from tests.support.vectors import SHARED, load, lower
from twinshore.money import Money
from twinshore.payments.port import CAPTURED
from twinshore.providers.wechat_pay.verify import ResourceKeys, Verifier
from twinshore.providers.wechat_pay_global.status import global_payment_notice

VECTORS = load(SHARED / "wechatpay.json")
KEYS = VECTORS["keys"]


def test_a_payment_in_hong_kong_dollars_is_verified_opened_and_read() -> None:
    (entry,) = (one for one in VECTORS["generated"]["notifications"] if "global" in one["name"])
    held = Verifier({KEYS["java_wechatpay_certificate_serial"]: KEYS["java_wechatpay_certificate_pem"]})
    held.check(lower(entry["headers"]), entry["body"].encode(), entry["now"])
    opened = json.loads(ResourceKeys([KEYS["apiv3_key"]]).open(json.loads(entry["body"])["resource"]))
    notice = global_payment_notice("n", opened)
    assert (notice.state, notice.provider_id, notice.reference) == (CAPTURED, opened["id"], opened["out_trade_no"])
    assert notice.amount == Money(opened["amount"]["total"], "HKD")
