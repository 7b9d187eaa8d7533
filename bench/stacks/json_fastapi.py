from fastapi import FastAPI, Request
from mangum import Mangum

from bench.request import answer
from bench.stacks.models import Redemption

app = FastAPI(openapi_url=None)


@app.post("/v1/members/{member_id}/redemptions", status_code=201)
async def redeem(member_id: str, body: Redemption, request: Request):
    return answer(member_id, body.points, body.currency, [item.points for item in body.items],
                  request.headers["authorization"])  # fmt: skip


handler = Mangum(app, lifespan="off")
