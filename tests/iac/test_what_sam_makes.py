"""template.yaml as SAM's own translator writes it out for CloudFormation: what wakes a function wakes its live alias,
may do so, and changed code makes a version that the alias moves to."""

from __future__ import annotations

import json
import os
import subprocess
from functools import cache
from typing import Any, Iterator

import pytest

from tests.support.cloud_facts import aws_functions, aws_template
from tests.support.tree import ROOT

SAM_PYTHON = ROOT / ".venvs" / "sam" / "bin" / "python"
RESOURCES_LIMIT, TEMPLATE_LIMIT_BYTES = 500, 1_000_000
"""Of one stack, and of its template in S3 (CloudFormation quotas)."""


def artefacts(changed: str = "") -> dict[str, str]:
    """Resource -> where its code lies. `changed`: the one whose content is another than before."""
    kinds = ("AWS::Serverless::Function", "AWS::Serverless::LayerVersion")
    names = [name for name, each in aws_template()["Resources"].items() if each["Type"] in kinds]
    return {name: f"s3://artefacts/{name}-{2 if name == changed else 1}" for name in names}


@cache
def made(changed: str = "") -> dict[str, dict[str, Any]]:
    """Logical id -> resource."""
    script = ROOT / "tests" / "support" / "sam_translate.py"
    command = [str(SAM_PYTHON), str(script), str(ROOT / "template.yaml"), json.dumps(artefacts(changed))]
    environment = {"PATH": os.environ["PATH"], "AWS_DEFAULT_REGION": "eu-central-1", "LANG": "C.UTF-8"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(done.stdout) < TEMPLATE_LIMIT_BYTES
    resources: dict[str, dict[str, Any]] = json.loads(done.stdout)["Resources"]
    return resources


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    return {name: each["Properties"] for name, each in made().items() if each["Type"] == kind}


def alias_of(door: str) -> str:
    (name,) = (
        name
        for name, each in aws_template()["Resources"].items()
        if each["Properties"].get("CodeUri") == f"functions/{door}/"
    )
    return f"{name}Aliaslive"


def versions(changed: str = "") -> dict[str, str]:
    """Alias -> logical id of the version that it stands on."""
    return {
        name: each["Properties"]["FunctionVersion"]["Fn::GetAtt"][0]
        for name, each in made(changed).items()
        if each["Type"] == "AWS::Lambda::Alias"
    }


def test_the_stack_is_within_cloudformations_limits() -> None:
    assert len(made()) < RESOURCES_LIMIT


def test_unchanged_code_stays_where_it_is() -> None:
    assert set(versions()) == {alias_of(door) for door in aws_functions()}
    made.cache_clear()
    before = versions()
    made.cache_clear()
    assert versions() == before


@pytest.mark.parametrize("layer", ["CoreLayer", "DepsLayer"])
def test_changed_code_in_a_layer_makes_a_version_of_every_function(layer: str) -> None:
    """Nearly every change of ours is one of the layer alone. Without a new version the alias, and with it every caller,
    would stay with the old code."""
    before, after = versions(), versions(layer)
    assert [alias for alias in before if before[alias] == after[alias]] == []


def test_changed_code_of_a_function_makes_a_version_of_that_function() -> None:
    before, after = versions(), versions("FxFunction")
    assert [alias for alias in before if before[alias] != after[alias]] == ["FxFunctionAliaslive"]


@pytest.mark.parametrize("door", aws_functions())
def test_a_version_takes_over_by_codedeploy_and_an_alarm_takes_it_back(door: str) -> None:
    policy = made()[alias_of(door)]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
    group = made()[policy["DeploymentGroupName"]["Ref"]]["Properties"]
    assert {each["Name"]["Ref"] for each in group["AlarmConfiguration"]["Alarms"]} == {
        "FunctionsFailedAlarm", "AvailabilityFastShortAlarm",
    }  # fmt: skip
    assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]
    assert group["AutoRollbackConfiguration"]["Enabled"] is True


