"""What cells may say to one another: a closed table. What is not in it is neither sent nor heard.

A room that has something to say adds its row to MESSAGES, with every field's kind and whether it is personal. Points
cross the sea as numbers and a pseudonym (the `link`, a random id that only the two cells can join to a person): no
field of today is personal.
"""

import re
from typing import Any, Callable, Mapping, NamedTuple

from twinshore.errors import Forbidden, NotFound, Unprocessable
from twinshore.intercell.port import Basis, Fields, Transfer

MOST_WHOLE = 2**53 - 1
"""What every JSON reader holds exactly (RFC 8259, section 6)."""


class MessageUnknown(NotFound):
    slug = "cell-message-unknown"
    title_en = "Cells have no such message"
    title_zh = "数据区之间没有此类消息"


class MessageInvalid(Unprocessable):
    """`fields` names those of the table that are missing or not of their kind; others are not repeated."""

    slug = "cell-message-invalid"
    title_en = "The message's fields are not those of the table"
    title_zh = "消息字段与约定不符"


class NoLawfulBasis(Forbidden):
    slug = "no-lawful-basis"
    title_en = "There is no lawful basis on record to send this to another cell"
    title_zh = "没有向其他数据区提供该信息的合法依据记录"


class Field(NamedTuple):
    is_one: Callable[[Any], bool]
    personal: bool = False
    optional: bool = False


class Message(NamedTuple):
    asks: Mapping[str, Field]
    answers: Mapping[str, Field]


def text(pattern: str) -> Callable[[Any], bool]:
    # Compiled at its first use and kept by `re`: most patterns are of no use to most cold starts.
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value, re.ASCII) is not None


def whole(least: int, most: int = MOST_WHOLE) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and least <= value <= most  # True and False are no numbers here


ID = Field(text(r"[A-Za-z0-9_-]{1,64}"))
WORD = Field(text(r"[a-z][a-z0-9_-]{0,63}"))
"""A name of the house's own: a programme, a slug, an outcome."""
POINTS = Field(whole(1))
COUNT = Field(whole(0))
TIME = Field(whole(0))
"""Seconds since the epoch."""
DAY = Field(text(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"))
HASH = Field(text(r"[0-9a-f]{64}"))
"""SHA-256 in hex."""
SIGNATURE = Field(text(r"[A-Za-z0-9+/]{86}=="))
KEY_ID = Field(text(r"[a-z0-9-]{1,32}:[a-z0-9-]{1,32}"))

ROWS_LIMIT = 200


def rows(*columns: Field) -> Callable[[Any], bool]:
    """A page of rows: at most ROWS_LIMIT lists, each with these columns."""

    def is_row(row: Any) -> bool:
        return isinstance(row, list) and len(row) == len(columns) and all(c.is_one(v) for c, v in zip(columns, row))

    return lambda value: isinstance(value, list) and len(value) <= ROWS_LIMIT and all(map(is_row, value))


SETTLEMENT_ROWS = Field(rows(ID, WORD, WORD, POINTS, POINTS))
"""exchange, from programme, to programme, points out, points in"""


def or_none(field: Field) -> Field:
    return field._replace(optional=True)


_RECEIPT = {
    "sequence": or_none(POINTS),
    "previous": or_none(HASH),
    "receipt": or_none(HASH),
    "signed_by": or_none(KEY_ID),
    "signature": or_none(SIGNATURE),
}

MESSAGES: dict[str, Message] = {
    # Owned by the room `exchange`. Credit what the asking cell holds; after `valid_until` it is rejected for good.
    "points-credit": Message(
        asks={
            "exchange": ID, "link": ID, "from_programme": WORD, "to_programme": WORD, "points_out": POINTS,
            "points_in": POINTS, "fee": COUNT, "rate_times": POINTS, "rate_over": POINTS, "quote": HASH,
            "held_at": TIME, "valid_until": TIME,
        },
        answers={"exchange": ID, "outcome": WORD, "reason": or_none(WORD), "decided_at": TIME, **_RECEIPT},
    ),
    # What the asked cell has in its books about the asking one: credited for it, settled with it, or not decided yet.
    "points-settlements": Message(
        asks={"day": DAY, "side": WORD, "after": or_none(ID)},
        answers={"day": DAY, "side": WORD, "rows": SETTLEMENT_ROWS, "next": or_none(ID)},
    ),
    # The code shown in the one cell has been entered in the other; both have the member's consent.
    "points-link": Message(
        asks={"link": ID, "code_hash": HASH, "consent": WORD, "consented_at": TIME},
        answers={"link": ID, "consent": WORD, "consented_at": TIME, "linked_at": TIME},
    ),
    "points-unlink": Message(asks={"link": ID, "ended_at": TIME}, answers={"link": ID, "ended_at": TIME}),
}  # fmt: skip


def row_of(messages: Mapping[str, Message], message: str) -> Message:
    """Raises MessageUnknown."""
    try:
        return messages[message]
    except KeyError:
        raise MessageUnknown("see docs/cell-to-cell.md for those there are") from None


def checked(declared: Mapping[str, Field], fields: object) -> Fields:
    """`fields`, if they are exactly those declared. Raises MessageInvalid."""
    if not isinstance(fields, dict):
        raise MessageInvalid("send a JSON object")
    wrong = [
        name for name, field in declared.items()
        if not (field.is_one(fields[name]) if name in fields else field.optional)
    ]  # fmt: skip
    strange = len(fields.keys() - declared.keys())
    if wrong or strange:
        raise MessageInvalid("see `fields`", fields=wrong, unknown_fields=strange)
    return fields


def require_basis(message: str, row: Message, to_cell: str, fields: Fields, basis: Basis) -> None:
    """Raises NoLawfulBasis: not one personal field goes out without a basis on record."""
    for name, field in row.asks.items():
        if field.personal and name in fields and not basis(Transfer(message, name, to_cell, fields)):
            raise NoLawfulBasis(f"`{name}` is personal", field=name)
