"""What a function may do is what its code can come to do. No stand-in of ours asks for rights, so that a missing one
would be met in production first; and none holds a right that nothing of it needs."""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import Any, Iterator

import pytest

from tests.iac.test_secrets import SECRETS
from tests.support.cloud_facts import aws_facts, aws_functions, aws_template, tencent_facts
from tests.support.tree import PACKAGE, ROOT, doors, parsed
from twinshore.store import dynamodb

WIRING = ("wiring", "deployment", "consumers", "jobs", *(path.stem for path in sorted(PACKAGE.glob("*_wiring.py"))))
ASKING = ("secret", "_setup")
"""Functions whose text argument is a secret's name."""
NEVER_CALLED = {"desk": {"wechat_app"}}
"""The desk's tills know how to find a payer's openid; nobody starts a payment at the desk."""


@cache
def functions_of(module: str) -> dict[str, ast.FunctionDef]:
    tree = parsed((PACKAGE / f"{module}.py").relative_to(ROOT))
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


@cache
def imported_by(module: str) -> dict[str, tuple[str, str]]:
    """Name in `module` -> where it is from: (module of the wiring, its name there)."""
    tree = parsed((PACKAGE / f"{module}.py").relative_to(ROOT))
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").removeprefix("twinshore.") in WIRING:
            found |= {
                each.asname or each.name: (str(node.module)[len("twinshore.") :], each.name) for each in node.names
            }
    return found


def used_in(node: ast.AST, module: str) -> Iterator[tuple[str, str]]:
    """Functions of the wiring that are named below `node`: what is called, and what is handed on to be called."""
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name) and each.value.id in WIRING:
            yield each.value.id, each.attr
        elif isinstance(each, ast.Name) and module:
            yield imported_by(module).get(each.id, (module, each.id))


def secrets_in(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Call):
            name = each.func.id if isinstance(each.func, ast.Name) else getattr(each.func, "attr", "")
            if name in ASKING:
                yield from (arg.value for part in each.args for arg in ast.walk(part)
                            if isinstance(arg, ast.Constant) and isinstance(arg.value, str))  # fmt: skip


def comes_to(door: str) -> tuple[set[tuple[str, str]], set[str]]:
    """All functions of the wiring that a door can come to call, and the secrets that these ask for."""
    tree = parsed((ROOT / "functions" / door / "index.py").relative_to(ROOT))
    ahead = list(used_in(tree, ""))
    if re.search(r'who="(member|service)"|"who": "(member|service)"', ast.unparse(tree).replace("'", '"')):
        ahead.append(("wiring", "read_token"))
    seen: set[tuple[str, str]] = set()
    asked: set[str] = set()
    while ahead:
        module, name = place = ahead.pop()
        module, name = imported_by(module).get(name, place)
        if (module, name) not in seen and name in functions_of(module):
            seen.add((module, name))
            body = functions_of(module)[name]
            asked |= set(secrets_in(body))
            ahead += used_in(body, module)
    return seen, asked - NEVER_CALLED.get(door, set())


@pytest.mark.parametrize("door", doors())
def test_a_door_may_read_the_secrets_that_it_can_come_to_ask_for_and_no_others(door: str) -> None:
    granted = {name for name, secret in SECRETS.items() if door in secret["doors"]}
    _, asked = comes_to(door)
    assert asked == granted, "infra/secrets.toml"


def test_each_secret_of_the_table_is_asked_for_somewhere() -> None:
    assert set().union(*(comes_to(door)[1] for door in doors())) == set(SECRETS)


def facts_of(cloud: str) -> set[str]:
    return {"aws": aws_facts, "tencent": tencent_facts}[cloud]()


@pytest.mark.parametrize("cloud", ["aws", "tencent"])
@pytest.mark.parametrize("door", doors())
def test_a_door_uses_the_store_and_sends_mail_where_it_may(door: str, cloud: str) -> None:
    calls, _ = comes_to(door)
    facts = facts_of(cloud)
    assert (("wiring", "engine") in calls) == (f"may {door} use the store" in facts)
    assert (("notify_wiring", "_mail") in calls) == (f"may {door} send mail" in facts)


def statements_of(document: dict[str, Any]) -> Iterator[tuple[set[str], str]]:
    for statement in document["Statement"]:
        actions = statement["Action"]
        yield {actions} if isinstance(actions, str) else set(actions), str(statement["Resource"])


def test_a_door_on_aws_may_do_with_the_table_what_the_store_does() -> None:
    """A transaction is allowed by its parts: there is no right of its own."""
    asked = {name for node in ast.walk(ast.parse((PACKAGE / "store" / "dynamodb.py").read_text(encoding="utf-8")))
             if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "_ask"
             for name in (getattr(node.args[0], "value", None),) if isinstance(name, str)}  # fmt: skip
    assert asked == {"get_item", "query", "scan", "batch_get_item", "transact_write_items"}
    parts = {"Put", "Update", "Delete", "ConditionCheck"}
    needed = {f"dynamodb:{name.title().replace('_', '')}" for name in asked | set(dynamodb.METHODS.values())}
    needed |= {"dynamodb:ConditionCheckItem", *(f"dynamodb:{part}Item" for part in parts)}
    needed -= {"dynamodb:TransactWriteItems", "dynamodb:Scan"}  # scanning is operators' work
    document = aws_template()["Resources"]["StoreAccess"]["Properties"]["PolicyDocument"]
    on_table = [(actions, resource) for actions, resource in statements_of(document) if "Table.Arn" in resource]
    assert [actions for actions, _ in on_table] == [needed]
    assert f"/index/{dynamodb.DUE_INDEX}" in on_table[0][1]


def test_a_sealed_table_is_used_with_the_keys_rights_that_dynamodb_asks_of_its_caller() -> None:
    """AWS, "DynamoDB encryption at rest: authorizing use of your customer managed key"; kms:CreateGrant is for whoever
    makes the table. The wildcards of that page are written out."""
    document = aws_template()["Resources"]["StoreAccess"]["Properties"]["PolicyDocument"]
    (rights,) = [actions for actions, resource in statements_of(document) if "CellKey.Arn" in resource]
    assert rights >= {"kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"}
    assert rights >= {"kms:ReEncryptFrom", "kms:ReEncryptTo"}


def test_every_cloud_service_that_the_code_calls_is_one_that_the_facts_know() -> None:
    """A new call to a cloud needs a right, and this file a line about it."""
    called = set()
    for path in sorted((PACKAGE / "clouds").rglob("*.py")):
        for node in ast.walk(parsed(path.relative_to(ROOT))):
            if (
                isinstance(node, ast.Call)
                and (getattr(node.func, "attr", "") or getattr(node.func, "id", "")) == "Service"
            ):
                called.add((path.parent.name, ast.literal_eval(node.args[0])))
    assert called == {
        ("aws", "dynamodb"), ("aws", "secretsmanager"), ("aws", "ses"),
        ("tencent", "ssm"), ("tencent", "scf"), ("tencent", "ses"),
    }  # fmt: skip


def test_mail_goes_out_from_this_cells_own_addresses_only() -> None:
    allowed = [
        (actions, resource)
        for function in aws_functions().values()
        for policy in function.get("Policies", [])
        if "Statement" in policy
        for actions, resource in statements_of(policy)
        if actions & {"ses:SendEmail"}
    ]
    assert allowed
    for actions, resource in allowed:
        assert actions == {"ses:SendEmail"}
        assert ":identity/" in resource and "${AWS::Region}" in resource
