"""Tokens of ours, read by PyJWT; tokens of others, refused."""

from __future__ import annotations

import json

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinshore.tokens import Signer, SigningKey, TokenExpired, TokenInvalid, signer_from_secret

NOW = 1_800_000_000
OLD, NEW = SigningKey("2026-10", b"o" * 32), SigningKey("2026-11", b"n" * 32)
signer = Signer("eu", [NEW, OLD])


def test_pyjwt_reads_what_we_issue() -> None:
    token = signer.issue("member", {"sub": "m_1"}, 900, NOW)
    claims = jwt.decode(token, NEW.secret, ["HS256"], issuer="eu", options={"verify_exp": False, "verify_iat": False})
    assert claims == {"sub": "m_1", "iss": "eu", "iat": NOW, "exp": NOW + 900}
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "kid": "2026-11", "typ": "member+jwt"}


def test_a_retired_key_still_verifies_until_it_is_removed() -> None:
    before = Signer("eu", [OLD]).issue("member", {"sub": "m_1"}, 900, NOW)
    assert signer.verify("member", before, NOW)["sub"] == "m_1"
    with pytest.raises(TokenInvalid):
        Signer("eu", [NEW]).verify("member", before, NOW)


def test_the_end_is_the_end() -> None:
    token = signer.issue("member", {}, 900, NOW)
    assert signer.verify("member", token, NOW + 899)
    with pytest.raises(TokenExpired):
        signer.verify("member", token, NOW + 900)


def test_kinds_and_cells_do_not_mix() -> None:
    token = signer.issue("member", {}, 900, NOW)
    with pytest.raises(TokenInvalid):
        signer.verify("service", token, NOW)
    with pytest.raises(TokenInvalid):
        Signer("us", [NEW]).verify("member", token, NOW)


@pytest.mark.parametrize("algorithm", ["none", "HS384", "HS512"])
def test_the_algorithm_is_never_negotiated(algorithm: str) -> None:
    claims = {"sub": "m_1", "iss": "eu", "iat": NOW, "exp": NOW + 900}
    headers = {"kid": "2026-11", "typ": "member+jwt"}
    key = None if algorithm == "none" else NEW.secret * 2
    with pytest.raises(TokenInvalid):
        signer.verify("member", jwt.encode(claims, key, algorithm, headers=headers), NOW)


def test_pyjwts_own_token_is_refused_for_its_header_is_not_ours() -> None:
    claims = {"sub": "m_1", "iss": "eu", "iat": NOW, "exp": NOW + 900}
    with pytest.raises(TokenInvalid):
        signer.verify("member", jwt.encode(claims, NEW.secret, "HS256", headers={"kid": "2026-11"}), NOW)


@given(st.integers(min_value=0), st.characters(codec="ascii"))
def test_no_changed_character_passes(place: int, other: str) -> None:
    token = signer.issue("member", {"sub": "m_1"}, 900, NOW)
    at = place % len(token)
    changed = token[:at] + other + token[at + 1 :]
    if changed != token:
        with pytest.raises(TokenInvalid):
            signer.verify("member", changed, NOW)


@given(st.text(max_size=200))
def test_rubbish_is_invalid_and_nothing_else(text: str) -> None:
    with pytest.raises(TokenInvalid):
        signer.verify("member", text, NOW)


def test_a_token_of_the_future_is_refused() -> None:
    with pytest.raises(TokenInvalid):
        signer.verify("member", signer.issue("member", {}, 900, NOW + 600), NOW)


@pytest.mark.parametrize(
    "secret",
    ["", "[]", "{}", "null", '[{"id": "a"}]', '[{"id": "a", "secret": ""}]', '[{"id": "a", "secret": "zz"}]',
     json.dumps([{"id": "a", "secret": "00" * 31}]), json.dumps([{"id": "a", "secret": "00" * 32}] * 2)],
)  # fmt: skip
def test_an_empty_or_weak_secret_is_a_closed_door(secret: str) -> None:
    with pytest.raises(ValueError, match=r"key|session_keys") as caught:
        signer_from_secret("eu", secret)
    assert "zz" not in str(caught.value)


def test_padding_is_not_malleable() -> None:
    token = signer.issue("member", {}, 900, NOW)
    for form in (token + "=", token + "==", token + "\n", token.replace(".", "..", 1)):
        with pytest.raises(TokenInvalid):
            signer.verify("member", form, NOW)
