"""infra/secrets.toml: every secret that the code asks for, and who is granted it."""

from __future__ import annotations

import ast
import re
from typing import Any

import pytest

from tests.support.cloud_facts import aws_functions, aws_template
from tests.support.tree import ROOT, doors, parsed, python_files
from twinshore.cells import load_cells

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib

SECRETS: dict[str, dict[str, Any]] = tomllib.loads((ROOT / "infra" / "secrets.toml").read_text(encoding="utf-8"))


def test_every_secret_that_the_code_asks_for_is_in_the_table() -> None:
    asked = set()
    for path in python_files("layers/core/twinshore"):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("secret", "deployment.secret") and node.args:
                asked |= {arg.value for arg in ast.walk(node.args[0]) if isinstance(arg, ast.Constant)}
    assert len(asked) > 8
    assert asked <= set(SECRETS)


@pytest.mark.parametrize("door", aws_functions())
def test_a_function_on_aws_may_read_its_own_secrets_only(door: str) -> None:
    policies = str(aws_functions()[door].get("Policies", []))
    granted = re.findall(r"secret:twinshore/\$\{Cell\}/(\w+?)(?:-\?{6}|\*)'", policies)
    expected = {name for name, s in SECRETS.items() if door in s["doors"] and "aws" in s["clouds"]}
    assert set(granted) == expected


@pytest.mark.parametrize("door", aws_functions())
def test_a_function_on_tencent_may_read_its_own_secrets_only(door: str) -> None:
    """A role of its own, as on AWS. One that reads none has no policy at all."""
    from tests.iac.test_terraform import local
    from twinshore.cells import load_cells

    providers = [f"provider_{name}" for name in load_cells().providers_in("cn")]
    expected: list[str] = []
    for name, secret in SECRETS.items():
        if door in secret["doors"] and "tencent" in secret["clouds"]:
            expected += providers if secret.get("prefix") else [name]
    assert local("read_by").get(door, []) == sorted(expected)


def test_the_table_names_doors_that_are_there() -> None:
    named = {door for secret in SECRETS.values() for door in secret["doors"]}
    assert named <= set(aws_functions())
    assert set(doors()) == set(aws_functions())


def test_the_template_has_a_place_for_every_secret_of_every_overseas_cell_sealed_with_its_key() -> None:
    template = aws_template()
    places = {
        each["Properties"]["Name"]["Fn::Sub"]: (each.get("Condition"), each)
        for each in template["Resources"].values()
        if each["Type"] == "AWS::SecretsManager::Secret"
    }
    for cell in template["Parameters"]["Cell"]["AllowedValues"]:
        here = {
            name for name, (condition, _) in places.items() if condition is None or holds(template, condition, cell)
        }
        wanted = {name for name, secret in SECRETS.items() if "aws" in secret["clouds"] and not secret.get("prefix")}
        wanted |= {f"provider_{name}" for name in load_cells().providers_in(cell)}
        assert here == {f"twinshore/${{Cell}}/{name}" for name in wanted}, cell
    for _, each in places.values():
        assert each["DeletionPolicy"] == each["UpdateReplacePolicy"] == "Retain"
        assert each["Properties"]["KmsKeyId"] == {"Fn::GetAtt": "CellKey.Arn"}
        assert set(each["Properties"]) == {"Name", "KmsKeyId"}, "no value stands in a template"


def holds(template: dict[str, Any], condition: str, cell: str) -> bool:
    said = template["Conditions"][condition]
    return any(each == {"Fn::Equals": [{"Ref": "Cell"}, cell]} for each in said.get("Fn::Or", [said]))
