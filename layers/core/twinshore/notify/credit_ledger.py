"""The ledger of subscribe credits: each tap on "allow" is the right to send one message of that template.

    credits#<member_id>  <template>  -> credits

WeChat has no question for "how many are left", so this is our own count: one up per tap, one down before a message is
sent, one back if it surely was not sent, and to zero when the platform says that there is none (43101).
"""

from __future__ import annotations

from twinshore.errors import Unavailable
from twinshore.notify.templates import template_of
from twinshore.store.port import Change, CommitConflict, Increment, Item, Key, Replace, Store

FIELD = "credits"
TRIES = 8


def key_of(member_id: str, template: str) -> Key:
    return Key(f"credits#{member_id}", template)


def accepted(member_id: str, templates: list[str]) -> tuple[Change, ...]:
    """The changes that count one tap for each of `templates` (no name twice). Raises UnknownTemplate."""
    for name in templates:
        template_of(name)
    return tuple(Increment(key_of(member_id, name), FIELD, 1) for name in templates)


def spent(member_id: str, template: str) -> Increment:
    """Goes into the commit that claims the sending: it conflicts when there is no credit."""
    return Increment(key_of(member_id, template), FIELD, -1, at_least=0)


def returned(member_id: str, template: str) -> Increment:
    return Increment(key_of(member_id, template), FIELD, 1)


def balance(store: Store, member_id: str, template: str) -> int:
    item = store.get(key_of(member_id, template))
    return count_of(item)


def count_of(item: Item | None) -> int:
    return int(item.fields.get(FIELD, 0)) if item is not None else 0


def zero(store: Store, member_id: str, template: str) -> None:
    """The platform holds none. A tap that is being counted at this very moment may be lost with it, which costs one
    message its first channel; the other way round, phantom credits, would cost every message one vain call."""
    key = key_of(member_id, template)
    for _ in range(TRIES):
        item = store.get(key)
        if item is None or count_of(item) == 0:
            return
        try:
            store.commit(Replace(key, {**item.fields, FIELD: 0}, item.version))
            return
        except CommitConflict:
            continue
    raise Unavailable("the credit ledger is contended")
