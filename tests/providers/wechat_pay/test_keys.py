"""Our small DER reader, against cryptography's own parser as the independent reader."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import wechat_pay_notices as made
from twinshore.providers.wechat_pay.keys import private_key, public_key


def test_a_public_key_is_read_as_cryptography_reads_it() -> None:
    pem = made.platform_pem(made.PUBLIC_KEY)
    theirs = load_pem_public_key(pem.encode())
    assert isinstance(theirs, rsa.RSAPublicKey)
    assert public_key(pem).public_numbers() == theirs.public_numbers()


def test_a_certificate_is_read_as_cryptography_reads_it() -> None:
    for key in (made.OLD_CERTIFICATE, made.NEW_CERTIFICATE):
        pem = made.platform_pem(key)
        theirs = x509.load_pem_x509_certificate(pem.encode()).public_key()
        assert isinstance(theirs, rsa.RSAPublicKey)
        assert public_key(pem).public_numbers() == theirs.public_numbers()


def test_a_private_key_is_read_as_cryptography_reads_it() -> None:
    pem = made.keys()["merchant_private_key_pem"]
    theirs = load_pem_private_key(pem.encode(), None)
    assert isinstance(theirs, rsa.RSAPrivateKey)
    assert private_key(pem).private_numbers() == theirs.private_numbers()


def test_line_ends_and_space_around_are_harmless() -> None:
    pem = made.platform_pem(made.PUBLIC_KEY)
    assert public_key("\n" + pem.replace("\n", "\r\n") + "  ").public_numbers() == public_key(pem).public_numbers()


def test_other_keys_are_refused() -> None:
    curve = ec.generate_private_key(ec.SECP256R1())
    short = rsa.generate_private_key(65537, 1024)
    spki = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    old_form = (Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    for pem in (
        curve.public_key().public_bytes(*spki),
        short.public_key().public_bytes(*spki),
        short.public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1),
    ):
        with pytest.raises(ValueError):
            public_key(pem.decode())
    for pem in (
        short.private_bytes(*old_form),
        curve.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    ):
        with pytest.raises(ValueError):
            private_key(pem.decode())


@pytest.mark.parametrize("text", ["", "abc", "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----"])
def test_text_that_is_no_pem_is_refused(text: str) -> None:
    for read in (public_key, private_key):
        with pytest.raises(ValueError):
            read(text)


@settings(deadline=None)
@given(st.data())
def test_a_damaged_key_is_a_value_error_and_never_another_crash(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([made.PUBLIC_KEY, made.OLD_CERTIFICATE]))
    lines = made.platform_pem(name).splitlines()
    row = data.draw(st.integers(1, len(lines) - 2))
    at = data.draw(st.integers(0, len(lines[row]) - 1))
    letter = data.draw(st.sampled_from("Aa0+/9Z"))
    lines[row] = lines[row][:at] + letter + lines[row][at + 1 :] if data.draw(st.booleans()) else lines[row][:at]
    try:
        public_key("\n".join(lines))
    except ValueError:
        pass
