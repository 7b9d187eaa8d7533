"""Tencent Cloud Secrets Manager (SSM). A secret's name is `twinshore-<cell>-<name>`: letters, digits, - and _ only.

The version asked for is SSM_Current, the one that SSM gives a secret whose creator named none.
"""

from __future__ import annotations

import base64
import binascii

from twinshore import outbound
from twinshore.cells import Cell
from twinshore.clouds.tencent import client
from twinshore.secret_port import MAX_AGE_SECONDS, KeptSecrets, SecretMissing, SecretsUnavailable

CURRENT_VERSION = "SSM_Current"


class SsmSecrets(KeptSecrets):
    """The Secrets of a cell. `endpoint`: base URL of a stand-in, empty for the real service."""

    def __init__(self, cell: Cell, endpoint: str = "", max_age_seconds: float = MAX_AGE_SECONDS) -> None:
        service = client.Service("ssm", "2019-09-23", cell.region, endpoint)
        super().__init__(lambda name: _fetch(service, cell.name, name), max_age_seconds)


def _fetch(service: client.Service, cell: str, name: str) -> str:
    wanted = {"SecretName": f"twinshore-{cell}-{name}", "VersionId": CURRENT_VERSION}
    try:
        answer = client.call(service, "GetSecretValue", wanted)
    except client.Refusal as err:
        # ResourceNotFound.SecretNotExist; ResourceUnavailable: disabled, or waiting to be deleted.
        if err.code.split(".")[0] in ("ResourceNotFound", "ResourceUnavailable"):
            raise SecretMissing(name) from err
        raise SecretsUnavailable(err.code) from err
    except (outbound.Unreachable, outbound.NoAnswer, client.NoCredentials) as err:
        raise SecretsUnavailable(type(err).__name__) from err
    if answer.get("SecretString"):
        return str(answer["SecretString"])
    try:
        return base64.b64decode(str(answer.get("SecretBinary") or ""), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""  # not a text: for us there is no such secret
