"""Ours and its peer read the same reference out of the same notice, for every provider, warm and in a new process."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bench.callback_readers import BY_HAND, BY_SDK, WITHOUT_VERIFIER, ours, peer_of
from bench.provider_callbacks import kept_notice, measure_cold
from tools.payment_matrix import parties


@pytest.mark.parametrize("party", parties(), ids=lambda party: party.name)
def test_ours_and_its_peer_read_the_same_notice(party: Any) -> None:
    with kept_notice(party) as file:
        kept = json.loads(file.read_text(encoding="utf-8"))
        for build in (ours, peer_of(party.name)[1]):
            assert build(kept)() in kept["references"]
        cold = measure_cold(file, 1)
        assert cold["ours"].modules and cold["peer"].modules


def test_every_provider_has_one_peer() -> None:
    assert sorted([*BY_SDK, *BY_HAND]) == sorted(party.name for party in parties())
    assert sorted(WITHOUT_VERIFIER) == sorted(BY_HAND)
