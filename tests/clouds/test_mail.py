"""One letter, two services: what each adapter makes of every answer; boto3 and the official SDK at the same twin."""

from __future__ import annotations

import json
from typing import Any, Iterator

import pytest

from sandbox.twins.mail import MailTwin
from tests.clouds.conftest import KEY, KEY_ID, TOKEN
from twinshore.cells import load_cells
from twinshore.clouds.aws.mail import SesMail
from twinshore.clouds.tencent.mail import TencentMail, outcome_of
from twinshore.notify.port import Letter, Mail, Outcome

CELLS = load_cells().all
SENDER = "Twinshore <no-reply@mail.example.com>"
VALUES = {"order_id": "A-1", "amount": "€12.99"}


def letter(cell: str, **changed: Any) -> Letter:
    whole = Letter(
        "li.lei@mail.example.com",
        cell,
        "付款成功 ✓",
        "正文\n\nText",
        "<p>正文</p>",
        "receipt",
        "zh-CN",
        VALUES,
        "ref-1",
    )
    return whole._replace(**changed)


@pytest.fixture
def twin() -> Iterator[MailTwin]:
    with MailTwin(accounts={KEY_ID: (KEY, TOKEN)}) as mail:
        yield mail


@pytest.fixture(params=["eu", "cn"], ids=["aws", "tencent"])
def cell(request: pytest.FixtureRequest, aws_role: None, tencent_role: None) -> str:
    return str(request.param)


def service(cell: str, url: str, template_ids: dict[str, int] | None = None) -> Mail:
    if cell == "eu":
        return SesMail(CELLS["eu"], SENDER, url)
    return TencentMail(CELLS["cn"], SENDER, template_ids or {}, url)


def test_a_letter_arrives_whole(cell: str, twin: MailTwin) -> None:
    assert service(cell, twin.url).send(letter(cell)) == Outcome("sent")
    (kept,) = twin.mailbox
    assert (kept["to"], kept["subject"]) == (["li.lei@mail.example.com"], "付款成功 ✓")
    assert (kept["text"], kept["html"]) == ("正文\n\nText", "<p>正文</p>")


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ({"error": "throttle"}, Outcome("rate_limited", 60)),
        ({"error": "reject"}, Outcome("rejected")),
        ({"error": "internal"}, Outcome("unknown")),
        ({"status": 503}, Outcome("unknown")),
        ({"reset": True}, Outcome("unknown")),
        ({"lost_answer": True}, Outcome("unknown")),
    ],
    ids=str,
)
def test_each_answer_has_its_word_and_what_is_unknown_stays_unknown(
    cell: str, twin: MailTwin, fault: dict[str, Any], outcome: Outcome
) -> None:
    twin.faults = fault
    assert service(cell, twin.url).send(letter(cell)) == outcome
    assert len(twin.mailbox) == (1 if "lost_answer" in fault else 0), "one call, never repeated from here"


def test_a_service_out_of_reach_surely_sent_nothing(cell: str) -> None:
    assert service(cell, "http://127.0.0.1:9").send(letter(cell)) == Outcome("unreachable", 30)


def test_a_function_without_a_role_sends_nothing(cell: str, twin: MailTwin, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "TENCENTCLOUD_SECRETID"):
        monkeypatch.delenv(name)
    assert service(cell, twin.url).send(letter(cell)) == Outcome("unreachable", 30)
    assert twin.mailbox == []


def test_a_letter_of_another_cell_is_refused_before_any_call(cell: str, twin: MailTwin) -> None:
    for other in ("us", ""):
        assert service(cell, twin.url).send(letter(other)) == Outcome("wrong_cell")
    assert twin.journal == []


def test_no_address_reaches_the_log(cell: str, twin: MailTwin, capsys: pytest.CaptureFixture[str]) -> None:
    for fault in ({}, {"error": "reject"}, {"status": 500}):
        twin.faults = fault
        service(cell, twin.url).send(letter(cell))
    assert "li.lei" not in capsys.readouterr().out


