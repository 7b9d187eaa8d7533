"""Our two request signatures against independent readers: botocore's signer, and the SDK that our twin also accepts."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.twins.server import TwinRequest
from sandbox.twins.tencent_cloud import ApiError, TencentCloudTwin, check_signature
from twinshore.clouds.aws import client as aws
from twinshore.clouds.tencent import client as tencent

KEY_ID, KEY, TOKEN = "AKIDtwin", "twin-key-of-no-account", "twin-session-token"
NOW = 1_763_848_123


@given(
    body=st.binary(max_size=200),
    path=st.sampled_from(["/", "/v2/email/outbound-emails", "/a b/ü"]),
    token=st.booleans(),
)
def test_our_sigv4_is_the_one_of_botocore(body: bytes, path: str, token: bool) -> None:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    url = f"https://email.eu-central-1.amazonaws.com{path}"
    service = aws.Service("ses", "email", "eu-central-1")
    ours = aws.sign(
        service, aws.Credentials(KEY_ID, KEY, TOKEN if token else ""), url, {"content-type": "a/b"}, body, NOW
    )
    theirs = AWSRequest("POST", url, headers={"content-type": "a/b"}, data=body)
    signer = SigV4Auth(Credentials(KEY_ID, KEY, TOKEN if token else None), "ses", "eu-central-1")
    theirs.context["timestamp"] = ours["x-amz-date"]
    theirs.headers["X-Amz-Date"] = ours["x-amz-date"]
    if token:
        theirs.headers["X-Amz-Security-Token"] = TOKEN
    theirs.headers["host"] = "email.eu-central-1.amazonaws.com"
    text = signer.string_to_sign(theirs, signer.canonical_request(theirs))
    assert signer.signature(text, theirs) == ours["authorization"].rsplit("Signature=", 1)[1]


def sdk(twin: TencentCloudTwin, key: str = KEY, token: str | None = TOKEN, service: str = "ssm") -> Any:
    from tencentcloud.common.common_client import CommonClient
    from tencentcloud.common.credential import Credential
    from tencentcloud.common.profile.client_profile import ClientProfile
    from tencentcloud.common.profile.http_profile import HttpProfile

    profile = HttpProfile(protocol="http", endpoint=twin.url.removeprefix("http://"), reqTimeout=5)
    version = {"ssm": "2019-09-23", "ses": "2020-10-02"}[service]
    return CommonClient(
        service, version, Credential(KEY_ID, key, token), "ap-guangzhou", ClientProfile(httpProfile=profile)
    )


def test_the_official_sdk_and_our_client_read_the_same_secret_from_the_twin(
    tencent: TencentCloudTwin, tencent_role: None
) -> None:
    from twinshore.clouds.tencent import client

    tencent.secrets["twinshore-cn-salt", "SSM_Current"] = "盐"
    wanted = {"SecretName": "twinshore-cn-salt", "VersionId": "SSM_Current"}
    theirs = sdk(tencent).call_json("GetSecretValue", wanted)["Response"]
    ours = client.call(client.Service("ssm", "2019-09-23", "ap-guangzhou", tencent.url), "GetSecretValue", wanted)
    assert theirs["SecretString"] == ours["SecretString"] == "盐"


@pytest.mark.parametrize(
    ("key", "token", "code"),
    [("another-key", TOKEN, "AuthFailure.SignatureFailure"), (KEY, None, "AuthFailure.TokenFailure")],
)
def test_the_twin_refuses_the_sdk_with_a_wrong_key_or_without_the_roles_token(
    tencent: TencentCloudTwin, key: str, token: str | None, code: str
) -> None:
    from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

    with pytest.raises(TencentCloudSDKException) as caught:
        sdk(tencent, key, token).call_json("GetSecretValue", {"SecretName": "x", "VersionId": "SSM_Current"})
    assert caught.value.code == code


def signed_request(now: int, **changed: str) -> TwinRequest:
    service = tencent.Service("ssm", "2019-09-23", "ap-guangzhou")
    credentials = tencent.Credentials(KEY_ID, KEY)
    headers = tencent.sign(service, credentials, "GetSecretValue", "https://ssm.example/", b"{}", now)
    return TwinRequest("POST", "/", {}, "/", {**headers, **changed}, b"{}")


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (signed_request(NOW), ""),
        (signed_request(NOW - 301), "AuthFailure.SignatureExpire"),
        (signed_request(NOW + 301), "AuthFailure.SignatureExpire"),
        (signed_request(NOW)._replace(body=b"{ }"), "AuthFailure.SignatureFailure"),
        (signed_request(NOW, **{"x-tc-action": "SendEmail"}), "AuthFailure.SignatureFailure"),
        (signed_request(NOW, host="ses.example"), "AuthFailure.SignatureFailure"),
        (signed_request(NOW, authorization="TC3 nonsense"), "AuthFailure.InvalidAuthorization"),
        (signed_request(NOW, **{"x-tc-version": "2000-01-01"}), "NoSuchVersion"),
    ],
)
def test_the_twin_reads_a_signature_as_strictly_as_the_service(request_: TwinRequest, code: str) -> None:
    if not code:
        assert check_signature(request_, {KEY_ID: (KEY, "")}, NOW) == "GetSecretValue"
        return
    with pytest.raises(ApiError) as caught:
        check_signature(request_, {KEY_ID: (KEY, "")}, NOW)
    assert caught.value.code == code


def test_an_unknown_key_id_is_told_apart(tencent: TencentCloudTwin) -> None:
    with pytest.raises(ApiError) as caught:
        check_signature(signed_request(int(time.time())), {}, int(time.time()))
    assert caught.value.code == "AuthFailure.SecretIdNotFound"
