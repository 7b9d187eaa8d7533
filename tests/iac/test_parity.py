"""The templates say what the code and the tables say. That the two clouds agree is held by test_differences.py."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.cell_gateway import CLIENT_IP_HEADER, CORS
from tests.support.doors import load_door
from tests.support.tree import ROOT, aws_functions, aws_template, doors, tencent_file, tencent_functions
from twinshore import wiring

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib

DOORS = sorted(set(aws_functions()) | set(tencent_functions()))
JOBS: dict[str, dict[str, Any]] = tomllib.loads((ROOT / "infra" / "schedules.toml").read_text(encoding="utf-8"))["jobs"]
UTC_TO_TIMER_HOURS = 8


def routes_of(door: str) -> set[tuple[str, str]]:
    handler = load_door(door).main_handler
    return {(route.method, route.path) for route in getattr(handler, "routes", [])}


def http_events(door: str) -> set[tuple[str, str]]:
    events = aws_functions()[door].get("Events", {}).values()
    return {(e["Properties"]["Method"], e["Properties"]["Path"]) for e in events if e["Type"] == "HttpApi"}


def test_both_clouds_have_the_same_doors() -> None:
    assert set(aws_functions()) == set(tencent_functions())
    assert set(doors()) == set(DOORS)


@pytest.mark.parametrize("door", doors())
def test_the_routes_of_the_template_are_the_doors_own(door: str) -> None:
    assert http_events(door) == routes_of(door)


@pytest.mark.parametrize("door", DOORS)
def test_a_door_that_answers_http_has_a_function_url(door: str) -> None:
    urls = [t["function"] for t in tencent_file()["inputs"]["triggers"] if t["type"] == "http"]
    assert urls.count(door) == (1 if http_events(door) else 0)


def test_browsers_are_told_the_same() -> None:
    aws = aws_template()["Resources"]["Api"]["Properties"]["CorsConfiguration"]
    for trigger in tencent_file()["inputs"]["triggers"]:
        if trigger["type"] == "http":
            cors = trigger["parameters"]["corsConfig"]
            assert (cors["methods"], cors["headers"]) == (aws["AllowMethods"], aws["AllowHeaders"])
            assert (cors["exposeHeaders"], cors["maxAge"]) == (aws["ExposeHeaders"], aws["MaxAge"])


def test_browsers_may_send_every_method_of_every_route_and_the_box_tells_them_so_too() -> None:
    aws = aws_template()["Resources"]["Api"]["Properties"]["CorsConfiguration"]
    assert set(aws["AllowMethods"]) == {
        method for door in doors() if http_events(door) for method, _ in routes_of(door)
    }
    box = {name.removeprefix("Access-Control-"): told.split(",") for name, told in CORS.items()}
    assert box["Allow-Methods"] == aws["AllowMethods"]
    assert box["Allow-Headers"] == [*aws["AllowHeaders"], CLIENT_IP_HEADER]
    assert (box["Expose-Headers"], box["Max-Age"]) == (aws["ExposeHeaders"], [str(aws["MaxAge"])])


def aws_timers() -> dict[str, str]:
    """Job -> schedule expression."""
    events = aws_functions()["schedule"]["Events"].values()
    timers = {json.loads(e["Properties"]["Input"])["job"]: e["Properties"]["ScheduleExpression"] for e in events}
    assert len(timers) == len(events)
    return timers


def tencent_timers() -> dict[str, str]:
    """Job -> cron of seven fields. The argument and the trigger's name both name the job."""
    timers = [t["parameters"] for t in tencent_file()["inputs"]["triggers"] if t["type"] == "timer"]
    assert all(timer["name"] == timer["argument"] for timer in timers)
    return {timer["name"]: timer["cronExpression"] for timer in timers}


def as_aws(job: dict[str, Any]) -> str:
    if "rate" in job:
        return "rate(1 minute)"
    hour, minute = map(int, job["daily"].split(":"))
    return f"cron({minute} {hour} ? * {job['days']} *)"


def as_tencent(job: dict[str, Any]) -> str:
    """Timers there are read in UTC+8. A job whose day would change with the zone cannot be written with days."""
    if "rate" in job:
        return "0 * * * * * *"
    hour, minute = map(int, job["daily"].split(":"))
    assert hour + UTC_TO_TIMER_HOURS < 24, "the weekday must be the same in both zones"
    return f"0 {minute} {hour + UTC_TO_TIMER_HOURS} * * {job['days']} *"


def test_the_clock_is_what_the_table_says() -> None:
    assert all(job.get("rate", "every minute") == "every minute" and job["why"] for job in JOBS.values())
    assert aws_timers() == {name: as_aws(job) for name, job in JOBS.items() if "aws" in job["clouds"]}
    assert tencent_timers() == {name: as_tencent(job) for name, job in JOBS.items() if "tencent" in job["clouds"]}


def test_the_clock_asks_for_what_the_schedule_door_can_do() -> None:
    assert set(wiring.jobs()) == set(JOBS)
