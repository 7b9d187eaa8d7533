"""One id for all that a cause brings about, in whatever function and cell: W3C Trace Context, level 1.

It comes in by `traceparent`, or as AWS numbers the call (`Root=1-<8 digits>-<24 digits>` is the same 32 digits with two
hyphens), or is begun here with the digits of the platform's request id. It stands on every line as `trace_id`, goes
along with committed events and with what we ask our own cells; outside parties are told nothing. What a caller sends is
a number to find lines by: it decides nothing, and what is not exactly of that form is as if nothing had come.
"""

import os
import time
from typing import Any, Mapping

from twinshore import log

_NONE = "0" * 32


def begin(event: Mapping[str, Any], request_id: str = "") -> str:
    """The trace of this invocation: 32 digits, lower case. event: the platform's, of whatever kind; request_id: the
    platform's too, whose digits are the trace if nobody has begun one. Never raises."""
    headers = event.get("headers")
    if isinstance(headers, dict):
        sent = headers.get("traceparent") or headers.get("Traceparent")
        trace_id = of_traceparent(sent) if sent else ""
        if trace_id:
            return trace_id
        number = headers.get("x-amzn-trace-id")
    else:
        number = os.environ.get("_X_AMZN_TRACE_ID")
    return (of_xray(number) if number else "") or _digits(request_id.replace("-", "")) or new()


def of_traceparent(text: object) -> str:
    """`00-<32 digits>-<16 digits>-<2 digits>`; a later version may go on behind that (section 3.2.2). "" if none."""
    if not isinstance(text, str) or len(text) < 55 or (text[2], text[35], text[52]) != ("-", "-", "-"):
        return ""
    version, parent, flags = text[:2], text[36:52], text[53:55]
    goes_on = len(text) > 55
    if version == "ff" or (goes_on and (version == "00" or text[55] != "-")) or parent == _NONE[:16]:
        return ""
    around = version + parent + flags  # 20 digits, made up to 32
    return _digits(text[3:35]) if _digits(around + "1" * 12) else ""


def of_xray(text: object) -> str:
    """`Root=1-5759e988-bd862e3fe1be46a994272793;Parent=...`. "" if it is none."""
    if not isinstance(text, str):
        return ""
    at = 7 if text[:7] == "Root=1-" else text.find("Root=1-") + 7
    return _digits(text[at : at + 8] + text[at + 9 : at + 33]) if at >= 7 and text[at + 8 : at + 9] == "-" else ""


def new() -> str:
    """Its first eight digits are the time, as AWS wants them."""
    return f"{int(time.time()):08x}{os.urandom(12).hex()}"


def current() -> str:
    """ "" outside of an invocation."""
    return log.bound()[4]


def headers() -> dict[str, str]:
    """For what we ask our own cells: `traceparent`, or nothing."""
    trace_id = current()
    return {"traceparent": f"00-{trace_id}-{os.urandom(8).hex()}-01"} if trace_id else {}


def kept() -> dict[str, str]:
    """For an item of which something is tried again later: {"trace": ...}, or nothing."""
    trace_id = current()
    return {"trace": trace_id} if trace_id else {}


def follow(trace_id: object) -> None:
    """This thread's lines are about that from now on; what is no trace changes nothing."""
    if isinstance(trace_id, str) and _digits(trace_id):
        log.bind(*log.bound()[:4], trace_id)


def _digits(text: str) -> str:
    """`text` if it is 32 lower-case hexadecimal digits, and not all zero."""
    try:
        return text if bytes.fromhex(text).hex() == text != _NONE and len(text) == 32 else ""
    except ValueError:
        return ""
