"""infra/tencent: its paths are the doors' own; its arguments are known to the provider's published schema."""

from __future__ import annotations

import json
from typing import Any, Iterator

import hcl2
import pytest

from tests.support.doors import load_door
from tests.support.tree import ROOT, doors
from twinshore.cells import load_cells

FILE = ROOT / "infra" / "tencent" / "main.tf"
SCHEMA = ROOT / "tests" / "iac" / "tencent_provider_schema.json"
OF_TERRAFORM = {"for_each", "count", "depends_on", "lifecycle", "provider"}


def bare(value: Any) -> Any:
    """The parser keeps the quotes of strings and marks blocks: both are taken off."""
    if isinstance(value, dict):
        return {bare(key): bare(each) for key, each in value.items() if not str(key).startswith("__")}
    if isinstance(value, list):
        return [bare(each) for each in value]
    return value.strip('"') if isinstance(value, str) else value


def parsed() -> dict[str, Any]:
    with FILE.open(encoding="utf-8") as file:
        loaded: dict[str, Any] = bare(hcl2.load(file))
    return loaded


def resources() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for entry in parsed()["resource"]:
        for kind, named in entry.items():
            for name, body in named.items():
                yield kind, name, body


def local(name: str) -> Any:
    return next(entry[name] for entry in parsed()["locals"] if name in entry)


def served_by(path: str) -> set[str]:
    """Doors whose pattern matches; the platform's `/x/*` covers everything below /x."""
    patterns = local("paths")
    found = {door for pattern, door in patterns.items() if pattern == path}
    below = {door for pattern, door in patterns.items() if pattern.endswith("/*") and path.startswith(pattern[:-1])}
    return found or below


@pytest.mark.parametrize("door", doors())
def test_every_route_of_a_door_leads_to_it(door: str) -> None:
    for route in getattr(load_door(door).main_handler, "routes", []):
        assert served_by(route.path) == {door}, f"{route.path} is not fanned out to {door}"


def test_the_secrets_are_those_of_the_table() -> None:
    from tests.iac.test_secrets import SECRETS

    providers = {f"provider_{name}" for name in load_cells().providers_in("cn")}
    table = {name for name, secret in SECRETS.items() if "tencent" in secret["clouds"] and not secret.get("prefix")}
    assert set(local("secrets")) == table | providers


def test_the_database_is_not_deleted_by_a_slip_and_not_open_to_the_world() -> None:
    (store,) = (body for kind, _, body in resources() if kind == "tencentcloud_postgresql_instance")
    assert store["delete_protection"] is True
    assert "public_access_switch" not in store


def test_the_schemas_kinds_are_known_by_name() -> None:
    assert all(kind.startswith("tencentcloud_") for kind, _, _ in resources())


@pytest.mark.parametrize(
    ("kind", "name", "body"), list(resources()), ids=lambda part: part if isinstance(part, str) else ""
)
def test_a_resource_has_the_arguments_of_the_providers_schema(kind: str, name: str, body: dict[str, Any]) -> None:
    known = json.loads(SCHEMA.read_text(encoding="utf-8"))["resources"][kind]
    dynamic = {block for each in body.get("dynamic", []) for block in each}
    given = (set(body) | dynamic) - {"dynamic"} - OF_TERRAFORM
    assert given <= set(known["arguments"]), f"{kind}.{name} has arguments that the provider does not know"
    required = {argument for argument, about in known["arguments"].items() if about["required"]}
    assert required <= given, f"{kind}.{name} lacks arguments"
    for block in given & set(known["blocks"]):
        bodies = body.get(block) or [each[block]["content"] for each in body["dynamic"]]
        for inner in (part for each in bodies for part in (each if isinstance(each, list) else [each])):
            assert set(inner) <= set(known["blocks"][block]), f"{kind}.{name}.{block}"
