"""Who may speak for a party: its twin, and nobody who changes one bit of what it said."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest

from tests.support.pair_kinds import EVERY, KINDS
from tests.support.pairs import Kind, Pair, pair_of
from tests.support.receiver import Receiver


@pytest.fixture
def pair(kind: Kind, receiver: Receiver, tmp_path: Path) -> Iterator[Pair]:
    with pair_of(kind, tmp_path, receiver.url) as running:
        running.faults(duplicate=1, in_order=True)
        running.paid()
        running.settle()
        yield running


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def flipped(text: bytes, bit: int) -> bytes:
    changed = bytearray(text)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "body" in kind.covered], ids=lambda kind: kind.name)
def test_any_one_flipped_bit_of_a_body_is_refused(pair: Pair, receiver: Receiver) -> None:
    got = receiver.received[-1]
    told = pair.read(got)
    assert told
    for bit in range(len(got.body) * 8):
        heard = pair.read(got._replace(body=flipped(got.body, bit)))
        assert not heard or (pair.kind.spelled_freely and heard == told), bit


@EVERY
def test_any_one_flipped_bit_of_what_is_signed_beside_the_body_is_refused(pair: Pair, receiver: Receiver) -> None:
    got = receiver.received[-1]
    told, names = pair.read(got), [name for name in pair.kind.covered if name != "body"]
    for name in names:
        whole = got.headers[name].encode()
        for bit in range(len(whole) * 8):
            changed = flipped(whole, bit).decode("latin-1")
            heard = pair.read(got._replace(headers={**got.headers, name: changed}))
            assert not heard or (pair.kind.spelled_freely and heard == told), (name, bit)


@EVERY
def test_a_header_that_is_missing_or_empty_is_refused(pair: Pair, receiver: Receiver) -> None:
    got = receiver.received[-1]
    for name in set(pair.kind.covered) - {"body", *pair.kind.unsigned_asks}:
        for headers in ({key: value for key, value in got.headers.items() if key != name}, {**got.headers, name: ""}):
            assert not pair.read(got._replace(headers=headers)), name
