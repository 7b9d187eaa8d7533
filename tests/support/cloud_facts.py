"""What each cloud's files say, in the same words, so that the two can be laid side by side: `timer <job> <when>`,
`limit <door> memory 512 MB`, `may <door> read secret mail`. One fact a line; a value that differs is two facts."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any, Iterator

import hcl2

from infra.aws_alarms import resource, rings
from infra.compile_alarms import TENCENT, wanted
from tests.support import tree
from tests.support.doors import load_door
from tests.support.tree import ROOT

UTC_TO_TIMER_HOURS = 8
# Read once: a template takes a second.
aws_functions, aws_template = cache(tree.aws_functions), cache(tree.aws_template)
tencent_functions, tencent_file = cache(tree.tencent_functions), cache(tree.tencent_file)
FOLDER = ROOT / "infra" / "tencent"


@cache
def aws_facts() -> set[str]:
    return {fact for part in (_aws_doors(), _aws_rights(), _aws_timers(), _aws_rest()) for fact in part}


@cache
def tencent_facts() -> set[str]:
    parts = (_tencent_doors(), _tencent_rights(), _tencent_timers(), _tencent_rest())
    return {fact for part in parts for fact in part}


def _aws_doors() -> Iterator[str]:
    for door, about in aws_functions().items():
        yield f"door {door} {about['Handler']}"
        yield f"limit {door} memory {about['MemorySize']} MB"
        yield f"limit {door} time {about['Timeout']} s"
        yield f"runtime {door} {about['Runtime'].lower()} {about['Architectures'][0]}"
        yield from (f"limit {door} concurrency {n}" for n in [about.get("ReservedConcurrentExecutions")] if n)
        yield from (f"layer {door} {each['Ref']}" for each in about["Layers"])
        yield from (f"variable {door} {name}" for name in about["Environment"]["Variables"])
        yield f"log {door}" if about["LoggingConfig"]["LogGroup"] == {"Ref": "Logs"} else f"log {door} elsewhere"
        yield f"rollout {door} by degrees" if about["AutoPublishAlias"] == "live" else f"rollout {door} at once"
        yield from (f"rollout {door} back on {each['Ref']}" for each in about["DeploymentPreference"]["Alarms"])
        for event in about.get("Events", {}).values():
            if event["Type"] == "HttpApi":
                yield f"route {door} {event['Properties']['Method']} {event['Properties']['Path']}"


def _tencent_doors() -> Iterator[str]:
    common = tencent_file()["inputs"]
    (function,) = _resources("tencentcloud_scf_function").values()
    environment = {*re.findall(r"(TWINSHORE_\w+) =", str(_local("environment")))}
    reserved = {door: int(str(_evaluated(each))) // 512 for door, each in _local("reserved_mb").items()}
    for door, about in tencent_functions().items():
        yield f"door {door} {about['handler']}"
        yield f"limit {door} memory {about['memorySize']} MB"
        yield f"limit {door} time {about['timeout']} s"
        yield f"runtime {door} {about['runtime'].lower()} x86_64"
        yield from (f"limit {door} concurrency {n}" for n in [reserved.get(door)] if n)
        yield from (f"layer {door} {each['name'].removeprefix('twinshore-').title()}Layer" for each in about["layers"])
        yield from (f"variable {door} {name}" for name in {each["key"] for each in about["environments"]} | environment)
        yield f"log {door}" if function["cls_topic_id"] and common["cls"] else f"log {door} elsewhere"
        yield (
            f"rollout {door} by degrees" if "tencentcloud_scf_function_alias" in _kinds() else f"rollout {door} at once"
        )
    urls = {each["function"] for each in common["triggers"] if each["type"] == "http"}
    for door in tencent_functions():
        for route in getattr(load_door(door).main_handler, "routes", []):
            if door in urls and _served_by(route.path) == {door}:
                yield f"route {door} {route.method} {route.path}"


def _aws_rights() -> Iterator[str]:
    store = aws_template()["Resources"]["StoreAccess"]["Properties"]["PolicyDocument"]["Statement"]
    assert [str(each["Resource"]).split("'")[1] for each in store] == ["Fn::GetAtt", "Fn::GetAtt"]
    for door, about in aws_functions().items():
        for policy in about.get("Policies", []):
            if policy == {"Ref": "StoreAccess"}:
                yield f"may {door} use the store"
                continue
            for statement in policy["Statement"]:
                yield from _rights(
                    door, statement["Action"], str(statement["Resource"]), r"\$\{Cell\}/(\w+?)(?:-\?{6}|\*)'"
                )


def _tencent_rights() -> Iterator[str]:
    (policy,) = _resources("tencentcloud_cam_policy").values()
    actions = set(re.findall(r'"name/(\w+:\w+)"', (FOLDER / "roles.tf").read_text(encoding="utf-8")))
    assert "for_each" in policy
    for door, secrets in _local("read_by").items():
        for name in secrets:
            yield f"may {door} use the store" if name == "database" else f"may {door} read secret {_family(name)}"
        if "mail" in secrets and "ses:SendEmail" in actions:
            yield f"may {door} send mail"
        yield from (
            f"may {door} {action}" for action in actions - {"ssm:GetSecretValue", "sts:AssumeRole", "ses:SendEmail"}
        )


def _rights(door: str, action: str, resources: str, names: str) -> Iterator[str]:
    if action == "ses:SendEmail":
        yield f"may {door} send mail"
    elif action != "secretsmanager:GetSecretValue":
        yield f"may {door} {action}"
    yield from (f"may {door} read secret {_family(name)}" for name in re.findall(names, resources))


def _family(secret: str) -> str:
    """One grant covers a cell's providers on AWS; on Tencent each is named."""
    return "provider_*" if secret.startswith("provider_") else secret


