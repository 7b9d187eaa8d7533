"""Write the core schemas of every wire model: `python -m infra.compile_models [--check]`.

A wire model is written once, as pydantic has it (layers/core/twinshore/*/wire.py); pydantic turns it into a schema for
pydantic_core here, and a function reads that schema (twinshore/models.py) without pydantic.
"""

from __future__ import annotations

import importlib
import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
CORE = ROOT / "layers" / "core"
ANSWERED_OTHERWISE = (
    "serialization", "serialization_alias", "serialization_exclude", "serialization_exclude_if", "computed_fields",
)  # fmt: skip


def write_models_with_pydantic() -> None:
    """From here on, wire models are real pydantic models. In a process of its own: `python -m infra...`."""
    import pydantic

    if "twinshore.models" in sys.modules:
        raise RuntimeError("wire models were loaded before")
    sys.modules["twinshore.models"] = pydantic


def modules() -> dict[str, Path]:
    """Name and file of each module with wire models. The bench's are of the form that every stack there reads."""
    files = sorted([CORE / "twinshore" / "money_wire.py", *CORE.glob("twinshore/*/wire.py")])
    named = {".".join(file.relative_to(CORE).with_suffix("").parts): file for file in files}
    return {**named, "bench.stacks.models": ROOT / "bench" / "stacks" / "models.py"}


def compile_models(module_name: str) -> str:
    """A line for each model that stands in the module."""
    from pydantic import BaseModel

    module = importlib.import_module(module_name)
    own = {name: each for name, each in vars(module).items() if getattr(each, "__module__", "") == module_name}
    models = {name: each for name, each in own.items() if isinstance(each, type) and issubclass(each, BaseModel)}
    lines = [f'"{name}": {_json(plain(each.__pydantic_core_schema__))}' for name, each in sorted(models.items())]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def plain(part: Any) -> Any:
    """As JSON has it: classes and functions by name. Raises TypeError for what has no name, is no JSON, or would be
    answered in another form than it is kept: answers are written without pydantic_core."""
    if isinstance(part, dict):
        if any(part.get(name) for name in ANSWERED_OTHERWISE):
            raise TypeError(f"{part} of a wire model would be answered otherwise")
        of_a_type = isinstance(part.get("type"), str)  # what only JSON Schema needs stands in metadata
        return {key: _plain_of(key, each) for key, each in part.items() if not (of_a_type and key == "metadata")}
    if isinstance(part, list):
        return [plain(each) for each in part]
    if callable(part):
        return {"$": _name_of(part)}
    if part is None or isinstance(part, (str, int, float)):
        return part
    raise TypeError(f"{part!r} of a wire model cannot be compiled")


def _plain_of(key: str, part: Any) -> Any:
    # A definition is called by its class and by where that lies in memory.
    return re.sub(r":\d+$", "", part) if key in ("ref", "schema_ref") and isinstance(part, str) else plain(part)


def _name_of(thing: Any) -> str:
    name = f"{thing.__module__}:{thing.__qualname__}"
    found: Any = sys.modules[thing.__module__]
    for step in thing.__qualname__.split("."):
        found = getattr(found, step, None)
    if found != thing:
        raise TypeError(f"{name} of a wire model cannot be found by its name")
    return name


def _json(schema: Any) -> str:
    return json.dumps(schema, ensure_ascii=False, separators=(",", ":"))


def main(arguments: list[str]) -> int:
    sys.path.insert(0, str(CORE))
    write_models_with_pydantic()
    old = []
    for name, file in modules().items():
        text = compile_models(name)
        target = file.with_suffix(".json")
        if "--check" not in arguments:
            target.write_text(text, encoding="utf-8")
        elif not target.exists() or target.read_text(encoding="utf-8") != text:
            old.append(str(target.relative_to(ROOT)))
    for each in old:
        sys.stdout.write(f"{each} is old: python -m infra.compile_models\n")
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
