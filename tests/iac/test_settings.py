"""What both clouds' files set, against what the code reads and what the platforms take."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.iac.test_terraform import local, parsed, resources
from tests.support.cloud_facts import aws_functions, aws_template, tencent_file, tencent_functions
from twinshore.events import Event
from twinshore.store import attributes
from twinshore.store.dynamodb import events_of_stream_record
from twinshore.store.port import Create, Increment, Key, Replace

GATEWAY_SECONDS = 30
"""API Gateway answers 504 by itself after this (HTTP API quotas), whatever the function still does."""
DYNAMODB_RECOVERY_DAYS = 35


def of_template(name: str) -> dict[str, Any]:
    about: dict[str, Any] = aws_template()["Resources"][name]["Properties"]
    return about


@pytest.mark.parametrize("door", aws_functions())
def test_a_function_is_told_its_cell_its_store_and_where_its_secrets_are(door: str) -> None:
    assert aws_functions()[door]["Environment"]["Variables"] == {
        "TWINSHORE_CELL": {"Ref": "Cell"}, "TWINSHORE_STORE": {"Fn::Sub": "dynamodb:${Table}"},
        "TWINSHORE_SECRETS": "aws",
    }  # fmt: skip
    assert {each["key"]: each["value"] for each in tencent_functions()[door]["environments"]} == {
        "TWINSHORE_CELL": "cn", "TWINSHORE_STORE": "postgresql:database", "TWINSHORE_SECRETS": "tencent",
    }  # fmt: skip
    assert local("environment").replace(" ", "").endswith('{TWINSHORE_ALIAS="live"})}')


@pytest.mark.parametrize("door", aws_functions())
def test_a_door_ends_before_the_gateway_gives_up(door: str) -> None:
    if any(event["Type"] == "HttpApi" for event in aws_functions()[door].get("Events", {}).values()):
        assert aws_functions()[door]["Timeout"] < GATEWAY_SECONDS
        assert tencent_functions()[door]["timeout"] < GATEWAY_SECONDS


@pytest.mark.parametrize("door", tencent_functions())
def test_serverless_yml_names_the_role_that_terraform_makes(door: str) -> None:
    assert tencent_functions()[door]["role"] == f"twinshore-${{env:TWINSHORE_STAGE}}-{door}"
    (role,) = (body for kind, _, body in resources() if kind == "tencentcloud_cam_role")
    assert role["name"] == "${local.prefix}-${each.key}"
    assert local("prefix") == "twinshore-${var.stage}"


def test_functions_in_the_mainland_go_out_by_the_one_address_that_wechat_knows() -> None:
    assert {each["publicAccess"] for each in tencent_functions().values()} == {False}
    (function,) = (body for kind, _, body in resources() if kind == "tencentcloud_scf_function")
    assert function["enable_public_net"] == "${local.declared.publicAccess}"
    assert "enable_eip_config" not in function


def test_the_gateway_turns_away_what_is_too_much_at_once_and_over_time() -> None:
    limits = of_template("Api")["DefaultRouteSettings"]
    assert limits == {key: {"Ref": "RequestsPerSecond"} for key in ("ThrottlingRateLimit", "ThrottlingBurstLimit")}


def test_browsers_come_from_the_origins_that_the_deployment_names() -> None:
    cors = of_template("Api")["CorsConfiguration"]
    assert cors["AllowOrigins"] == {"Ref": "AllowedOrigins"}
    assert "*" not in aws_template()["Parameters"]["AllowedOrigins"]["Default"]
    for trigger in tencent_file()["inputs"]["triggers"]:
        if trigger["type"] == "http":
            assert trigger["parameters"]["corsConfig"]["origins"] == ["${env:TWINSHORE_ALLOWED_ORIGIN}"]


def test_logs_are_kept_for_a_stated_time_under_the_cells_key_and_not_longer() -> None:
    logs = of_template("Logs")
    assert logs["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert logs["KmsKeyId"] == {"Fn::GetAtt": "CellKey.Arn"}
    assert {json.dumps(each["LoggingConfig"]) for each in aws_functions().values()} == {
        json.dumps({"LogGroup": {"Ref": "Logs"}})
    }


def test_what_is_given_up_waits_for_two_weeks() -> None:
    assert of_template("DeadLetters")["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_the_key_may_be_used_by_the_services_that_use_it() -> None:
    """A sealed log group or topic whose service may not use the key loses lines and alarms in silence."""
    policy = of_template("CellKey")["KeyPolicy"]["Statement"]
    services = {
        str(each["Principal"].get("Service")): {action.rstrip("*") for action in each["Action"]}
        for each in policy
        if "Service" in each["Principal"]
    }
    logs, cloudwatch = "{'Fn::Sub': 'logs.${AWS::Region}.amazonaws.com'}", "cloudwatch.amazonaws.com"
    assert set(services) == {logs, cloudwatch}
    assert services[logs] >= {"kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt", "kms:GenerateDataKey", "kms:DescribeKey"}
    assert services[cloudwatch] >= {"kms:Decrypt", "kms:GenerateDataKey"}
    group = of_template("Logs")["LogGroupName"]["Fn::Sub"]
    (sealed,) = (each for each in policy if "logs." in str(each["Principal"]))
    assert f":log-group:{group}*" in str(sealed["Condition"])
    (store,) = (each for each in of_template("StoreAccess")["PolicyDocument"]["Statement"]
                if "CellKey" in str(each["Resource"]))  # fmt: skip
    through = store["Condition"]["StringEquals"]["kms:ViaService"]
    assert [each["Fn::Sub"].split(".")[0] for each in through] == ["dynamodb", "secretsmanager"]


def test_the_stream_brings_every_event_that_is_committed_and_wakes_nobody_for_the_rest() -> None:
    stream = aws_functions()["events"]["Events"]["Commits"]["Properties"]
    assert stream["StartingPosition"] == "TRIM_HORIZON", "what is committed while the stack is made is told, too"
    assert stream["BisectBatchOnFunctionError"] is True
    (pattern,) = (json.loads(each["Pattern"]) for each in stream["FilterCriteria"]["Filters"])
    told = "[" + json.dumps(Event("e1", "points.earned", 1, {"member_id": "m"}).as_json()) + "]"
    for change in (
        Create(Key("p", "s"), {"a": 1}),
        Replace(Key("p", "s"), {"a": 1}, 1),
        Increment(Key("p", "s"), "a", 1),
    ):
        assert matches(pattern, record_of(change, told)), change
        assert [each.id for each in events_of_stream_record(record_of(change, told))] == ["e1"]
        assert not matches(pattern, record_of(change, None)), change
    expired = record_of(Create(Key("p", "s"), {"a": 1}), told)
    assert not matches(pattern, {"eventName": "REMOVE", "dynamodb": {"OldImage": expired["dynamodb"]["NewImage"]}})


def record_of(change: Create | Replace | Increment, told: str | None) -> dict[str, Any]:
    """What the stream says of a change: the attribute of the events is among those that the store writes."""
    _, how = attributes.operation(change, told, 1, False)
    written = json.dumps(how)
    image = {attributes.EVENTS: {"S": told}} if told is not None else {}
    assert (json.dumps({"S": told}) in written) == (told is not None)
    return {"eventName": "MODIFY", "dynamodb": {"NewImage": {"pk": {"S": "p"}, **image}, "SequenceNumber": "1"}}


def matches(pattern: Any, value: Any) -> bool:
    """EventBridge's rule, as far as this pattern goes: each leaf is a list of what may be there."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            name in value and matches(each, value[name]) for name, each in pattern.items()
        )
    return any(each == {"exists": True} or each == value for each in pattern)


