"""Calls to WeChat's server API: hosts in order, JSON both ways, and no secret in an error or a log line.

The URL's query holds the app secret, login codes and access tokens, so no URL is ever part of a message here.
"""

from __future__ import annotations

import json
import time
from typing import Any, Mapping, NamedTuple
from urllib.parse import urlencode

from twinshore import log, outbound
from twinshore.errors import Unavailable
from twinshore.login.port import WechatSession
from twinshore.providers.wechat import errcodes

GENERAL_HOSTS = ("https://api.weixin.qq.com", "https://api2.weixin.qq.com")
"""After the access point nearest to the server (the cells file's `wechat_host`), as the platform advises."""

TIMEOUT_SECONDS = 3.0
DETOUR_SECONDS = 60
BUSY_PAUSE_SECONDS = 0.2
TOKEN_LIMIT_CHARACTERS = 2048


class NoClearAnswer(Unavailable):
    """WeChat was reached, and no reply that we can read came back: it may have done what we asked."""

    slug = "wechat-no-answer"
    title_en = "WeChat did not answer, please try again"
    title_zh = "微信服务未响应，请稍后重试"


class FreshToken(NamedTuple):
    token: str
    lives_seconds: int


class WechatClient:
    """One mini-program. `base_urls` are tried in order, and only when a host cannot be connected to: an `errcode`
    is an answer, and a time-out after the request left may be one that got lost."""

    def __init__(self, appid: str, secret: str, base_urls: tuple[str, ...]) -> None:
        self.appid = appid
        self._secret = secret
        self.base_urls = base_urls
        self._detour = (0, 0.0)

    def __repr__(self) -> str:
        return f"WechatClient({self.appid})"

    def code2session(self, code: str) -> WechatSession:
        """See `login.port.CodeExchange`. Asks again once when the platform says that it is busy."""
        query = {"appid": self.appid, "secret": self._secret, "js_code": code, "grant_type": "authorization_code"}
        answer = self.call("GET", "/sns/jscode2session", query)
        if errcodes.errcode_of(answer) == errcodes.BUSY:
            time.sleep(BUSY_PAUSE_SECONDS)
            answer = self.call("GET", "/sns/jscode2session", query)
        self._raise_for(answer)
        openid, session_key, unionid = (answer.get(name) for name in ("openid", "session_key", "unionid"))
        if not (isinstance(openid, str) and 0 < len(openid) <= 128 and isinstance(session_key, str)):
            raise NoClearAnswer("WeChat's answer to a login cannot be read")
        return WechatSession(openid, unionid if isinstance(unionid, str) and unionid else None, session_key)

    def stable_token(self) -> FreshToken:
        """The app's present token, in normal mode: asking does not disturb a token that others hold.

        Never the classic call, which voids what the other cloud holds; never `force_refresh`. Raises Unavailable.
        """
        wanted = {"grant_type": "client_credential", "appid": self.appid, "secret": self._secret}
        answer = self.call("POST", "/cgi-bin/stable_token", {}, wanted)
        self._raise_for(answer)
        token, lives_seconds = answer.get("access_token"), answer.get("expires_in")
        if not (isinstance(token, str) and 0 < len(token) <= TOKEN_LIMIT_CHARACTERS and isinstance(lives_seconds, int)):
            raise NoClearAnswer("WeChat's answer to a token request cannot be read")
        return FreshToken(token, lives_seconds)

    def call(
        self, method: str, path: str, query: Mapping[str, str], body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The reply's JSON object, whatever its errcode. Raises NoClearAnswer; Unavailable (surely not delivered)."""
        # Real characters: some fields show \u escapes to the user as they are.
        content = b"" if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json; charset=utf-8"} if content else {}
        target = path + (f"?{urlencode(query)}" if query else "")
        for number in self._order():
            try:
                reply = outbound.send(method, self.base_urls[number] + target, headers, content, TIMEOUT_SECONDS)
            except outbound.Unreachable:
                continue
            except outbound.NoAnswer:
                raise NoClearAnswer("WeChat did not answer in time") from None
            if number:
                self._detour = (number, time.monotonic() + DETOUR_SECONDS)
            return self._read(reply)
        raise Unavailable("WeChat cannot be reached")

    def warn_of(self, answer: Mapping[str, Any]) -> None:
        """A line to be alarmed by ("WeChat refuses us"), when the refusal is one that only our operators can mend."""
        if errcodes.errcode_of(answer) in errcodes.ALARMING:
            log.line("error", "WeChat refuses us", appid=self.appid, **errcodes.alarm_facts(answer))

    def _order(self) -> list[int]:
        """The hosts in order, beginning for a minute with the one that answered when those before it did not."""
        start = self._detour[0] if time.monotonic() < self._detour[1] else 0
        numbers = list(range(len(self.base_urls)))
        return numbers[start:] + numbers[:start]

    def _read(self, reply: outbound.Reply) -> dict[str, Any]:
        try:
            answer = json.loads(reply.body) if reply.status == 200 else None
        except ValueError:
            answer = None  # the error would carry the body, and with it a session key
        if not isinstance(answer, dict):
            raise NoClearAnswer("WeChat's answer cannot be read")
        return answer

    def _raise_for(self, answer: Mapping[str, Any]) -> None:
        code = errcodes.errcode_of(answer)
        if code:
            self.warn_of(answer)
            raise errcodes.problem_of(code)
