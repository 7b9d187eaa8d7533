"""The twin of Tencent Cloud's API 3.0: recomputes TC3-HMAC-SHA256, answers GetSecretValue (SSM) and SendEmail (SES).

Errors go out as the real API's do: HTTP 200 and `Response.Error{Code, Message}` with a RequestId.
`accounts`: key id -> (secret key, session token or ""). `secrets`: (name, version) -> text.
`letters` receives each SendEmail that was accepted. Error codes as in the product's error table.

Switches of its own, besides those of `server.Twin`:
    error           answer every action with this error code, e.g. "RequestLimitExceeded" or "InternalError"
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
import uuid
from pathlib import Path
from typing import Any, Callable, Mapping

from sandbox.twins.server import Twin, TwinReply, TwinRequest

CLOCK_LIMIT_SECONDS = 300
_AUTHORIZATION = re.compile(
    r"TC3-HMAC-SHA256 Credential=([^/]+)/(\d{4}-\d\d-\d\d)/([a-z0-9]+)/tc3_request, ?"
    r"SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})"
)
_VERSIONS = {
    "GetSecretValue": ("ssm", "2019-09-23"),
    "SendEmail": ("ses", "2020-10-02"),
    "Invoke": ("scf", "2018-04-16"),
}
_SUBJECT_LIMIT_CHARS = 100


class ApiError(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class TencentCloudTwin(Twin):
    name = "tencent_cloud"

    def __init__(
        self,
        accounts: Mapping[str, tuple[str, str]],
        secrets: Mapping[tuple[str, str], str] | None = None,
        letters: Callable[[dict[str, Any]], None] | None = None,
        folder: Path | None = None,
        port: int = 0,
    ) -> None:
        super().__init__(folder, port)
        self.accounts = dict(accounts)
        self.secrets = dict(secrets or {})
        self.letters = letters
        self.templates: dict[int, str] = {}
        """Approved mail templates: id -> text with {{name}} places."""
        self.invocations: list[tuple[str, Any]] = []
        """Function name and event of every Invoke, oldest first."""
        self.simple_allowed = False
        """True: this account may still send without a template (the API calls that form retired)."""

    def handle(self, request: TwinRequest) -> TwinReply:
        return answer_tc3(request, self.accounts, self.act, str(self.faults.get("error", "")))

    def act(self, action: str, params: dict[str, Any]) -> dict[str, Any]:
        self.note("called", action=action)
        if action == "GetSecretValue":
            return self._secret(params)
        if action == "Invoke":
            return self._invocation(params)
        return self._letter(params)

    def _invocation(self, params: dict[str, Any]) -> dict[str, Any]:
        """Kept in `invocations`; nothing runs. An asynchronous event may have 128 KB (document 583/11637)."""
        event = params.get("ClientContext")
        if not isinstance(event, str) or params.get("InvocationType") not in ("Event", "RequestResponse"):
            raise ApiError("InvalidParameterValue")
        if len(event.encode()) > 128 * 1024:
            raise ApiError("InvalidParameterValue.ClientContext")
        with self.lock:
            self.invocations.append((str(params.get("FunctionName", "")), json.loads(event)))
        return {"Result": {"InvokeResult": 0, "RetMsg": ""}}

    def _secret(self, params: dict[str, Any]) -> dict[str, Any]:
        name, version = str(params.get("SecretName", "")), str(params.get("VersionId", ""))
        if not name or not version:
            raise ApiError("MissingParameter")
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}", name):
            raise ApiError("InvalidParameterValue")
        if (name, version) not in self.secrets:
            raise ApiError("ResourceNotFound.SecretNotExist")
        return {"SecretName": name, "VersionId": version, "SecretString": self.secrets[name, version]}

    def _letter(self, params: dict[str, Any]) -> dict[str, Any]:
        letter = read_letter(params, self.templates, self.simple_allowed)
        if self.letters is not None:
            self.letters(letter)
        return {"MessageId": letter["id"]}


def answer_tc3(
    request: TwinRequest,
    accounts: Mapping[str, tuple[str, str]],
    act: Callable[[str, dict[str, Any]], dict[str, Any]],
    error: str = "",
    versions: Mapping[str, tuple[str, str]] = _VERSIONS,
) -> TwinReply:
    """Verify, act, and wrap: the frame of every Tencent Cloud API. `versions`: action -> (service, version)."""
    response: dict[str, Any]
    try:
        action = check_signature(request, accounts, int(time.time()), versions)
        if error:
            raise ApiError(error)
        params = json.loads(request.body)
        if not isinstance(params, dict):
            raise ApiError("InvalidParameter")
        response = act(action, params)
    except ApiError as err:
        response = {"Error": {"Code": err.code, "Message": "refused by the twin"}}
    except ValueError:
        response = {"Error": {"Code": "InvalidParameter", "Message": "refused by the twin"}}
    response["RequestId"] = str(uuid.uuid4())
    # The SDK looks for errors only under exactly this content type.
    body = json.dumps({"Response": response}, ensure_ascii=False).encode()
    return TwinReply(200, body, {"Content-Type": "application/json"})


def check_signature(
    request: TwinRequest,
    accounts: Mapping[str, tuple[str, str]],
    now: int,
    versions: Mapping[str, tuple[str, str]] = _VERSIONS,
) -> str:
    """The action asked for. Raises ApiError with the API's code."""
    found = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    action = request.headers.get("x-tc-action", "")
    stamp = request.headers.get("x-tc-timestamp", "")
    if request.method != "POST" or request.path != "/" or not found or not stamp.isdigit():
        raise ApiError("AuthFailure.InvalidAuthorization")
    key_id, date, service, names, signature = found.groups()
    if abs(now - int(stamp)) > CLOCK_LIMIT_SECONDS or date != time.strftime("%Y-%m-%d", time.gmtime(int(stamp))):
        raise ApiError("AuthFailure.SignatureExpire")
    if key_id not in accounts:
        raise ApiError("AuthFailure.SecretIdNotFound")
    secret_key, token = accounts[key_id]
    if request.headers.get("x-tc-token", "") != token:
        raise ApiError("AuthFailure.TokenFailure")
    if not {"content-type", "host"} <= set(names.split(";")):
        raise ApiError("AuthFailure.InvalidAuthorization")
    expected = _signature(request, secret_key, f"{date}/{service}/tc3_request", names)
    if not hmac.compare_digest(expected, signature):
        raise ApiError("AuthFailure.SignatureFailure")
    if action not in versions:
        raise ApiError("InvalidAction")
    if versions[action] != (service, request.headers.get("x-tc-version", "")):
        raise ApiError("NoSuchVersion")
    return action


