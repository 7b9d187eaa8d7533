"""One access token, shared through the Store by every instance of a cell (docs/decisions/0060).

The item says which token is good, until when, and who is fetching the next one. Whoever finds it missing or nearly over
takes a short lease by a conditional commit; exactly one succeeds and asks WeChat; the others go on with the old token
while it lives, or wait for the new one. A holder that dies loses the lease by its clock.
"""

from __future__ import annotations

import os
import time
from typing import Any, Callable, Mapping, NamedTuple

from twinshore import metrics
from twinshore.errors import Unavailable
from twinshore.providers.wechat import errcodes
from twinshore.providers.wechat.client import FreshToken, WechatClient
from twinshore.store.port import CommitConflict, Create, Item, Key, Replace, Store

LEASE_SECONDS = 12
"""Longer than one fetch over every host may take, connect time-outs included."""
WAIT_SECONDS = 8.0
EARLY_SECONDS = 295
"""WeChat makes the next token when 300 s are left. Asked a little later than that it has surely turned."""
JITTER_SECONDS = 60
LAST_SECONDS = 10
"""No call starts with a token that has less than this to live."""
REST_SECONDS = 20
"""If the platform gives the same token again, it is not asked anew at once."""


class Held(NamedTuple):
    """A token as the shared item tells it; `generation` counts fetches."""

    token: str
    generation: int
    renew_at: int
    ends_at: int


class AccessTokenLease:
    """Build one for each instance: it keeps the token in memory until the same end as the shared item's."""

    def __init__(
        self, store: Store, client: WechatClient, clock: Callable[[], int], wait_seconds: float = WAIT_SECONDS
    ) -> None:
        self.client = client
        self._store = store
        self._clock = clock
        self._wait_seconds = wait_seconds
        self._key = Key(f"wechat#{client.appid}", "access_token")
        self._name = os.urandom(8).hex()
        # Each instance crosses the line at its own moment, so that the first one there has renewed it for all.
        self._jitter_seconds = os.urandom(1)[0] * JITTER_SECONDS // 255
        self._cached: Held | None = None

    def token(self) -> str:
        """A token to call with now. Raises Unavailable."""
        return self._held().token

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Call an API that takes an access token; the reply's JSON object, whatever its errcode.

        Refused for its token, the call is made once more with what the shared item, or WeChat, now says is good.
        Raises NoClearAnswer, Unavailable.
        """
        held = self._held()
        answer = self.client.call("POST", path, {"access_token": held.token}, body)
        if errcodes.errcode_of(answer) in errcodes.TOKEN_INVALID:
            self._cached = None
            held = self._obtain(refused=held)
            answer = self.client.call("POST", path, {"access_token": held.token}, body)
        self.client.warn_of(answer)
        return answer

    def _held(self) -> Held:
        cached = self._cached
        return cached if cached is not None and self._is_fresh(cached) else self._obtain(refused=None)

    def _obtain(self, refused: Held | None) -> Held:
        give_up_at = time.monotonic() + self._wait_seconds
        pause_seconds = 0.05
        while True:
            item = self._store.get(self._key)
            held = _held_in(item)
            good = held is not None and (refused is None or held.generation > refused.generation)
            if held is not None and good and self._is_fresh(held):
                return self._keep(held)
            taken = self._take(item)
            if taken is not None:
                return self._keep(self._fetch(taken, held if good else None))
            if held is not None and good and self._is_alive(held):
                return held  # the old token still lives while another instance fetches the next
            if time.monotonic() > give_up_at:
                raise Unavailable("the access token is being renewed")
            time.sleep(pause_seconds * (0.5 + os.urandom(1)[0] / 255))
            pause_seconds = min(pause_seconds * 1.5, 0.5)

    def _take(self, item: Item | None) -> Item | None:
        """The item as this instance now holds it, or None when another one is fetching."""
        now = self._clock()
        lease = {"holder": self._name, "lease_until": now + LEASE_SECONDS}
        try:
            if item is None:
                self._store.commit(Create(self._key, {**lease, "generation": 0}))
                return Item(self._key, 1, {**lease, "generation": 0})
            if int(item.fields["lease_until"]) > now:
                return None
            fields = {**item.fields, **lease}
            self._store.commit(Replace(self._key, fields, item.version))
            return Item(self._key, item.version + 1, fields)
        except CommitConflict:
            return None

    def _fetch(self, taken: Item, old: Held | None) -> Held:
        try:
            fresh = self.client.stable_token()
        except Unavailable:
            self._rest(taken)
            if old is not None and self._is_alive(old):
                return old
            raise
        return self._publish(taken, fresh)

    def _publish(self, taken: Item, fresh: FreshToken) -> Held:
        """Only the instance that holds the lease writes; one that was too slow takes what its successor wrote."""
        now = self._clock()
        ends_at = now + fresh.lives_seconds
        held = Held(
            token=fresh.token,
            generation=int(taken.fields["generation"]) + 1,
            renew_at=max(ends_at - EARLY_SECONDS, min(now + REST_SECONDS, ends_at - LAST_SECONDS)),
            ends_at=ends_at,
        )
        try:
            self._store.commit(Replace(self._key, {**held._asdict(), "holder": "", "lease_until": 0}, taken.version))
        except CommitConflict as conflict:
            return _held_in(conflict.current) or held
        metrics.put("token", {"token_refreshed": 1})
        return held

    def _rest(self, taken: Item) -> None:
        """WeChat did not give a token: nobody need ask for two seconds, and then anybody may."""
        fields = {**taken.fields, "holder": "", "lease_until": self._clock() + 2}
        try:
            self._store.commit(Replace(self._key, fields, taken.version))
        except CommitConflict:
            pass

    def _keep(self, held: Held) -> Held:
        self._cached = held
        return held

    def _is_fresh(self, held: Held) -> bool:
        return self._clock() < min(held.renew_at + self._jitter_seconds, held.ends_at - LAST_SECONDS)

    def _is_alive(self, held: Held) -> bool:
        return self._clock() < held.ends_at - LAST_SECONDS


def _held_in(item: Item | None) -> Held | None:
    """None before the first fetch is done."""
    if item is None or "token" not in item.fields:
        return None
    return Held(*(item.fields[name] for name in Held._fields))
