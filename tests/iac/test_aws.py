"""template.yaml: AWS's own tools accept it, and it says what the code needs."""

from __future__ import annotations

import os
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from tests.support.tree import ROOT, aws_functions, aws_template
from twinshore.store.dynamodb import table_definition

TOOL_SECONDS = 120
OFFLINE = {"SAM_CLI_TELEMETRY": "0", "AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-central-1"}


def run(*command: str, scratch: Path) -> None:
    environment = {**os.environ, **OFFLINE, "HOME": str(scratch)}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=TOOL_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_sam_accepts_the_template(tmp_path: Path) -> None:
    sam = ROOT / ".venvs" / "sam" / "bin" / "sam"
    assert sam.exists(), "make test puts SAM into .venvs/sam"
    run(str(sam), "validate", "--lint", "--template", "template.yaml", scratch=tmp_path)


def test_cfn_lint_accepts_the_template(tmp_path: Path) -> None:
    run(str(Path(sysconfig.get_path("scripts"), "cfn-lint")), "template.yaml", scratch=tmp_path)


def test_the_table_is_the_one_that_the_store_expects() -> None:
    declared = aws_template()["Resources"]["Table"]["Properties"]
    expected = table_definition("unnamed")
    for name in ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes"):
        assert declared[name] == expected[name]
    stream = declared["StreamSpecification"]["StreamViewType"]
    assert stream == expected["StreamSpecification"]["StreamViewType"]
    assert declared["TimeToLiveSpecification"] == {"AttributeName": "_expires_at", "Enabled": True}
    assert declared["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_what_holds_data_survives_the_stack_and_a_slip() -> None:
    for name in ("Table", "CellKey"):
        resource = aws_template()["Resources"][name]
        assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"
    assert aws_template()["Resources"]["Table"]["Properties"]["DeletionProtectionEnabled"] is True


def test_the_table_is_sealed_with_the_cells_own_key_and_only_through_the_table() -> None:
    sealed = aws_template()["Resources"]["Table"]["Properties"]["SSESpecification"]
    assert sealed == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": {"Fn::GetAtt": "CellKey.Arn"}}
    uses = [each for each in statements(aws_template()["Resources"]) if "kms:Decrypt" in each["Action"]]
    assert uses
    assert all("kms:ViaService" in str(each["Condition"]) for each in uses)


def test_a_new_version_takes_over_by_degrees_and_goes_back_by_itself() -> None:
    about = aws_template()["Globals"]["Function"]
    assert about["AutoPublishAlias"] == "live"
    assert about["DeploymentPreference"]["Type"] == {"Ref": "Rollout"}
    assert aws_template()["Parameters"]["Rollout"]["Default"].startswith("Canary")
    alarms = {each["Ref"] for each in about["DeploymentPreference"]["Alarms"]}
    assert alarms <= set(aws_template()["Resources"])


def statements(value: Any) -> list[dict[str, Any]]:
    """Every statement below `value` of what a role may do. A key's own policy is not that: its "*" is the key."""
    if isinstance(value, dict):
        own = [value] if "Effect" in value else []
        return own + [each for name, child in value.items() if name != "KeyPolicy" for each in statements(child)]
    return [each for child in value for each in statements(child)] if isinstance(value, list) else []


def test_nobody_is_allowed_more_than_named_actions_on_named_resources() -> None:
    found = statements(aws_template()["Resources"])
    assert found
    for statement in found:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert not [action for action in actions if "*" in action], statement
        # A provider is added without touching the template: its secret has the prefix that the paying doors may read.
        # Which address sends is in a secret; it is one of the account's own, in the cell's region.
        known = str(statement["Resource"]).replace("/provider_*", "").replace(":identity/*", "")
        assert "*" not in known, statement


def test_no_function_may_scan_or_drop_the_table() -> None:
    actions = {action for each in statements(aws_template()["Resources"]) for action in each["Action"]}
    assert not actions & {"dynamodb:Scan", "dynamodb:DeleteTable", "dynamodb:UpdateTable"}


@pytest.mark.parametrize(("door", "function"), aws_functions().items(), ids=aws_functions())
def test_no_setting_of_a_function_is_a_secret(door: str, function: dict[str, Any]) -> None:
    assert "{{resolve:" not in str(function["Environment"]), f"{door}: secrets are read at run time"


def test_the_stream_reports_the_events_that_failed_and_gives_them_up_to_a_queue() -> None:
    stream = aws_functions()["events"]["Events"]["Commits"]["Properties"]
    assert stream["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert stream["DestinationConfig"]["OnFailure"]["Destination"] == {"Fn::GetAtt": "DeadLetters.Arn"}
    assert stream["MaximumRetryAttempts"] > 0
