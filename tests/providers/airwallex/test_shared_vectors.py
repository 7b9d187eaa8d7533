"""Cross-checked vectors, signed in the form of the party's own plugin."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.vectors import SHARED, load
from twinshore.payments.port import CAPTURED, SignatureRefused
from twinshore.providers.airwallex.account import Account
from twinshore.providers.airwallex.client import Airwallex
from twinshore.providers.exchange import send_outbound

VECTORS = load(SHARED / "airwallex.json")["vectors"]


@pytest.mark.parametrize("entry", VECTORS, ids=lambda entry: entry["name"])
def test_each_vector_is_taken_or_refused(entry: dict[str, Any]) -> None:
    pay = Airwallex("http://127.0.0.1:9", Account("id", "key", (entry["secret"],)), send=send_outbound)
    arguments = (entry["headers"], entry["body"].encode(), int(entry["headers"]["x-timestamp"]) // 1000)
    if entry["expect"] is not True:
        with pytest.raises(SignatureRefused):
            pay.read_webhook(*arguments)
        return
    (notice,), _ = pay.read_webhook(*arguments)
    # This intent names no captured amount, so it is left to be fetched.
    assert (notice.reference, notice.state, notice.amount) == ("ORD-AW-1", CAPTURED, None)
