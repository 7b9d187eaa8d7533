"""What is read of the signature headers: the one canonical spelling, whatever else is sent."""

from __future__ import annotations

import base64
import string

import http_sf
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from twinshore.intercell.signatures import (
    ANSWER_COVERS,
    LABEL,
    REQUEST_COVERS,
    SignatureInvalid,
    headers_of,
    parameters_of,
    read,
)

SIGNATURE = bytes(range(64))
GENUINE = parameters_of(REQUEST_COVERS, 1618884473, "cn:2026-11", "0123456789abcdefXYZ")
SAID = {name.lower(): value for name, value in headers_of(GENUINE, SIGNATURE).items()}
NAMES = ("created", "nonce", "keyid", "tag", "alg", "expires", "x")


def test_what_we_write_we_read() -> None:
    signed = read(SAID, REQUEST_COVERS, with_nonce=True)
    assert (signed.created, signed.key_id, signed.nonce) == (1618884473, "cn:2026-11", "0123456789abcdefXYZ")
    assert (signed.parameters, signed.signature) == (GENUINE, SIGNATURE)


def test_an_answer_has_no_nonce_and_a_question_has_one() -> None:
    answer = parameters_of(ANSWER_COVERS, 1, "eu:k1")
    said = {name.lower(): value for name, value in headers_of(answer, SIGNATURE).items()}
    assert read(said, ANSWER_COVERS, with_nonce=False).nonce == ""
    with pytest.raises(SignatureInvalid):
        read(SAID, ANSWER_COVERS, with_nonce=False)


STRANGE = {
    "a number with a zero before it": GENUINE.replace("created=", "created=0"),
    "a parameter twice": GENUINE + ';tag="twinshore"',
    "another algorithm": GENUINE + ';alg="rsa-pss-sha512"',
    "an algorithm that is no string": GENUINE + ";alg=1",
    "an expiry": GENUINE + ";expires=9999999999",
    "another tag": GENUINE.replace("twinshore", "other"),
    "a space": GENUINE.replace(";nonce", "; nonce"),
    "an escape": GENUINE.replace("cn:2026-11", 'cn\\"'),
    "a nonce of other letters": GENUINE.replace("XYZ", "X.Z"),
    "a component with a parameter": GENUINE.replace('"content-type"', '"content-type";sf'),
}


@pytest.mark.parametrize("what", STRANGE)
def test_another_form_is_refused(what: str) -> None:
    with pytest.raises(SignatureInvalid):
        read({**SAID, "signature-input": f"{LABEL}={STRANGE[what]}"}, REQUEST_COVERS, with_nonce=True)


def test_the_algorithm_may_be_said() -> None:
    said = {**SAID, "signature-input": f'{LABEL}={GENUINE};alg="ed25519"'}
    assert read(said, REQUEST_COVERS, with_nonce=True).created == 1618884473


@given(st.integers(0, len(SAID["signature-input"])), st.text(string.printable + "é\0", max_size=3), st.integers(0, 3))
@example(at=0, put=" ", cut=0)
@example(at=len(SAID["signature-input"]), put="\n", cut=0)
def test_every_change_of_the_input_is_refused_or_is_a_canonical_structured_field(at: int, put: str, cut: int) -> None:
    text = SAID["signature-input"]
    changed = text[:at] + put + text[at + cut :]
    try:
        signed = read({**SAID, "signature-input": changed}, REQUEST_COVERS, with_nonce=True)
    except SignatureInvalid:
        return
    # An independent parser reads the same, and writes the very text again: there is no second meaning to it.
    parsed = http_sf.parse(changed.encode(), tltype="dictionary")
    assert f"{LABEL}={signed.parameters}" == changed == http_sf.ser(parsed)
    _, parameters = parsed[LABEL]
    assert (parameters["created"], parameters["keyid"]) == (signed.created, signed.key_id)


_values = st.one_of(
    st.integers(-(10**15), 10**15).map(str),
    st.text("abc:019-_ ;=()\\é", max_size=40).map(lambda text: f'"{text}"'),
    st.sampled_from(['"twinshore"', '"ed25519"', "?1", ":AAAA:", "token", "1.5", "01", "00", ""]),
)


@given(st.lists(st.tuples(st.sampled_from(NAMES), _values), max_size=7))
def test_any_parameters_are_read_or_refused(pairs: list[tuple[str, str]]) -> None:
    covers = " ".join(REQUEST_COVERS)
    text = f"{LABEL}=({covers})" + "".join(f";{name}={value}" for name, value in pairs)
    try:
        signed = read({**SAID, "signature-input": text}, REQUEST_COVERS, with_nonce=True)
    except SignatureInvalid:
        return
    assert {name for name, _ in pairs} - {"alg"} == {"created", "nonce", "keyid", "tag"}
    assert http_sf.ser(http_sf.parse(text.encode(), tltype="dictionary")) == text
    assert len(pairs) == len({name for name, _ in pairs})
    assert signed.created >= 0


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_is_refused_in_words_of_ours(said: str, value: str) -> None:
    with pytest.raises(SignatureInvalid) as refusal:
        read({"signature-input": said, "signature": value}, REQUEST_COVERS, with_nonce=True)
    assert refusal.value.detail


@given(st.binary(min_size=64, max_size=64))
def test_a_signature_is_read_as_its_bytes(raw: bytes) -> None:
    said = {**SAID, "signature": f"cell=:{base64.b64encode(raw).decode()}:"}
    assert read(said, REQUEST_COVERS, with_nonce=True).signature == raw


@pytest.mark.parametrize("length", [0, 1, 63, 65, 800])
def test_a_signature_has_sixty_four_bytes(length: int) -> None:
    said = {**SAID, "signature": f"cell=:{base64.b64encode(bytes(length)).decode()}:"}
    with pytest.raises(SignatureInvalid):
        read(said, REQUEST_COVERS, with_nonce=True)