def _aws_timers() -> Iterator[str]:
    for event in aws_functions()["schedule"]["Events"].values():
        about = event["Properties"]
        when = about["ScheduleExpression"]
        daily = re.fullmatch(r"cron\((\d+) (\d+) \? \* ([A-Z-]+) \*\)", when)
        at = f"{daily[2]}:{daily[1]} UTC {daily[3]}" if daily else "every minute"
        yield f"timer {json.loads(about['Input'])['job']} {at}"


def _tencent_timers() -> Iterator[str]:
    for each in tencent_file()["inputs"]["triggers"]:
        if each["type"] == "timer":
            daily = re.fullmatch(r"0 (\d+) (\d+) \* \* ([A-Z-]+) \*", each["parameters"]["cronExpression"])
            at = f"{int(daily[2]) - UTC_TO_TIMER_HOURS}:{daily[1]} UTC {daily[3]}" if daily else "every minute"
            assert each["parameters"]["enable"] is True
            yield f"timer {each['parameters']['argument']} {at}"


def _aws_rest() -> Iterator[str]:
    resources = aws_template()["Resources"]
    ringing = {name for name, body in resources.items() if "Alarm" in body["Type"] and rings(body)}
    yield from (f"alarm {name}" for name in _alarm_names() if resource(name) in ringing)
    invoked = aws_functions()["schedule"]["EventInvokeConfig"]
    yield f"retries schedule {invoked['MaximumRetryAttempts']} within {invoked['MaximumEventAgeInSeconds']} s"
    stream = aws_functions()["events"]["Events"]["Commits"]["Properties"]
    yield f"retries events {stream['MaximumRetryAttempts']} within {stream['MaximumRecordAgeInSeconds']} s"
    yield f"dead letters {'by queue' if 'DeadLetters' in resources else 'nowhere'}"
    table = resources["Table"]["Properties"]
    yield "store sealed with the cell's key" if "KMSMasterKeyId" in table["SSESpecification"] else "store sealed"
    yield "store not deleted by a slip" if table["DeletionProtectionEnabled"] else "store deleted by a slip"
    if table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]:
        yield "store restored to any second of 35 days"
    yield f"key of the cell rotates {resources['CellKey']['Properties']['EnableKeyRotation']}".lower()
    yield f"log kept {aws_template()['Parameters']['LogRetentionDays']['Default']} days"
    cors = resources["Api"]["Properties"]["CorsConfiguration"]
    yield from _cors(cors, ("AllowMethods", "AllowHeaders", "ExposeHeaders"), str(cors["MaxAge"]))
    yield f"throttling {resources['Api']['Properties']['DefaultRouteSettings']['ThrottlingRateLimit']['Ref']}"
    yield from (f"stands {name}" for name in ("Dashboard", "Health") if name in resources)
    yield "domain of the cell" if "DomainName" in resources else "domain by hand"


