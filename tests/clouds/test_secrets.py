"""One contract for every keeper of secrets: the file, AWS Secrets Manager (moto) and Tencent SSM (our twin), each by
our own signed calls and by the official packages."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any, Callable, Iterator, NamedTuple

import pytest

from sandbox.twins.tencent_cloud import TencentCloudTwin
from twinshore.cells import load_cells
from twinshore.clouds.aws.sdk import PowertoolsSecrets
from twinshore.clouds.aws.secrets import SecretsManager
from twinshore.clouds.local.secrets import FileSecrets
from twinshore.clouds.tencent.sdk import SdkSecrets
from twinshore.clouds.tencent.secrets import SsmSecrets
from twinshore.secret_port import KeptSecrets, SecretMissing, Secrets, SecretsUnavailable

CELLS = load_cells().all
CN, EU = CELLS["cn"], CELLS["eu"]


class Keeper(NamedTuple):
    secrets: Secrets
    put: Callable[[str, str], None]


def file_keeper(tmp_path: Path) -> Keeper:
    path, held = tmp_path / "secrets.json", {}

    def put(name: str, value: str) -> None:
        held[name] = value
        path.write_text(json.dumps(held))

    return Keeper(FileSecrets(str(path)), put)


def aws_keeper(url: str, kind: type[SecretsManager] | type[PowertoolsSecrets]) -> Keeper:
    import boto3

    cell = f"eu{uuid.uuid4().hex[:8]}"
    manager: Any = boto3.client("secretsmanager", region_name="eu-central-1", endpoint_url=url)

    def put(name: str, value: str) -> None:
        manager.create_secret(Name=f"twinshore/{cell}/{name}", SecretString=value)

    return Keeper(kind(EU._replace(name=cell), url), put)


def tencent_keeper(twin: TencentCloudTwin, kind: type[SsmSecrets] | type[SdkSecrets]) -> Keeper:
    def put(name: str, value: str) -> None:
        twin.secrets[f"twinshore-cn-{name}", "SSM_Current"] = value

    return Keeper(kind(CN, twin.url), put)


@pytest.fixture(params=["file", "aws", "aws by powertools", "tencent", "tencent by sdk"])
def keeper(request: pytest.FixtureRequest, tmp_path: Path, aws_role: None, tencent_role: None) -> Iterator[Keeper]:
    if request.param == "file":
        yield file_keeper(tmp_path)
    elif request.param.startswith("aws"):
        kind = PowertoolsSecrets if "powertools" in request.param else SecretsManager
        yield aws_keeper(request.getfixturevalue("moto_url"), kind)
    else:
        yield tencent_keeper(request.getfixturevalue("tencent"), SdkSecrets if "sdk" in request.param else SsmSecrets)


def test_a_secret_comes_back_without_the_blanks_that_a_console_adds(keeper: Keeper) -> None:
    keeper.put("webhook_secret", " whsec-of-no-account 密\n")
    keeper.put("pem", "-----BEGIN X-----\nAA\n-----END X-----\n")
    assert keeper.secrets.get("webhook_secret") == "whsec-of-no-account 密"
    assert keeper.secrets.get("pem").splitlines()[1] == "AA"


def test_what_is_not_there_is_missing(keeper: Keeper) -> None:
    keeper.put("another", "value")
    with pytest.raises(SecretMissing) as caught:
        keeper.secrets.get("absent")
    assert caught.value.status == 503
    assert caught.value.name == "absent"
    assert "absent" not in str(caught.value) + caught.value.detail


def test_an_empty_secret_is_a_missing_one(keeper: Keeper) -> None:
    keeper.put("blank", " \n")
    with pytest.raises(SecretMissing):
        keeper.secrets.get("blank")


def test_each_cell_sees_its_own_secrets_only(tencent: TencentCloudTwin, tencent_role: None) -> None:
    tencent.secrets["twinshore-eu-salt", "SSM_Current"] = "eu's"
    with pytest.raises(SecretMissing):
        SsmSecrets(CN, tencent.url).get("salt")


def test_a_binary_secret_that_is_text_is_read(moto_url: str, aws_role: None) -> None:
    import boto3

    cell = f"eu{uuid.uuid4().hex[:8]}"
    manager: Any = boto3.client("secretsmanager", region_name="eu-central-1", endpoint_url=moto_url)
    manager.create_secret(Name=f"twinshore/{cell}/text", SecretBinary=b"as bytes")
    manager.create_secret(Name=f"twinshore/{cell}/noise", SecretBinary=b"\xff\xfe\x00")
    secrets = SecretsManager(EU._replace(name=cell), moto_url)
    assert secrets.get("text") == "as bytes"
    with pytest.raises(SecretMissing):
        secrets.get("noise")


@pytest.mark.parametrize("content", ["not json", "[]", '{"salt": 5}', '{"salt": null}'])
def test_a_file_that_is_no_object_of_texts_opens_no_door(tmp_path: Path, content: str) -> None:
    (tmp_path / "s.json").write_text(content)
    with pytest.raises((SecretMissing, SecretsUnavailable)):
        FileSecrets(str(tmp_path / "s.json")).get("salt")


def test_the_role_of_now_is_used_at_each_call(tencent: TencentCloudTwin, monkeypatch: pytest.MonkeyPatch) -> None:
    tencent.secrets["twinshore-cn-salt", "SSM_Current"] = "1"
    tencent.accounts["AKIDlater"] = ("later-key", "later-token")
    secrets = SsmSecrets(CN, tencent.url, max_age_seconds=0)
    with pytest.raises(SecretsUnavailable) as caught:
        secrets.get("salt")
    assert caught.value.reason == "NoCredentials"
    for name, value in {"SECRETID": "AKIDlater", "SECRETKEY": "later-key", "SESSIONTOKEN": "later-token"}.items():
        monkeypatch.setenv(f"TENCENTCLOUD_{name}", value)
    assert secrets.get("salt") == "1"
    monkeypatch.setenv("TENCENTCLOUD_SECRETKEY", "wrong")
    tencent.secrets.clear()
    with pytest.raises(SecretsUnavailable) as caught:
        SsmSecrets(CN, tencent.url).get("salt")
    assert caught.value.reason == "AuthFailure.SignatureFailure"


@pytest.mark.parametrize(
    "fault", [{"status": 502}, {"reset": True}, {"error": "InternalError"}, {"error": "RequestLimitExceeded"}]
)
def test_a_service_that_does_not_answer_is_unavailable_not_missing(
    tencent: TencentCloudTwin, tencent_role: None, fault: dict[str, Any]
) -> None:
    tencent.faults = fault
    for kind in (SsmSecrets, SdkSecrets):
        with pytest.raises(SecretsUnavailable):
            kind(CN, tencent.url).get("salt")


@pytest.mark.parametrize("kind", [SecretsManager, PowertoolsSecrets])
def test_aws_that_does_not_answer_is_unavailable(tencent: TencentCloudTwin, aws_role: None, kind: Any) -> None:
    tencent.faults = {"status": 500}
    for endpoint in (tencent.url, "http://127.0.0.1:9"):
        with pytest.raises(SecretsUnavailable):
            kind(EU, endpoint).get("salt")


class Source:
    """A keeper by hand, with a clock: what the memory does is a table of times."""

    def __init__(self) -> None:
        self.now, self.asked, self.value, self.down = 0.0, 0, "first", False

    def fetch(self, name: str) -> str:
        self.asked += 1
        if self.down:
            raise SecretsUnavailable("down")
        return self.value


def test_a_secret_is_asked_for_once_in_its_age_and_a_rotated_one_arrives_after_it() -> None:
    source = Source()
    secrets = KeptSecrets(source.fetch, 300, lambda: source.now)
    assert [secrets.get("salt") for _ in range(3)] == ["first"] * 3
    source.value, source.now = "second", 299
    assert secrets.get("salt") == "first"
    source.now = 300
    assert (secrets.get("salt"), source.asked) == ("second", 2)


def test_an_outage_is_bridged_for_an_hour_and_no_longer() -> None:
    source = Source()
    secrets = KeptSecrets(source.fetch, 300, lambda: source.now)
    secrets.get("salt")
    source.down, source.now = True, 3599
    assert secrets.get("salt") == "first"
    source.now = 3600
    with pytest.raises(SecretsUnavailable):
        secrets.get("salt")


def test_a_secret_that_was_emptied_closes_the_door_even_in_an_outage_that_follows() -> None:
    source = Source()
    secrets = KeptSecrets(source.fetch, 300, lambda: source.now)
    secrets.get("salt")
    source.value, source.now = "", 300
    with pytest.raises(SecretMissing):
        secrets.get("salt")
    source.down = True
    with pytest.raises(SecretsUnavailable):
        secrets.get("salt")
