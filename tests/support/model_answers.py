"""What a wire model makes of a value. Run as a program, it asks pydantic itself: a line in, a line out."""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any


def made_of(name: str, value: Any) -> dict[str, Any]:
    """By each way in, all that a caller or a room can see. `name`: twinshore.login.wire:LoginRequest."""
    module, _, class_name = name.partition(":")
    model = getattr(importlib.import_module(module), class_name)
    ways = {
        "json": lambda: model.model_validate_json(json.dumps(value)),
        "python": lambda: model.model_validate(value),
        "keywords": lambda: model(**value) if isinstance(value, dict) else None,
    }
    return {way: _seen(make) for way, make in ways.items()}


def _seen(make: Any) -> Any:
    try:
        made = make()
    except Exception as err:  # whatever it is, both must raise the same
        told = getattr(err, "errors", None)
        rows = told(include_url=False, include_context=False, include_input=False) if told else str(err)
        return {"raised": type(err).__name__, "told": json.loads(json.dumps(rows))}
    if made is None:
        return None
    return {"fields": repr(made.model_dump()), "present": repr(made.model_dump(exclude_none=True)),
            "answer": _answer(made), "set": sorted(made.model_fields_set)}  # fmt: skip


def _answer(made: Any) -> list[str] | None:
    """None for what is never answered: a day of a query has no form in JSON."""
    try:
        json.dumps(made.model_dump())
    except TypeError:
        return None
    return [made.model_dump_json(), made.model_dump_json(exclude_none=True, by_alias=True)]


if __name__ == "__main__":
    from infra.compile_models import write_models_with_pydantic

    write_models_with_pydantic()
    for line in sys.stdin:
        print(json.dumps(made_of(*json.loads(line))), flush=True)
