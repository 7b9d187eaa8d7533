"""One JSON object per line on stdout, flat, with personal fields and secrets masked. It never raises.

Flat, because SCF indexes only the first level of a JSON line; a nested value becomes `outer.inner`. On both clouds
stdout is the log: no handler, no configuration. What one request has in common is bound once (`bind`) and is kept per
thread, so that the box can run many doors in one process.

A value is masked by the name of its field (`openid`, `phone`, `token`, ...) and by its shape wherever it stands,
exception texts and messages included: see `masked`. A mask shows nothing of the value: half a phone number is personal
data too.
"""

from __future__ import annotations

import json
import re
import sys
import time
from contextvars import ContextVar
from functools import lru_cache
from typing import Callable, Mapping

MASK = "***"
TEXT_LIMIT_CHARS = 2_000
SEARCH_LIMIT_CHARS = 20_000
FIELD_LIMIT = 60
DEPTH_LIMIT = 3
LEVELS = ("debug", "info", "warning", "error")

_quoted = json.encoder.encode_basestring_ascii
"""A text as JSON writes it, quotes and all: in C, at a tenth of `json.dumps`."""
_encode = json.JSONEncoder(ensure_ascii=False).encode
_BOUND = ("request_id", "door", "cell", "cloud", "trace_id")
_bound: ContextVar[tuple[str, str, str, str, str]] = ContextVar("twinshore_log", default=("", "", "", "", ""))

# Field names, without case, dots, hyphens and underscores. Any of these inside a name masks the whole value ...
_NAME_PARTS = (
    "openid", "unionid", "phone", "mobile", "mail", "token", "secret", "sessionkey", "authorization", "password",
    "passwd", "cookie", "apikey", "privatekey", "accesskey", "signature", "idcard", "idnumber", "passport", "address",
    "realname", "fullname", "firstname", "lastname", "nickname", "birthday", "cardnumber", "credential",
    "encrypteddata",
)  # fmt: skip
# ... and these mask it when they are the whole name. An IP address is personal data (GDPR, recital 30).
_NAMES = frozenset(
    {"name", "to", "recipient", "ip", "clientip", "remoteaddr", "pan", "cvc", "cvv", "iban", "jscode", "iv"}
)
# Whole numbers under these endings are amounts, times and sizes, however many digits they have.
_NUMBER_ENDINGS = ("_minor", "_seconds", "_ms", "_at", "_bytes", "_count", "version", "_units", "status")

_SHORTEST_OPENID_CHARS, _SHORTEST_CARD_CHARS = 28, 13
_WORDS = "token|session_key|authorization|js_code|password|passwd|secret|signature|openid"


def line(level: str, message: str, **fields: object) -> None:
    """Write one line. level: one of LEVELS. `message` is a constant of the code; what varies goes into `fields`.

    An exception as a value becomes `<field>_type`, `<field>_text` and `<field>_stack` (places, no values).
    """
    try:
        _write(_record(level, message, fields))
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        OSError,
        RuntimeError,
        TypeError,
        ValueError,
    ):  # a log line must not be the reason why a payment fails; it says so in its place
        _last_resort(level)


def bind(request_id: str = "", door: str = "", cell: str = "", cloud: str = "", trace_id: str = "") -> None:
    """What every further line of this thread's request carries. Called at the start of each request.

    trace_id: 32 digits, the same on every line that a cause leaves, in whatever cell: see `tracing`.
    """
    _bound.set((str(request_id), door, cell, cloud, trace_id))


def bound() -> tuple[str, str, str, str, str]:
    """request_id, door, cell, cloud, trace_id."""
    return _bound.get()


def plain(message: str, members: str, timed: str = "") -> None:
    """One line of which nothing needs a mask, at a tenth of what `line` takes: for what every request leaves.

    members: of a JSON object, ready made, our own words and numbers only (`"status": 200, "slow": 0`).
    timed: a member that is to end with the time in milliseconds and a brace (`, "_aws": {..., "Timestamp": `), or "".
    """
    request_id, door, cell, cloud, trace_id = _bound.get()
    trace = f', "trace_id": "{trace_id}"' if trace_id else ""
    place = _members(door, cell, cloud)
    now_ms = int(time.time() * 1000)
    end = f"{timed}{now_ms}}}" if timed else ""
    try:
        _out(
            f'{{"at": "{_stamp(now_ms)}", "level": "info", "message": "{message}", '
            f'"request_id": {_quoted(request_id)}{trace}{place}, {members}{end}}}\n'
        )
    except (OSError, ValueError, AttributeError):  # stdout is closed or gone: nobody is listening
        return


