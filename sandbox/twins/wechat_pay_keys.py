"""Keys of the Weixin Pay twin: the merchant's, WeChat's public key and platform certificates, made at first start."""

from __future__ import annotations

import datetime
import secrets
from base64 import b64encode
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

CERTIFICATE_DAYS = 5 * 365
_parsed: dict[str, RSAPrivateKey] = {}


def make_keys() -> dict[str, Any]:
    """JSON to keep in the twin's folder. Everything in it is made up here and opens nothing outside the box."""
    merchant, platform = _new_key(), _new_key()
    return {
        "merchant_serial": secrets.token_hex(20).upper(),
        "merchant_private_key_pem": _pem(merchant),
        "public_key_id": f"PUB_KEY_ID_{secrets.randbelow(10**28):028d}",
        "public_key_private_pem": _pem(platform),
        "certificates": [],
        "api_v3_keys": [secrets.token_hex(16)],
    }


def add_certificate(keys: dict[str, Any]) -> str:
    """A further platform certificate; its serial. Twins sign by the last one."""
    key = _new_key()
    serial = secrets.randbits(158) | 1 << 158
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Twin of a payment platform")])
    start = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=CERTIFICATE_DAYS))
        .sign(key, SHA256())
    )
    keys["certificates"].append(
        {
            "serial": f"{serial:X}",
            "private_pem": _pem(key),
            "certificate_pem": certificate.public_bytes(Encoding.PEM).decode(),
            "effective_at": int(start.timestamp()),
            "expires_at": int(start.timestamp()) + CERTIFICATE_DAYS * 86400,
        }
    )
    return f"{serial:X}"


def public_pem(private_pem: str) -> str:
    public = _load(private_pem).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def sign(private_pem: str, message: bytes) -> str:
    return b64encode(_load(private_pem).sign(message, PKCS1v15(), SHA256())).decode()


def verify(private_pem: str, signature: bytes, message: bytes) -> None:
    """Raises InvalidSignature."""
    _load(private_pem).public_key().verify(signature, message, PKCS1v15(), SHA256())


def seal(api_v3_key: str, plain: bytes, associated_data: str) -> dict[str, str]:
    """The members of an encrypted resource."""
    nonce = secrets.token_hex(6)
    sealed = AESGCM(api_v3_key.encode()).encrypt(nonce.encode(), plain, associated_data.encode())
    return {
        "algorithm": "AEAD_AES_256_GCM",
        "nonce": nonce,
        "associated_data": associated_data,
        "ciphertext": b64encode(sealed).decode(),
    }


def _new_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


def _pem(key: RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _load(private_pem: str) -> RSAPrivateKey:
    key = _parsed.get(private_pem)
    if key is None:
        loaded = load_pem_private_key(private_pem.encode(), None)
        if not isinstance(loaded, RSAPrivateKey):
            raise TypeError("an RSA key is needed")
        key = _parsed[private_pem] = loaded
    return key
