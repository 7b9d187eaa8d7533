"""Our verify path behind the door's seam: log line, routing, both clouds' shapes; no store."""

import os

from twinshore.providers.exchange import send_outbound
from twinshore.providers.wechat_pay.client import wechat_pay_from_secret
from twinshore.web import Door

with open(os.environ["BENCH_FOLDER"] + "/wechat_pay.json") as file:
    PROVIDER = wechat_pay_from_secret("https://api.mch.weixin.qq.com", file.read(), send=send_outbound)


class Wiring:
    def cloud(self):
        return "aws"

    def cell_name(self):
        return "eu"

    def now(self):
        import time

        return int(time.time())


handler = Door("payment_callbacks", Wiring())


@handler.post("/v1/webhooks/{provider}", from_provider=True)
def notify(request):
    notices, _ = PROVIDER.read_webhook(request.headers, request.body, request.now)
    return {"reference": notices[0].reference, "amount": notices[0].amount.amount_minor}