def routes() -> Iterator[tuple[str, str, str]]:
    """(method, path, logical id in the address of the integration)"""
    (api,) = of_kind("AWS::ApiGatewayV2::Api").values()
    for path, methods in api["Body"]["paths"].items():
        for method, about in methods.items():
            if method != "options":
                address = about["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
                yield method.upper(), path, address.split("${")[-1].split("}")[0]


def test_every_route_leads_to_the_live_alias_of_its_door_which_the_gateway_may_call() -> None:
    wanted = {
        (event["Properties"]["Method"], event["Properties"]["Path"], alias_of(door))
        for door, about in aws_functions().items()
        for event in about.get("Events", {}).values()
        if event["Type"] == "HttpApi"
    }
    assert set(routes()) == wanted
    allowed = {
        (each["SourceArn"]["Fn::Sub"][0].split("}/")[-1], each["FunctionName"]["Ref"])
        for each in of_kind("AWS::Lambda::Permission").values()
        if each["Principal"] == "apigateway.amazonaws.com"
    }
    for method, path, alias in wanted:
        source = f"{method}{'/'.join('*' if part.startswith('{') else part for part in path.split('/'))}"
        assert (source, alias) in allowed, f"{method} {path}"


def test_answers_are_whole_never_streamed() -> None:
    """The doors return one value; and nothing but the gateway reaches a function over HTTP."""
    assert not of_kind("AWS::Lambda::Url")
    assert "response-streaming" not in json.dumps(of_kind("AWS::ApiGatewayV2::Api"))


def test_the_stream_and_the_timers_wake_the_live_alias() -> None:
    (stream,) = of_kind("AWS::Lambda::EventSourceMapping").values()
    assert stream["FunctionName"] == {"Ref": alias_of("events")}
    assert stream["EventSourceArn"] == {"Fn::GetAtt": ["Table", "StreamArn"]}
    timers = of_kind("AWS::Scheduler::Schedule")
    assert {each["Target"]["Arn"]["Ref"] for each in timers.values()} == {alias_of("schedule")}
    (asked,) = of_kind("AWS::Lambda::EventInvokeConfig").values()
    assert (asked["FunctionName"], asked["Qualifier"]) == (
        {"Ref": alias_of("schedule").removesuffix("Aliaslive")},
        "live",
    )


def may(role: str) -> set[tuple[str, str]]:
    """(action, resource) of the role's own policies."""
    found = set()
    for policy in made()[role]["Properties"].get("Policies", []):
        for statement in policy["PolicyDocument"]["Statement"]:
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            found |= {(action, json.dumps(statement["Resource"])) for action in actions}
    return found


def test_whoever_gives_up_may_write_to_the_queue_of_what_was_given_up() -> None:
    queue = {"Fn::GetAtt": ["DeadLetters", "Arn"]}
    send = ("sqs:SendMessage", json.dumps(queue))
    (stream,) = of_kind("AWS::Lambda::EventSourceMapping").values()
    (asked,) = of_kind("AWS::Lambda::EventInvokeConfig").values()
    assert stream["DestinationConfig"]["OnFailure"]["Destination"] == queue
    assert asked["DestinationConfig"]["OnFailure"]["Destination"] == queue
    assert send in may("EventsFunctionRole")
    assert send in may("ScheduleFunctionRole")
    for timer in of_kind("AWS::Scheduler::Schedule").values():
        assert timer["Target"]["DeadLetterConfig"]["Arn"] == queue
        role = timer["Target"]["RoleArn"]["Fn::GetAtt"][0]
        assert may(role) == {send, ("lambda:InvokeFunction", json.dumps({"Ref": alias_of("schedule")}))}


def test_every_function_may_write_its_log_and_events_may_read_the_stream() -> None:
    logs, stream = "service-role/AWSLambdaBasicExecutionRole", "service-role/AWSLambdaDynamoDBExecutionRole"
    for door in aws_functions():
        function = made()[alias_of(door).removesuffix("Aliaslive")]["Properties"]
        granted = str(made()[function["Role"]["Fn::GetAtt"][0]]["Properties"]["ManagedPolicyArns"])
        assert logs in granted
        assert (stream in granted) == (door == "events")
        assert function["Handler"] == "index.main_handler"
        layers = [made()[each["Ref"]]["Properties"]["LayerName"] for each in function["Layers"]]
        assert layers == ["CoreLayer", "DepsLayer"]


NAMES = ("Name", "FunctionName", "LogGroupName", "AliasName", "DashboardName", "AlarmName", "QueueName", "TableName")
OF_THE_CELL_ALONE = ("AWS::SecretsManager::Secret", "AWS::Route53::RecordSet", "AWS::CodeDeploy::Application")
"""Secrets: a second stage of a cell lives in an account of its own (docs/operations.md)."""


def test_nothing_has_a_name_that_another_cell_or_stage_would_want_too() -> None:
    named = 0
    for name, each in made().items():
        for key in NAMES:
            value = each.get("Properties", {}).get(key)
            if isinstance(value, str) and key == "Name" and each["Type"] == "AWS::Lambda::Alias":
                continue  # `live`, of its function
            if isinstance(value, (str, dict)) and each["Type"] not in OF_THE_CELL_ALONE and "Ref" not in value:
                assert "${Stage}" in str(value) and "${Cell}" in str(value), f"{name}: {value}"
                named += 1
    assert named > len(aws_functions())


def test_each_name_of_the_certificate_is_proven_by_a_record_of_its_own() -> None:
    (certificate,) = of_kind("AWS::CertificateManager::Certificate").values()
    names = [certificate["DomainName"], *certificate["SubjectAlternativeNames"]]
    proven = [each["DomainName"] for each in certificate["DomainValidationOptions"]]
    assert proven == names
    assert all(each["HostedZoneId"] == {"Ref": "HostedZoneId"} for each in certificate["DomainValidationOptions"])
    assert {json.dumps(each["DomainName"]) for each in of_kind("AWS::ApiGatewayV2::DomainName").values()} == {
        json.dumps(name) for name in names
    }


def test_the_nearest_cell_that_is_well_answers_for_the_shared_name() -> None:
    records = of_kind("AWS::Route53::RecordSet")
    nearest, own = records["NearestRecord"], records["Record"]
    assert nearest["Region"] == {"Ref": "AWS::Region"}
    assert nearest["SetIdentifier"] == {"Ref": "Cell"}
    health = made()[nearest["HealthCheckId"]["Ref"]]["Properties"]["HealthCheckConfig"]
    assert (health["Type"], health["ResourcePath"]) == ("HTTPS", "/v1/health")
    assert health["FullyQualifiedDomainName"] == own["Name"] == {"Ref": "DomainName"}, (
        "the cell's own name, never the shared"
    )
    for record, domain in ((nearest, "SharedDomainName"), (own, "DomainName")):
        assert record["AliasTarget"]["DNSName"] == {"Fn::GetAtt": [domain, "RegionalDomainName"]}
        assert record["AliasTarget"]["HostedZoneId"] == {"Fn::GetAtt": [domain, "RegionalHostedZoneId"]}
    mapped = {each["DomainName"]["Ref"] for each in of_kind("AWS::ApiGatewayV2::ApiMapping").values()}
    assert mapped == {"DomainName", "SharedDomainName"}
