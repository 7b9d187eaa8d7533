"""What wire models are written with: `from twinshore.models import BaseModel, ConfigDict, Field, ...`.

The names are pydantic's and mean what they mean there; but pydantic itself reads a wire model only where
`python -m infra.compile_models` writes its core schema beside it (wire.json beside wire.py). A function reads that with
pydantic's compiled half alone, the same that checks what comes in for pydantic: its Python half, and the forms of all
models of a door, were two thirds of a cold start (docs/decisions/0193-models-are-compiled.md).

A model has of pydantic's methods those of `BaseModel` below. The first value that comes builds what checks it.
"""

from __future__ import annotations

import json
import sys
import threading
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    from pydantic import AfterValidator as AfterValidator
    from pydantic import BaseModel as BaseModel
    from pydantic import BeforeValidator as BeforeValidator
    from pydantic import ConfigDict as ConfigDict
    from pydantic import Field as Field
    from pydantic import StrictBool as StrictBool
    from pydantic import StrictInt as StrictInt
    from pydantic import field_validator as field_validator
    from pydantic import model_validator as model_validator
else:

    def _compiled(*_: Any, **__: Any) -> None:
        """What is said of a field or a type stands in the schema."""

    Field = AfterValidator = BeforeValidator = _compiled
    ConfigDict, StrictBool, StrictInt = dict, bool, int

    def model_validator(*_: Any, **__: Any) -> Callable[[Any], Any]:
        """The schema calls the method by its name."""
        return lambda method: method

    field_validator = model_validator

    class BaseModel:
        # What pydantic_core sets on whatever it makes; without a place of its own it would stand among the fields.
        __slots__ = ("__dict__", "__pydantic_extra__", "__pydantic_fields_set__", "__pydantic_private__")

        __hash__ = None

        def __init__(self, /, **values: Any) -> None:
            _validator(type(self)).validate_python(values, self_instance=self)

        def __eq__(self, other: object) -> bool:
            return type(self) is type(other) and self.__dict__ == other.__dict__

        @classmethod
        def model_validate(cls, value: Any) -> Any:
            return _validator(cls).validate_python(value)

        @classmethod
        def model_validate_json(cls, text: bytes | str) -> Any:
            return _validator(cls).validate_json(text)

        def model_dump(self, *, exclude_none: bool = False) -> dict[str, Any]:
            return _dumped(self, exclude_none)

        def model_dump_json(self, *, exclude_none: bool = False, by_alias: bool = False) -> str:
            """`by_alias` changes nothing: what is compiled has no other names in answers."""
            return _encode_present(self) if exclude_none else _encode(self)

        @property
        def model_fields_set(self) -> set[str]:
            return self.__pydantic_fields_set__


def _present(model: Any) -> dict[str, Any]:
    return {name: each for name, each in vars(model).items() if each is not None}


# The first answer of pydantic_core's serialiser loads decimals, UUIDs and its package; this one is C as well.
_JSON: dict[str, Any] = {"ensure_ascii": False, "check_circular": False, "separators": (",", ":")}
_encode = json.JSONEncoder(default=vars, **_JSON).encode
_encode_present = json.JSONEncoder(default=_present, **_JSON).encode


def _dumped(part: Any, exclude_none: bool) -> Any:
    if isinstance(part, BaseModel):
        fields = vars(part).items()
        return {name: _dumped(each, exclude_none) for name, each in fields if not exclude_none or each is not None}
    if isinstance(part, dict):
        return {name: _dumped(each, exclude_none) for name, each in part.items()}
    return [_dumped(each, exclude_none) for each in part] if isinstance(part, list) else part


@lru_cache(maxsize=None)
def _validator(model: type) -> Any:
    return _compiled_half().SchemaValidator(_bound(_schemas(model.__module__)[model.__name__]))


@lru_cache(maxsize=None)
def _schemas(module: str) -> dict[str, Any]:
    """By the models' names."""
    schemas: dict[str, Any] = json.loads(Path(str(sys.modules[module].__file__)).with_suffix(".json").read_bytes())
    return schemas


def _bound(part: Any) -> Any:
    """With the classes and functions that JSON can only name."""
    if isinstance(part, dict):
        return named(part["$"]) if "$" in part else {name: _bound(each) for name, each in part.items()}
    return [_bound(each) for each in part] if isinstance(part, list) else part


def named(name: str) -> Any:
    """`twinshore.payments.wire:OrderRequest._lines_add_up`; its module is loaded."""
    module, _, path = name.partition(":")
    found = sys.modules[module]
    for step in path.split("."):
        found = getattr(found, step)
    return found


def _compiled_half() -> Any:
    """pydantic_core's extension without its package, which declares some hundred types that only pydantic reads. Who
    imports pydantic_core later gets the same module."""
    name = "pydantic_core._pydantic_core"
    with _loading:
        if name not in sys.modules:
            from importlib.machinery import PathFinder
            from importlib.util import find_spec, module_from_spec

            package = find_spec("pydantic_core")
            spec = PathFinder.find_spec(name, package.submodule_search_locations if package else None)
            if spec is None or spec.loader is None:
                raise ImportError(name)
            sys.modules[name] = module_from_spec(spec)
            spec.loader.exec_module(sys.modules[name])
        return sys.modules[name]


_loading = threading.Lock()
"""An instance may have several first requests at once: none may see the extension half loaded."""
