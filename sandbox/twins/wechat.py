"""WeChat's server API for mini-programs: login codes, the stable access token, subscribe messages.

Real semantics where they bite: a code lives 5 minutes and once; asking for the token returns the same one until 5
minutes before its end, and then both live until the old one's end; a message spends a credit and obeys its data rules.

Controls, besides those of `server.Twin`, all JSON:
    POST /_twin/codes        {"appid"?, "openid"?, "unionid"?, "high_risk"?} -> {"code", "openid"}
    POST /_twin/accept       {"appid"?, "openid", "template_id", "times"?}: the person tapped "allow"
    POST /_twin/templates    {"template_id", "keys": ["thing1", ...]}: a template whose values must all be there
    POST /_twin/void_token   {"appid"?}: the present token is void at once, as after a reset in the console
    POST /_twin/clock        {"advance_seconds"}: the twin's clock goes ahead
    POST /_twin/errcodes     {"path", "errcode", "errmsg"?, "times"?}: the next answers on that path
    GET  /_twin/tokens       {appid: {"asked", "made"}}
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from pathlib import Path
from typing import Any, Callable, Mapping

from sandbox.twins.server import Twin, TwinReply, TwinRequest, json_reply
from sandbox.twins.wechat_rules import broken_value

APPS = {"wx5a1e0f00d0000001": "0123456789abcdef0123456789abcdef"}
"""The box's mini-program: app id and app secret, both invented."""

CODE_SECONDS = 300
TOKEN_SECONDS = 7200
OVERLAP_SECONDS = 300


