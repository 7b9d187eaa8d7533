"""What every twin of a payment party does alike; what its party does in its own way stands in the twin's own file.

A twin says what its party's keys look like, opens its book, answers its calls, words its refusals, signs its notices
and is its payer: the methods below that raise NotImplementedError. In its folder it keeps `keys`, `book`, `answers`
(what requests under an idempotency key were told), `webhook_url` and the notices that are not delivered yet.

Controls, besides those of `server`:
    POST /_twin/pay               the payer's side: see the twin
    POST /_twin/dispute           the payer's bank, where a twin has one: see the twin
    POST /_twin/webhook_endpoint  {"url"}: where notices go, of a party that is told once and not with each payment
    POST /_twin/roll_key          {}: one more key for notices, where a twin rolls them (`rolled`); the last two live

Switches, besides those of `server` and `notices`:
    in_order     true: news goes out in the order in which it happened; else newest first
    reorder      true: news of a payment waits until that of its refund overtakes it
    lose_answer  true, or the end of a path: calls are carried out, and the connection closes without a word
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from sandbox.twins.book import PartyBook, PartyRefusal
from sandbox.twins.notices import SHORT_LADDER_SECONDS, Notices
from sandbox.twins.server import Twin, TwinReply, TwinRequest, json_reply

LIVE_KEYS = 2


class PaymentTwin(Twin):
    """keys: what `make_keys` made, where making them takes seconds and a test has some already."""

    rolled = ""
    """The member of `keys` that lists the keys of notices, newest first; empty: this party's are not rolled."""
    never_lost: tuple[str, ...] = ()
    """How the paths begin whose answers `lose_answer` does not touch: tokens are fetched before anything is asked."""
    book: PartyBook

    def __init__(
        self,
        folder: Path | None = None,
        port: int = 0,
        *,
        webhook_url: str = "",
        keys: dict[str, Any] | None = None,
        ladder_seconds: tuple[float, ...] = SHORT_LADDER_SECONDS,
    ) -> None:
        super().__init__(folder, port)
        self.webhook_url: str = webhook_url or self.recall("webhook_url", "")
        self.keys: dict[str, Any] = self.recall("keys", None) or keys or self.make_keys()
        self.remember("keys", self.keys)
        self.book = self.open_book(self.recall("book", {}))
        self.answers: dict[str, Any] = self.recall("answers", {})
        self.wake()
        self.notices = Notices(self, self._one_try, ladder_seconds)

    def make_keys(self) -> dict[str, Any]:
        """JSON to keep in the folder. Everything in it is made up here and opens nothing outside the box."""
        raise NotImplementedError

    def open_book(self, kept: dict[str, Any]) -> Any:
        """The party's book, with what it kept before a restart."""
        raise NotImplementedError

    def wake(self) -> None:
        """Recall what else the party remembers, when keys and book are there."""

    def secret(self) -> dict[str, Any]:
        """What our side's secret store holds: the JSON of `<provider>_from_secret`."""
        return copy.deepcopy(self.keys)

    def api(self, request: TwinRequest) -> TwinReply:
        """One call of the party's API, or its page. May raise the book's refusal."""
        raise NotImplementedError

    def refused(self, no: Any) -> TwinReply:
        """The book's refusal in the party's words."""
        raise NotImplementedError

    def event(self, kind: str, subject: dict[str, Any]) -> tuple[str, str]:
        """A notice's id, and its body as the party writes it."""
        raise NotImplementedError

    def notice_headers(self, notice: dict[str, Any], body: bytes, wrongly: bool) -> dict[str, str]:
        """Of one try to deliver a notice, signed now."""
        raise NotImplementedError

    def notice_body(self, notice: dict[str, Any], wrongly: bool) -> str:
        """Of one try: as it was made, unless the party signs inside."""
        return str(notice["body"])

    def pay(self, wanted: dict[str, Any]) -> TwinReply:
        """The payer pays, or does not: see the twin for what is wanted."""
        raise NotImplementedError

    def dispute(self, wanted: dict[str, Any]) -> TwinReply:
        """The payer's bank takes the money back, or decides."""
        return json_reply({}, 404)

    def new_key(self) -> str:
        """One more of the keys that `rolled` names."""
        raise NotImplementedError

    def roll_key(self) -> None:
        self.keys[self.rolled] = [self.new_key(), *self.keys[self.rolled]][:LIVE_KEYS]
        self.remember("keys", self.keys)

    def control(self, what: str, wanted: dict[str, Any]) -> TwinReply:
        """`POST /_twin/<what>`: what is no call of ours. A twin with more of them asks this one last."""
        if what == "pay":
            return self.pay(wanted)
        if what == "dispute":
            return self.dispute(wanted)
        if what == "webhook_endpoint":
            self.webhook_url = str(wanted["url"])
            self.remember("webhook_url", self.webhook_url)
            return json_reply({"url": self.webhook_url})
        if what == "roll_key" and self.rolled:
            self.roll_key()
            return json_reply({})
        return json_reply({}, 404)

    def tell(self, payment: str, news: list[tuple[str, dict[str, Any]]], *, hold: bool = True) -> None:
        """News of one payment as it happened: what, and of which subject."""
        held = payment if hold and self.faults.get("reorder") else ""
        for kind, subject in news if self.faults.get("in_order") else news[::-1]:
            notice_id, body = self.event(kind, subject)
            self.notices.add(notice_id, self.notice_url(payment), body, hold=held)

    def tell_first(self, payment: str, news: list[tuple[str, dict[str, Any]]]) -> None:
        """News that overtakes what waits of the same payment, and lets it go."""
        self.tell(payment, news, hold=False)
        self.notices.release(payment)

    def notice_url(self, payment: str) -> str:
        return self.webhook_url

    def keep_answer(self, key: str, reply: TwinReply, content: str = "") -> None:
        """Under an idempotency key: the answer, and of parties that compare it, what was asked."""
        self.answers[key] = {"content": content, "status": reply.status, "answer": json.loads(reply.body)}
        self.remember("answers", self.answers)

    def kept_answer(self, key: str) -> TwinReply:
        return json_reply(self.answers[key]["answer"], self.answers[key]["status"])

    def _one_try(self, notice: dict[str, Any], wrongly: bool) -> tuple[dict[str, str], bytes]:
        body = self.notice_body(notice, wrongly).encode()
        return self.notice_headers(notice, body, wrongly), body

    def undelivered(self) -> list[dict[str, Any]]:
        return self.notices.waiting()

    def start(self) -> Twin:
        self.notices.start()
        return super().start()

    def stop(self) -> None:
        super().stop()
        self.notices.stop()

    def answer(self, request: TwinRequest) -> TwinReply | None:
        switch = self.faults.get("lose_answer")
        lost = request.path.endswith(switch) if isinstance(switch, str) else bool(switch)
        reply = super().answer(request)
        return None if lost and not request.path.startswith(("/_twin/", *self.never_lost)) else reply

    def handle(self, request: TwinRequest) -> TwinReply:
        with self.lock:
            try:
                if request.path.startswith("/_twin/"):
                    reply = self.control(request.path.removeprefix("/_twin/"), request.json())
                else:
                    reply = self.api(request)
            except PartyRefusal as no:
                reply = self.refused(no)
            self.remember("book", self.book.kept())
        self.note("request", method=request.method, path=request.path, answer=reply.status)
        return reply


def json_object(request: TwinRequest, otherwise: PartyRefusal) -> dict[str, Any]:
    """The body of a request. Raises `otherwise` where it is no JSON object."""
    try:
        value = request.json()
    except ValueError:
        raise otherwise from None
    if not isinstance(value, dict):
        raise otherwise
    return value
