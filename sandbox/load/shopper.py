"""One shopper of the load: their sessions, their calls, and what they were promised.

A promise is what a 2xx said: it is written into the book of promises, and at the end of the run it must still be true.
Beside it stands what was asked for, answered or not, which bounds from above what may be there.
"""

from __future__ import annotations

import time
from typing import Any, Callable, Mapping, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from sandbox.accounts import party_of
from sandbox.load.caller import AGAIN, NETWORK, PATIENCE_SECONDS, Caller, DeedFailed, GaveUp, Reply, pause_after
from sandbox.walk import Traveller

ASKED, TOLD = "asked", "told"
LOOK_SECONDS = (0.1, 0.15, 0.25, 0.4, 0.6, 1.0)
REFRESH_AFTER_SECONDS = 4.0
"""As the mini-program does: it waits for the webhook a little, then asks the cell to ask the provider."""
PAY_TURNS = 3
WAIT_SECONDS = 100.0
"""How long a shopper looks whether something that happens elsewhere has come."""

Note = Callable[[dict[str, Any]], None]


class World(NamedTuple):
    """Where everything is."""

    cells: Mapping[str, str]
    twins: Mapping[str, str]
    service_tokens: Mapping[str, str]
    """Cell -> the token of a service of ours there."""


class Shopper:
    """note: takes each line of the book of promises. name: of the journey; every key of it begins so."""

    def __init__(self, world: World, who: Traveller, caller: Caller, note: Note, name: str) -> None:
        self.world, self.who, self.caller, self.name = world, who, caller, name
        self.member_id = self.token = ""
        self._note = note

    def elsewhere(self, who: Traveller) -> Shopper:
        """The same person's membership in another cell, or somebody beside them."""
        return Shopper(self.world, who, self.caller, self._note, self.name)

    def asked(self, effect: str, key: str, **facts: Any) -> None:
        self._write(ASKED, effect, key, facts)

    def told(self, effect: str, key: str, **facts: Any) -> None:
        self._write(TOLD, effect, key, facts)

    def key(self, of: str) -> str:
        return f"{self.name}-{self.who.slug}-{of}"

    def get(self, deed: str, path: str) -> Any:
        return self.do(deed, "GET", path).body

    def do(
        self, deed: str, method: str, path: str, body: Any = None, *, key: str = "", expect: tuple[int, ...] = (200,),
        refusals: tuple[str, ...] = (), service: bool = False,
    ) -> Reply:  # fmt: skip
        """A call to the member's cell, with their session or as a service, until it has ended well."""
        headers = self._headers(self.world.service_tokens[self.who.cell] if service else self.token, key)
        return self.caller.do(
            deed, self.who.cell, (method, path), body, headers=headers, expect=expect, refusals=refusals
        )

    def log_in(self, deed: str = "login") -> None:
        """A code of WeChat's is good for one try: each further one has a code of its own, as in the mini-program."""
        ends = time.monotonic() + PATIENCE_SECONDS
        while True:
            code = self.twin("wechat", "/_twin/codes", {"openid": self.who.openid}).body["code"]
            call = ("POST", "/v1/login")
            reply, outcome = self.caller.once(
                deed, self.who.cell, call, {"code": code}, headers=self._headers("", ""), expect=(200,)
            )
            if outcome == "ok":
                self.token, self.member_id = reply.body["access_token"], reply.body["member_id"]
                return self.told("member", self.key("member"), token=self.token, openid=self.who.openid)
            if outcome not in (AGAIN, NETWORK):
                raise DeedFailed(f"{deed}: POST /v1/login in {self.who.cell} answered {reply.status}: {reply.body}")
            if time.monotonic() > ends:
                raise GaveUp(f"{deed}: POST /v1/login in {self.who.cell}, last answer {reply.status}")
            time.sleep(pause_after(reply))

    def twin(self, party: str, path: str, body: Any) -> Reply:
        """What the person does at an outside party: never measured, and tried until it is taken."""
        for _ in range(20):
            reply = self.caller.send(self.world.twins[party], "POST", path, body)
            if reply.status:
                return reply
            time.sleep(0.5)
        raise GaveUp(f"{party} {path} does not answer")

    def wait_for(self, look: Callable[[float], Any], patience_seconds: float = WAIT_SECONDS) -> Any:
        """What `look` gives at last, told how many seconds have gone by; None when patience ends."""
        began, step = time.monotonic(), 0
        while True:
            found = look(time.monotonic() - began)
            if found or time.monotonic() - began > patience_seconds:
                return found or None
            time.sleep(LOOK_SECONDS[min(step, len(LOOK_SECONDS) - 1)])
            step += 1

    def pays(self, order_id: str, turn: int = 1) -> None:
        """The payment is begun at the cell, the person says yes at the party, their browser comes back. A party may
        have lost the yes for good without taking anything (docs/providers/grabpay.md): then they pay once more."""
        place = {"market": self.who.market, "device": "mini_program"}
        path, key = f"/v1/orders/{order_id}", self.key(f"payment-{turn}")
        wanted = {"method": self.who.method, **place}
        started = self.do("pay", "POST", f"{path}/payments", wanted, key=key, expect=(201,)).body
        self.told("payment", key, order_id=order_id, reference=started["reference"])
        party = party_of(started["provider"], self.who.cell, self.world.twins)
        yes = self.twin(party, "/_twin/pay", started["client"])
        if yes.status != 200:
            raise DeedFailed(f"pay: {party} does not take what the cell gave the payer: {yes.status} {yes.body}")
        self.told("yes", key, order_id=order_id, reference=started["reference"], party=party)
        if isinstance(yes.body, dict) and "return_to" in yes.body:
            returned = dict(parse_qsl(urlsplit(str(yes.body["return_to"])).query))
            back = self.do("come back", "POST", f"{path}/payments/{started['reference']}/return",
                           {"returned": returned}, refusals=("payment-refused",))  # fmt: skip
            if back.status != 200 and turn < PAY_TURNS:
                self.pays(order_id, turn + 1)

    def sees_paid(self, order_id: str) -> bool:
        asked_at, turn = [REFRESH_AFTER_SECONDS], [PAY_TURNS]

        def look(spent_seconds: float) -> bool:
            query = ""
            if spent_seconds > asked_at[0]:
                query, asked_at[0] = f"?{urlencode({'refresh': 'true'})}", spent_seconds + REFRESH_AFTER_SECONDS
            status = self.get("see order", f"/v1/orders/{order_id}{query}")["status"]
            if status == "failed" and turn[0] < 2 * PAY_TURNS:  # they are told so, and pay once more
                turn[0] += 1
                self.pays(order_id, turn[0])
            return bool(status == "paid")

        return bool(self.wait_for(look))

    def sees_points(self, order_id: str) -> bool:
        def look(_: float) -> Any:
            entries = self.get("see points", "/v1/points/entries?limit=50")["items"]
            return [one for one in entries if one["kind"] == "earn" and one["reason"] == order_id]

        found = self.wait_for(look)
        if found:
            self.told("earned", order_id, order_id=order_id, entry=found[0]["id"], points=found[0]["points"])
        return bool(found)

    def _headers(self, token: str, key: str) -> dict[str, str]:
        return {
            "Accept-Language": self.who.language,
            "X-Box-Client-IP": self.who.client_ip,
            **({"Authorization": f"Bearer {token}"} if token else {}),
            **({"Idempotency-Key": key} if key else {}),
        }

    def _write(self, word: str, effect: str, key: str, facts: dict[str, Any]) -> None:
        line = {"word": word, "effect": effect, "key": key, "cell": self.who.cell, "member": self.member_id}
        self._note({**line, "at": round(time.time(), 3), **facts})
