"""No webhook goes into our own network."""

from __future__ import annotations

import pytest

from twinshore.outbound_webhooks.targets import WebhookUrlRefused, checked_url, is_exempt, is_public


@pytest.mark.parametrize(
    "url",
    ["https://shop.example.com/hooks", "https://shop.example.com", "https://a-b.example.co.uk:8443/x?y=z%20",
     "https://xn--fiqs8s.example.com/", "https://shop.example.com:443/", "https://SHOP.Example.com/"],
)  # fmt: skip
def test_public_https_addresses_are_taken(url: str) -> None:
    assert checked_url(url) == url


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://shop.example.com/", "https"), ("ftp://shop.example.com/", "https"), ("//shop.example.com/", "https"),
        ("shop.example.com", "https"), ("file:///etc/passwd", "https"), ("gopher://x.example.com/", "https"),
        ("https://u:p@shop.example.com/", "userinfo"), ("https://shop.example.com@127.0.0.1/", "userinfo"),
        ("https://shop.example.com/#x", "fragment"), ("https://shop.example.com/#", "fragment"),
        ("https://localhost/", "host"), ("https://127.0.0.1/", "host"), ("https://[::1]/", "host"),
        ("https://8.8.8.8/", "host"), ("https://2130706433/", "host"), ("https://0x7f.1/", "host"),
        ("https://0177.0.0.1/", "host"), ("https://127.1/", "host"), ("https://metadata/", "host"),
        ("https://metadata.google.internal/", "host"), ("https://printer.local/", "host"),
        ("https://a.localhost/", "host"), ("https://a." + "b" * 250 + ".com/", "host"),
        ("https://shop.example.com./", "host"), ("https://shop..example.com/", "host"), ("https:///x", "host"),
        ("https://-a.example.com/", "host"), ("https://a_b.example.com/", "host"),
        ("https://shop.example.com:22/", "port"), ("https://shop.example.com:25/", "port"),
        ("https://shop.example.com:0/", "port"), ("https://shop.example.com:99999/", "malformed"),
        ("https://shop.example.com:x/", "malformed"), ("https://[::1/", "malformed"), ("", "malformed"),
        ("https://shop.example.com/a b", "malformed"), ("https://shop.example.com/\r\nHost: x", "malformed"),
        ("https://shop.example.com\\@127.0.0.1/", "malformed"), ("https://店.example.com/", "malformed"),
        ("https://shop.example.com/" + "x" * 2000, "malformed"),
    ],
)  # fmt: skip
def test_any_other_address_is_refused_by_name(url: str, reason: str) -> None:
    with pytest.raises(WebhookUrlRefused) as refused:
        checked_url(url)
    assert refused.value.extensions["reason"] == reason


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_addresses_of_the_open_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "169.254.0.23", "100.64.0.1", "100.100.100.200", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
        "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.0.8", "192.88.99.1",
        "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "fe80::1", "fe80::1%eth0", "fc00::1",
        "fd00:ec2::254", "ff02::1", "fec0::1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2001:0:7f00:1::",
        "2001:db8::1", "64:ff9b:1::1",
        "", "shop.example.com", "127.1", "2130706433",
    ],
)  # fmt: skip
def test_every_other_address_is_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    ("url", "exempt", "taken"),
    [
        ("http://127.0.0.1:8080/x", "http://127.0.0.1", True),
        ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080", True),
        ("http://127.0.0.1:8081/x", "http://127.0.0.1:8080", False), ("http://127.0.0.1:8080/x", "", False),
        ("https://127.0.0.1/x", "http://127.0.0.1", False), ("http://127.0.0.2/x", "http://127.0.0.1", False),
        ("http://u@127.0.0.1/x", "http://127.0.0.1", False),
        ("http://127.0.0.1.evil.example/", "http://127.0.0.1", False),
    ],
)  # fmt: skip
def test_only_the_receiver_of_the_box_is_exempt(url: str, exempt: str, taken: bool) -> None:
    assert is_exempt(url, exempt) is taken
