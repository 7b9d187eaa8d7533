"""RSA keys from PEM text, without cryptography's `serialization` and `x509` packages.

Those two cost 14 and 29 ms of every cold start (they bring ssh, dataclasses, inspect). What WeChat Pay hands out are
three fixed shapes: a SubjectPublicKeyInfo, an X.509 certificate that holds one, a PKCS #8 private key (RFC 5280, RFC
5958, RFC 8017). Only texts that we trust come here: our own secret, and certificates that our APIv3 key has opened.
"""

from binascii import a2b_base64
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPrivateNumbers,
    RSAPublicKey,
    RSAPublicNumbers,
)

SMALLEST_MODULUS_BITS = 2048
_RSA_ENCRYPTION = bytes.fromhex("06092a864886f70d010101")  # the OID 1.2.840.113549.1.1.1, tag and length included
_INTEGER, _BIT_STRING, _OCTET_STRING, _SEQUENCE, _VERSION = 0x02, 0x03, 0x04, 0x30, 0xA0


class _Element(NamedTuple):
    tag: int
    content: bytes


def public_key(pem: str) -> RSAPublicKey:
    """From "BEGIN PUBLIC KEY" or "BEGIN CERTIFICATE". Raises ValueError for anything else, or under 2048 bits."""
    label, der = _der(pem)
    if label == "CERTIFICATE":
        spki = _subject_public_key_info(der)
    elif label == "PUBLIC KEY":
        spki = _only(_elements(der), _SEQUENCE)
    else:
        raise ValueError("a PEM public key or certificate is needed")
    algorithm, bits = _fields(spki, _SEQUENCE, _BIT_STRING)
    _must_be_rsa(algorithm)
    modulus, exponent = _integers(_only(_elements(bits[1:]), _SEQUENCE))
    if modulus.bit_length() < SMALLEST_MODULUS_BITS:
        raise ValueError("the RSA key is too short")
    return RSAPublicNumbers(exponent, modulus).public_key()


def private_key(pem: str) -> RSAPrivateKey:
    """From "BEGIN PRIVATE KEY" (PKCS #8, as WeChat's certificate tool writes it). Raises ValueError."""
    label, der = _der(pem)
    if label != "PRIVATE KEY":
        raise ValueError("a PEM private key (PKCS #8) is needed")
    _, algorithm, wrapped = _fields(_only(_elements(der), _SEQUENCE), _INTEGER, _SEQUENCE, _OCTET_STRING)
    _must_be_rsa(algorithm)
    _, n, e, d, p, q, dp, dq, qi = _integers(_only(_elements(wrapped), _SEQUENCE))
    return RSAPrivateNumbers(p, q, d, dp, dq, qi, RSAPublicNumbers(e, n)).private_key()


def _subject_public_key_info(certificate: bytes) -> bytes:
    (signed,) = _fields(_only(_elements(certificate), _SEQUENCE), _SEQUENCE)
    fields = [field for field in _elements(signed) if field.tag != _VERSION]
    # serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo
    if len(fields) < 6 or fields[5].tag != _SEQUENCE:
        raise ValueError("not an X.509 certificate")
    return fields[5].content


def _der(pem: str) -> tuple[str, bytes]:
    lines = [line.strip() for line in pem.strip().splitlines()]
    if len(lines) < 3 or not lines[0].startswith("-----BEGIN ") or not lines[-1].startswith("-----END "):
        raise ValueError("PEM text is needed")
    return lines[0][11:].rstrip("-"), a2b_base64("".join(lines[1:-1]))


def _elements(der: bytes) -> list[_Element]:
    """The elements that follow one another in `der`, which they fill exactly."""
    found, at = [], 0
    while at < len(der):
        if at + 2 > len(der):
            raise ValueError("cut short")
        tag, length, at = der[at], der[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            if not 1 <= size <= 4:
                raise ValueError("not DER")
            length, at = int.from_bytes(der[at : at + size], "big"), at + size
        if at + length > len(der):
            raise ValueError("cut short")
        found.append(_Element(tag, der[at : at + length]))
        at += length
    return found


def _only(elements: list[_Element], tag: int) -> bytes:
    if len(elements) != 1 or elements[0].tag != tag:
        raise ValueError("another structure was expected")
    return elements[0].content


def _fields(der: bytes, *tags: int) -> list[bytes]:
    elements = _elements(der)
    # PKCS #8 may carry attributes behind the key.
    if tuple(element.tag for element in elements[: len(tags)]) != tags:
        raise ValueError("another structure was expected")
    return [element.content for element in elements[: len(tags)]]


def _integers(der: bytes) -> list[int]:
    elements = _elements(der)
    if any(element.tag != _INTEGER for element in elements):
        raise ValueError("whole numbers were expected")
    return [int.from_bytes(element.content, "big") for element in elements]


def _must_be_rsa(algorithm: bytes) -> None:
    if not algorithm.startswith(_RSA_ENCRYPTION):
        raise ValueError("an RSA key is needed")
