"""infra/tencent: its paths are the doors' own; its arguments are known to the provider's published schema."""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any, Callable, Iterator

import hcl2
import pytest
import yaml

from tests.support.doors import load_door
from tests.support.tree import ROOT, doors
from twinshore.cells import load_cells

FOLDER = ROOT / "infra" / "tencent"
SCHEMA = ROOT / "tests" / "iac" / "tencent_provider_schema.json"
OF_TERRAFORM = {"for_each", "count", "depends_on", "lifecycle", "provider"}


def bare(value: Any) -> Any:
    """The parser keeps the quotes of strings and marks blocks: both are taken off."""
    if isinstance(value, dict):
        return {bare(key): bare(each) for key, each in value.items() if not str(key).startswith("__")}
    if isinstance(value, list):
        return [bare(each) for each in value]
    return value.strip('"') if isinstance(value, str) else value


@cache
def parsed(kind: str) -> list[dict[str, Any]]:
    """All blocks of one kind: "resource", "variable", "locals", "output"."""
    found: list[dict[str, Any]] = []
    for path in sorted(FOLDER.glob("*.tf")):
        with path.open(encoding="utf-8") as file:
            found += bare(hcl2.load(file)).get(kind, [])
    return found


@cache
def text() -> str:
    """Everything, without comments."""
    files = [path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.tf"))]
    return re.sub(r"^\s*#.*$", "", "\n".join(files), flags=re.MULTILINE)


def resources() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for entry in parsed("resource"):
        for kind, named in entry.items():
            for name, body in named.items():
                yield kind, name, body


def local(name: str) -> Any:
    return next(entry[name] for entry in parsed("locals") if name in entry)


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
    about = schema_of(kind)
    mistakes = list(mistakes_in(body, about["arguments"], about["blocks"], ""))
    assert mistakes == [], f"{kind}.{name}"


def mistakes_in(body: dict[str, Any], known: dict[str, Any], blocks: dict[str, Any], inside: str) -> Iterator[str]:
    """What the provider would refuse: here, and in every block below. `inside`: name of the block, "" at the top."""
    dynamic = [(block, about) for each in body.get("dynamic", []) for block, about in each.items()]
    given = (set(body) | {block for block, _ in dynamic}) - {"dynamic"} - (set() if inside else OF_TERRAFORM)
    yield from (f"{inside}.{name} is not known" for name in given - set(known))
    yield from (
        f"{inside}.{name} is lacking" for name, about in known.items() if about["required"] and name not in given
    )
    below = [(block, about["content"]) for block, about in dynamic] + [(name, body[name]) for name in given & set(body)]
    for name, value in below:
        of_block = blocks.get(f"{inside}.{name}" if inside else name)
        parts = [part for part in (value if isinstance(value, list) else [value]) if isinstance(part, dict)]
        if of_block is not None:
            yield from (f"{name} is a block" for _ in [value] if not parts)
            for part in parts:
                yield from mistakes_in(part, of_block, blocks, name)
        elif name in known and not of_type(value, known[name]["type"]):
            yield f"{inside}.{name} is no {known[name]['type']}: {value!r}"


def of_type(value: Any, kind: str) -> bool:
    """Of what is written down; an expression is whatever it will be."""
    if isinstance(value, str) and "${" in value:
        return True
    if kind.startswith(("List", "Set")):
        return isinstance(value, list)
    wanted: dict[str, tuple[type, ...]] = {"Bool": (bool,), "Int": (int,), "Float64": (int, float), "Map": (dict,)}
    return isinstance(value, wanted.get(kind, (str,))) and (kind == "Bool" or not isinstance(value, bool))


WRONG: dict[str, tuple[str, Callable[[dict[str, Any]], object]]] = {
    "a misspelt argument": ("tencentcloud_scf_function", lambda body: body.update(memory=512)),
    "a required argument that is lacking": ("tencentcloud_scf_trigger", lambda body: body.pop("type")),
    "a misspelt argument two blocks below": (
        "tencentcloud_cls_index",
        lambda body: body["rule"][0]["full_text"][0].update(contain_zh=True),
    ),
    "one that is lacking two blocks below": (
        "tencentcloud_scf_function_event_invoke_config",
        lambda body: body["async_trigger_config"][0]["retry_config"][0].pop("retry_num"),
    ),
    "one that is lacking in a dynamic block in a block": (
        "tencentcloud_scf_function_alias",
        lambda body: body["dynamic"][0]["routing_config"]["content"][0]["additional_version_weights"][0].pop("weight"),
    ),
    "a word for a number": ("tencentcloud_postgresql_instance", lambda body: body.update(memory="4 GB")),
    "a number for a word": ("tencentcloud_postgresql_instance", lambda body: body.update(db_major_version=16)),
    "an argument in place of a block": ("tencentcloud_scf_layer", lambda body: body.update(content="x.zip")),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_the_providers_schema_refuses(wrong: str) -> None:
    kind, spoil = WRONG[wrong]
    body = copy.deepcopy(next(body for found, _, body in resources() if found == kind))
    about = schema_of(kind)
    assert list(mistakes_in(body, about["arguments"], about["blocks"], "")) == []
    spoil(body)
    assert list(mistakes_in(body, about["arguments"], about["blocks"], ""))


def schema_of(kind: str) -> dict[str, Any]:
    known: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))["resources"][kind]
    return known


