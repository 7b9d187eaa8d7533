"""Who may speak for PayPal."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any, Mapping
from zlib import crc32

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from sandbox.twins.paypal_keys import pem
from tests.support import paypal_notices as made
from tests.support.checksum import same_checksum
from twinshore.payments.port import CAPTURED, SignatureRefused
from twinshore.providers.configuration import ProviderNotConfigured
from twinshore.providers.exchange import send_outbound
from twinshore.providers.paypal.client import paypal_from_secret
from twinshore.providers.paypal.verify import Verifier

NOW = made.SENT_AT
BODY = made.event("PAYMENT.SALE.COMPLETED", {"id": "x", "note": "茶"})
SECRET = {
    "client_id": "id", "client_secret": "secret", "webhook_ids": [made.WEBHOOK_ID],
    "certificate_roots_pem": pem(made.root().certificate),
}  # fmt: skip
VERIFIER = made.verifier()


def refused(headers: Mapping[str, str], body: bytes = BODY, now: int = NOW, verifier: Verifier = VERIFIER) -> bool:
    try:
        verifier.check(headers, body, now)
    except SignatureRefused as refusal:
        return refusal.detail == ""
    return False


def test_a_genuine_notice_is_accepted() -> None:
    assert not refused(made.signed(BODY))


@pytest.mark.parametrize(
    ("seconds", "accepted"),
    [(-301, 0), (-300, 1), (0, 1), (86_400, 1), (3 * 86_400 + 3600, 1), (3 * 86_400 + 3601, 0), (10**8, 0)],
)
def test_a_notice_may_be_as_old_as_paypals_last_retry_and_hardly_from_the_future(seconds: int, accepted: int) -> None:
    assert refused(made.signed(BODY), now=NOW + seconds) is not bool(accepted)


@pytest.mark.parametrize(
    "change",
    [
        {"paypal-auth-algo": "SHA1withRSA"}, {"paypal-auth-algo": ""}, {"paypal-transmission-id": ""},
        {"paypal-transmission-id": "a|b"}, {"paypal-transmission-time": ""}, {"paypal-transmission-sig": ""},
        {"paypal-transmission-time": "yesterday"}, {"paypal-transmission-time": "2026-13-45T99:00:00Z"},
        {"paypal-transmission-sig": "AAAA"}, {"paypal-transmission-sig": "茶"}, {"paypal-cert-url": ""},
    ],
    ids=str,
)  # fmt: skip
def test_headers_of_another_form_are_refused_before_anything_is_fetched(change: dict[str, str]) -> None:
    host = made.Host()
    assert refused({**made.signed(BODY), **change}, verifier=made.verifier(host))
    assert host.asked == []


@pytest.mark.parametrize("name", list(made.signed(BODY)))
def test_no_header_may_be_missing_but_the_version(name: str) -> None:
    left = {key: value for key, value in made.signed(BODY).items() if key != name}
    assert refused(left) is (name != "paypal-auth-version")


def test_a_signature_has_one_spelling() -> None:
    headers = made.signed(BODY)
    spelled = headers["paypal-transmission-sig"]
    for other in (spelled + "\n", " " + spelled, spelled.rstrip("="), spelled.replace("=", "==")):
        assert refused({**headers, "paypal-transmission-sig": other})


def test_another_webhooks_notice_is_not_ours() -> None:
    assert refused(made.signed(BODY, webhook_id="1AB23456CD789012E"))
    assert refused(made.signed(BODY, webhook_id=""))


def test_every_live_webhook_id_is_accepted() -> None:
    both = Verifier(["1AB23456CD789012E", made.WEBHOOK_ID], made.certificates(made.Host()))
    assert not refused(made.signed(BODY), verifier=both)
    assert not refused(made.signed(BODY, webhook_id="1AB23456CD789012E"), verifier=both)


def test_the_simulators_webhook_id_is_refused_even_if_somebody_configures_it() -> None:
    assert refused(made.signed(BODY, webhook_id="WEBHOOK_ID"))
    for spelled in ("WEBHOOK_ID", "webhook_id", " WEBHOOK_ID "):
        with pytest.raises(ProviderNotConfigured):
            paypal_from_secret(
                "", json.dumps({**SECRET, "webhook_ids": [made.WEBHOOK_ID, spelled]}), send=send_outbound
            )


def test_another_body_with_the_same_checksum_is_taken_for_genuine_and_so_says_nothing_of_amounts() -> None:
    """The weakness of the scheme: the notice is PayPal's, its content need not be. What moves money is read back."""
    genuine = made.event("PAYMENT.CAPTURE.COMPLETED", {"custom_id": "attempt-000001", "amount": {"value": "0.01"}})
    headers = made.signed(genuine)
    forged = same_checksum(
        crc32(genuine),
        lambda salt: made.event("PAYMENT.CAPTURE.COMPLETED", {
            "custom_id": "attempt-000002", "amount": {"currency_code": "EUR", "value": "9999.00"},
            "note": salt + "????",
        }),
    )  # fmt: skip
    assert forged != genuine and crc32(forged) == crc32(genuine)
    (notice,), _ = made.provider().read_webhook(headers, forged, NOW)
    assert (notice.state, notice.amount) == (CAPTURED, None)


@pytest.mark.parametrize(
    "secret",
    [
        "", "{}", "null", "[]", {"client_id": ""}, {"client_secret": ""}, {"client_secret": None}, {"webhook_ids": []},
        {"webhook_ids": [""]}, {"webhook_ids": "8PT597110X687430L"}, {"certificate_roots_pem": ""},
        {"certificate_roots_pem": "none"},
    ],
    ids=str,
)  # fmt: skip
def test_a_secret_that_is_missing_or_empty_closes_the_door(secret: Any) -> None:
    text = secret if isinstance(secret, str) else json.dumps({**SECRET, **secret})
    with pytest.raises(ProviderNotConfigured):
        paypal_from_secret("", text, send=send_outbound)


def test_a_root_that_is_no_certificate_closes_the_door_and_is_not_repeated() -> None:
    broken = "-----BEGIN CERTIFICATE-----\nVG9wIHNlY3JldA==\n-----END CERTIFICATE-----\n"
    secret = json.dumps({**SECRET, "certificate_roots_pem": broken})

    def serve(*_: object) -> Any:
        from twinshore.outbound import Reply

        return Reply(200, {}, made.chain_pem())

    with pytest.raises(ProviderNotConfigured) as closed:
        paypal_from_secret("", secret, send=serve).read_webhook(made.signed(BODY), BODY, NOW)
    assert "VG9w" not in str(closed.value)


def test_a_signature_by_another_key_is_refused() -> None:
    headers = made.signed(BODY)
    other = made.root().key.sign(b"anything", padding.PKCS1v15(), hashes.SHA256())
    assert refused({**headers, "paypal-transmission-sig": b64encode(other).decode()})
