"""The file of a bill: kept packed as it came (beyond 4 MB on the function's own disk), its hash taken over every byte
of what it unpacks to, and only then read line by line. At no time is more than a piece of it in memory.
"""

from __future__ import annotations

import hashlib
import tempfile
import zlib
from typing import IO, Iterator

from twinshore.reconciliation.port import BillDamaged, BillTooLarge

PACKED_LIMIT_BYTES = 128_000_000
UNPACKED_LIMIT_BYTES = 512_000_000
"""Some 1,500,000 lines: more than the comparison holds."""
MEMORY_LIMIT_BYTES = 4_000_000
LINE_LIMIT_BYTES = 8_192
CHUNK_BYTES = 65_536


class PackedFile:
    """Filled by `take`, read as often as wanted. Use as a context manager: it is gone at the end."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(MEMORY_LIMIT_BYTES)  # noqa: SIM115
        self._size = 0

    def __enter__(self) -> PackedFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def take(self, piece: bytes) -> None:
        """Raises BillTooLarge."""
        self._size += len(piece)
        if self._size > PACKED_LIMIT_BYTES:
            raise BillTooLarge("The bill's file is larger than one run can keep.")
        self._file.write(piece)

    def check(self, sha1: str) -> None:
        """Raises BillDamaged unless it unpacks to the file with this hash; BillTooLarge."""
        digest = hashlib.sha1(usedforsecurity=False)
        for piece in self._unpacked():
            digest.update(piece)
        if not sha1 or digest.hexdigest() != sha1:
            raise BillDamaged("The bill is not the one whose hash was signed.")

    def texts(self) -> Iterator[str]:
        """Line by line, without their ends. Raises BillDamaged."""
        kept, first = b"", True
        for piece in self._unpacked():
            *whole, kept = (kept + piece).split(b"\n")
            if len(kept) > LINE_LIMIT_BYTES:
                raise BillDamaged("A line of the bill has no end.")
            for line in whole:
                yield _text(line[3:] if first and line[:3] == b"\xef\xbb\xbf" else line)
                first = False
        yield _text(kept)

    def _unpacked(self) -> Iterator[bytes]:
        """In pieces: a small file may unpack to a very large one. What stands behind its end is left."""
        self._file.seek(0)
        unpacker, size, rest = zlib.decompressobj(wbits=31), 0, b""
        while not unpacker.eof:
            rest = rest or self._file.read(CHUNK_BYTES)
            try:
                piece = unpacker.decompress(rest, CHUNK_BYTES)
            except zlib.error:
                raise BillDamaged("The bill cannot be unpacked.") from None
            if not rest and not piece and not unpacker.eof:
                raise BillDamaged("The bill is cut short.")
            rest = unpacker.unconsumed_tail
            size += len(piece)
            if size > UNPACKED_LIMIT_BYTES:
                raise BillTooLarge("The bill unpacks to more than one run can read.")
            yield piece


def _text(line: bytes) -> str:
    try:
        return line.decode().rstrip("\r")
    except UnicodeDecodeError:
        raise BillDamaged("The bill is not UTF-8.") from None
