"""Amazon SES v2, SendEmail. It takes no idempotency token: what may have been sent is not sent again from here."""

from __future__ import annotations

import json
from typing import Any

from twinshore import log, outbound
from twinshore.cells import Cell
from twinshore.clouds.aws import client
from twinshore.notify.port import SENT, UNKNOWN, Letter, Outcome

PATH = "/v2/email/outbound-emails"
# SES's errors (API reference, SendEmail) in words of ours, and the seconds after which the same letter may fare better.
_REFUSALS: dict[str, Outcome] = {
    "TooManyRequestsException": Outcome("rate_limited", 60),
    "ThrottlingException": Outcome("rate_limited", 60),
    "LimitExceededException": Outcome("quota_spent", 3600),
    "SendingPausedException": Outcome("paused", 3600),
    "AccountSuspendedException": Outcome("suspended"),
    "MessageRejected": Outcome("rejected"),
    "MailFromDomainNotVerifiedException": Outcome("sender_not_verified"),
    "NotFoundException": Outcome("misconfigured"),
    "BadRequestException": Outcome("bad_letter"),
}


class SesMail:
    """`sender`: `Name <address>` on a verified domain. `endpoint`: a stand-in's base URL; empty for the real one."""

    def __init__(self, cell: Cell, sender: str, endpoint: str = "") -> None:
        self._cell = cell
        self._sender = sender
        self._service = client.Service("ses", "email", cell.region, endpoint)

    def send(self, letter: Letter) -> Outcome:
        if letter.cell != self._cell.name:
            log.line("error", "a letter of another cell was refused", letter_cell=letter.cell)
            return Outcome("wrong_cell")
        body = json.dumps(_content(self._sender, letter), ensure_ascii=False).encode()
        try:
            reply = client.post(self._service, PATH, {"content-type": "application/json"}, body)
        except (outbound.Unreachable, client.NoCredentials) as err:
            log.line("warning", "SES was not reached", reason=type(err).__name__)
            return Outcome("unreachable", 30)
        except outbound.NoAnswer:
            return Outcome(UNKNOWN)
        return _outcome(reply)


def _content(sender: str, letter: Letter) -> dict[str, Any]:
    def text(data: str) -> dict[str, str]:
        return {"Data": data, "Charset": "UTF-8"}

    simple = {"Subject": text(letter.subject), "Body": {"Text": text(letter.text), "Html": text(letter.html)}}
    tags = [{"Name": "reference", "Value": letter.reference}, {"Name": "template", "Value": letter.template}]
    return {"FromEmailAddress": sender, "Destination": {"ToAddresses": [letter.to]}, "Content": {"Simple": simple},
            "EmailTags": tags}  # fmt: skip


def _outcome(reply: outbound.Reply) -> Outcome:
    try:
        answer = json.loads(reply.body)
        if reply.status == 200 and answer["MessageId"]:
            return Outcome(SENT)
        # rest-json: the error's name comes in a header, with a namespace behind a colon; some stand-ins use the body.
        named = reply.headers.get("x-amzn-errortype") or answer.get("__type") or answer.get("code") or ""
    except (ValueError, KeyError, TypeError, AttributeError):
        named = ""
    kind = str(named).split(":")[0].rsplit("#", 1)[-1]
    outcome = _REFUSALS.get(kind)
    if outcome is None and 400 <= reply.status < 500 and kind:
        outcome = Outcome("misconfigured")  # a signature or a right is wrong: surely not sent
    log.line("warning", "SES did not take a letter", error=kind, status=reply.status)
    return outcome or Outcome(UNKNOWN)