def _tencent_rest() -> Iterator[str]:
    yield from (f"alarm {name}" for name in json.loads(TENCENT.read_text(encoding="utf-8"))["alarms"])
    (invoked,) = _resources("tencentcloud_scf_function_event_invoke_config").values()
    about = invoked["async_trigger_config"][0]
    for door in re.findall(r"\w+", str(invoked["for_each"]).removeprefix("${toset(")):
        yield f"retries {door} {about['retry_config'][0]['retry_num']} within {about['msg_ttl']} s"
    (store,) = _resources("tencentcloud_postgresql_instance").values()
    yield (
        "store sealed with the cell's key" if store.get("need_support_tde") and store["kms_key_id"] else "store sealed"
    )
    yield "store not deleted by a slip" if store["delete_protection"] else "store deleted by a slip"
    for plan in _resources("tencentcloud_postgresql_backup_plan_config").values():
        yield f"store restored to any second of {plan['log_backup_retention_period']} days"
    (key,) = _resources("tencentcloud_kms_key").values()
    yield f"key of the cell rotates {key['key_rotation_enabled']}".lower()
    (topic,) = _resources("tencentcloud_cls_topic").values()
    yield f"log kept {topic['period']} days"
    for each in tencent_file()["inputs"]["triggers"]:
        if each["type"] == "http":
            cors = each["parameters"]["corsConfig"]
            yield from _cors(cors, ("methods", "headers", "exposeHeaders"), str(cors["maxAge"]))
    yield "domain of the cell" if "tencentcloud_scf_custom_domain" in _kinds() else "domain by hand"
    yield from ("one address out" for _ in _resources("tencentcloud_nat_gateway"))


def _cors(about: dict[str, Any], names: tuple[str, ...], seconds: str) -> Iterator[str]:
    for what, name in zip(("methods", "headers", "exposed"), names):
        yield f"cors {what} {' '.join(about[name])}"
    yield f"cors for {seconds} s"


def _alarm_names() -> list[str]:
    table = wanted()
    return [*table["alarms"], *(f"{level}-{speed}" for level in table["levels"] for speed in table["burn"])]


@cache
def _parsed() -> dict[str, Any]:
    found: dict[str, Any] = {"resource": {}, "locals": {}}
    for path in sorted(FOLDER.glob("*.tf")):
        with path.open(encoding="utf-8") as file:
            read = _bare(hcl2.load(file))
        for entry in read.get("locals", []):
            found["locals"] |= entry
        for entry in read.get("resource", []):
            for kind, named in entry.items():
                found["resource"].setdefault(kind, {}).update(named)
    return found


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {_bare(key): _bare(each) for key, each in value.items() if not str(key).startswith("__")}
    if isinstance(value, list):
        return [_bare(each) for each in value]
    return value.strip('"') if isinstance(value, str) else value


def _kinds() -> set[str]:
    return set(_parsed()["resource"])


def _resources(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = _parsed()["resource"].get(kind, {})
    return found


def _local(name: str) -> Any:
    return _parsed()["locals"][name]


def _evaluated(product: object) -> int:
    """`${30 * 512}`"""
    factors = re.findall(r"\d+", str(product))
    return int(factors[0]) * int(factors[1])


def _served_by(path: str) -> set[str]:
    """The platform's `/x/*` covers everything below /x; what is named in full goes before it."""
    patterns: dict[str, str] = _local("paths")
    below = {door for pattern, door in patterns.items() if pattern.endswith("/*") and path.startswith(pattern[:-1])}
    return {patterns[path]} if path in patterns else below
