"""WeChat's `errcode` in words of ours. Source: the platform's error tables for code2Session, getStableAccessToken and
subscribeMessage.send (developers.weixin.qq.com). A code that is not listed is news, and neither success nor refusal.
"""

from __future__ import annotations

import re
import socket
from typing import Any, Mapping

from twinshore.errors import Problem, TooManyRequests, Unavailable
from twinshore.login.port import LoginCodeInvalid, LoginCodeUsed, LoginRefused

BUSY = -1
UNREADABLE = -2
"""Ours, for an errcode that is not a number."""
TOKEN_INVALID = frozenset({40001, 40014, 42001})
IP_NOT_LISTED = frozenset({40164, 61004})
OURS_TO_MEND = frozenset({40002, 40013, 40125, 40243, 41002, 41004, 43002, 50004, 50007, 89503, 89506, 89507})
"""Wrong or frozen credentials, or a token API that an administrator must allow: no caller can do anything about it."""
TOO_OFTEN = frozenset({44990, 44991, 45011})
QUOTA_SPENT = frozenset({44993, 45009})

LOGIN: dict[int, type[Problem]] = {
    40029: LoginCodeInvalid,
    41008: LoginCodeInvalid,
    40163: LoginCodeUsed,
    40226: LoginRefused,
}

# What became of a message. Plain text constants: they are stored and compared.
SENT = "sent"
NO_CREDIT = "no_credit"
BAD_DATA = "bad_data"
BAD_RECIPIENT = "bad_recipient"
BAD_TEMPLATE = "bad_template"
BAD_PAGE = "bad_page"
SENSITIVE = "sensitive"
BANNED = "banned"
CONCURRENT = "concurrent"
RATE_LIMITED = "rate_limited"
DAILY_QUOTA_SPENT = "daily_quota_spent"
PLATFORM_BUSY = "platform_busy"
MISCONFIGURED = "misconfigured"
UNKNOWN = "unknown"

SEND: dict[int, str] = {
    0: SENT,
    43101: NO_CREDIT,
    47003: BAD_DATA,
    47001: BAD_DATA,
    44002: BAD_DATA,
    40097: BAD_DATA,
    40003: BAD_RECIPIENT,
    43104: BAD_RECIPIENT,
    40037: BAD_TEMPLATE,
    41030: BAD_PAGE,
    40165: BAD_PAGE,
    45168: SENSITIVE,
    43107: BANNED,
    48001: BANNED,
    48004: BANNED,
    50002: BANNED,
    43108: CONCURRENT,
    BUSY: PLATFORM_BUSY,
    **dict.fromkeys(TOO_OFTEN, RATE_LIMITED),
    **dict.fromkeys(QUOTA_SPENT, DAILY_QUOTA_SPENT),
    **dict.fromkeys(TOKEN_INVALID | IP_NOT_LISTED | OURS_TO_MEND, MISCONFIGURED),
}

WORTH_ANOTHER_TRY = {CONCURRENT: 5, PLATFORM_BUSY: 2, RATE_LIMITED: 60}
"""Seconds to wait. WeChat refused these before sending; UNKNOWN is not among them, for that one may have arrived."""

ALARMING = IP_NOT_LISTED | OURS_TO_MEND | TOKEN_INVALID


def errcode_of(answer: Mapping[str, Any]) -> int:
    """0 when absent: some successful replies carry none."""
    code = answer.get("errcode", 0)
    return code if isinstance(code, int) else UNREADABLE


def alarm_facts(answer: Mapping[str, Any]) -> dict[str, object]:
    """What an operator may read of a refusal: the code, our own address if that is the matter, WeChat's request id.

    The rest of `errmsg` is the platform's text and may hold anything; it goes nowhere.
    """
    code = errcode_of(answer)
    text = str(answer.get("errmsg", ""))
    facts: dict[str, object] = {"errcode": code}
    if code in IP_NOT_LISTED:
        facts["egress"] = _address_in(text)
        return facts
    rid = re.search(r"\brid: ([0-9a-f]{1,16}(?:-[0-9a-f]{1,16}){2})", text)
    if rid:
        facts["rid"] = rid.group(1)
    return facts


def problem_of(code: int) -> Problem:
    """For calls whose caller waits for an answer: login and tokens."""
    if code in LOGIN:
        return LOGIN[code]()
    if code in TOO_OFTEN:
        return TooManyRequests(retry_after=60)
    return Unavailable("WeChat cannot serve this for the moment")


def _address_in(text: str) -> str:
    """The first word that is an IP address, in whatever sentence the platform put it this year."""
    for word in re.split(r"[\s,;]+", text):
        for family in (socket.AF_INET, socket.AF_INET6):
            try:
                socket.inet_pton(family, word)
            except (OSError, ValueError):
                continue
            return word
    return ""