def test_every_reference_is_to_something_that_is_declared_and_has_that_attribute() -> None:
    declared = {(kind, name) for kind, name, _ in resources()}
    found = re.findall(r"\b(tencentcloud_\w+)\.(\w+)(?:\[[^\]]*(?:\[[^\]]*\])?[^\]]*\])?(?:\.(\w+))?", text())
    assert len(found) > 30
    for kind, name, attribute in found:
        assert (kind, name) in declared, f"{kind}.{name}"
        if attribute:
            about = schema_of(kind)
            assert attribute in {*about["arguments"], *about["attributes"]}, f"{kind}.{name}.{attribute}"


@pytest.mark.parametrize(("kind", "prefix"), [("variable", "var"), ("locals", "local")])
def test_every_variable_and_local_is_declared_and_used(kind: str, prefix: str) -> None:
    declared = {name for entry in parsed(kind) for name in entry}
    assert set(re.findall(rf"\b{prefix}\.(\w+)", text())) == declared


def test_functions_are_written_once() -> None:
    """Names, handlers, time limits, triggers come from serverless.yml: none of them stands here as well."""
    functions = (FOLDER / "functions.tf").read_text(encoding="utf-8")
    assert 'yamldecode(file("${path.module}/../../serverless.yml"))' in functions
    for door in doors():
        assert f"twinshore-{door}" not in text()
    assert "cron" not in text().replace("cronExpression", "").lower()


def test_what_is_reserved_fits_the_databases_connections() -> None:
    (reserved,) = (entry["reserved_mb"] for entry in parsed("locals") if "reserved_mb" in entry)
    instances = sum(int(re.fullmatch(r"\D*(\d+) \* 512\D*", str(each))[1]) for each in reserved.values())  # type: ignore[index]
    assert set(reserved) <= set(doors())
    assert instances <= 300, "PostgreSQL of this size takes 500, other doors and people need some"


@pytest.mark.skipif(shutil.which("terraform") is None, reason="the arguments are checked without the binary as well")
class TestWithTheBinary:
    def test_the_files_are_formatted(self) -> None:
        done = subprocess.run(
            ["terraform", "fmt", "-check", "-diff", str(FOLDER)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout

    def test_terraform_reads_serverless_yml_as_we_do(self, tmp_path: Path) -> None:
        wanted = ("names", "timers", "urls", "environment")
        read = evaluated(tmp_path, wanted, releases=["r1"])
        declared = yaml.safe_load((ROOT / "serverless.yml").read_text(encoding="utf-8"))["inputs"]
        assert read["names"] == {door: f"twinshore-test-cn-{door}" for door in declared["functions"]}
        timers = [each["parameters"] for each in declared["triggers"] if each["type"] == "timer"]
        assert {name: each["argument"] for name, each in read["timers"].items()} == {
            each["name"]: each["argument"] for each in timers
        }
        assert sorted(read["urls"]) == sorted(
            each["function"] for each in declared["triggers"] if each["type"] == "http"
        )
        assert read["environment"]["TWINSHORE_CELL"] == "cn"

    @pytest.mark.parametrize(
        ("releases", "percent", "live", "taking"),
        [(["r1"], 100, "r1", {}), (["r1"], 10, "r1", {}), (["r1", "r2"], 100, "r2", {}),
         (["r1", "r2"], 10, "r1", {"r2": 0.1}), (["r1", "r2"], 0, "r1", {}),
         (["r1", "r2", "r3"], 50, "r2", {"r3": 0.5})],
    )  # fmt: skip
    def test_a_release_takes_over_by_degrees_and_goes_back(
        self, tmp_path: Path, releases: list[str], percent: int, live: str, taking: dict[str, float]
    ) -> None:
        read = evaluated(tmp_path, ("live", "taking", "release", "packed", "placed"), releases, percent)
        assert (read["live"], read["taking"], read["release"]) == (live, taking, releases[-1])
        assert set(read["packed"]) == {f"{layer}@{name}" for layer in ("core", "deps") for name in releases}
        assert set(read["placed"]) == {f"{door}@{name}" for door in doors() for name in releases}


def evaluated(folder: Path, wanted: tuple[str, ...], releases: list[str], percent: int = 100) -> dict[str, Any]:
    """Locals of functions.tf, by Terraform itself; a resource would need the provider."""
    source, declared = ((FOLDER / name).read_text(encoding="utf-8") for name in ("functions.tf", "main.tf"))
    block = source[source.index("locals {") : source.index("\n}\n") + 3]
    home = folder / "infra" / "tencent"
    home.mkdir(parents=True)
    (folder / "serverless.yml").write_bytes((ROOT / "serverless.yml").read_bytes())
    variables = declared[declared.index('variable "stage"') : declared.index("locals {")]
    (home / "main.tf").write_text(variables + block, encoding="utf-8")
    given = {"stage": "test", "releases": releases, "canary_percent": percent}
    given |= {"certificate_id": "c1", "database_password": "p", "app_id": "1"}
    (home / "terraform.tfvars.json").write_text(json.dumps(given), encoding="utf-8")
    asked = "jsonencode({" + ", ".join(f"{name} = local.{name}" for name in wanted) + "})"
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "CHECKPOINT_DISABLE": "1"}
    done = subprocess.run(
        ["terraform", "console"], input=asked, cwd=home, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 and done.stdout.startswith('"'), done.stdout + done.stderr
    return dict(json.loads(json.loads(done.stdout)))
