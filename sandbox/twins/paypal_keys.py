"""A certificate authority for the PayPal twin: a root that we are told of, an issuing one, and signing certificates."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SIGNING_NAME = "messageverificationcerts.sandbox.paypal.com"


class Issued(NamedTuple):
    certificate: x509.Certificate
    key: rsa.RSAPrivateKey


def make_keys() -> dict[str, Any]:
    """JSON: root, chain and private key, in PEM. `signing` maps a certificate's id to its key and chain."""
    root = issue("Twin Root", None, authority=True)
    between = issue("Twin Issuing CA", root, authority=True)
    signing = dict(signing_certificate(between) for _ in range(2))
    return {"root_pem": pem(root.certificate), "signing": signing}


def signing_certificate(issuer: Issued) -> tuple[str, dict[str, str]]:
    made = issue(SIGNING_NAME, issuer)
    certificate_id = f"CERT-{secrets.token_hex(4)}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"
    private = made.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate_id, {
        "chain_pem": pem(made.certificate) + pem(issuer.certificate),
        "key_pem": private.decode(),
    }


def sign(key_pem: str, text: bytes) -> bytes:
    key = serialization.load_pem_private_key(key_pem.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key.sign(text, padding.PKCS1v15(), hashes.SHA256())


def issue(
    name: str, issuer: Issued | None, *, authority: bool = False, days: tuple[int, int] = (-1, 365), bits: int = 2048
) -> Issued:
    """days: from and to, counted from today. Without an issuer it signs itself."""
    key = rsa.generate_private_key(65537, bits)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer = issuer.key if issuer else key
    today = datetime.now(timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today + timedelta(days=days[0]))
        .not_valid_after(today + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(_usage(authority), critical=True)
    )
    if not authority:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    return Issued(builder.sign(signer, hashes.SHA256()), key)


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _usage(authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=authority, crl_sign=authority, encipher_only=False, decipher_only=False,
    )  # fmt: skip
