"""Sessions: a short access token that needs no look-up, and a refresh token that changes at each use.

    member#<member_id>  session#<id>             the session: hashes of its refresh tokens
    member#<member_id>  wechat_session_key#<id>  the key that opens WeChat's encrypted data of this login

A refresh token is `<cell>.<member id>.<family>.<step>`, opaque to clients. The family (128 random bits) names the
session: its id is the family's digest, so that an id seen in an access token opens nothing. The step (256 random bits)
changes. A right family with a wrong step can only be a token that was used before: the session ends for whoever holds
it (RFC 9700, section 4.14.2). The step before the present one is answered for a minute with the same successor as
the first time, for its answer may have been lost on the way (docs/decisions/0061).
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from base64 import b32encode, urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple

from twinshore import log
from twinshore.errors import Misdirected, Unauthenticated, Unavailable
from twinshore.events import Event
from twinshore.login.home import Home
from twinshore.store.port import CommitConflict, Create, Delete, Item, Key, Replace

ACCESS_TTL_SECONDS = 30 * 60
"""Short, for a session that was ended lives on in its access token, and SCF may keep answers in its log."""
IDLE_SECONDS = 30 * 24 * 3600
LIFE_SECONDS = 180 * 24 * 3600
GRACE_SECONDS = 60
"""The time-out of wx.request, after which a client that heard nothing tries again."""
SESSION_KEY_SECONDS = 3 * 24 * 3600

LIVE, ENDED = "live", "ended"
LOGGED_OUT, REUSED = "logged_out", "refresh_reused"
_SHAPE = re.compile(r"([a-z0-9-]{1,16})\.(m_[a-z2-7]{26})\.([\w-]{22})\.([\w-]{43})", re.ASCII)
_TRIES = 3


class RefreshRefused(Unauthenticated):
    slug = "refresh-token-invalid"
    title_en = "The session cannot be renewed, please log in again"
    title_zh = "会话无法刷新，请重新登录"


class SessionEnded(Unauthenticated):
    slug = "session-ended"
    title_en = "This session has ended, please log in again"
    title_zh = "会话已结束，请重新登录"


class SessionTokens(NamedTuple):
    access_token: str
    refresh_token: str
    expires_in: int
    """Seconds that the access token lives."""
    member_id: str
    home_cell: str


class _Refresh(NamedTuple):
    member_id: str
    family: bytes
    step: bytes


def start(home: Home, member_id: str, session_key: str, now: int) -> SessionTokens:
    """Two single writes. The key goes first: a crash between them leaves a key that expires, and no session."""
    refresh = _Refresh(member_id, os.urandom(16), os.urandom(32))
    here = home.residency.here
    session_id = _session_id(refresh.family)
    kept_key = home.residency.label({"session_key": session_key}, home=here)
    session = home.residency.label({"state": LIVE, "opened_at": now, "step": _digest(refresh.step)}, home=here)
    home.store.commit(Create(_session_key_key(member_id, session_id), kept_key, expires_at=now + SESSION_KEY_SECONDS))
    home.store.commit(Create(_key(member_id, session_id), session, expires_at=now + IDLE_SECONDS))
    return _tokens(home, refresh, now, now + IDLE_SECONDS)


def renew(home: Home, refresh_token: str, now: int) -> SessionTokens:
    """Raises RefreshRefused, SessionEnded, Misdirected (a token of another cell)."""
    refresh = _read(home, refresh_token)
    key = _key(refresh.member_id, _session_id(refresh.family))
    item = home.store.get(key)
    for _ in range(_TRIES):
        if item is None:
            raise RefreshRefused()
        try:
            return _renewed(home, item, refresh, now)
        except CommitConflict as conflict:
            item = conflict.current  # the same token came twice at once: the second finds itself the one before
    raise Unavailable("many requests renew this session at once")


def end(home: Home, member_id: str, session_id: str, reason: str, now: int) -> None:
    """No refresh token of the session works any more; its access tokens run out within ACCESS_TTL_SECONDS."""
    item = home.store.get(_key(member_id, session_id))
    for _ in range(_TRIES):
        if item is None or item.fields["state"] == ENDED:
            return
        try:
            _end(home, item, member_id, reason, now)
            return
        except CommitConflict as conflict:
            item = conflict.current
    raise Unavailable("many requests change this session at once")


def _renewed(home: Home, item: Item, refresh: _Refresh, now: int) -> SessionTokens:
    fields = home.residency.check(item.fields)
    if fields["state"] != LIVE:
        raise SessionEnded()
    expires_at = min(now + IDLE_SECONDS, int(fields["opened_at"]) + LIFE_SECONDS)
    shown = _digest(refresh.step)
    if hmac.compare_digest(shown, str(fields["step"])):
        successor = os.urandom(32)
        rotated = {"step": _digest(successor), "step_before": shown, "rotated_at": now,
                   "sealed": _sealed(successor, refresh.step).hex()}  # fmt: skip
        home.store.commit(Replace(item.key, {**fields, **rotated}, item.version, expires_at=expires_at))
        return _tokens(home, refresh._replace(step=successor), now, expires_at)
    before = str(fields.get("step_before", ""))
    if hmac.compare_digest(shown, before) and now - int(fields["rotated_at"]) <= GRACE_SECONDS:
        successor = _sealed(bytes.fromhex(fields["sealed"]), refresh.step)
        return _tokens(home, refresh._replace(step=successor), now, expires_at)
    log.line("warning", "a used refresh token came again", session_id=_session_id(refresh.family))
    _end(home, item, refresh.member_id, REUSED, now)
    raise SessionEnded()


def _end(home: Home, item: Item, member_id: str, reason: str, now: int) -> None:
    """Raises CommitConflict when the session has changed meanwhile."""
    session_id = item.key.sort.partition("#")[2]
    here = home.residency.here
    ended = home.residency.label({"state": ENDED, "reason": reason, "ended_at": now}, home=here)
    change = Replace(item.key, ended, item.version, expires_at=now + IDLE_SECONDS)
    event = Event(f"session.ended:{session_id}", "session.ended", now,
                  {"member_id": member_id, "session_id": session_id, "reason": reason})  # fmt: skip
    key_of_wechat = _session_key_key(member_id, session_id)
    try:
        home.store.commit(change, Delete(key_of_wechat, 1), events=(event,))
    except CommitConflict as conflict:
        if conflict.key != key_of_wechat:
            raise
        home.store.commit(change, events=(event,))  # the key has run out before the session


def _read(home: Home, refresh_token: str) -> _Refresh:
    found = _SHAPE.fullmatch(refresh_token)
    if found is None:
        raise RefreshRefused()
    cell, member_id, family, step = found.groups()
    if cell != home.residency.here:
        _send_home(home, cell)
    return _Refresh(member_id, urlsafe_b64decode(family + "=="), urlsafe_b64decode(step + "="))


def _send_home(home: Home, cell: str) -> None:
    """Raises Misdirected for a cell that exists, RefreshRefused for a word that is none."""
    try:
        home.residency.label({}, home=cell)
    except Misdirected as elsewhere:
        if elsewhere.extensions.get("endpoint"):
            raise
    raise RefreshRefused()


def _tokens(home: Home, refresh: _Refresh, now: int, session_ends_at: int) -> SessionTokens:
    ttl_seconds = max(1, min(ACCESS_TTL_SECONDS, session_ends_at - now))
    claims = {"sub": refresh.member_id, "sid": _session_id(refresh.family)}
    access_token = home.signer.issue("member", claims, ttl_seconds, now)
    here = home.residency.here
    refresh_token = f"{here}.{refresh.member_id}.{_encode(refresh.family)}.{_encode(refresh.step)}"
    return SessionTokens(access_token, refresh_token, ttl_seconds, refresh.member_id, here)


def _sealed(successor: bytes, step: bytes) -> bytes:
    """A one-time pad made of the step itself, whose digest is all that the store has. It also opens what it sealed."""
    pad = hmac.digest(step, b"the step after this one", hashlib.sha256)
    return bytes(left ^ right for left, right in zip(successor, pad))


def _digest(step: bytes) -> str:
    return hashlib.sha256(step).hexdigest()


def _session_id(family: bytes) -> str:
    return "s_" + b32encode(hashlib.sha256(family).digest()).decode()[:26].lower()


def _encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _key(member_id: str, session_id: str) -> Key:
    return Key(f"member#{member_id}", f"session#{session_id}")


def _session_key_key(member_id: str, session_id: str) -> Key:
    return Key(f"member#{member_id}", f"wechat_session_key#{session_id}")
