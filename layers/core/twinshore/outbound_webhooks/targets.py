"""Where a webhook may go: a public https address of somebody else, never into our own network (SSRF).

The text is checked when a subscription is made; where the name leads is checked at each sending, on the very addresses
that are then connected to, so that a name cannot change its mind in between.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from twinshore.errors import Unprocessable

URL_LIMIT_CHARACTERS = 2000
LOWEST_OTHER_PORT = 1024
"""Besides 443: no mail, no shell, no database of old on a host that happens to be public."""
# Visible ASCII without the signs that parsers disagree about.
_PLAIN = re.compile(r"[!-~]+")
_AMBIGUOUS = re.compile(r"[\\<>\"^`{|}]")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])")
_NEVER_PUBLIC = (".localhost", ".local", ".internal", ".intranet", ".lan", ".home.arpa", ".test", ".invalid", ".onion")
_CLOSED = (
    "192.0.0.0/24", "192.88.99.0/24", "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/23", "2002::/16", "fec0::/10",
)  # fmt: skip
"""Beyond what every Python counts as not global: protocol assignments, and IPv6 ranges that carry or hide an IPv4
address or were local once (RFC 6890, 7526, 4291, 6052, 8215, 2928 with 4380, 3056, 3879)."""


class WebhookUrlRefused(Unprocessable):
    """`reason`: malformed, https, userinfo, fragment, host or port."""

    slug = "webhook-url-refused"
    title_en = "Webhooks cannot be sent to this address"
    title_zh = "无法向该地址发送 webhook"


def checked_url(url: str, exempt: str = "") -> str:
    """The same text. exempt: see `is_exempt`. Raises WebhookUrlRefused."""
    if len(url) > URL_LIMIT_CHARACTERS or not _PLAIN.fullmatch(url) or _AMBIGUOUS.search(url):
        raise WebhookUrlRefused("Send an address of visible ASCII characters.", reason="malformed")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise WebhookUrlRefused("This is no URL.", reason="malformed") from None
    if is_exempt(url, exempt):
        return url
    if parts.scheme != "https":
        raise WebhookUrlRefused("Only https is spoken.", reason="https")
    if "@" in parts.netloc:
        raise WebhookUrlRefused(
            "No name and password in the address: the signature shows who we are.", reason="userinfo"
        )
    if parts.fragment or url.endswith("#"):
        raise WebhookUrlRefused("A fragment never leaves a browser.", reason="fragment")
    host = parts.hostname or ""
    if not _HOST.fullmatch(host) or len(host) > 253 or f".{host}".endswith(_NEVER_PUBLIC):
        raise WebhookUrlRefused("A public host name is needed; an international one in its xn-- form.", reason="host")
    if port is not None and port != 443 and port < LOWEST_OTHER_PORT:
        raise WebhookUrlRefused("The port is 443, or 1024 and above.", reason="port")
    return url


def is_exempt(url: str, exempt: str) -> bool:
    """exempt: scheme and host that the box and the tests receive at ("http://127.0.0.1", with a port or for any).
    "" in the clouds, where nothing is."""
    if not exempt:
        return False
    wanted, parts = urlsplit(exempt), urlsplit(url)
    same = (parts.scheme, parts.hostname) == (wanted.scheme, wanted.hostname) and "@" not in parts.netloc
    return same and wanted.port in (None, parts.port)


def is_public(address: str) -> bool:
    """Whether a resolved IP address is of the open internet: no loopback, private, link-local (where the clouds'
    metadata services are), shared, multicast, reserved or tunnelling one."""
    from ipaddress import IPv6Address, ip_address, ip_network

    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return is_public(str(parsed.ipv4_mapped))
    if any(parsed in ip_network(closed) for closed in _CLOSED):
        return False
    return parsed.is_global and not parsed.is_multicast and not parsed.is_reserved and not parsed.is_unspecified
