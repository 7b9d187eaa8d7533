from fastapi import FastAPI, Request
from mangum import Mangum

from bench.stacks.sdk import take

app = FastAPI(openapi_url=None)


@app.post("/v1/webhooks/wechat_pay")
async def notify(request: Request):
    return take(request.headers, await request.body())


handler = Mangum(app, lifespan="off")
