"""The same Tencent Cloud service through the official package, tencentcloud-sdk-python-common (TWINSHORE_SDK=official).

`CommonClient` with plain objects: it survives what the typed clients of single products do not (removed actions), and
is 34 kB where the whole SDK is 170 MB. It passes the same contract tests as our signed calls, which start sooner.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import urlsplit

from twinshore.cells import Cell
from twinshore.clouds.tencent.client import TIMEOUT_SECONDS, NoCredentials, role_credentials
from twinshore.secret_port import MAX_AGE_SECONDS, KeptSecrets, SecretMissing, SecretsUnavailable

CURRENT_VERSION = "SSM_Current"


class SdkSecrets(KeptSecrets):
    """The Secrets of a cell, as `SsmSecrets` has them. `endpoint`: a stand-in's base URL; empty for the real one."""

    def __init__(self, cell: Cell, endpoint: str = "", max_age_seconds: float = MAX_AGE_SECONDS) -> None:
        super().__init__(lambda name: _fetch(cell, endpoint, name), max_age_seconds)


def common_client(service: str, version: str, region: str, endpoint: str = "") -> Any:
    """Built at each use, for the role's keys are temporary. Raises NoCredentials."""
    from tencentcloud.common.common_client import CommonClient
    from tencentcloud.common.credential import Credential
    from tencentcloud.common.profile.client_profile import ClientProfile
    from tencentcloud.common.profile.http_profile import HttpProfile

    # The SDK's own reader looks for names that SCF never sets.
    role = role_credentials()
    credential = Credential(role.key_id, role.secret_key, role.session_token or None)
    parts = urlsplit(endpoint or f"https://{service}.tencentcloudapi.com")
    http = HttpProfile(protocol=parts.scheme, endpoint=parts.netloc, reqTimeout=TIMEOUT_SECONDS, keepAlive=True)
    return CommonClient(service, version, credential, region, ClientProfile(httpProfile=http))


def _fetch(cell: Cell, endpoint: str, name: str) -> str:
    from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

    wanted = {"SecretName": f"twinshore-{cell.name}-{name}", "VersionId": CURRENT_VERSION}
    try:
        answer = common_client("ssm", "2019-09-23", cell.region, endpoint).call_json("GetSecretValue", wanted)
        found: dict[str, Any] = answer["Response"]
    except NoCredentials as err:
        raise SecretsUnavailable(type(err).__name__) from err
    except TencentCloudSDKException as err:
        code = str(err.get_code())
        if code.split(".")[0] in ("ResourceNotFound", "ResourceUnavailable"):
            raise SecretMissing(name) from err
        raise SecretsUnavailable(code) from err
    except (KeyError, TypeError, ValueError) as err:
        raise SecretsUnavailable(type(err).__name__) from err
    if found.get("SecretString"):
        return str(found["SecretString"])
    try:
        return base64.b64decode(str(found.get("SecretBinary") or ""), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
