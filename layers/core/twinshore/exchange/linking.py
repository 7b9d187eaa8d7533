"""How two memberships become one person's: a code is shown in one cell and entered in the other, with consent in both.

A  show_code     code, stored as a hash, ten minutes, once
B  confirm       link "asking" (one commit), then `points-link` to A
A  hear_link     code used up + link "open" (one commit); a repeat gets the same answer
B                link "open"; "refused" if A says so; A's silence leaves it "asking" for `sweeping`
either  unlink   link "ended" (one commit), then `points-unlink` until the other has heard it
"""

from __future__ import annotations

import secrets
from typing import NamedTuple

from twinshore import log, tracing
from twinshore.errors import Unavailable
from twinshore.exchange.codes import (
    COMMIT_TRIES,
    code_hash,
    code_key,
    counted,
    must_be_another,
    must_be_free,
    residency_of,
)
from twinshore.exchange.links import (
    ASKING,
    ENDED,
    LINKS,
    OPEN,
    REFUSED,
    Link,
    changed,
    created,
    find_link,
    link_fields,
    link_key,
    link_of,
    with_key,
)
from twinshore.exchange.pauses import next_try
from twinshore.exchange.problems import LinkCodeInvalid, LinkExists, LinkNotFound
from twinshore.idempotency import Effect, IdempotencyKey, commit_once, record_key
from twinshore.intercell.client import Peers, ask
from twinshore.intercell.port import Fields, NotHeard, Rejected
from twinshore.points.problems import refused
from twinshore.store.port import Change, CommitConflict, Create, Delete, Due, Item, Store


class Entered(NamedTuple):
    member_id: str
    cell: str
    """That has shown the code."""
    code: str
    idempotency: IdempotencyKey


def confirm(store: Store, peers: Peers, entered: Entered, now: int) -> Link:
    """Enter the code that another cell has shown. The link is OPEN, or ASKING if that cell has not answered yet.

    Raises NoSuchCell, LinkExists, TooManyCodes, LinkCodeInvalid, IdempotencyKeyReused.
    """
    residency, (member_id, cell, code, idempotency) = residency_of(peers), entered
    must_be_another(peers, cell)
    changes: tuple[Change, ...] = ()
    wanted = Link(secrets.token_hex(16), member_id, cell, ASKING, consented_at=now,
                  code_hash=code_hash(code, cell, residency.here))  # fmt: skip
    if store.get(record_key(idempotency, member_id)) is None:
        must_be_free(store, member_id, cell)
        changes = (counted(store, member_id, "entered", now),)
    changes = (*created(wanted, residency, Due(LINKS, next_try(now, 1))), *changes)
    try:
        answer = commit_once(store, idempotency, member_id, Effect(changes, {"link": wanted.id}), now)
    except CommitConflict as conflict:
        if conflict.key == with_key(member_id, cell):
            raise refused(LinkExists("end that link first")) from None
        raise Unavailable("another code was entered at this moment") from None
    item = store.get(link_key(answer["link"]))
    if item is None:
        raise LinkNotFound()
    link = tell(store, peers, item, now) if item.fields["state"] == ASKING else link_of(item)
    if link.state == REFUSED:
        raise refused(LinkCodeInvalid("take a new code in the other cell"))
    return link


def unlink(store: Store, peers: Peers, member_id: str, link_id: str, now: int) -> Link:
    """End a link, at once and here, whether or not the other cell can be told now. Raises LinkNotFound."""
    for _ in range(COMMIT_TRIES):
        link, item = find_link(store, member_id, link_id)
        if link.state not in (ASKING, OPEN):
            return link
        item = item._replace(fields={**item.fields, **tracing.kept()})
        ended = changed(item, residency_of(peers), Due(LINKS, next_try(now, 1)), state=ENDED, ended_at=now, tries=0)
        try:
            store.commit(*ended)
        except CommitConflict:
            continue
        now_ended = store.get(item.key)
        return tell(store, peers, now_ended, now) if now_ended else link
    raise Unavailable("this link changes all the time")


