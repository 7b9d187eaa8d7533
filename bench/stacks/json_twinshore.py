"""Our door, with a model; the cell is named by hand as the wiring would name it."""

import sys

from twinshore import models

sys.modules["pydantic"] = models  # the same models, compiled as a wire.py's are

from bench.request import answer  # noqa: E402
from bench.stacks.models import Redemption  # noqa: E402
from twinshore.web import Door  # noqa: E402


class Wiring:
    def cloud(self):
        return "aws"

    def cell_name(self):
        return "eu"

    def now(self):
        return 1_800_000_000


handler = Door("bench", Wiring())


@handler.post("/v1/members/{member_id}/redemptions", takes=Redemption, status=201)
def redeem(request, body):
    return answer(request.params["member_id"], body.points, body.currency, [item.points for item in body.items],
                  request.headers["authorization"])  # fmt: skip
