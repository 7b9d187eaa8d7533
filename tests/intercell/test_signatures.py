"""RFC 9421 itself (Appendix B.2.6), and an independent reader and writer of it, in both directions."""

from __future__ import annotations

import base64
import json
import time
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, Mapping

import http_message_signatures as independent
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.support.cell_pair import Pair
from twinshore.intercell.keys import CellKey, is_signed_by
from twinshore.intercell.port import Heard
from twinshore.intercell.signatures import ANSWER_COVERS, REQUEST_COVERS, parameters_of, signature_base

PRIVATE_PEM = b"""-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF
-----END PRIVATE KEY-----
"""
PUBLIC = base64.b64decode("MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=")[-32:]
B26_LINES = [
    ('"date"', "Tue, 20 Apr 2021 02:07:55 GMT"), ('"@method"', "POST"), ('"@path"', "/foo"),
    ('"@authority"', "example.com"), ('"content-type"', "application/json"), ('"content-length"', "18"),
]  # fmt: skip
B26_PARAMETERS = (
    '("date" "@method" "@path" "@authority" "content-type" "content-length")'
    ';created=1618884473;keyid="test-key-ed25519"'
)
B26_BASE = b"""\
"date": Tue, 20 Apr 2021 02:07:55 GMT
"@method": POST
"@path": /foo
"@authority": example.com
"content-type": application/json
"content-length": 18
"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length")\
;created=1618884473;keyid="test-key-ed25519\""""
B26_SIGNATURE = "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="


class OneKey(independent.HTTPSignatureKeyResolver):
    def __init__(self, key: CellKey) -> None:
        self.key = key

    def resolve_private_key(self, key_id: str) -> Any:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        assert key_id == self.key.key_id
        return Ed25519PrivateKey.from_private_bytes(self.key.private)

    def resolve_public_key(self, key_id: str) -> Any:
        return self.resolve_private_key(key_id).public_key()


def test_the_vector_of_the_rfc_is_spelt_signed_and_verified_as_there() -> None:
    base = signature_base(B26_LINES, B26_PARAMETERS)
    assert base == B26_BASE
    private = load_pem_private_key(PRIVATE_PEM, None).private_bytes_raw()  # type: ignore[union-attr]
    assert base64.b64encode(CellKey("x", "k", private).sign(base)).decode() == B26_SIGNATURE
    assert is_signed_by(PUBLIC, base64.b64decode(B26_SIGNATURE), base)
    assert not is_signed_by(PUBLIC, base64.b64decode(B26_SIGNATURE), base + b" ")


def reader(key: CellKey) -> independent.HTTPMessageVerifier:
    return independent.HTTPMessageVerifier(
        signature_algorithm=independent.algorithms.ED25519, key_resolver=OneKey(key)
    )  # fmt: skip


def writer(key: CellKey) -> independent.HTTPMessageSigner:
    return independent.HTTPMessageSigner(signature_algorithm=independent.algorithms.ED25519, key_resolver=OneKey(key))


def names(covers: tuple[str, ...]) -> list[str]:
    """The library takes a plain name for what has no parameters."""
    return [cover if ";" in cover else cover.strip('"') for cover in covers]


def test_the_question_that_we_sign_an_independent_reader_verifies(pair: Pair) -> None:
    pair.ask(int(time.time()))
    url, headers, body = pair.sent[0]
    question = SimpleNamespace(method="POST", url=url, headers=headers)
    found = reader(pair.key()).verify(question, max_age=timedelta(minutes=5), expect_tag="twinshore", body=body)
    assert list(found[0].covered_components) == [*REQUEST_COVERS, '"@signature-params"']
    assert found[0].body == body


def test_the_answer_that_we_sign_an_independent_reader_verifies(pair: Pair) -> None:
    pair.ask(int(time.time()))
    url, headers, _ = pair.sent[0]
    said = pair.answers[0]
    question = SimpleNamespace(method="POST", url=url, headers=headers)
    answer = SimpleNamespace(status_code=said.status, headers=said.headers, request=question)
    found = reader(pair.key(pair.here)).verify(answer, expect_tag="twinshore", body=said.text.encode())
    assert list(found[0].covered_components) == [*ANSWER_COVERS, '"@signature-params"']


def test_the_question_that_an_independent_writer_signs_we_hear(pair: Pair) -> None:
    body = json.dumps({"ref": "r9", "points": 7}, indent=1).encode()
    url = pair.cells.all[pair.here].endpoint + "/cells/v1/demo"
    question = SimpleNamespace(method="POST", url=url, headers={"Content-Type": "application/json"})
    writer(pair.key()).sign(
        question, key_id=pair.key().key_id, label="cell", tag="twinshore", nonce="0123456789abcdefXYZ", body=body,
        covered_component_ids=names(REQUEST_COVERS), use_existing_digest=False,
    )  # fmt: skip
    answer = pair.call("POST", "/cells/v1/demo", question.headers, body)
    assert (answer.status, answer.json()) == (200, {"ref": "r9", "total": 7})


def test_the_answer_that_an_independent_writer_signs_we_believe(pair: Pair) -> None:
    body = b'{"ref": "r1",\n "total": 41}'

    def answered(url: str, headers: Mapping[str, str], _: bytes) -> Heard:
        question = SimpleNamespace(method="POST", url=url, headers=headers)
        answer = SimpleNamespace(status_code=200, headers={}, request=question)
        writer(pair.key(pair.here)).sign(
            answer, key_id=pair.key(pair.here).key_id, label="cell", tag="twinshore", body=body,
            covered_component_ids=names(ANSWER_COVERS),
        )  # fmt: skip
        return Heard(200, {name.lower(): value for name, value in answer.headers.items()}, body)

    assert pair.ask(int(time.time()), send=answered) == {"ref": "r1", "total": 41}


def test_parameters_are_spelt_in_one_way() -> None:
    assert parameters_of(ANSWER_COVERS, 1, "eu:k1") == (
        '("@status" "content-digest" "signature";req;key="cell");created=1;keyid="eu:k1";tag="twinshore"'
    )
