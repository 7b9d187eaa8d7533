"""Cross-checked vectors: the platform's published example, and generated ones."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.vectors import SHARED, load, lower
from twinshore.payments.port import SignatureRefused
from twinshore.providers.hyperpay.verify import NoticeKeys

VECTORS = load(SHARED / "hyperpay.json")["vectors"]


@pytest.mark.parametrize("entry", VECTORS, ids=lambda entry: entry["name"])
def test_each_vector_opens_or_is_refused(entry: dict[str, Any]) -> None:
    keys = NoticeKeys([entry["key_hex"]])
    if entry["expect"] is True:
        assert keys.open(lower(entry["headers"]), entry["body"].encode()).decode() == entry["plaintext"]
    else:
        with pytest.raises(SignatureRefused):
            keys.open(lower(entry["headers"]), entry["body"].encode())
