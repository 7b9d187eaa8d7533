"""The same AWS services through the official packages: boto3, and Powertools for AWS Lambda (TWINSHORE_SDK=official).

For teams whose rules ask for the vendor's code, or who need what it has and ours has not (proxies, custom credential
chains, X-Ray patching). It passes the same contract tests; it costs a cold function 5 times as much
(docs/decisions/0003), so it is not the default.
"""

from __future__ import annotations

from typing import Any

from twinshore.cells import Cell
from twinshore.clouds.aws.client import TIMEOUT_SECONDS
from twinshore.secret_port import MAX_AGE_SECONDS, KeptSecrets, SecretMissing, SecretsUnavailable

# GetSecretValue's words for "there is none". InvalidRequest: it is scheduled for deletion.
_MISSING = ("ResourceNotFoundException", "InvalidRequestException")


def client(service: str, region: str, endpoint: str = "") -> Any:
    """A boto3 client that makes each call once: what may be repeated is the caller's to know (docs/decisions/0012)."""
    import boto3
    from botocore.config import Config

    config = Config(
        retries={"total_max_attempts": 1, "mode": "standard"},
        connect_timeout=TIMEOUT_SECONDS,
        read_timeout=TIMEOUT_SECONDS,
    )
    make: Any = boto3.client
    return make(service, region_name=region, endpoint_url=endpoint or None, config=config)


class PowertoolsSecrets(KeptSecrets):
    """The Secrets of a cell, by the parameters utility of Powertools. `endpoint`: a stand-in's base URL."""

    def __init__(self, cell: Cell, endpoint: str = "", max_age_seconds: float = MAX_AGE_SECONDS) -> None:
        from aws_lambda_powertools.utilities.parameters import SecretsProvider

        provider = SecretsProvider(boto3_client=client("secretsmanager", cell.region, endpoint))
        super().__init__(lambda name: _fetch(provider, f"twinshore/{cell.name}/{name}", name), max_age_seconds)


def _fetch(provider: Any, secret_id: str, name: str) -> str:
    from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

    try:
        # The memory of a secret is KeptSecrets' alone: it bridges an outage, which the utility's does not.
        value = provider.get(secret_id, force_fetch=True)
    except GetParameterError as err:
        cause = err.__cause__ or err.__context__
        code = str(getattr(cause, "response", {}).get("Error", {}).get("Code", ""))
        if code in _MISSING:
            raise SecretMissing(name) from err
        raise SecretsUnavailable(code or type(cause).__name__) from err
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return ""  # not a text: for us there is no such secret
    return str(value or "")
