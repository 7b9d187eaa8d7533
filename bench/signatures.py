"""Signed promises against PyJWT, and Stripe's signature against its SDK: in one process, blocks in turn."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any, Callable

from bench.notification import REFERENCE
from bench.processes import Figures, in_turn
from bench.rows import Row, Section, figure

SECRET = b"s" * 32
CLAIMS = {
    "sub": "m_" + "a" * 26,
    "from": "CNY",
    "to": "EUR",
    "amount_minor": 128800,
    "price_minor": 16433,
    "jti": "q" * 22,
}
TTL_SECONDS = 86_400
WHSEC = "whsec_" + "t" * 32


def signed_promises(rounds: int, calls: int) -> Section:
    import jwt

    from twinshore.tokens import Signer, SigningKey

    now = int(time.time())
    signer = Signer("eu", [SigningKey("k2", SECRET), SigningKey("k1", b"o" * 32)])
    token = signer.issue("quote", CLAIMS, TTL_SECONDS, now)
    full = {**CLAIMS, "iss": "eu", "iat": now, "exp": now + TTL_SECONDS}
    theirs = jwt.encode(full, SECRET, algorithm="HS256")

    def read(token: str) -> Any:
        return jwt.decode(token, SECRET, algorithms=["HS256"], issuer="eu", options={"require": ["exp", "iat"]})

    assert signer.verify("quote", token, now) == read(theirs) == full
    got = timed(
        {
            "issue, ours": lambda: signer.issue("quote", CLAIMS, TTL_SECONDS, now),
            "issue, PyJWT": lambda: jwt.encode(full, SECRET, algorithm="HS256"),
            "verify, ours": lambda: signer.verify("quote", token, now),
            "verify, PyJWT": lambda: read(theirs),
        },
        rounds, calls,
    )  # fmt: skip
    both = {
        who: Figures([a + b for a, b in zip(got[f"issue, {who}"].values, got[f"verify, {who}"].values, strict=True)])
        for who in ("ours", "PyJWT")
    }
    rows = [
        Row("a signed promise, issued", "PyJWT", got["issue, ours"].over(got["issue, PyJWT"]), 0.6),
        Row("a signed promise, verified", "PyJWT", got["verify, ours"].over(got["verify, PyJWT"]), 0.35),
        Row("a signed promise, issued and verified", "PyJWT", both["ours"].over(both["PyJWT"]), 0.5),
    ]
    note = "HS256 with the claims of a rate lock; ours checks kind, issuer and times, and holds two live keys."
    return Section("Signed promises", note, rows, _table(got))


def stripe_webhooks(rounds: int, calls: int) -> Section:
    import stripe

    from twinshore.providers.exchange import send_outbound
    from twinshore.providers.stripe.client import Stripe
    from twinshore.providers.stripe.verify import check

    now = int(time.time())
    body = json.dumps(_stripe_event()).encode()
    mac = hmac.new(WHSEC.encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()
    header = f"t={now},v1={mac}"
    ours = Stripe("https://api.stripe.com", "sk", [WHSEC, "whsec_" + "o" * 32], send=send_outbound)
    [notice], _ = ours.read_webhook({"stripe-signature": header}, body, now)
    assert notice.amount is not None and notice.amount.amount_minor == 12345
    got = timed(
        {
            "the signature alone, ours": lambda: check(header, body, [WHSEC, "whsec_" + "o" * 32], now),
            "verified and translated, ours": lambda: ours.read_webhook({"stripe-signature": header}, body, now),
            "construct_event": lambda: stripe.Webhook.construct_event(body, header, WHSEC),
        },
        rounds, calls,
    )  # fmt: skip
    peer = got["construct_event"]
    rows = [
        Row("Stripe's signature", "construct_event", got["the signature alone, ours"].over(peer), 0.1),
        Row(
            "Stripe's webhook, verified and translated",
            "construct_event",
            got["verified and translated, ours"].over(peer),
        ),
    ]
    note = f"An event of {len(body)} bytes; ours tries two live secrets. The SDK builds its objects from the body."
    return Section("Stripe's webhook", note, rows, _table(got))


def timed(work: dict[str, Callable[[], object]], rounds: int, calls: int) -> dict[str, Figures]:
    """Microseconds for a call."""

    def measure(name: str) -> float:
        call, fastest = work[name], float("inf")
        for _ in range(5):
            start = time.perf_counter()
            for _ in range(calls):
                call()
            fastest = min(fastest, time.perf_counter() - start)
        return fastest / calls * 1e6

    return {name: Figures(values) for name, values in in_turn(list(work), rounds, measure).items()}


def _table(got: dict[str, Figures]) -> list[tuple[str, ...]]:
    return [("what", "µs: median (range)"), *((name, figure(found.values)) for name, found in got.items())]


def _stripe_event() -> dict[str, Any]:
    intent = {
        "id": "pi_3OInvented00000001", "object": "payment_intent", "amount": 12345, "amount_received": 12345,
        "capture_method": "automatic", "client_secret": None, "confirmation_method": "automatic", "created": 1,
        "currency": "eur", "customer": None, "description": "a voucher", "invoice": None, "latest_charge": "ch_1",
        "livemode": False, "metadata": {"order_id": REFERENCE[:26], "reference": REFERENCE},
        "payment_method": "pm_1", "payment_method_types": ["card"], "status": "succeeded",
    }  # fmt: skip
    return {
        "id": "evt_1Invented", "object": "event", "api_version": "2024-06-20", "created": 1, "livemode": False,
        "type": "payment_intent.succeeded", "pending_webhooks": 1, "request": {"id": None, "idempotency_key": None},
        "data": {"object": intent},
    }  # fmt: skip
