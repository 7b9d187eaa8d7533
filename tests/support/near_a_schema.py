"""Values that a compiled schema takes, and values right beside them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

RIGHT = {
    "^[A-Z]{3}$": ["EUR", "JPY", "KWD", "XXX"],
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$": ["2026-11-22T15:01:00Z", "2026-02-30T00:00:00Z"],
}
"""Of patterns by which chance hardly ever finds what the functions behind them take."""
ODD: list[Any] = [None, True, 0, -1, 1.5, 1e300, "", "x", "1", "true", "海\u0000\n", "2026-11-22T15:01:00Z", "x" * 600,
                  [], {}, [1], {"a": None}, 10**16]  # fmt: skip
LONGEST = 5_000
WHOLE_LIMIT = 10**19


def values(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    return Near(odd=0).of(schema) | Near(odd=1).of(schema)


class Near:
    """`odd`: of twenty values, how many are of any kind whatever."""

    def __init__(self, odd: int) -> None:
        self._odd = odd
        self._known: dict[str, Any] = {}

    def of(self, part: dict[str, Any]) -> st.SearchStrategy[Any]:
        kind = part["type"]
        if kind == "definitions":
            self._known.update({each["ref"]: each for each in part["definitions"]})
        if kind == "definition-ref":
            return self.of(self._known[part["schema_ref"]])
        if kind in ("definitions", "model", "default", "model-field", "function-after"):
            return self.of(part["schema"])
        right = self._right(part)
        return st.integers(0, 19).flatmap(lambda n: st.sampled_from(ODD) if n < self._odd else right)

    def _right(self, part: dict[str, Any]) -> st.SearchStrategy[Any]:
        kind = part["type"]
        if kind == "model-fields":
            return self._fields(part)
        if kind == "nullable":
            return st.none() | self.of(part["schema"])
        if kind == "function-before":  # seconds become a time; consent is true
            return (st.integers(0, 2**31) if part["schema"]["type"] == "str" else st.nothing()) | self.of(
                part["schema"]
            )
        if kind == "list":
            items = self.of(part.get("items_schema", {"type": "any"}))
            return st.lists(items, min_size=part.get("min_length", 0), max_size=3)
        if kind == "dict":
            keys = self._text(part.get("keys_schema", {"type": "str"}))
            return st.dictionaries(keys, self.of(part.get("values_schema", {"type": "any"})), max_size=3)
        if kind == "union":
            return st.one_of([self.of(each) for each in part["choices"]])
        return self._leaf(part)

    def _leaf(self, part: dict[str, Any]) -> st.SearchStrategy[Any]:
        kind = part["type"]
        if kind == "str":
            return self._text(part)
        if kind == "int":
            low, high = part.get("ge", part.get("gt", -WHOLE_LIMIT - 1) + 1), part.get("le", WHOLE_LIMIT)
            return st.integers(low, high) | st.sampled_from([low, high, *([low - 1, high + 1] if self._odd else [])])
        fixed = {
            "bool": st.booleans(), "date": st.dates().map(str), "none": st.none(), "any": st.sampled_from(ODD),
            "literal": st.sampled_from(part.get("expected", [None])),
        }  # fmt: skip
        return fixed[kind]

    def _text(self, part: dict[str, Any]) -> st.SearchStrategy[str]:
        if "pattern" in part:
            known = RIGHT.get(part["pattern"])
            return st.sampled_from(known) if known else st.from_regex(part["pattern"])
        shortest, longest = part.get("min_length", 0), min(part.get("max_length", 20), LONGEST)
        texts = st.text(min_size=shortest, max_size=min(longest, shortest + 5))
        return texts | st.sampled_from(["x" * longest, *(["x" * (longest + 1)] if self._odd else [])])

    def _fields(self, part: dict[str, Any]) -> st.SearchStrategy[Any]:
        wanted: dict[str, Any] = {}
        other: dict[str, Any] = {}
        for name, field in part["fields"].items():
            target = other if field["schema"]["type"] == "default" else wanted
            target[field.get("validation_alias", name)] = self.of(field)
        whole = st.fixed_dictionaries(wanted, optional=other)
        torn = st.fixed_dictionaries({}, optional={**wanted, **other, "unknown": st.just(1)})
        return whole | whole | whole | torn if self._odd else whole
