"""serverless.yml: the vendor's command cannot be had, so a schema of our own reads it (docs/decisions/0032)."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.support.tree import doors, tencent_file, tencent_functions

SCHEMA = json.loads((Path(__file__).parent / "tencent_schema.json").read_text(encoding="utf-8"))
ENVIRONMENT_LIMIT_BYTES = 4096
LONGEST_STAGE = "production12"
NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_-]{0,58}[a-zA-Z0-9]")


def check(file: dict[str, Any]) -> None:
    jsonschema.validate(file, SCHEMA, cls=jsonschema.Draft202012Validator)


def test_the_file_is_of_the_form_multi_scf() -> None:
    check(tencent_file())


MISTAKES: dict[str, tuple[str, Any]] = {
    "a reserved prefix in the environment": ("inputs/environments/0/key", "SCF_CELL"),
    "the environment as a map": ("inputs/environments", {"TWINSHORE_CELL": "cn"}),
    "a runtime that is not documented": ("inputs/runtime", "python3.10"),
    "a handler in a folder": ("inputs/functions/fx/handler", "functions.fx.index.main_handler"),
    "memory that is no step of 128": ("inputs/memorySize", 500),
    "a timeout over 900 s": ("inputs/timeout", 901),
    "a timer without enable": ("inputs/triggers/-1/parameters", {"name": "t", "cronExpression": "0 * * * * * *"}),
    "a timer that is switched off": ("inputs/triggers/-1/parameters/enable", False),
    "a cron of five fields": ("inputs/triggers/-1/parameters/cronExpression", "* * * * *"),
    "a function URL closed on both sides by default": ("inputs/triggers/0/parameters/netConfig", {}),
    "an API Gateway trigger": ("inputs/triggers/0/type", "apigw"),
    "a misspelt key": ("inputs/functions/fx/memory", 512),
    "a sixth layer": ("inputs/layers", [{"name": "l", "version": 1}] * 6),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_schema_refuses(mistake: str) -> None:
    file = copy.deepcopy(tencent_file())
    where, value = MISTAKES[mistake]
    *steps, last = [int(step) if re.fullmatch(r"-?\d+", step) else step for step in where.split("/")]
    place: Any = file
    for step in steps:
        place = place[step]
    place[last] = value
    with pytest.raises(jsonschema.ValidationError):
        check(file)


@pytest.mark.parametrize("door", tencent_functions())
def test_a_functions_name_fits_the_platform(door: str) -> None:
    name = tencent_functions()[door]["name"].replace("${env:TWINSHORE_STAGE}", LONGEST_STAGE)
    assert NAME.fullmatch(name), f"{name} is {len(name)} characters of 60, letters first"


@pytest.mark.parametrize("door", tencent_functions())
def test_a_functions_settings_fit_and_hold_no_secret(door: str) -> None:
    pairs = tencent_functions()[door]["environments"]
    assert sum(len(pair["key"]) + len(pair["value"]) for pair in pairs) <= ENVIRONMENT_LIMIT_BYTES
    assert not [pair for pair in pairs if "://" in pair["value"] or "password" in pair["value"].lower()]


def test_every_trigger_wakes_a_function_of_the_file() -> None:
    inputs = tencent_file()["inputs"]
    assert {trigger["function"] for trigger in inputs["triggers"]} <= set(inputs["functions"])


def test_timer_names_are_unique_within_their_function() -> None:
    names = [t["parameters"]["name"] for t in tencent_file()["inputs"]["triggers"] if t["type"] == "timer"]
    assert len(names) == len(set(names)) <= 10, "ten timers at most on one function"


def test_each_function_is_its_own_folder() -> None:
    for door, function in tencent_functions().items():
        assert function["src"] == f"./functions/{door}"
        assert function["handler"] == "index.main_handler"
    assert set(doors()) == set(tencent_functions())
