"""What the HyperPay twin adds to what every payment twin does: notices that are encrypted whole."""

from __future__ import annotations

import json

from Crypto.Cipher import AES

from tests.support.pair_kinds import only
from tests.support.pairs import REFERENCE, Pair
from tests.support.receiver import Receiver
from twinshore.payments.port import CAPTURED, PENDING

pytestmark = only("hyperpay")


def test_another_implementation_opens_what_the_twin_seals(pair: Pair, receiver: Receiver) -> None:
    pair.faults(duplicate=1, in_order=True)
    pair.paid()
    key = bytes.fromhex(pair.twin.secret()["webhook_keys"][0])
    vectors = set()
    for got in receiver.wait_for(2):
        iv, tag = (got.headers[f"x-{name}"] for name in ("initialization-vector", "authentication-tag"))
        cipher = AES.new(key, AES.MODE_GCM, nonce=bytes.fromhex(iv))
        plain = cipher.decrypt_and_verify(bytes.fromhex(got.body.decode()), bytes.fromhex(tag))
        assert json.loads(plain)["payload"]["merchantTransactionId"] == REFERENCE
        vectors.add(iv)
    assert len(vectors) == 2, "an initialisation vector is used once"


def test_some_listeners_wrap_the_ciphertext(pair: Pair, receiver: Receiver) -> None:
    pair.faults(json_wrapper=True, duplicate=1, in_order=True)
    pair.paid()
    assert pair.states(receiver.wait_for(2)) == [PENDING, CAPTURED]
    assert "encryptedBody" in json.loads(receiver.received[0].body)