def tell(store: Store, peers: Peers, item: Item, now: int) -> Link:
    """Tell the other cell what it has not heard yet of this link, once; its silence is no failure."""
    link, residency = link_of(item), residency_of(peers)
    try:
        if link.state == ASKING:
            asked = {"link": link.id, "code_hash": link.code_hash, "consent": link.consent,
                     "consented_at": link.consented_at}  # fmt: skip
            said = ask(peers, link.other, "points-link", asked, now)
            changes = changed(item, residency, state=OPEN, linked_at=said["linked_at"], their_consent=said["consent"],
                              their_consented_at=said["consented_at"], tries=link.tries + 1)  # fmt: skip
        else:
            ask(peers, link.other, "points-unlink", {"link": link.id, "ended_at": link.ended_at}, now)
            changes = changed(item, residency, tries=link.tries + 1)
    except Rejected:
        state, ended_at = (REFUSED, now) if link.state == ASKING else (link.state, link.ended_at)
        changes = changed(item, residency, state=state, ended_at=ended_at, tries=link.tries + 1)
    except NotHeard:
        changes = changed(item, residency, Due(LINKS, next_try(now, link.tries + 1)), tries=link.tries + 1)
    try:
        store.commit(*changes)
    except CommitConflict:
        log.line("info", "link moved meanwhile", link=link.id)
    return link_of(store.get(item.key) or item)


def hear_link(store: Store, peers: Peers, sender: str, fields: Fields, now: int) -> Fields:
    """`points-link`: the member has entered our code in the cell `sender`. Raises LinkCodeInvalid, LinkExists: for
    good, the code is used up or was never there."""
    residency = residency_of(peers)
    for _ in range(COMMIT_TRIES):
        known = store.get(link_key(fields["link"]))
        if known is not None:
            link = link_of(known)
            if (link.other, link.code_hash) != (sender, fields["code_hash"]):
                raise LinkCodeInvalid("this link is another one")
            return _linked(link)
        code = store.get(code_key(fields["code_hash"]))
        if code is None or code.fields["other"] != sender:
            raise LinkCodeInvalid("wrong, used, or too old")
        link = Link(
            fields["link"], code.fields["member_id"], sender, OPEN, code.fields["consent"],
            code.fields["consented_at"], fields["consent"], fields["consented_at"], now,
            code_hash=fields["code_hash"],
        )  # fmt: skip
        used = Delete(code.key, code.version)
        try:
            store.commit(*created(link, residency), used)
        except CommitConflict as conflict:
            if conflict.key == with_key(link.member_id, sender):
                _use_up(store, used)  # or a late copy of this message could find the code good after all
                raise LinkExists("this member has a link to that cell") from None
    raise Unavailable("the code is contended")


def hear_unlink(store: Store, peers: Peers, sender: str, fields: Fields, now: int) -> Fields:
    """`points-unlink`. A link that is not known here is kept as ended: a late `points-link` must not make it."""
    residency = residency_of(peers)
    for _ in range(COMMIT_TRIES):
        item = store.get(link_key(fields["link"]))
        if item is None:
            never = Link(fields["link"], "", sender, ENDED, consent="", ended_at=now)
            changes: tuple[Change, ...] = (Create(link_key(never.id), link_fields(never, residency)),)
        else:
            if item.fields["other"] != sender:
                raise LinkNotFound("no link of that cell")
            if item.fields["state"] not in (ASKING, OPEN):
                return {"link": fields["link"], "ended_at": item.fields["ended_at"]}
            changes = changed(item, residency, state=ENDED, ended_at=now)
        try:
            store.commit(*changes)
            return {"link": fields["link"], "ended_at": now}
        except CommitConflict:
            continue
    raise Unavailable("this link changes all the time")


def _linked(link: Link) -> Fields:
    return {"link": link.id, "consent": link.consent, "consented_at": link.consented_at, "linked_at": link.linked_at}


def _use_up(store: Store, used: Delete) -> None:
    try:
        store.commit(used)
    except CommitConflict:
        log.line("info", "the code is gone already")
