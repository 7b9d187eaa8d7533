"""The twin of both clouds' mail services, and the mailbox behind them.

    POST /v2/email/outbound-emails   Amazon SES v2, SendEmail; the SigV4 header's shape and scope are checked
    POST /                           Tencent SES, SendEmail; the TC3 signature is recomputed (see tencent_cloud)
    GET  /_twin/mailbox?to=ADDRESS   the letters to an address, oldest first; without `to`, all of them

Switches of its own, besides those of `server.Twin`:
    error           "throttle", "reject", or "internal": answer with the service's own error for that
    lost_answer     take the letter, then answer with a gateway's 502: the sender cannot know
"""

from __future__ import annotations

import re
import time
import uuid
from pathlib import Path
from typing import Any, Mapping

from sandbox.twins.server import Twin, TwinReply, TwinRequest, json_reply
from sandbox.twins.tencent_cloud import ApiError, answer_tc3, read_letter

ACCOUNTS = {"AKIDtwinshorebox": ("key-of-an-account-that-is-not", "")}
"""The box's account at Tencent Cloud, invented. For AWS any key id will do."""
MAILBOX_LIMIT_LETTERS = 1000
_SIGV4 = re.compile(
    r"AWS4-HMAC-SHA256 Credential=[A-Z0-9a-z]+/(\d{8})/[a-z]{2}-[a-z]+-\d/ses/aws4_request, ?"
    r"SignedHeaders=([a-z0-9;-]+), ?Signature=[0-9a-f]{64}"
)
_SES_ERRORS = {"throttle": (429, "TooManyRequestsException"), "reject": (400, "MessageRejected"),
               "internal": (500, "InternalServiceErrorException")}  # fmt: skip
_TC3_ERRORS = {"throttle": "RequestLimitExceeded", "reject": "FailedOperation.RejectedByRecipients",
               "internal": "InternalError"}  # fmt: skip
_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")


class MailTwin(Twin):
    name = "mail"

    def __init__(
        self, accounts: Mapping[str, tuple[str, str]] | None = None, folder: Path | None = None, port: int = 0
    ) -> None:
        """`accounts`: Tencent key id -> (key, session token or "")."""
        super().__init__(folder, port)
        self.accounts = dict(ACCOUNTS if accounts is None else accounts)
        self.templates: dict[int, str] = {}
        """Templates approved at Tencent SES: id -> text with {{name}} places."""
        self.simple_allowed = True
        self.mailbox: list[dict[str, Any]] = self.recall("mailbox", [])

    def handle(self, request: TwinRequest) -> TwinReply:
        if request.path == "/_twin/mailbox":
            to = request.query.get("to")
            with self.lock:
                return json_reply({"items": [each for each in self.mailbox if to is None or to in each["to"]]})
        error = str(self.faults.get("error", ""))
        if request.path == "/v2/email/outbound-emails" and request.method == "POST":
            reply = self._ses(request, error)
        else:
            reply = answer_tc3(request, self.accounts, self._tencent, _TC3_ERRORS.get(error, error))
        return TwinReply(502, b"<html>Bad Gateway</html>") if self.faults.get("lost_answer") else reply

    def keep(self, service: str, letter: dict[str, Any]) -> None:
        with self.lock:
            self.mailbox.append({"at": int(time.time()), "service": service, **letter})
            del self.mailbox[:-MAILBOX_LIMIT_LETTERS]
            self.remember("mailbox", self.mailbox)
            self.note("letter taken", service=service, id=letter["id"], subject=letter["subject"])

    def _tencent(self, action: str, params: dict[str, Any]) -> dict[str, Any]:
        if action != "SendEmail":
            raise ApiError("InvalidAction")
        letter = read_letter(params, self.templates, self.simple_allowed)
        self.keep("tencent", letter)
        return {"MessageId": letter["id"]}

    def _ses(self, request: TwinRequest, error: str) -> TwinReply:
        signed = _SIGV4.fullmatch(request.headers.get("authorization", ""))
        names = set(signed.group(2).split(";")) if signed else set()
        at = request.headers.get("x-amz-date", "")
        if signed is None or not {"host", "x-amz-date"} <= names or not at.startswith(signed.group(1)):
            return _ses_error(403, "IncompleteSignatureException")
        if error:
            return _ses_error(*_SES_ERRORS.get(error, (400, error)))
        letter = _read(request)
        if letter is None:
            return _ses_error(400, "BadRequestException")
        self.keep("aws", letter)
        return json_reply({"MessageId": letter["id"]})


def _read(request: TwinRequest) -> dict[str, Any] | None:
    """The letter of a SendEmail with simple content; None for what SES would not take."""
    try:
        asked = request.json()
        simple, to = asked["Content"]["Simple"], asked["Destination"]["ToAddresses"]
        parts = {kind: str(simple["Body"].get(kind, {}).get("Data", "")) for kind in ("Text", "Html")}
        tags = [str(tag[part]) for tag in asked.get("EmailTags", []) for part in ("Name", "Value")]
        subject = str(simple["Subject"]["Data"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    sound = (
        "@" in str(asked.get("FromEmailAddress"))
        and to
        and all("@" in str(each) for each in to)
        and any(parts.values())
    )
    if not sound or not all(_TAG.fullmatch(each) for each in tags):
        return None
    return {"id": str(uuid.uuid4()), "to": to, "subject": subject, "text": parts["Text"], "html": parts["Html"]}


def _ses_error(status: int, kind: str) -> TwinReply:
    """rest-json: the name stands in a header."""
    headers = {"Content-Type": "application/json", "x-amzn-ErrorType": f"{kind}:http://internal.amazon.com/"}
    return TwinReply(status, b'{"message":"refused by the twin"}', headers)
