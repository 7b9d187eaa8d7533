"""From an outside identity to a person of this cell.

    identity#wechat:<appid>:<openid>  identity   -> member_id, unionid when known
    member#<member_id>                member     -> joined_at, identities

Both carry the cell's label. The member id is random: it tells nothing of the identity, and it outlives a change of it.
"""

from __future__ import annotations

import os
from base64 import b32encode
from hashlib import sha256

from twinshore.cells import Residency
from twinshore.events import Event
from twinshore.login.home import Home
from twinshore.login.port import WechatSession
from twinshore.store.port import CommitConflict, Create, Item, Key, Replace, Store


def person_of(home: Home, appid: str, session: WechatSession, now: int) -> str:
    """The member id, made at the first login in one commit. A returning login costs half a read unit: a person who
    joined within the last second may be missed here, and is found by the condition of the commit."""
    name = f"wechat:{appid}:{session.openid}"
    key = Key(f"identity#{name}", "identity")
    item = home.store.get(key, consistent=False)
    if item is None:
        item = _join(home, key, name, session.unionid, now)
    fields = home.residency.check(item.fields)
    if session.unionid and fields.get("unionid") != session.unionid:
        _learn_unionid(home, item, session.unionid, now)
    return str(fields["member_id"])


def openid_of(store: Store, residency: Residency, member_id: str, appid: str) -> str | None:
    """The person's openid in one app, for those who must name the person to WeChat (messages, payments). They sign no
    session and have no key for one: no `Home` here."""
    item = store.get(Key(f"member#{member_id}", "member"))
    names = residency.check(item.fields)["identities"] if item is not None else []
    prefix = f"wechat:{appid}:"
    return next((str(name)[len(prefix) :] for name in names if str(name).startswith(prefix)), None)


def is_member(store: Store, member_id: str) -> bool:
    """Whether somebody of this cell has this id."""
    return store.get(Key(f"member#{member_id}", "member")) is not None


def _join(home: Home, key: Key, name: str, unionid: str | None, now: int) -> Item:
    """Of two first logins at once, one joins and the other finds that person."""
    member_id = f"m_{random_name()}"
    here = home.residency.here
    identity = home.residency.label({"member_id": member_id, **({"unionid": unionid} if unionid else {})}, home=here)
    member = home.residency.label({"joined_at": now, "identities": [name]}, home=here)
    joined = Event(f"member.joined:{member_id}", "member.joined", now, {"member_id": member_id, "cell": here})
    try:
        home.store.commit(Create(key, identity), Create(Key(f"member#{member_id}", "member"), member), events=(joined,))
    except CommitConflict as conflict:
        if conflict.current is None or conflict.key != key:
            raise
        return conflict.current
    return Item(key, 1, identity)


def _learn_unionid(home: Home, item: Item, unionid: str, now: int) -> None:
    """WeChat may tell it only years later, and another one after the app changed its owner. Joining people by it is
    the work of whoever hears the event."""
    member_id = str(item.fields["member_id"])
    cause = sha256(unionid.encode()).hexdigest()[:16]
    learned = Event(f"identity.unionid_learned:{member_id}:{cause}", "identity.unionid_learned", now,
                    {"member_id": member_id})  # fmt: skip
    try:
        home.store.commit(Replace(item.key, {**item.fields, "unionid": unionid}, item.version), events=(learned,))
    except CommitConflict:
        pass  # another login of the same person was faster, or the next one tells it again


def random_name() -> str:
    """26 characters of a-z and 2-7: 130 bits."""
    return b32encode(os.urandom(17)).decode()[:26].lower()
