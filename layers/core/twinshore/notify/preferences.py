"""What a member wants to hear, where, and in which language.

    notify#<member_id>  preferences  -> channels, language, time_zone, email (personal), cell

The address carries the label of its cell and is shown masked only. E-mail is off until the member turns it on: that is
the consent. WeChat is on: there each message has been allowed by a tap.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from twinshore.cells import CELL_LABEL, Residency
from twinshore.errors import Conflict, Unprocessable
from twinshore.notify.port import CHANNELS, EMAIL, SUBSCRIBE
from twinshore.notify.templates import LANGUAGES
from twinshore.store.port import Change, CommitConflict, Create, Item, Key, Replace, Store

EMAIL_LIMIT_CHARS = 254
"""RFC 5321, 4.5.3.1.3, less the angle brackets."""
TRIES = 4
KEEP = object()
"""In `change`: leave the address as it is."""
# Deliverable addresses, not all of RFC 5322: no quotes, no comments, no address literals, ASCII local part.
_ADDRESS = re.compile(
    r"(?=.{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]",
    re.ASCII,
)
_ZONES = {"zh-CN": "Asia/Shanghai", "en": "UTC"}
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,31}(?:/[A-Za-z0-9_+-]{1,32}){0,2}", re.ASCII)


class EmailInvalid(Unprocessable):
    slug = "email-invalid"
    title_en = "This is not an e-mail address we can send to"
    title_zh = "邮箱地址无效"


class EmailMissing(Unprocessable):
    slug = "email-missing"
    title_en = "E-mail needs an address"
    title_zh = "开启邮件通知需要填写邮箱地址"


class PreferencesContended(Conflict):
    slug = "preferences-changed-meanwhile"
    title_en = "The preferences were changed at the same time, please try again"
    title_zh = "设置已被同时修改，请重试"


class Preferences(NamedTuple):
    channels: dict[str, bool]
    language: str
    time_zone: str
    email: str
    """"" if there is none. Personal."""
    cell: str
    """The label of the address."""


def read(store: Store, member_id: str) -> Preferences:
    """A member who never chose gets the defaults: WeChat on, e-mail off, Chinese."""
    return _of(store.get(_key(member_id)))


def checked_email(text: str) -> str:
    """The address with its domain in lower case. Raises EmailInvalid, without repeating it."""
    address = text.strip()
    if len(address) > EMAIL_LIMIT_CHARS or _ADDRESS.fullmatch(address) is None:
        raise EmailInvalid("write it like name@example.com")
    local, domain = address.rsplit("@", 1)
    return f"{local}@{domain.lower()}"


def checked_zone(text: str) -> str:
    """An IANA name. Raises Unprocessable."""
    if _ZONE.fullmatch(text) is None:
        raise Unprocessable("time_zone is a name such as Asia/Shanghai")
    return text


def masked_email(address: str) -> str:
    """First letter and top-level domain: enough for its owner to know it again."""
    if not address:
        return ""
    local, domain = address.rsplit("@", 1)
    return f"{local[0]}***@***.{domain.rsplit('.', 1)[-1]}"


def change(
    store: Store, residency: Residency, member_id: str, wanted: Preferences, email: object = KEEP
) -> Preferences:
    """Store `wanted`; `email` is KEEP, None (remove it) or a checked address. `wanted.email` and `.cell` are not read.

    Raises EmailMissing, PreferencesContended.
    """
    for _ in range(TRIES):
        item = store.get(_key(member_id))
        held = "" if item is None else str(residency.check(item.fields).get("email", ""))
        address = held if email is KEEP else str(email or "")
        if wanted.channels[EMAIL] and not address:
            raise EmailMissing("send `email`, or turn the channel off")
        fields: dict[str, Any] = {} if item is None else {**item.fields}
        fields.pop("email", None)
        fields |= {"channels": {**fields.get("channels", {}), **wanted.channels}, "language": wanted.language,
                   "time_zone": wanted.time_zone, **({"email": address} if address else {})}  # fmt: skip
        labelled = residency.label(fields, home=residency.here)
        write: Change = Create(_key(member_id), labelled)
        if item is not None:
            write = Replace(item.key, labelled, item.version)
        try:
            store.commit(write)
        except CommitConflict:
            continue
        return _of(Item(_key(member_id), 1, labelled))
    raise PreferencesContended()


def learn_language(store: Store, residency: Residency, member_id: str, language: str) -> None:
    """Someone who never chose a language is written to in the one they use the mini-program in."""
    if store.get(_key(member_id)) is not None:
        return
    fresh = _of(None)._replace(language=language, time_zone=_ZONES[language])
    fields = {"channels": fresh.channels, "language": fresh.language, "time_zone": fresh.time_zone}
    try:
        store.commit(Create(_key(member_id), residency.label(fields, home=residency.here)))
    except CommitConflict:
        return  # they have just chosen


def default_zone(language: str) -> str:
    return _ZONES[language]


def _key(member_id: str) -> Key:
    return Key(f"notify#{member_id}", "preferences")


def _of(item: Item | None) -> Preferences:
    fields = item.fields if item is not None else {}
    language = str(fields.get("language", LANGUAGES[0]))
    held = fields.get("channels", {})
    channels = {name: bool(held.get(name, name == SUBSCRIBE)) for name in CHANNELS}
    return Preferences(
        channels, language, str(fields.get("time_zone", _ZONES[language])), str(fields.get("email", "")),
        str(fields.get(CELL_LABEL, "")),
    )  # fmt: skip
