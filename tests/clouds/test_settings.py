"""One word of a setting chooses between our signed calls and the official packages, and a door serves alike by both."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Iterator

import boto3
import pytest

from tests.support import engines
from tests.support.doors import SECRETS, Place
from tests.support.tree import ROOT
from twinshore import deployment, wiring

IN_A_FRESH_INTERPRETER = """
import json, sys, time
from twinshore import wiring
from twinshore.store.port import Create, Key
began = time.process_time()
wiring.store().commit(Create(Key("order#" + sys.argv[1], "order"), {"state": "open"}))
cold = time.process_time() - began
warm = []
for _ in range(300):
    began = time.process_time()
    found = wiring.store().get(Key("order#" + sys.argv[1], "order"))
    warm.append(time.process_time() - began)
print(json.dumps({"state": found.fields["state"], "modules": sorted(sys.modules), "cold": cold, "warm": min(warm)}))
"""


@pytest.fixture
def amazon(ministack_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in (("AWS_ENDPOINT_URL", ministack_url), ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
                        ("AWS_SECRET_ACCESS_KEY", "not-a-secret"), ("AWS_DEFAULT_REGION", "eu-central-1")):  # fmt: skip
        monkeypatch.setenv(name, value)
    return ministack_url


@pytest.fixture
def place(amazon: str, tmp_path: Path) -> Iterator[Place]:
    before = dict(os.environ)
    yield Place("eu", tmp_path, {}, {})
    os.environ.clear()
    os.environ.update(before)
    wiring.reset()


def asked(kind: str, table: str, folder: Path) -> dict[str, Any]:
    """What a fresh interpreter says that has written and read by this setting."""
    (folder / "secrets.json").write_text(json.dumps(SECRETS))
    settings = {
        **os.environ,
        "TWINSHORE_CELL": "eu",
        "TWINSHORE_STORE": f"{kind}:{table}",
        "TWINSHORE_SECRETS": f"file:{folder / 'secrets.json'}",
        "PYTHONPATH": str(ROOT / "layers" / "core"),
    }
    done = subprocess.run([sys.executable, "-c", IN_A_FRESH_INTERPRETER, kind], env=settings, capture_output=True,
                          text=True, timeout=60, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def test_the_setting_of_the_store_chooses_the_client_and_ours_is_a_fraction_of_the_other(
    amazon: str, tmp_path: Path
) -> None:
    """Of the processor's time, through the whole store: 0.15 cold and 0.31 warm where this was written; a busy machine
    is given more."""
    table = engines.new_table(engines.dynamodb_client(amazon))
    ours, official = (asked(kind, table, tmp_path) for kind in ("dynamodb", "dynamodb-sdk"))
    assert ours["state"] == official["state"] == "open"
    assert "botocore" in official["modules"]
    assert not {"botocore", "boto3"} & set(ours["modules"])
    assert ours["cold"] <= 0.3 * official["cold"], (ours["cold"], official["cold"])
    assert ours["warm"] <= 0.5 * official["warm"], (ours["warm"], official["warm"])


@pytest.mark.parametrize(("kind", "made_by"), [("dynamodb", "twinshore"), ("dynamodb-sdk", "botocore")])
def test_a_door_serves_by_either_client(kind: str, made_by: str, place: Place, amazon: str) -> None:
    place.store = f"{kind}:{engines.new_table(engines.dynamodb_client(amazon))}"
    place.rewire()
    answer = place.call("points", "GET", "/v1/points", token=place.member_token())
    assert (answer.status, answer.json()["balance"]) == (200, 0)
    assert type(wiring.engine()._client).__module__.split(".")[0] == made_by


@pytest.mark.parametrize(("setting", "made_by"), [("aws", "SecretsManager"), ("aws:sdk", "PowertoolsSecrets")])
def test_a_door_has_its_secrets_by_either_way(setting: str, made_by: str, place: Place, amazon: str) -> None:
    client = boto3.client("secretsmanager", endpoint_url=amazon, region_name="eu-central-1")
    names = [each["Name"] for each in client.list_secrets()["SecretList"]]
    if "twinshore/eu/session_keys" not in names:
        client.create_secret(Name="twinshore/eu/session_keys", SecretString=SECRETS["session_keys"])
    token = place.member_token()
    place.rewire()
    os.environ["TWINSHORE_SECRETS"] = setting
    assert place.call("points", "GET", "/v1/points", token=token).status == 200
    assert type(deployment.secrets()).__name__ == made_by


@pytest.mark.parametrize("setting", ["nowhere", "gcp", ""])
def test_another_word_is_no_setting(setting: str, place: Place) -> None:
    os.environ["TWINSHORE_SECRETS"] = setting
    wiring.reset()
    with pytest.raises(deployment.Misconfigured):
        deployment.secrets()
    os.environ.update(TWINSHORE_SECRETS="aws", TWINSHORE_STORE=f"{setting}:x")
    wiring.reset()
    with pytest.raises(deployment.Misconfigured):
        wiring.engine()
