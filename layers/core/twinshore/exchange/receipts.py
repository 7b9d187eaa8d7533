"""Receipts: what a cell has credited for another, in its own signed words. Both keep them, anyone can check them.

The cell that credits writes them, one chain for each link: each names the hash of the one before, from 64 zeros on, so
that none can be taken out, put in or moved unnoticed. What is hashed and signed (Ed25519, the cell's key of the cells
file) is HEAD and the receipt's terms as JSON: names sorted, no spaces, ASCII. HEAD keeps a signature of a receipt from
being one of a message, and the reverse.

Partition `points-link#<link>`: chain#<cell that credits>, receipt#<cell that credits>#<sequence, 8 digits>.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode, b64encode
from typing import Any, Iterable, NamedTuple

from twinshore.cells import Cells
from twinshore.errors import Unauthenticated
from twinshore.intercell.keys import CellKey, is_signed_by, public_key
from twinshore.store.port import Create, Fields, Item, Key, Replace, Store

HEAD = b"twinshore-points-receipt-1\n"
FIRST = "0" * 64
_PROOF = ("receipt", "signed_by", "signature")


class Receipt(NamedTuple):
    link: str
    from_cell: str
    to_cell: str
    sequence: int
    """1, 2, 3 ... within one link and one cell that credits."""
    previous: str
    """The hash of the receipt before; FIRST for the first."""
    exchange: str
    from_programme: str
    to_programme: str
    points_out: int
    points_in: int
    fee: int
    rate_times: int
    rate_over: int
    quote: str
    held_at: int
    decided_at: int
    """When it was credited: seconds since the epoch, by the clock of the cell that credits."""
    receipt: str = ""
    """SHA-256 in hex over HEAD and the terms above."""
    signed_by: str = ""
    signature: str = ""
    """Base64."""


class Broken(NamedTuple):
    """The first receipt of a chain that does not hold."""

    to_cell: str
    sequence: int
    why: str


def terms_bytes(receipt: Receipt) -> bytes:
    terms = {name: value for name, value in receipt._asdict().items() if name not in _PROOF}
    return HEAD + json.dumps(terms, sort_keys=True, separators=(",", ":")).encode("ascii")


def signed(receipt: Receipt, key: CellKey) -> Receipt:
    text = terms_bytes(receipt)
    return receipt._replace(
        receipt=hashlib.sha256(text).hexdigest(), signed_by=key.key_id, signature=b64encode(key.sign(text)).decode()
    )


def why_broken(receipt: Receipt, cells: Cells) -> str:
    """What is wrong with this receipt, seen alone; "" if it holds."""
    text = terms_bytes(receipt)
    if hashlib.sha256(text).hexdigest() != receipt.receipt:
        return "its hash is not that of its terms"
    try:
        signer, key = public_key(cells, receipt.signed_by)
        signature = b64decode(receipt.signature, validate=True)
    except Unauthenticated:
        return "its key is not in the cells file"
    except ValueError:
        return "its signature cannot be read"
    if signer != receipt.to_cell:
        return "it is signed by another cell than the one that credits"
    return "" if is_signed_by(key, signature, text) else "its signature does not match"


def first_broken(receipts: Iterable[Receipt], cells: Cells) -> Broken | None:
    """Of whole chains, of one link or several, in any order."""
    heads: dict[tuple[str, str], tuple[int, str]] = {}
    for each in sorted(receipts, key=lambda one: (one.link, one.to_cell, one.sequence)):
        sequence, previous = heads.get((each.link, each.to_cell), (0, FIRST))
        if each.sequence != sequence + 1:
            why = "it is there twice" if each.sequence == sequence else "it is missing"
            return Broken(each.to_cell, each.sequence if each.sequence == sequence else sequence + 1, why)
        why = "it does not follow the one before" if each.previous != previous else why_broken(each, cells)
        if why:
            return Broken(each.to_cell, each.sequence, why)
        heads[each.link, each.to_cell] = each.sequence, each.receipt
    return None


def receipt_from_json(value: Any) -> Receipt:
    """Raises ValueError for anything that is not a receipt of ours."""
    if not isinstance(value, dict) or value.keys() != set(Receipt._fields):
        raise ValueError("a receipt has exactly the members of the export")
    for name, kind in Receipt.__annotations__.items():
        if type(value[name]).__name__ != (kind if isinstance(kind, str) else getattr(kind, "__forward_arg__", "")):
            raise ValueError(f"`{name}` is not of its kind")
    return Receipt(**value)


class Chain(NamedTuple):
    """The head of a chain as it was read, to put the next receipt on."""

    key: Key
    sequence: int
    head: str
    version: int
    """0: there is none yet."""
    held: Fields
    """The item's fields: what newer code has added stays."""


def chain_of(store: Store, link_id: str, to_cell: str) -> Chain:
    key = Key(f"points-link#{link_id}", f"chain#{to_cell}")
    item = store.get(key)
    if item is None:
        return Chain(key, 0, FIRST, 0, {})
    return Chain(key, item.fields["sequence"], item.fields["head"], item.version, item.fields)


def put_on(chain: Chain, receipt: Receipt) -> Create | Replace:
    """The chain's head after `receipt`: of two that want to be next, one conflicts."""
    fields = {**chain.held, "sequence": receipt.sequence, "head": receipt.receipt}
    return Replace(chain.key, fields, chain.version) if chain.version else Create(chain.key, fields)


def kept(receipt: Receipt) -> Create:
    key = Key(f"points-link#{receipt.link}", f"receipt#{receipt.to_cell}#{receipt.sequence:08d}")
    return Create(key, receipt._asdict())


def receipts_of(store: Store, link_id: str, limit: int, after: str | None) -> tuple[list[Receipt], str | None]:
    """By the cell that credits, then in the chain's order; and the cursor for more."""
    page = store.query(f"points-link#{link_id}", "receipt#", after, limit=limit)
    return [receipt_of(item) for item in page.items], page.next


def receipt_of(item: Item) -> Receipt:
    return Receipt(**{name: item.fields[name] for name in Receipt._fields})
