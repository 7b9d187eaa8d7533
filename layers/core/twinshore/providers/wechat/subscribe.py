"""The mini-program's subscribe message, `POST /cgi-bin/message/subscribe/send`."""

from __future__ import annotations

import re
from typing import Any, Mapping, NamedTuple

from twinshore.errors import Unavailable
from twinshore.providers.wechat import errcodes
from twinshore.providers.wechat.client import NoClearAnswer
from twinshore.providers.wechat.token_lease import AccessTokenLease

LANGUAGES = {"zh-CN": "zh_CN", "en": "en_US", "zh-HK": "zh_HK", "zh-TW": "zh_TW"}


class SendResult(NamedTuple):
    """`state` is one of the constants of `errcodes`; UNKNOWN may have arrived, so it is not sent again blindly."""

    state: str
    retry_after_seconds: int | None = None
    """Set when WeChat refused before sending and the same message may succeed after that time."""
    field: str = ""
    """For BAD_DATA: the key of the value that breaks its rule, when WeChat named one of ours."""


def send_subscribe_message(
    lease: AccessTokenLease, openid: str, template_id: str, page: str, data: Mapping[str, str], lang: str
) -> SendResult:
    """Spends one credit of (openid, template_id) when SENT; after NO_CREDIT the platform holds none, whatever our
    own ledger says. `page` may be empty; `data` maps keys such as `thing1` to text; `lang` is ours, e.g. "zh-CN"."""
    body: dict[str, Any] = {
        "touser": openid,
        "template_id": template_id,
        "data": {key: {"value": value} for key, value in data.items()},
        "miniprogram_state": "formal",
        "lang": LANGUAGES.get(lang, "en_US"),
    }
    if page:
        body["page"] = page
    try:
        answer = lease.post("/cgi-bin/message/subscribe/send", body)
    except NoClearAnswer:
        return SendResult(errcodes.UNKNOWN)
    except Unavailable:
        return SendResult(errcodes.PLATFORM_BUSY, errcodes.WORTH_ANOTHER_TRY[errcodes.PLATFORM_BUSY])
    state = errcodes.SEND.get(errcodes.errcode_of(answer), errcodes.UNKNOWN)
    field = _named_field(answer, data) if state == errcodes.BAD_DATA else ""
    return SendResult(state, errcodes.WORTH_ANOTHER_TRY.get(state), field)


def _named_field(answer: Mapping[str, Any], data: Mapping[str, str]) -> str:
    """`data.thing3.value invalid` names thing3; only a key that we sent is repeated."""
    found = re.search(r"data\.(\w+)\.value", str(answer.get("errmsg", "")))
    return found.group(1) if found and found.group(1) in data else ""
