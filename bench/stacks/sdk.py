"""What the peers' stacks share: the community SDK, constructed without a network in public-key mode."""

import os

from wechatpayv3 import WeChatPay, WeChatPayType

from bench.notification import API_V3_KEY, APPID, KEY_ID, MCHID

KEYS = os.environ["BENCH_FOLDER"]
with open(KEYS + "/merchant.pem") as file:
    MERCHANT = file.read()
with open(KEYS + "/public.pem") as file:
    PUBLIC = file.read()
SDK = WeChatPay(
    wechatpay_type=WeChatPayType.JSAPI, mchid=MCHID, private_key=MERCHANT, cert_serial_no="0" * 40,
    apiv3_key=API_V3_KEY, appid=APPID, public_key=PUBLIC, public_key_id=KEY_ID,
)  # fmt: skip


def take(headers, body):
    told = SDK.callback(dict(headers), body)
    transaction = told["resource"]
    return {"reference": transaction["out_trade_no"], "amount": transaction["amount"]["total"]}
