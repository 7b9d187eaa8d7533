"""CRC-32 is no secret: any body can be given any checksum, by four bytes of one's choice."""

from __future__ import annotations

from typing import Callable
from zlib import crc32

MARK = b"????"
_TRIES = 5000
_POLYNOMIAL = 0xEDB88320


def _table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
        table.append(value)
    return table


TABLE = _table()
BY_TOP = {value >> 24: index for index, value in enumerate(TABLE)}


def same_checksum(wanted: int, write: Callable[[str], bytes]) -> bytes:
    """`write(salt)` gives a body that holds MARK once; salts are tried until four plain characters in its place give
    the wanted checksum."""
    for number in range(_TRIES):
        body = write(str(number))
        before, after = body.split(MARK)
        patch = _patch(crc32(before), after, wanted)
        if all(32 <= byte < 127 and byte not in b'"\\' for byte in patch):
            return before + patch + after
    raise AssertionError("no plain characters give this checksum")


def _patch(start: int, after: bytes, wanted: int) -> bytes:
    state = wanted ^ 0xFFFFFFFF
    for byte in reversed(after):
        state = _back(state, byte)
    for _ in range(4):
        state = _back(state, 0)
    return (state ^ start ^ 0xFFFFFFFF).to_bytes(4, "little")


def _back(state: int, byte: int) -> int:
    index = BY_TOP[state >> 24]
    return ((state ^ TABLE[index]) << 8 | index ^ byte) & 0xFFFFFFFF