class WechatTwin(Twin):
    name = "wechat"

    def __init__(self, folder: Path | None = None, port: int = 0, apps: Mapping[str, str] | None = None) -> None:
        super().__init__(folder, port)
        self.apps = dict(apps or APPS)
        self.forced: list[dict[str, Any]] = []
        self.state: dict[str, Any] = self.recall("wechat", _empty_state())

    def handle(self, request: TwinRequest) -> TwinReply:
        answers: dict[str, Callable[[TwinRequest], dict[str, Any]]] = {
            "/sns/jscode2session": self._code2session,
            "/cgi-bin/stable_token": self._stable_token,
            "/cgi-bin/token": self._classic_token,
            "/cgi-bin/message/subscribe/send": self._send,
            "/wxa/checksession": self._check_session,
            "/_twin/codes": self._make_code,
            "/_twin/accept": self._accept,
            "/_twin/templates": self._template,
            "/_twin/void_token": self._void_token,
            "/_twin/clock": self._advance,
            "/_twin/errcodes": self._force,
            "/_twin/tokens": self._tokens,
        }
        answer = answers.get(request.path)
        if answer is None:
            return json_reply({"errcode": 40066, "errmsg": f"invalid url {_rid()}"})
        with self.lock:
            reply = self._forced_answer(request.path) or answer(request)
            if request.method == "POST" and not request.path.endswith("/errcodes"):
                self.remember("wechat", self.state)
        return json_reply(reply)

    def now(self) -> float:
        return time.time() + float(self.state["ahead_seconds"])

    # The API

    def _code2session(self, request: TwinRequest) -> dict[str, Any]:
        query = request.query
        fault = self._app_fault(query.get("appid"), query.get("secret"))
        if fault:
            return fault
        if query.get("grant_type") != "authorization_code":
            return _fault(40002, "invalid grant_type")
        code = query.get("js_code", "")
        made = self.state["codes"].get(code)
        if not code:
            return _fault(41008, "missing code")
        if made is None or made["appid"] != query["appid"] or made["ends_at"] <= self.now():
            return _fault(40029, "invalid code")
        if made["used"]:
            return _fault(40163, "code been used")
        made["used"] = True
        self.remember("wechat", self.state)
        if made["high_risk"]:
            return _fault(40226, "code blocked")
        person = f"{made['appid']}#{made['openid']}"
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        self.state["session_keys"][person] = key
        self.remember("wechat", self.state)
        self.note("login", appid=made["appid"], openid=made["openid"], unionid=made["unionid"])
        union = {"unionid": made["unionid"]} if made["unionid"] else {}
        return {"openid": made["openid"], "session_key": key, **union}

    def _stable_token(self, request: TwinRequest) -> dict[str, Any]:
        if request.method != "POST":
            return _fault(43002, "require POST method")
        asked = _json_object(request)
        if asked is None:
            return _fault(47001, "data format error")
        fault = self._app_fault(asked.get("appid"), asked.get("secret"))
        if fault:
            return fault
        if asked.get("grant_type") != "client_credential":
            return _fault(40002, "invalid grant_type")
        appid = str(asked["appid"])
        tokens, counts = self._tokens_of(appid), self.state["counts"].setdefault(appid, {"asked": 0, "made": 0})
        counts["asked"] += 1
        if asked.get("force_refresh"):
            tokens.clear()
        newest = tokens[-1] if tokens else None
        if newest is None or newest["ends_at"] - self.now() <= OVERLAP_SECONDS:
            counts["made"] += 1
            newest = {"token": f"{counts['made']}_{secrets.token_urlsafe(96)}", "ends_at": self.now() + TOKEN_SECONDS}
            tokens.append(newest)
        self.note("stable_token", appid=appid, force_refresh=bool(asked.get("force_refresh")), made=counts["made"])
        return {"access_token": newest["token"], "expires_in": int(newest["ends_at"] - self.now())}

    def _classic_token(self, request: TwinRequest) -> dict[str, Any]:
        """Nobody in this house may call it: it voids what the other cloud holds."""
        self.note("classic token asked for", appid=request.query.get("appid"))
        return _fault(50004, "forbidden to use token interface")

    def _send(self, request: TwinRequest) -> dict[str, Any]:
        appid, refusal = self._app_of_token(request.query.get("access_token", ""))
        if refusal:
            self.note("token refused", path=request.path, errcode=refusal["errcode"])
            return refusal
        message = _json_object(request)
        if message is None:
            return _fault(47001, "data format error")
        openid, template_id = str(message.get("touser", "")), str(message.get("template_id", ""))
        if openid not in self.state["openids"].get(appid, []):
            return _fault(40003, "invalid openid")
        if template_id not in self.state["templates"]:
            return _fault(40037, "invalid template_id")
        broken = broken_value(message.get("data"), self.state["templates"][template_id])
        if broken:
            return _fault(47003, broken)
        credit = f"{appid}#{openid}#{template_id}"
        if self.state["credits"].get(credit, 0) < 1:
            return _fault(43101, "user refuse to accept the msg")
        self.state["credits"][credit] -= 1
        texts = {key: value["value"] for key, value in message["data"].items()}
        self.note(
            "subscribe message delivered",
            appid=appid, openid=openid, template_id=template_id, page=message.get("page", ""), data=texts,
            lang=message.get("lang", "zh_CN"), escaped=b"\\u" in request.body,
        )  # fmt: skip
        return _fault(0, "ok")

    def _check_session(self, request: TwinRequest) -> dict[str, Any]:
        appid, refusal = self._app_of_token(request.query.get("access_token", ""))
        if refusal:
            return refusal
        key = self.state["session_keys"].get(f"{appid}#{request.query.get('openid', '')}", "")
        wanted = hmac.new(key.encode(), b"", hashlib.sha256).hexdigest()
        good = bool(key) and hmac.compare_digest(wanted, request.query.get("signature", ""))
        return _fault(0, "ok") if good else _fault(87009, "invalid signature")

    # The controls

    def _make_code(self, request: TwinRequest) -> dict[str, Any]:
        asked = request.json()
        appid = str(asked.get("appid") or next(iter(self.apps)))
        openid = str(asked.get("openid") or "o" + secrets.token_urlsafe(20)[:27])
        code = "0" + secrets.token_urlsafe(24)[:31]
        self.state["codes"][code] = {
            "appid": appid, "openid": openid, "unionid": asked.get("unionid"), "used": False,
            "high_risk": bool(asked.get("high_risk")), "ends_at": self.now() + CODE_SECONDS,
        }  # fmt: skip
        self._know(appid, openid)
        return {"code": code, "openid": openid}

    def _accept(self, request: TwinRequest) -> dict[str, Any]:
        asked = request.json()
        appid = str(asked.get("appid") or next(iter(self.apps)))
        openid, template_id = str(asked["openid"]), str(asked["template_id"])
        credit = f"{appid}#{openid}#{template_id}"
        self._know(appid, openid)
        self.state["templates"].setdefault(template_id, [])
        self.state["credits"][credit] = self.state["credits"].get(credit, 0) + int(asked.get("times", 1))
        return {"credits": self.state["credits"][credit]}

    def _template(self, request: TwinRequest) -> dict[str, Any]:
        asked = request.json()
        self.state["templates"][str(asked["template_id"])] = [str(key) for key in asked.get("keys", [])]
        return {}

    def _void_token(self, request: TwinRequest) -> dict[str, Any]:
        self._tokens_of(str(request.json().get("appid") or next(iter(self.apps)))).clear()
        return {}

    def _advance(self, request: TwinRequest) -> dict[str, Any]:
        self.state["ahead_seconds"] += float(request.json()["advance_seconds"])
        return {"now": self.now()}

    def _force(self, request: TwinRequest) -> dict[str, Any]:
        self.forced.append({"times": 1, "errmsg": "", **request.json()})
        return {}

    def _tokens(self, _: TwinRequest) -> dict[str, Any]:
        return dict(self.state["counts"])

    # What they share

    def _forced_answer(self, path: str) -> dict[str, Any] | None:
        for forced in self.forced:
            if forced["path"] == path:
                forced["times"] -= 1
                if forced["times"] < 1:
                    self.forced.remove(forced)
                return _fault(int(forced["errcode"]), str(forced["errmsg"]))
        return None

    def _app_fault(self, appid: object, secret: object) -> dict[str, Any] | None:
        if not appid:
            return _fault(41002, "appid missing")
        if not secret:
            return _fault(41004, "appsecret missing")
        if appid not in self.apps:
            return _fault(40013, "invalid appid")
        return None if hmac.compare_digest(self.apps[str(appid)], str(secret)) else _fault(40125, "invalid appsecret")

    def _app_of_token(self, token: str) -> tuple[str, dict[str, Any] | None]:
        for appid in self.apps:
            for kept in self._tokens_of(appid):
                if kept["token"] == token:
                    gone = kept["ends_at"] <= self.now()
                    return appid, _fault(42001, "access_token expired") if gone else None
        return "", _fault(40001, "invalid credential, access_token is invalid or not latest")

    def _tokens_of(self, appid: str) -> list[dict[str, Any]]:
        """The newest last, and the one before it: that one lives on until its own end."""
        tokens: list[dict[str, Any]] = self.state["tokens"].setdefault(appid, [])
        del tokens[:-2]
        return tokens

    def _know(self, appid: str, openid: str) -> None:
        known = self.state["openids"].setdefault(appid, [])
        if openid not in known:
            known.append(openid)


def _empty_state() -> dict[str, Any]:
    return {
        "ahead_seconds": 0.0, "codes": {}, "session_keys": {}, "tokens": {}, "counts": {}, "openids": {},
        "templates": {}, "credits": {},
    }  # fmt: skip


def _json_object(request: TwinRequest) -> dict[str, Any] | None:
    try:
        value = json.loads(request.body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _rid() -> str:
    return f"rid: {secrets.token_hex(4)}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"


def _fault(code: int, text: str) -> dict[str, Any]:
    return {"errcode": code, "errmsg": f"{text} {_rid()}" if code else text}
