"""What the platform accepts as a value of a subscribe message, by the type in its key (`thing1`, `amount2`).

Source: the platform's page on subscribeMessage.send, "parameters of data". A value that breaks its rule is refused with
47003 after the credit has been aimed at, so the rules are checked here before. Where the page leaves room, the narrow
reading is taken.
"""

from __future__ import annotations

import re
import unicodedata

from twinshore.errors import Unprocessable

ELLIPSIS = "…"
THING_LIMIT_CHARS = 20

_DAY = r"\d{4}(?:年\d{1,2}月\d{1,2}日|([-/.])\d{1,2}\1\d{1,2})"
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d"
_RULES = {
    "thing": rf".{{1,{THING_LIMIT_CHARS}}}",
    "number": r"(?=.{1,32}$)-?\d+(\.\d+)?",
    "letter": r"[A-Za-z]{1,32}",
    "symbol": r"[^\w\s]{1,5}",
    "character_string": r"[!-~]{1,32}",
    "time": rf"(?:\d{{4}}年\d{{1,2}}月\d{{1,2}}日 )?{_CLOCK}",
    "date": rf"{_DAY}(?: {_CLOCK})?",
    "amount": r"[^\w\s.,-]?\d{1,10}(?:\.\d{1,2})?元?",
    "phone_number": r"[\d+()-]{1,17}",
    "car_number": r"\S{1,8}",
    "name": r"[!-~ ]{1,20}|\S{1,10}",
    "phrase": r"[\u4e00-\u9fff]{1,5}",
}


class ValueDoesNotFit(Unprocessable):
    """A value cannot be put into the message as the channel wants it. `field` is the platform's key."""

    slug = "notification-value-does-not-fit"
    title_en = "A value does not fit into the message"
    title_zh = "内容不符合消息模板的限制"


def fitted(key: str, value: str) -> str:
    """`value` as it may be sent under `key`.

    Line breaks and control characters become blanks. A `thing` that is too long is shortened; of every other type a
    part would be false (half an amount, half an order number), so it is refused. Raises ValueDoesNotFit.
    """
    kind = key.rstrip("0123456789")
    plain = " ".join("".join(" " if unicodedata.category(c).startswith("C") else c for c in value).split())
    if kind == "thing":
        plain = shortened(plain, THING_LIMIT_CHARS)
    if kind not in _RULES or re.fullmatch(_RULES[kind], plain, re.ASCII if kind != "symbol" else 0) is None:
        raise ValueDoesNotFit(f"the value of {key} breaks the platform's rule for {kind}", field=key)
    return plain


def shortened(text: str, limit_chars: int) -> str:
    """At most `limit_chars` characters; what is cut off shows as an ellipsis, which counts as one.

    The cut never parts a letter from the marks that belong to it.
    """
    if len(text) <= limit_chars:
        return text
    end = limit_chars - 1
    while end > 0 and unicodedata.combining(text[end]):
        end -= 1
    return text[:end].rstrip() + ELLIPSIS
