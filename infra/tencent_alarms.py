"""Alarms as CLS takes them: a search, an SQL over what it found, and a condition on the result."""

from __future__ import annotations

from typing import Any

from twinshore.metrics import COUNT, RECORDS

TAKEN = {
    "sum": "sum({figure})",
    "count": "count(*)",
    "maximum": "max({figure})",
    "p99": "approx_percentile({figure}, 0.99)",
    "share": "avg({figure}) * 100",
}
LEAST_COUNT = 20
"""Of answers, payments, calls in a window: below that a share says nothing."""
_PLATFORM = {"functions-failed": "count(distinct SCF_RequestId)"}


def indexed() -> dict[str, str]:
    """Key of our log lines -> its type in the index: every figure, and what figures are said by."""
    figures = {
        name: "long" if unit == COUNT else "double" for one in RECORDS.values() for name, unit in one.units.items()
    }
    words = {name: "text" for one in RECORDS.values() for name in (one.by, *one.shown, "record") if name}
    return dict(sorted({**figures, **words}.items()))


def alarms(table: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Name -> says, page, condition, rounds, targets (each a query over the last so many minutes)."""
    found = {name: _plain(name, one) for name, one in table["alarms"].items() if "figure" in one or "tencent" in one}
    for level, about in table["levels"].items():
        for speed, burn in table["burn"].items():
            found[f"{level}-{speed}"] = _burning(about, burn)
    return found


def _plain(name: str, one: dict[str, Any]) -> dict[str, Any]:
    limit = f"$1.value > {one['above']}" if "above" in one else f"$1.value < {one['below']}"
    if "tencent" in one:
        query = f"{one['tencent']['query']} | select {_PLATFORM.get(name, 'count(*)')} as value"
    else:
        where = "".join(f" AND {key}:{value}" for key, value in one.get("where", {}).items())
        taken = TAKEN[one["take"]].format(figure=one["figure"])
        more = ", count(*) as n" if one["take"] == "share" else ""
        query = f"{one['figure']}:>=0{where} | select {taken} as value{more}"
        limit += f" && $1.n > {LEAST_COUNT}" if more else ""
    return _alarm(one, limit, one["rounds"], [(query, one["minutes"])])


def _burning(about: dict[str, Any], burn: dict[str, Any]) -> dict[str, Any]:
    bad, of = about["bad"], about.get("of")
    counted = f"sum({of})" if of else "count(*)"
    query = f"{bad}:>=0 | select sum({bad}) * 100.0 / {counted} as share, {counted} as n"
    limit = limit_of(about, burn)
    condition = f"$1.share > {limit} && $2.share > {limit} && $1.n > {LEAST_COUNT}"
    return _alarm(about, condition, 1, [(query, burn["long_minutes"]), (query, burn["short_minutes"])])


def limit_of(about: dict[str, Any], burn: dict[str, Any]) -> float:
    """Per cent: so many times what the level allows."""
    return float(round((100 - about["objective_percent"]) * burn["rate"], 4))


def _alarm(one: dict[str, Any], condition: str, rounds: int, targets: list[tuple[str, int]]) -> dict[str, Any]:
    asked = [{"query": query, "minutes": minutes} for query, minutes in targets]
    every = max(1, min(minutes for _, minutes in targets) // 5)
    return {"says": one["says"], "page": one["page"], "condition": condition, "rounds": rounds, "every": every,
            "targets": asked}  # fmt: skip