def _signature(request: TwinRequest, secret_key: str, scope: str, names: str) -> str:
    headers = {**request.headers, "x-tc-action": request.headers.get("x-tc-action", "").lower()}
    lines = "".join(f"{name}:{headers.get(name, '').strip()}\n" for name in names.split(";"))
    canonical = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(request.body).hexdigest()}"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = ("TC3" + secret_key).encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    to_sign = f"TC3-HMAC-SHA256\n{request.headers['x-tc-timestamp']}\n{scope}\n{digest}"
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()


def read_letter(params: dict[str, Any], templates: Mapping[int, str], simple_allowed: bool) -> dict[str, Any]:
    """A SendEmail as the mailbox shows it. Raises ApiError as the SES error table has it."""
    to, subject = params.get("Destination") or [], str(params.get("Subject", ""))
    if not params.get("FromEmailAddress") or not to:
        raise ApiError("InvalidParameterValue.EmailAddressIsNULL")
    if not 1 <= len(subject) <= _SUBJECT_LIMIT_CHARS:
        raise ApiError("InvalidParameterValue.SubjectLengthError")
    if any("@" not in str(address) for address in to):
        raise ApiError("InvalidParameterValue.ReceiverEmailInvalid")
    text, html = _content(params, templates, simple_allowed)
    return {"id": f"qcloudses-{uuid.uuid4()}", "to": list(to), "subject": subject, "text": text, "html": html}


def _content(params: dict[str, Any], templates: Mapping[int, str], simple_allowed: bool) -> tuple[str, str]:
    template, simple = params.get("Template"), params.get("Simple")
    if template:
        text = templates.get(int(template.get("TemplateID") or 0))
        if text is None:
            raise ApiError("FailedOperation.InvalidTemplateID")
        try:
            data = json.loads(template.get("TemplateData") or "{}")
        except ValueError as err:
            raise ApiError("FailedOperation.WrongContentJson") from err
        return re.sub(r"\{\{(\w+)\}\}", lambda place: str(data.get(place.group(1), "")), text), ""
    if not simple:
        raise ApiError("FailedOperation.MissingEmailContent")
    if not simple_allowed:
        raise ApiError("FailedOperation.WithOutPermission")
    return tuple(base64.b64decode(simple.get(kind) or "").decode() for kind in ("Text", "Html"))  # type: ignore[return-value]
