from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from bench.request import answer
from bench.stacks.models import Redemption

app = APIGatewayHttpResolver(enable_validation=True)


@app.post("/v1/members/<member_id>/redemptions")
def redeem(member_id: str, body: Redemption):
    return answer(member_id, body.points, body.currency, [item.points for item in body.items],
                  app.current_event.headers["authorization"]), 201  # fmt: skip


def handler(event, context):
    return app.resolve(event, context)
