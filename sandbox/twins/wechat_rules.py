"""What the platform checks in a subscribe message's values: the rule follows the key's prefix (`thing1`, `date2`).

Source: the platform's page on subscribeMessage.send, parameter `data`.
"""

from __future__ import annotations

import re
from typing import Any, Mapping

_CLOCK = r"([01]?\d|2[0-3]):[0-5]\d"
_DAY = r"\d{4}(年\d{1,2}月\d{1,2}日|[-/.]\d{1,2}[-/.]\d{1,2})"
_MOMENT = rf"({_DAY}( ?{_CLOCK}(:[0-5]\d)?)?|{_CLOCK})"

RULES = {
    "thing": re.compile(r".{1,20}"),
    "number": re.compile(r"(?=.{1,32}$)-?\d+(\.\d+)?"),
    "letter": re.compile(r"[A-Za-z]{1,32}"),
    "symbol": re.compile(r"[^\w\s]{1,5}"),
    "character_string": re.compile(r"[\x20-\x7e]{1,32}"),
    "time": re.compile(rf"{_MOMENT}( ?~ ?{_MOMENT})?"),
    "date": re.compile(rf"{_DAY}( ?{_CLOCK}(:[0-5]\d)?)?( ?~ ?{_DAY}( ?{_CLOCK})?)?"),
    "amount": re.compile(r"[^\d\s.]{0,3}\d{1,10}(\.\d{1,2})?元?"),
    "phone_number": re.compile(r"[\d+()\- ]{1,17}"),
    "car_number": re.compile(r".{1,8}"),
    "name": re.compile(r"[\x20-\x7e]{1,20}|.{1,10}"),
    "phrase": re.compile(r"[\u4e00-\u9fff]{1,5}"),
    "enum": re.compile(r".{1,20}"),
}


def broken_value(data: object, expected_keys: list[str]) -> str:
    """The platform's errmsg for the first value that breaks its rule, or "" when all is well."""
    if not isinstance(data, Mapping):
        return "argument invalid! data is empty"
    for key in expected_keys or sorted(data):
        problem = _problem_with(key, data.get(key))
        if problem:
            return f"argument invalid! data.{key}.value {problem}"
    return ""


def _problem_with(key: str, holder: Any) -> str:
    value = holder.get("value") if isinstance(holder, Mapping) else None
    if not isinstance(value, str) or not value:
        return "is emtpy"  # the platform's own spelling
    rule = RULES.get(re.sub(r"\d+$", "", key))
    return "" if rule is not None and rule.fullmatch(value) else "invalid"
