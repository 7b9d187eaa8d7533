"""PayPal's signing certificates: from which address, under which roots, and how often an unknown one is fetched.

The address stands in a header that anybody can write. It counts only as the name of a certificate at PayPal's own host;
what comes from there must be issued, under a root that we were given, to PayPal's name for signing notices.
`cryptography`'s x509 is imported when a certificate has come (29 ms that a warm instance never pays).
"""

import re
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from twinshore.providers.configuration import ProviderNotConfigured

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.x509 import Certificate

Fetch = Callable[[str], bytes]
"""Given a path below PayPal's certificate host: the PEM text, b"" if it cannot be had just now."""

SMALLEST_MODULUS_BITS = 2048
DOWNLOADS, DOWNLOADS_PER_SECONDS = 4, 300
"""In one instance: PayPal signs with several certificates side by side, so the first notices may bring a few at once.
Whoever sends forged addresses uses these up, and a genuine notice under a new certificate then waits for its retry."""
KEPT_LIMIT = 16
CHAIN_LIMIT = 6
PEM_LIMIT_BYTES = 64 * 1024
_PATH = r"/v1/notifications/certs/[A-Za-z0-9_-]{1,80}"


class Place(NamedTuple):
    """Where certificates come from and to whom they are issued."""

    host: str
    names: tuple[str, ...]


PRODUCTION = Place("api.paypal.com", ("messageverificationcerts.paypal.com",))
# The retired SDKs expect the sandbox's own name; its certificates have been seen with either.
SANDBOX = Place(
    "api.sandbox.paypal.com", ("messageverificationcerts.sandbox.paypal.com", "messageverificationcerts.paypal.com")
)


class _Kept(NamedTuple):
    key: Any
    """An RSAPublicKey."""
    begins_at: int
    ends_at: int


class Certificates:
    """roots_pem: the certificates (roots, or intermediates of one's choice) that a chain must end in."""

    def __init__(self, place: Place, roots_pem: str, fetch: Fetch) -> None:
        if "-----BEGIN CERTIFICATE-----" not in roots_pem:
            raise ProviderNotConfigured("paypal has no root certificate to verify with.")
        self._place = place
        self._roots_pem = roots_pem
        self._fetch = fetch
        self._address = re.compile(rf"https://{re.escape(place.host)}(?::443)?({_PATH})")
        self._kept: dict[str, _Kept] = {}
        self._downloads: list[int] = []

    def key(self, url: str, now: int) -> "RSAPublicKey | None":
        """The public key of the certificate at `url`; None if it is not PayPal's, not valid now, or not to be had."""
        found = self._address.fullmatch(url)
        if found is None:
            return None
        path = found.group(1)
        kept = self._kept.get(path)
        if kept is None and self._may_download(now):
            kept = self._downloaded(path, now)
        if kept is None or not kept.begins_at <= now <= kept.ends_at:
            return None
        key: "RSAPublicKey" = kept.key
        return key

    def _may_download(self, now: int) -> bool:
        self._downloads = [at for at in self._downloads if abs(now - at) < DOWNLOADS_PER_SECONDS]
        if len(self._downloads) >= DOWNLOADS:
            return False
        self._downloads.append(now)  # before the call: a failing or slow download counts too
        return True

    def _downloaded(self, path: str, now: int) -> _Kept | None:
        pem = self._fetch(path)
        if not 0 < len(pem) <= PEM_LIMIT_BYTES:
            return None
        kept = _verified(pem, self._roots_pem, self._place.names, now)
        if kept is not None:
            while len(self._kept) >= KEPT_LIMIT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[path] = kept
        return kept


def _verified(pem: bytes, roots_pem: str, names: tuple[str, ...], now: int) -> _Kept | None:
    """The first certificate of `pem`, if a chain leads from it over the others to a root, for one of the names, now."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    try:
        roots = x509.load_pem_x509_certificates(roots_pem.encode())
    except ValueError:
        raise ProviderNotConfigured("A root certificate of paypal is no PEM certificate.") from None
    try:
        leaf, *others = x509.load_pem_x509_certificates(pem)
    except ValueError:
        return None
    key = leaf.public_key()
    if not isinstance(key, RSAPublicKey) or key.key_size < SMALLEST_MODULUS_BITS or len(others) >= CHAIN_LIMIT:
        return None
    if not any(_chain_holds(leaf, others, roots, name, now) for name in names):
        return None
    begins, ends = leaf.not_valid_before_utc, leaf.not_valid_after_utc
    return _Kept(key, int(begins.timestamp()), int(ends.timestamp()))


def _chain_holds(
    leaf: "Certificate", others: "list[Certificate]", roots: "list[Certificate]", name: str, now: int
) -> bool:
    """RFC 5280 with the rules of the web: signatures, dates, name, usage. Nothing is asked of the network, so a
    certificate that was called back before its end is not known as such."""
    from datetime import datetime, timezone

    from cryptography.x509 import DNSName
    from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

    policy = PolicyBuilder().store(Store(roots)).time(datetime.fromtimestamp(now, timezone.utc))
    try:
        policy.build_server_verifier(DNSName(name)).verify(leaf, others)
    except VerificationError:
        return False
    return True
