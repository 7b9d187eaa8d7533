"""A whole bill, cut as the day-book is: each part meets its shard, so that an eighth of the day is in memory at a time.

What is beyond the first megabyte of a part waits on the function's own disk: references, ids and amounts.
"""

from __future__ import annotations

import json
import tempfile
from hashlib import sha256
from typing import IO, Iterable, Iterator

from twinshore.money import Money
from twinshore.reconciliation.daybook import SHARDS, shard_of
from twinshore.reconciliation.differences import Difference
from twinshore.reconciliation.port import LINES_LIMIT, BillLine, BillTooLarge

MEMORY_LIMIT_BYTES = 1_000_000
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Parts:
    """Use as a context manager: it is gone at the end."""

    def __init__(self) -> None:
        self._files: list[IO[bytes]] = [_spooled() for _ in range(SHARDS)]
        self._counts = [0] * SHARDS
        self._digests = [sha256() for _ in range(SHARDS)]

    def __enter__(self) -> Parts:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files:
            file.close()

    def fill(self, lines: Iterable[BillLine]) -> None:
        """Raises BillTooLarge, and what `lines` raises."""
        for line in lines:
            part = part_of_line(line)
            self._counts[part] += 1
            if self._counts[part] > LINES_LIMIT:
                raise BillTooLarge("The bill has too many lines for one run.")
            row = _encode(line).encode() + b"\n"
            self._digests[part].update(row)
            self._files[part].write(row)

    def lines(self, part: int) -> Iterator[BillLine]:
        self._files[part].seek(0)
        return map(_line, self._files[part])

    def digest(self, part: int) -> str:
        """Another for other lines."""
        return self._digests[part].hexdigest()


def _spooled() -> IO[bytes]:
    return tempfile.SpooledTemporaryFile(MEMORY_LIMIT_BYTES)


def part_of_line(line: BillLine) -> int:
    return shard_of(line.reference or line.provider_id or line.name)


def part_of_difference(one: Difference) -> int:
    """That of its line, or of our entry."""
    return shard_of(one.reference or one.provider_id or one.name)


def _line(row: bytes) -> BillLine:
    reference, provider_id, kind, amount, refund_reference, occurred_at, fee, line_id, pending = json.loads(row)
    return BillLine(
        reference, provider_id, kind, Money(*amount), refund_reference, occurred_at, Money(*fee) if fee else None,
        line_id, pending,
    )  # fmt: skip
