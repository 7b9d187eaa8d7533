"""FastAPI + Mangum + httpx + PyJWT: WeChat is asked and a token is signed. Keeps nothing: less work than our door."""

import os
import time

import httpx
import jwt
from fastapi import FastAPI
from mangum import Mangum
from pydantic import BaseModel, Field

app = FastAPI(openapi_url=None)
client = httpx.Client(base_url=os.environ["BENCH_WECHAT"])


class Login(BaseModel):
    code: str = Field(min_length=1, max_length=128)


@app.post("/v1/login")
async def login(body: Login):
    query = {"appid": os.environ["BENCH_APPID"], "secret": os.environ["BENCH_APP_SECRET"], "js_code": body.code,
             "grant_type": "authorization_code"}  # fmt: skip
    person = client.get("/sns/jscode2session", params=query).json()
    now = int(time.time())
    claims = {"sub": person["openid"], "iss": "eu", "iat": now, "exp": now + 1800}
    return {"access_token": jwt.encode(claims, "k" * 32, algorithm="HS256"), "expires_in": 1800}


handler = Mangum(app, lifespan="off")