def test_tencent_sends_from_the_approved_template_where_one_is_named(twin: MailTwin, tencent_role: None) -> None:
    twin.simple_allowed = False
    twin.templates[4711] = "订单 {{order_id}} 已付 {{amount}}"
    assert service("cn", twin.url, {"receipt.zh-CN": 4711}).send(letter("cn")) == Outcome("sent")
    assert twin.mailbox[0]["text"] == "订单 A-1 已付 €12.99"
    assert service("cn", twin.url, {"receipt.zh-CN": 4712}).send(letter("cn")) == Outcome("misconfigured")
    assert service("cn", twin.url).send(letter("cn")) == Outcome("misconfigured"), "free content is a closed form"


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("InternalError", "unknown"), ("InternalError.Anything", "unknown"), ("AWordNobodyKnows", "unknown"),
        ("RequestLimitExceeded", "rate_limited"), ("RequestLimitExceeded.UinLimitExceeded", "rate_limited"),
        ("FailedOperation", "misconfigured"), ("FailedOperation.FrequencyLimit", "rate_limited"),
        ("FailedOperation.ReceiverHasUnsubscribed", "unsubscribed"), ("AuthFailure.SignatureFailure", "misconfigured"),
        ("InvalidParameterValue.ReceiverEmailInvalid", "bad_recipient"),
        ("InvalidParameterValue.SubjectLengthError", "bad_letter"),
        ("MissingParameter", "bad_letter"), ("FailedOperation.ServiceNotAvailable", "unreachable"),
    ],
)  # fmt: skip
def test_tencents_error_codes(code: str, state: str) -> None:
    assert outcome_of(code).state == state


def test_boto3_sends_through_the_same_twin(twin: MailTwin, aws_role: None) -> None:
    import boto3
    from botocore.exceptions import ClientError

    ses: Any = boto3.client("sesv2", region_name="eu-central-1", endpoint_url=twin.url)
    content = {"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}}
    sent = ses.send_email(FromEmailAddress=SENDER, Destination={"ToAddresses": ["a@example.com"]}, Content=content)
    assert sent["MessageId"] == twin.mailbox[0]["id"]
    twin.faults = {"error": "reject"}
    with pytest.raises(ClientError) as caught:
        ses.send_email(FromEmailAddress=SENDER, Destination={"ToAddresses": ["a@example.com"]}, Content=content)
    assert caught.value.response["Error"]["Code"] == "MessageRejected"


def test_our_letter_is_a_request_that_botocores_model_of_ses_accepts() -> None:
    from botocore.session import Session
    from botocore.validate import validate_parameters

    from twinshore.clouds.aws.mail import _content

    model = Session().get_service_model("sesv2").operation_model("SendEmail").input_shape
    validate_parameters(_content(SENDER, letter("eu")), model)


def test_moto_takes_our_letter_as_well(moto_url: str, aws_role: None) -> None:
    """moto wants a verified sender, and answers as SES does until there is one."""
    import boto3

    assert SesMail(CELLS["eu"], "no-reply@mail.example.com", moto_url).send(letter("eu")) == Outcome("rejected")
    ses: Any = boto3.client("sesv2", region_name="eu-central-1", endpoint_url=moto_url)
    ses.create_email_identity(EmailIdentity="no-reply@mail.example.com")
    assert SesMail(CELLS["eu"], "no-reply@mail.example.com", moto_url).send(letter("eu")) == Outcome("sent")


def test_the_official_sdk_sends_through_the_same_twin(twin: MailTwin) -> None:
    from tencentcloud.common.common_client import CommonClient
    from tencentcloud.common.credential import Credential
    from tencentcloud.common.profile.client_profile import ClientProfile
    from tencentcloud.common.profile.http_profile import HttpProfile

    profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=twin.url.removeprefix("http://")))
    ses = CommonClient("ses", "2020-10-02", Credential(KEY_ID, KEY, TOKEN), "ap-guangzhou", profile)
    params = {
        "FromEmailAddress": SENDER,
        "Destination": ["a@example.com"],
        "Subject": "主题",
        "Simple": {"Text": "5L2g5aW9"},
    }
    answer = ses.call_json("SendEmail", params)["Response"]
    assert (answer["MessageId"], twin.mailbox[0]["text"]) == (twin.mailbox[0]["id"], "你好")


def test_the_mailbox_shows_the_letters_to_an_address_and_survives_a_restart(cell: str, tmp_path: Any) -> None:
    import urllib.request

    with MailTwin({KEY_ID: (KEY, TOKEN)}, tmp_path) as first:
        service(cell, first.url).send(letter(cell))
        service(cell, first.url).send(letter(cell, to="han@mail.example.com"))
    with MailTwin(folder=tmp_path) as again:
        (item,) = json.load(urllib.request.urlopen(f"{again.url}/_twin/mailbox?to=han@mail.example.com", timeout=5))[
            "items"
        ]
    assert item["to"] == ["han@mail.example.com"]


@pytest.mark.parametrize("headers", [{}, {"authorization": "AWS4-HMAC-SHA256 nonsense"}])
def test_an_unsigned_letter_is_not_taken(twin: MailTwin, headers: dict[str, str]) -> None:
    from twinshore.outbound import send

    reply = send("POST", f"{twin.url}/v2/email/outbound-emails", headers, b"{}")
    assert (reply.status, twin.mailbox) == (403, [])
