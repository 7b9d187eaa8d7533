"""A person's two memberships, joined under a random id that says nothing of either.

Partition `points-link#<link>`, in both cells:
    link                           who the member is here, the other cell, the state, the consents; waits in LINKS while
                                   the other cell is to be told something
    chain#<cell>                   the head of the receipts that <cell> has signed, there only
    receipt#<cell>#<sequence>      see `receipts`
Partition `points-links#<member id>`:
    link#<link>                    for the list
    with#<cell>                    there is one live link to a cell
    code, tries                    see `linking`
"""

from __future__ import annotations

from typing import Any, NamedTuple

from twinshore import tracing
from twinshore.cells import Residency
from twinshore.exchange.problems import LinkEnded, LinkNotFound
from twinshore.points.problems import refused
from twinshore.store.port import Create, Delete, Due, Item, Key, Replace, Store

LINKS = "points-link"
"""Queue of links of which the other cell is still to hear."""

ASKING, OPEN, ENDED, REFUSED = "asking", "open", "ended", "refused"
STATES = (ASKING, OPEN, ENDED, REFUSED)

CONSENT = "points-link-2026-11"
"""The version of the words that the member has agreed to."""
PURPOSE = "Join this membership with my membership in the other cell, under a pseudonym, to exchange points."
_LIST_LIMIT = 100


class Link(NamedTuple):
    id: str
    member_id: str
    """"" for a link that was ended before it was ever made here."""
    other: str
    """The other cell."""
    state: str
    consent: str = CONSENT
    consented_at: int = 0
    their_consent: str = ""
    their_consented_at: int = 0
    """Their member's, as the other cell has told it; 0 until then."""
    linked_at: int = 0
    ended_at: int = 0
    code_hash: str = ""
    tries: int = 0


def link_key(link_id: str) -> Key:
    return Key(f"points-link#{link_id}", "link")


def index_key(member_id: str, link_id: str) -> Key:
    return Key(f"points-links#{member_id}", f"link#{link_id}")


def with_key(member_id: str, cell: str) -> Key:
    return Key(f"points-links#{member_id}", f"with#{cell}")


def link_fields(link: Link, residency: Residency) -> dict[str, Any]:
    return residency.label({**link._asdict(), "purpose": PURPOSE}, residency.here)


def link_of(item: Item) -> Link:
    return Link(**{name: item.fields[name] for name in Link._fields})


def created(link: Link, residency: Residency, due: Due | None = None) -> tuple[Create, ...]:
    """The changes that make a link. A conflict on `with_key`: there is one to that cell already."""
    fields = residency.label({"link": link.id, "other": link.other}, residency.here)
    return (
        Create(link_key(link.id), {**link_fields(link, residency), **tracing.kept()}, due),
        Create(index_key(link.member_id, link.id), fields),
        Create(with_key(link.member_id, link.other), fields),
    )


def changed(item: Item, residency: Residency, due: Due | None = None, **changes: Any) -> tuple[Replace | Delete, ...]:
    """The changes after which the link of `item` differs by `changes`. A link that is no longer live makes room."""
    before = link_of(item)
    after = before._replace(**changes)
    replaced = Replace(item.key, {**item.fields, **link_fields(after, residency)}, item.version, due)
    if before.state in (ASKING, OPEN) and after.state not in (ASKING, OPEN):
        return replaced, Delete(with_key(before.member_id, before.other), 1)
    return (replaced,)


def find_link(store: Store, member_id: str, link_id: str) -> tuple[Link, Item]:
    """Raises LinkNotFound: there is none, or it is another member's."""
    item = store.get(link_key(link_id))
    if item is None or item.fields["member_id"] != member_id:
        raise refused(LinkNotFound("only a link of this member"))
    return link_of(item), item


def open_link(store: Store, member_id: str, link_id: str) -> tuple[Link, Item]:
    """Raises LinkNotFound, LinkEnded."""
    link, item = find_link(store, member_id, link_id)
    if link.state != OPEN:
        raise refused(LinkEnded("link the memberships first", state=link.state))
    return link, item


def links_of(store: Store, member_id: str) -> list[Link]:
    """All of them, ended ones too: each is the record of a consent."""
    found = store.query(f"points-links#{member_id}", "link#", limit=_LIST_LIMIT).items
    items = (store.get(link_key(row.fields["link"])) for row in found)
    return [link_of(item) for item in items if item is not None]