def masked(text: str) -> str:
    """`text` with everything in it masked that has the shape of a secret or of personal data.

    Tokens (JWT, Bearer, whsec_, sk_live_, AKIA, AKID), PEM blocks, `secret=...` in URLs and JSON, e-mail addresses,
    phone numbers (mainland, and any with a plus), card numbers, mainland identity numbers, WeChat openids.
    """
    if text.islower() and text.isalpha() and len(text) < _SHORTEST_OPENID_CHARS:
        return text  # a word: each shape has a digit, a sign or a capital letter, but for the openid's, which is long
    if len(text) >= _SHORTEST_CARD_CHARS and (_has_long_number(text) or not text.isascii()):
        from twinshore.card_numbers import without_card_numbers

        text = without_card_numbers(text, MASK)
    for applies, pattern, replacement in _SHAPES:
        if applies(text):
            text = re.sub(pattern, replacement, text)
    return text


def _record(level: str, message: str, fields: Mapping[str, object]) -> dict[str, object]:
    record: dict[str, object] = {
        "at": _stamp(int(time.time() * 1000)),
        "level": level if level in LEVELS else "error",
        "message": _text(str(message)),
        **{name: value for name, value in zip(_BOUND, _bound.get()) if value},
    }
    own = frozenset(record)
    for name, value in fields.items():
        _put(record, own, name, value, 1)
    return record


_second: tuple[int, str] = (-1, "")
"""The last second that was printed, and its text: strftime is a quarter of what a line costs."""


def _stamp(now_ms: int) -> str:
    global _second
    now, rest_ms = divmod(now_ms, 1000)
    second, text = _second
    if second != now:
        second, text = _second = now, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    return f"{text}.{rest_ms:03d}Z"


def _put(record: dict[str, object], own: frozenset[str], name: str, value: object, depth: int) -> None:
    if len(record) >= FIELD_LIMIT:
        return
    if isinstance(value, BaseException):
        for part, text in _exception_parts(value).items():
            _put(record, own, f"{name}_{part}", text, depth)
    elif isinstance(value, Mapping) and depth < DEPTH_LIMIT and not _is_private_name(name):
        for inner, inner_value in value.items():
            _put(record, own, f"{name}.{inner}", inner_value, depth + 1)
    else:
        record[f"field.{name}" if name in own else masked(name)] = _value(name, value)


def _value(name: str, value: object) -> object:
    if value is None or isinstance(value, bool) or value == "":
        return value
    if any(_is_private_name(part) for part in name.split(".")):
        return MASK
    if isinstance(value, int):
        plain = -(10**10) < value < 10**10 or name.endswith(_NUMBER_ENDINGS)
        return value if plain or masked(str(value)) == str(value) else MASK
    if isinstance(value, float):
        return value if value - value == 0 else str(value)  # NaN and infinity are no JSON
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"{len(value)} bytes"
    if isinstance(value, (list, tuple, set, frozenset, Mapping)):
        # Through JSON, so that the shapes see `"session_key": "..."` inside as well.
        return _text(json.dumps(value, ensure_ascii=False, default=str))
    return _text(str(value))


@lru_cache(maxsize=512)
def _is_private_name(name: str) -> bool:
    bare = name.lower().replace("_", "").replace("-", "").replace(".", "")
    return bare in _NAMES or any(part in bare for part in _NAME_PARTS)


def _text(text: str) -> str:
    """Masked first, cut afterwards: half a secret has no shape any more."""
    shown = masked(text[:SEARCH_LIMIT_CHARS])
    return shown if len(shown) <= TEXT_LIMIT_CHARS else shown[:TEXT_LIMIT_CHARS] + "…"


