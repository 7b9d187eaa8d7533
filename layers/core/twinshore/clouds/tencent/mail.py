"""Tencent Cloud SES, SendEmail (2020-10-02). It sends from templates that were approved in its console; the form with
free content (`Simple`) is retired but for accounts that once had it opened, so it is used only when no template is
named here. The values that go in are the ones our own texts show.
"""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any, Mapping

from twinshore import log, outbound
from twinshore.cells import Cell
from twinshore.clouds.tencent import client
from twinshore.notify.port import SENT, UNKNOWN, Letter, Outcome

SUBJECT_LIMIT_CHARS = 100
IMMEDIATE = 1
"""TriggerType of mail that answers something the person did."""
# Where SES answers; not every region has it.
_REGIONS = {"ap-guangzhou": "ap-guangzhou", "ap-hongkong": "ap-hongkong"}
# Error codes of SendEmail in words of ours; the longest prefix that fits counts.
_REFUSALS: dict[str, Outcome] = {
    "RequestLimitExceeded": Outcome("rate_limited", 60),
    "FailedOperation.FrequencyLimit": Outcome("rate_limited", 600),
    "FailedOperation.TemporaryBlocked": Outcome("rate_limited", 600),
    "FailedOperation.HighRejectionRate": Outcome("paused", 3600),
    "FailedOperation.ExceedSendLimit": Outcome("quota_spent", 3600),
    "FailedOperation.ServiceNotAvailable": Outcome("unreachable", 30),
    "FailedOperation.InsufficientBalance": Outcome("suspended"),
    "FailedOperation.InsufficientQuota": Outcome("quota_spent"),
    "LimitExceeded": Outcome("quota_spent", 3600),
    "FailedOperation.EmailAddrInBlacklist": Outcome("bad_recipient"),
    "FailedOperation.IncorrectEmail": Outcome("bad_recipient"),
    "FailedOperation.ReceiverHasUnsubscribed": Outcome("unsubscribed"),
    "FailedOperation.RejectedByRecipients": Outcome("rejected"),
    "FailedOperation.UnsupportMailType": Outcome("bad_recipient"),
    "InvalidParameterValue.ReceiverEmailInvalid": Outcome("bad_recipient"),
    "InvalidParameterValue.IllegalEmailAddress": Outcome("bad_recipient"),
    "FailedOperation": Outcome("misconfigured"),
    "InvalidParameter": Outcome("bad_letter"),
    "MissingParameter": Outcome("bad_letter"),
    "AuthFailure": Outcome("misconfigured"),
    "UnauthorizedOperation": Outcome("misconfigured"),
    "OperationDenied": Outcome("misconfigured"),
    "ResourceNotFound": Outcome("misconfigured"),
}


class TencentMail:
    """`template_ids`: `<template>.<language>` -> id in SES. `endpoint`: a stand-in's base URL; empty: the real one."""

    def __init__(self, cell: Cell, sender: str, template_ids: Mapping[str, int], endpoint: str = "") -> None:
        self._cell = cell
        self._sender = sender
        self._template_ids = template_ids
        region = _REGIONS.get(cell.region, "ap-guangzhou" if cell.shore == "mainland" else "ap-hongkong")
        self._service = client.Service("ses", "2020-10-02", region, endpoint)

    def send(self, letter: Letter) -> Outcome:
        if letter.cell != self._cell.name:
            log.line("error", "a letter of another cell was refused", letter_cell=letter.cell)
            return Outcome("wrong_cell")
        try:
            answer = client.call(self._service, "SendEmail", self._params(letter))
        except client.Refusal as refusal:
            log.line("warning", "SES did not take a letter", code=refusal.code)
            return outcome_of(refusal.code)
        except (outbound.Unreachable, client.NoCredentials) as err:
            log.line("warning", "SES was not reached", reason=type(err).__name__)
            return Outcome("unreachable", 30)
        except outbound.NoAnswer:
            return Outcome(UNKNOWN)
        return Outcome(SENT) if answer.get("MessageId") else Outcome(UNKNOWN)

    def _params(self, letter: Letter) -> dict[str, Any]:
        params: dict[str, Any] = {
            "FromEmailAddress": self._sender,
            "Destination": [letter.to],
            "Subject": letter.subject[:SUBJECT_LIMIT_CHARS],
            "TriggerType": IMMEDIATE,
        }
        template_id = self._template_ids.get(f"{letter.template}.{letter.language}")
        if template_id is not None:
            data = json.dumps(dict(letter.values), ensure_ascii=False)
            return {**params, "Template": {"TemplateID": template_id, "TemplateData": data}}
        text, html = (b64encode(part.encode()).decode() for part in (letter.text, letter.html))
        return {**params, "Simple": {"Text": text, "Html": html}}


def outcome_of(code: str) -> Outcome:
    """InternalError and codes we never saw are unknown: the letter may be on its way."""
    fitting = [known for known in _REFUSALS if code == known or code.startswith((known + ".", known + "Value"))]
    return _REFUSALS[max(fitting, key=len)] if fitting else Outcome(UNKNOWN)
