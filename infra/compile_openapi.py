"""Write the OpenAPI document of every route: `python -m infra.compile_openapi [--check]`.

The doors' own route tables and wire models are the source; the functions serve the compiled file, the same on every
cell, without a schema library on the way up.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any, Iterator

from infra.compile_models import write_models_with_pydantic

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "layers" / "core" / "twinshore" / "openapi.json"
SCHEMAS = "#/components/schemas/"


def doors() -> Iterator[Any]:
    """Every HTTP door, by name, loaded from its file."""
    from twinshore.web import Door

    for file in sorted((ROOT / "functions").glob("*/index.py")):
        spec = importlib.util.spec_from_file_location(f"door_{file.parent.name}", file)
        if spec is None or spec.loader is None:
            raise ImportError(str(file))
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        if isinstance(module.main_handler, Door):
            yield module.main_handler


def compile_openapi() -> dict[str, Any]:
    from pydantic.json_schema import models_json_schema

    routes = [(door.name, route) for door in doors() for route in door.routes]
    used: list[Any] = [(route.takes, "validation") for _, route in routes if route.takes and route.method != "GET"]
    used += [(route.gives, "serialization") for _, route in routes if route.gives]
    _, definitions = models_json_schema(list(dict.fromkeys(used)), ref_template=SCHEMAS + "{model}")
    paths: dict[str, Any] = {}
    for door_name, route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(door_name, route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Twinshore", "version": "1", "license": {"name": "proprietary"},
                 "description": "One API, the same on every cell of both clouds. Amounts are whole minor units, times "
                                "are RFC 3339 in UTC, errors are RFC 9457 problem documents."},
        "servers": [{"url": "/"}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {**definitions.get("$defs", {}), "Problem": _PROBLEM},
            "securitySchemes": {
                "member": {"type": "http", "scheme": "bearer", "description": "a member's session token"},
                "service": {"type": "http", "scheme": "bearer", "description": "a service token"},
            },
        },
    }  # fmt: skip


_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
    },
    "additionalProperties": True,
}


def _operation(door: str, route: Any) -> dict[str, Any]:
    summary = (route.action.__doc__ or route.action.__name__.replace("_", " ")).strip().splitlines()[0]
    name = route.path.removeprefix("/v1/").translate(str.maketrans({"/": "_", "{": "", "}": "", "-": "_", ".": "_"}))
    operation: dict[str, Any] = {
        "operationId": f"{route.method.lower()}_{name.strip('_')}",
        "summary": summary,
        "tags": [door],
        "parameters": list(_parameters(route)),
        "responses": _responses(route),
    }
    if route.takes and route.method != "GET":
        content = {"application/json": {"schema": {"$ref": SCHEMAS + route.takes.__name__}}}
        operation["requestBody"] = {"required": True, "content": content}
    if route.who != "anyone":
        operation["security"] = [{route.who: []}]
    return operation


def _parameters(route: Any) -> Iterator[dict[str, Any]]:
    import re

    for name in re.findall(r"\{(\w+)\}", route.path):
        schema = {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,128}$"}
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    if route.idempotent:
        schema = {"type": "string", "pattern": "^[\\x21-\\x7e]{1,64}$"}
        yield {"name": "Idempotency-Key", "in": "header", "required": True, "schema": schema}
    if route.takes and route.method == "GET":
        from pydantic import TypeAdapter

        fields = TypeAdapter(route.takes).json_schema(ref_template=SCHEMAS + "{model}", mode="validation")
        for name, each in fields["properties"].items():
            described = {key: value for key, value in each.items() if key not in ("title", "description", "default")}
            parameter = {"name": name, "in": "query", "required": name in fields.get("required", []),
                         "schema": described}  # fmt: skip
            if "description" in each:
                parameter["description"] = each["description"]
            yield parameter


def _responses(route: Any) -> dict[str, Any]:
    from twinshore.card_refusal import CardNumberRefused
    from twinshore.problems import BODY_PROBLEMS, ROUTE_PROBLEMS, WHO_PROBLEMS

    if route.gives:
        content = {"application/json": {"schema": {"$ref": SCHEMAS + route.gives.__name__}}}
        responses: dict[str, Any] = {str(route.status): {"description": "Done", "content": content}}
    else:
        responses = {str(route.status): {"description": "Done"}}
    problems = [*ROUTE_PROBLEMS, *route.problems]
    problems += BODY_PROBLEMS if route.takes else ()
    problems += WHO_PROBLEMS if route.who != "anyone" else ()
    problems += () if route.from_provider else (CardNumberRefused,)
    slugs: dict[int, set[str]] = {}
    for problem in problems:
        slugs.setdefault(problem.status, set()).add(problem.slug)
    for status in sorted(slugs):
        responses[str(status)] = {
            "description": ", ".join(sorted(slugs[status])),
            "content": {"application/problem+json": {"schema": {"$ref": SCHEMAS + "Problem"}}},
        }
    return responses


def render(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def main(arguments: list[str]) -> int:
    sys.path.insert(0, str(ROOT / "layers" / "core"))
    write_models_with_pydantic()
    text = render(compile_openapi())
    if "--check" in arguments:
        return 0 if TARGET.read_text(encoding="utf-8") == text else 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