def _exception_parts(error: BaseException) -> dict[str, str]:
    places, trace = [], error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    cause = error.__cause__ or error.__context__
    parts = {"type": type(error).__name__, "text": str(error), "stack": " < ".join(reversed(places[-12:]))}
    return {**parts, "cause_type": type(cause).__name__} if cause is not None else parts


def _write(record: Mapping[str, object]) -> None:
    try:
        _out(_encode(record) + "\n")
    except UnicodeEncodeError:  # a lone surrogate, or a terminal that is not UTF-8
        _out(json.dumps(record) + "\n")


@lru_cache(maxsize=64)
def _members(door: str, cell: str, cloud: str) -> str:
    """Of a JSON object, each behind a comma; the same for all requests of a function."""
    named = {"door": door, "cell": cell, "cloud": cloud}
    return "".join([f', "{name}": {json.dumps(value)}' for name, value in named.items() if value])


def _out(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _last_resort(level: str) -> None:
    try:
        _write({"level": level if level in LEVELS else "error", "message": "a log line could not be written"})
    except (OSError, ValueError, AttributeError):  # stdout is closed or gone: nobody is listening
        return


def _digits(found: re.Match[str]) -> str:
    """A run of digits with single blanks or hyphens between: what may be the card of a scheme that we do not know, a
    phone or identity number, or an innocent id."""
    from twinshore.card_numbers import passes_check_digit

    text = found.group()
    digits = re.sub(r"[ -]", "", text)
    card = 13 <= len(digits) <= 19 and digits[0] in "23456" and digits.isdecimal() and passes_check_digit(digits)
    phone = re.fullmatch(r"(?:0{0,2}86)?1[3-9]\d{9}", digits)
    person = re.fullmatch(r"[1-9]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]", digits)
    return MASK if card or phone or person else text


def _has(mark: str, *others: str) -> Callable[[str], bool]:
    if not others:
        return lambda text: mark in text
    return lambda text: mark in text or any(other in text for other in others)


def _has_word(text: str) -> bool:
    if "=" not in text and ":" not in text:
        return False
    folded = text.lower()
    return any(word in folded for word in _WORDS.split("|"))


def _has_long_number(text: str) -> bool:
    return len(text) >= 11 and sum(map(text.count, "0123456789")) >= 11


# (cheap test, pattern, replacement): most lines are clean, and the test spares them the compiling of the pattern.
_SHAPES: tuple[tuple[Callable[[str], bool], str, str | Callable[[re.Match[str]], str]], ...] = (
    (_has("-----BEGIN"), r"(?s)-----BEGIN .*?(?:-----END [A-Z0-9 ]{1,40}-----|\Z)", MASK),
    (_has("eyJ"), r"(?a)eyJ[\w-]{5,}(?:\.[\w-]*){0,4}", MASK),
    (_has("earer ", "EARER "), r"(?i)(bearer)\s+[^\s\"',]+", rf"\1 {MASK}"),
    (_has("whsec_", "sk_", "rk_"), r"(?a)(?:whsec|(?:sk|rk)_(?:live|test))_[\w+/=-]+", MASK),
    (_has("AKIA", "ASIA", "AKID"), r"(?a)(?:AKIA|ASIA|AKID)\w{12,}", MASK),
    (_has_word, rf"(?i)((?:{_WORDS})\\?[\"']?\s*[=:]\s*\\?[\"']?)(?!\*\*\*)[^\s&\"'\\,;}}]+", rf"\1{MASK}"),
    (_has("code="), r"([?&]code=)[^\s&\"']+", rf"\1{MASK}"),
    (_has("@"), r"[^\s\"'<>@:,;()\[\]=/]{1,64}@[\w.-]{1,200}\.\w{2,}", MASK),
    (_has("+"), r"\+\d[\d -]{6,16}\d", MASK),
    (_has_long_number, r"(?<!\d)1[3-9]\d{9}(?!\d)", MASK),
    (_has_long_number, r"(?<![0-9A-Za-z-])\d(?:[ -]?\d){9,18}[Xx]?(?![0-9A-Za-z-])", _digits),
    (_has("o"), r"(?a)(?<![\w-])o[\w-]{27}(?![\w-])", MASK),
)  # fmt: skip
