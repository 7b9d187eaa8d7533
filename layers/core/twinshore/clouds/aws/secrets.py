"""AWS Secrets Manager. A secret's id is `twinshore/<cell>/<name>`: a role can be given those of one cell only."""

from __future__ import annotations

import base64
import binascii
import json

from twinshore import outbound
from twinshore.cells import Cell
from twinshore.clouds.aws import client
from twinshore.secret_port import MAX_AGE_SECONDS, KeptSecrets, SecretMissing, SecretsUnavailable

# GetSecretValue's words for "there is none". InvalidRequest: it is scheduled for deletion.
_MISSING = ("ResourceNotFoundException", "InvalidRequestException")


class SecretsManager(KeptSecrets):
    """The Secrets of a cell. `endpoint`: base URL of a stand-in, empty for the real service."""

    def __init__(self, cell: Cell, endpoint: str = "", max_age_seconds: float = MAX_AGE_SECONDS) -> None:
        service = client.Service("secretsmanager", "secretsmanager", cell.region, endpoint)
        super().__init__(lambda name: _fetch(service, cell.name, name), max_age_seconds)


def _fetch(service: client.Service, cell: str, name: str) -> str:
    headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": "secretsmanager.GetSecretValue"}
    body = json.dumps({"SecretId": f"twinshore/{cell}/{name}"}).encode()
    try:
        reply = client.post(service, "/", headers, body)
    except (outbound.Unreachable, outbound.NoAnswer, client.NoCredentials) as err:
        raise SecretsUnavailable(type(err).__name__) from err
    try:
        answer = json.loads(reply.body)
        if reply.status == 200:
            return _text(answer)
        kind = str(answer.get("__type", "")).rsplit("#", 1)[-1]
    except (ValueError, AttributeError, TypeError) as err:
        raise SecretsUnavailable(f"status {reply.status}") from err
    if kind in _MISSING:
        raise SecretMissing(name)
    raise SecretsUnavailable(kind or f"status {reply.status}")


def _text(answer: dict[str, object]) -> str:
    if isinstance(answer.get("SecretString"), str):
        return str(answer["SecretString"])
    try:
        return base64.b64decode(str(answer.get("SecretBinary") or ""), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""  # not a text: for us there is no such secret
