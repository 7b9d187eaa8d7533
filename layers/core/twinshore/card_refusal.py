"""No card number reaches us: a request that holds one is refused before anything of it is read, kept or used up.

What never comes needs no protection (PCI DSS 4.0.1, requirement 3), so it is refused wherever it stands: in the body,
whatever field it is sent in, in the address, in a header that we read.
"""

from __future__ import annotations

import re
from typing import Iterator

from twinshore import log
from twinshore.errors import Unprocessable
from twinshore.http_events import HttpCall

READ_HEADERS = ("idempotency-key", "accept-language", "content-type", "authorization")
"""What the doors read. Others are not looked at, kept or logged, and proxies write numbers of 64 random bits into them:
one in a hundred of those looks like a card number."""

_ESCAPE = r"\\(?:u([0-9A-Fa-f]{4})|.)"
_TO_ZERO = bytes.maketrans(b"0123456789", b"0000000000")
_ZEROS = b"0" * 13  # as many as the shortest card number has digits
# ASCII but the backslash, and the UTF-8 of Latin letters, kana and hanzi: no digit, blank or escape of another script.
_PLAIN = bytes({*range(0xC0), 0xC3, 0xC4, 0xC5, *range(0xE3, 0xEA)} - {0x5C})


class CardNumberRefused(Unprocessable):
    """`where`: body, address or header. The number is not repeated."""

    slug = "card-number-refused"
    title_en = "Please never send a card number"
    title_zh = "请勿提交银行卡号"


def refuse_card_numbers(call: HttpCall) -> None:
    """Raises CardNumberRefused. Not for what a provider sends: a notice of a payment that is refused is lost."""
    address = [call.path, *_flat(call.query)] if call.query else [call.path]
    headers = [call.headers[name] for name in READ_HEADERS if name in call.headers]
    beside = "\n".join([*address, *headers]).encode("utf-8", "replace")
    if not _may_hold(b"%b\n%b" % (call.body, beside)):
        return
    from twinshore.card_numbers import holds_card_number

    places = {"body": _unescaped(call.body), "address": "\n".join(address), "header": "\n".join(headers)}
    for where, sent in places.items():
        if holds_card_number(sent):
            log.line("warning", "card number refused", where=where)
            raise CardNumberRefused("nothing was kept; pay at the payment provider's own page", where=where)


def _flat(query: dict[str, list[str]]) -> Iterator[str]:
    for name, values in query.items():
        yield from (name, *values)


def _may_hold(sent: bytes) -> bool:
    """False for nearly every request, at once: no 13 digits in a row even without blanks and hyphens, all plain."""
    return _ZEROS in sent.translate(_TO_ZERO, b" -") or bool(sent.translate(None, _PLAIN))


def _unescaped(sent: bytes) -> str:
    """JSON may write any character as an escape: undone, without believing that it is JSON."""
    text = sent.decode("utf-8", "replace")
    return re.sub(_ESCAPE, lambda found: chr(int(found[1], 16)) if found[1] else "\n", text) if "\\" in text else text
