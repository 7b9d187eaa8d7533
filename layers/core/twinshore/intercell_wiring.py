"""How cells hear one another: this cell's key, the way out, and who answers which message.

Nothing is kept here: a rotated key is in use as soon as the secret is read anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Mapping

from twinshore import deployment, tracing
from twinshore.deployment import Misconfigured

if TYPE_CHECKING:
    from twinshore.intercell.client import Peers
    from twinshore.intercell.keys import CellKey
    from twinshore.intercell.port import Handler, Heard, Send
    from twinshore.intercell.receiving import Desk
    from twinshore.store.port import Store

ANSWER_SECONDS = 5.0
"""How long another cell may take: an ocean, a cold start, a commit."""


def peers() -> Peers:
    """What `intercell.client.ask` takes. No lawful basis is on record today: personal fields are refused."""
    from twinshore.intercell.client import Peers

    return Peers(_key(), deployment.cells(), way_out())


def desk(store: Store) -> Desk:
    """What `intercell.receiving.receive` takes."""
    from twinshore.intercell.receiving import Desk

    return Desk(_key(), deployment.cells(), store)


def handlers(store: Store) -> Mapping[str, Handler]:
    """Who answers which message of `intercell.messages.MESSAGES`. A room adds its own here."""
    from twinshore.exchange_wiring import handlers_of
    from twinshore.intercell.client import Peers

    return handlers_of(store, Peers(_key(), deployment.cells(), _no_way_out))


def _no_way_out(url: str, headers: Mapping[str, str], body: bytes) -> Heard:
    """Whoever answers asks nobody meanwhile: two cells would wait for one another."""
    from twinshore.errors import BrokenInvariant

    raise BrokenInvariant("a handler asks no cell")


def _key() -> CellKey:
    from twinshore.intercell.keys import cell_key_from_secret

    try:
        return cell_key_from_secret(deployment.cell_name(), deployment.secret("cell_key"))
    except ValueError as err:
        raise Misconfigured(str(err)) from None


@deployment.kept
def way_out(answer_seconds: float = ANSWER_SECONDS) -> Send:
    from twinshore.intercell.port import Heard, NotHeard
    from twinshore.measured import timed
    from twinshore.outbound import NoAnswer, Unreachable, send

    def post(url: str, headers: Mapping[str, str], body: bytes) -> Heard:
        try:
            reply = send("POST", url, {**headers, **tracing.headers()}, body, answer_seconds)
        except Unreachable:
            raise NotHeard("unreachable") from None
        except NoAnswer:
            raise NotHeard("no answer") from None
        return Heard(reply.status, reply.headers, reply.body)

    return timed(post, "cell", "message")
