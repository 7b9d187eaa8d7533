"""Whose certificate counts, and how often an unknown one is fetched."""

from __future__ import annotations

import pytest

from sandbox.twins.paypal_keys import Issued, issue, pem
from tests.support import paypal_notices as made
from twinshore.providers.paypal.certificates import DOWNLOADS, DOWNLOADS_PER_SECONDS, SANDBOX, Certificates

NOW = made.SENT_AT
CERTS = "/v1/notifications/certs/"


def served(issued: Issued, *others: Issued) -> bytes:
    return "".join(pem(one.certificate) for one in (issued, *others)).encode()


def accepted(body: bytes, now: int = NOW) -> bool:
    return made.certificates(made.Host(body)).key(made.URL, now) is not None


def address(number: int) -> str:
    return f"https://api.paypal.com{CERTS}CERT-{number}"


@pytest.mark.parametrize(
    "url",
    [
        "", "CERT-1", made.PATH, "http://api.paypal.com" + made.PATH, "https://api.paypal.com.evil.example" + made.PATH,
        "https://evil.example/?https://api.paypal.com" + made.PATH, "https://api.paypal.com@evil.example" + made.PATH,
        "https://evil.example#@api.paypal.com" + made.PATH, "https://api-m.paypal.com" + made.PATH,
        "https://user:pass@api.paypal.com" + made.PATH, "https://api.paypal.com:8443" + made.PATH,
        "https://api.paypal.com./v1/notifications/certs/CERT-1", "https://API.PAYPAL.COM.evil.example" + made.PATH,
        "https://api.paypal.com/v1/notifications/certs/", "https://api.paypal.com/v1/notifications/certs/../../x",
        "https://api.paypal.com/v1/notifications/certs/a/b", f"https://api.paypal.com{made.PATH}?x=1",
        f"https://api.paypal.com{made.PATH}#x", f"https://api.paypal.com/x{made.PATH}", made.URL + "\n", " " + made.URL,
        "https://api.sandbox.paypal.com" + made.PATH, "https://api.paypal.com\\@evil.example" + made.PATH,
        "https://api.paypal.com/v1/notifications/certs/" + "a" * 81, "https://аpi.paypal.com" + made.PATH,
    ],
)  # fmt: skip
def test_any_other_address_is_refused_before_anything_is_fetched(url: str) -> None:
    host = made.Host()
    assert made.certificates(host).key(url, NOW) is None
    assert host.asked == []


def test_each_environment_has_its_own_host_and_the_default_port_may_be_said() -> None:
    host = made.Host()
    production = made.certificates(host)
    assert production.key(made.URL, NOW) is not None
    assert production.key(made.URL.replace(".com/", ".com:443/"), NOW) is not None
    assert host.asked == [made.PATH]
    sandbox = Certificates(SANDBOX, pem(made.root().certificate), host)
    assert sandbox.key(made.URL, NOW) is None
    assert sandbox.key(f"https://api.sandbox.paypal.com{made.PATH}", NOW) is not None


def test_a_chain_over_an_intermediate_holds_and_one_without_it_does_not() -> None:
    assert accepted(made.chain_pem())
    assert not accepted(served(made.leaf()))


def test_an_intermediate_may_be_pinned_in_place_of_the_root() -> None:
    pinned = Certificates(made.PRODUCTION, pem(made.between().certificate), made.Host(served(made.leaf())))
    assert pinned.key(made.URL, NOW) is not None


@pytest.mark.parametrize(
    "names", ["evil.example", "paypal.com", "messageverificationcerts.paypal.com.evil.example",
              "messageverificationcerts.sandbox.paypal.com", "api.paypal.com"],
)  # fmt: skip
def test_a_genuine_certificate_for_another_name_is_refused(names: str) -> None:
    assert not accepted(served(issue(names, made.between()), made.between()))


def test_paypals_name_without_a_chain_to_our_roots_is_refused() -> None:
    stranger = issue("Test Root", None, authority=True)
    assert not accepted(served(issue(made.NAME, None)))
    assert not accepted(served(issue(made.NAME, stranger), stranger))


def test_a_leaf_does_not_issue() -> None:
    assert not accepted(served(issue(made.NAME, made.leaf()), made.leaf(), made.between()))


@pytest.mark.parametrize("days", [(-10, -1), (1, 10)], ids=["over", "to come"])
def test_a_certificate_counts_within_its_dates_only(days: tuple[int, int]) -> None:
    assert not accepted(served(issue(made.NAME, made.between(), days=days), made.between()))


def test_a_kept_certificate_ends_with_its_last_day() -> None:
    host = made.Host()
    held = made.certificates(host)
    assert held.key(made.URL, NOW) is not None
    assert held.key(made.URL, NOW + 366 * 86_400) is None
    assert held.key(made.URL, NOW - 3 * 86_400) is None
    assert len(host.asked) == 1


def test_a_key_that_is_too_short_is_refused() -> None:
    assert not accepted(served(issue(made.NAME, made.between(), bits=1024), made.between()))


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"-----BEGIN CERTIFICATE-----\n", b"x" * 70_000, b"\xff\xfe"], ids=str
)
def test_what_is_no_certificate_is_refused(body: bytes) -> None:
    assert not accepted(body[:100] if not body.startswith(b"x") else body)


def test_a_certificate_is_fetched_once() -> None:
    host = made.Host()
    held = made.certificates(host)
    for _ in range(5):
        assert held.key(made.URL, NOW) is not None
    assert host.asked == [made.PATH]


def test_forged_addresses_cause_a_few_downloads_and_no_more() -> None:
    host = made.Host(b"")
    held = made.certificates(host)
    for number in range(50):
        assert held.key(address(number), NOW + number) is None
    assert len(host.asked) == DOWNLOADS
    assert held.key(address(99), NOW + DOWNLOADS_PER_SECONDS) is None
    assert len(host.asked) == DOWNLOADS + 1


def test_known_certificates_go_on_while_downloads_are_used_up() -> None:
    host = made.Host()
    held = made.certificates(host)
    assert held.key(made.URL, NOW) is not None
    host.served = b""
    for number in range(50):
        held.key(address(number), NOW)
    assert held.key(made.URL, NOW) is not None


def test_a_failed_download_is_not_remembered_as_a_verdict() -> None:
    host = made.Host(b"")
    held = made.certificates(host)
    assert held.key(made.URL, NOW) is None
    host.served = made.chain_pem()
    assert held.key(made.URL, NOW) is not None
