"""Our verify path alone: the same work as by hand, with the time window, several live keys and the translation."""

import json
import os
import time

from twinshore.providers.exchange import send_outbound
from twinshore.providers.wechat_pay.client import wechat_pay_from_secret

with open(os.environ["BENCH_FOLDER"] + "/wechat_pay.json") as file:
    PROVIDER = wechat_pay_from_secret("https://api.mch.weixin.qq.com", file.read(), send=send_outbound)


def handler(event, context):
    [notice], _ = PROVIDER.read_webhook(event["headers"], event["body"].encode(), int(time.time()))
    told = {"reference": notice.reference, "amount": notice.amount.amount_minor}
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(told)}
