"""A provider's client speaks to the hosts of its table, and to no other."""

from __future__ import annotations

import pytest

from sandbox.twins.server import Twin, TwinReply, TwinRequest, json_reply
from twinshore.payments.port import OutcomeUnknown
from twinshore.providers.exchange import HostNotAllowed, ask, fetch_from, send_outbound, send_to

HOSTS = ("api.example.invalid", "*-live.example.invalid")


class Party(Twin):
    def handle(self, request: TwinRequest) -> TwinReply:
        return json_reply({"path": request.path})


class Faulty(Twin):
    """Answers with the status that the path names, and speaks of success."""

    def handle(self, request: TwinRequest) -> TwinReply:
        return json_reply({"status": "succeeded"}, int(request.path[1:]))


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "https://api.example.invalid.evil.example/",
        "https://evil.example/api.example.invalid",
        "https://api.example.invalid@evil.example/",
        "https://user:pass@api.example.invalid/",
        "http://api.example.invalid/",
        "https://api.example.invalid:8443/",
        "https://a.b-live.example.invalid/",
        "https://-live.example.invalid.evil/",
        "https://127.0.0.1/",
        "file:///etc/passwd",
    ],
)
def test_nothing_is_sent_to_a_host_that_is_not_in_the_table(url: str) -> None:
    with pytest.raises(HostNotAllowed):
        send_to(HOSTS, "")("GET", url, {}, b"", 0.2)
    with pytest.raises(HostNotAllowed):
        fetch_from(HOSTS, "")(url, {}, print, 0.2)


@pytest.mark.parametrize("url", ["https://api.example.invalid/v1", "https://shop-live.example.invalid/v1?a=b"])
def test_hosts_of_the_table_are_asked(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no such host; what matters is that the guard lets the call go out to be not found."""
    from twinshore.outbound import Unreachable

    monkeypatch.setenv("RES_OPTIONS", "timeout:1 attempts:1")
    with pytest.raises(Unreachable):
        send_to(HOSTS, "")("GET", url, {}, b"", 0.5)


def test_with_a_twin_its_address_is_the_only_one() -> None:
    with Party() as party, Party() as other:
        send = send_to(HOSTS, party.url)
        assert send("GET", f"{party.url}/v1", {}, b"", 2.0).status == 200
        for url in (f"{other.url}/v1", "https://api.example.invalid/v1"):
            with pytest.raises(HostNotAllowed):
                send("GET", url, {}, b"", 2.0)


@pytest.mark.parametrize("status", [301, 302, 307, 308, 399, 500, 502, 503, 504, 599])
def test_a_fault_of_theirs_and_a_redirect_are_no_answer_whatever_the_body_says(status: int) -> None:
    with Faulty() as party, pytest.raises(OutcomeUnknown):
        ask(send_outbound, "GET", f"{party.url}/{status}", {}, b"")


@pytest.mark.parametrize("status", [200, 201, 299, 400, 401, 404, 422, 429, 499])
def test_everything_else_is_an_answer(status: int) -> None:
    with Faulty() as party:
        assert ask(send_outbound, "GET", f"{party.url}/{status}", {}, b"").status == status