def test_backups_reach_back_on_both_clouds() -> None:
    assert of_template("Table")["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    (plan,) = (body for kind, _, body in resources() if kind == "tencentcloud_postgresql_backup_plan_config")
    assert plan["db_instance_id"] == "${tencentcloud_postgresql_instance.store.id}"
    assert plan["log_backup_retention_period"] == plan["base_backup_retention_period"] == DYNAMODB_RECOVERY_DAYS
    assert len(plan["backup_period"]) == 7, "every day"


def test_what_holds_data_in_the_mainland_outlives_a_slip() -> None:
    for kind in ("tencentcloud_postgresql_instance", "tencentcloud_kms_key"):
        (held,) = (body for found, _, body in resources() if found == kind)
        assert held["lifecycle"][0]["prevent_destroy"] is True
    (key,) = (body for kind, _, body in resources() if kind == "tencentcloud_kms_key")
    (secret,) = (body for kind, _, body in resources() if kind == "tencentcloud_ssm_secret")
    assert key["pending_delete_window_in_days"] == secret["recovery_window_in_days"] == 30
    assert secret["kms_key_id"] == "${tencentcloud_kms_key.cell.id}"


def test_a_function_url_is_open() -> None:
    (trigger,) = (body for kind, name, body in resources() if (kind, name) == ("tencentcloud_scf_trigger", "url"))
    assert trigger["enable"] == "OPEN"


def test_what_an_operator_must_say_has_no_default() -> None:
    asked = {name for each in parsed("variable") for name, about in each.items() if "default" not in about}
    assert asked == {"app_id", "certificate_id", "database_password", "releases"}
    (password,) = (each["database_password"] for each in parsed("variable") if "database_password" in each)
    assert password["sensitive"] is True
