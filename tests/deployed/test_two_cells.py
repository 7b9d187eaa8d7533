"""Two cells, each deployed by `sam deploy` from the built template: points go from one to the other, signed, and
nothing is made or lost on the way."""

from __future__ import annotations

import base64
import json
import secrets
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

import twinshore
from sandbox.twins.stripe import StripeTwin
from sandbox.twins.wechat import WechatTwin
from tests.deployed.test_sam import World, eventually, ordered
from tests.support.deployed.front import Front
from tests.support.deployed.stack import Answer, Cloud
from tests.support.receiver import Receiver
from tests.support.wechat_world import APP_SECRET, APPID, control

CELLS = ("eu", "sea")


def _key_pair() -> tuple[str, str]:
    """Private and public half, raw, base64."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return (base64.b64encode(private).decode(),
            base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode())  # fmt: skip


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, World]]:
    folder = tmp_path_factory.mktemp("two-cells")
    compiled: dict[str, Any] = json.loads((Path(twinshore.__path__[0]) / "cells.json").read_text(encoding="utf-8"))
    with ExitStack() as stack:
        cloud = stack.enter_context(Cloud(folder))
        wechat, stripe = stack.enter_context(WechatTwin()), stack.enter_context(StripeTwin())
        fronts, keys = {}, {}
        for cell in CELLS:
            fronts[cell] = stack.enter_context(Front(compiled["cells"][cell]["region"]))
            keys[cell], public = _key_pair()
            compiled["cells"][cell].update(endpoint=fronts[cell].url, public_keys={"k1": public})
        cells_file = folder / "cells.json"
        cells_file.write_text(json.dumps(compiled), encoding="utf-8")
        found = {}
        for cell in CELLS:
            deployed = cloud.deploy(cell)
            fronts[cell].invoke = deployed.invoke
            for name in ("session_keys", "vault_keys"):
                deployed.keep(name, [{"id": "k1", "secret": secrets.token_hex(32)}])
            deployed.keep("cell_key", {"id": "k1", "private": keys[cell]})
            deployed.keep("wechat_app", {"appid": APPID, "secret": APP_SECRET})
            deployed.keep("provider_stripe", stripe.secret())
            outside = json.dumps({"wechat": wechat.url, "stripe": stripe.url})
            deployed.settings(TWINSHORE_OUTSIDE=outside, TWINSHORE_CELLS_FILE=str(cells_file))
            found[cell] = World(deployed, wechat, stripe)
            # A cell waits for another for five seconds, and a first start here takes that long on a busy machine.
            assert unsigned(found[cell]).status in (400, 401)
        yield found


def unsigned(world: World) -> Answer:
    return world.stack.ask("cells", "POST", "/cells/v1/points-credit", {"exchange": "e1", "points_in": 10**6})


def with_points(world: World, openid: str) -> tuple[dict[str, str], int]:
    """A member who has bought something, with the points of it."""
    _, bearer = world.log_in(openid)
    _, client = ordered(world, bearer, openid)
    with Receiver() as receiver:
        world.stripe.webhook_url = receiver.url
        control(world.stripe.url, "/_twin/pay", {"client_secret": client["client_secret"]})
        notice = receiver.wait_for(1)[0]
    world.stack.ask("payment_callbacks", "POST", "/v1/webhooks/stripe", None, dict(notice.headers), notice.body)
    assert eventually(lambda: world.points(bearer))
    return bearer, world.points(bearer)


def test_points_cross_from_one_deployed_cell_to_another(worlds: dict[str, World]) -> None:
    here, there = worlds["eu"], worlds["sea"]
    mine, earned = with_points(here, "oAnna")
    _, hers = there.log_in("oAnnaAbroad")
    there.stack.ask("cells", "POST", "/cells/v1/points-credit", {})  # so that it is warm when it is waited for

    shown = here.stack.ask("points_links", "POST", "/v1/points/links", {"cell": "sea", "consent": True}, mine)
    assert shown.status == 201, shown.body
    entered = {"cell": "eu", "code": shown.body["code"], "consent": True}
    linked = there.stack.ask("points_links", "POST", "/v1/points/links/confirmations", entered,
                             {**hers, "idempotency-key": "link-1"})  # fmt: skip
    assert (linked.status, linked.body["state"]) == (201, "open"), linked.body

    wish = {"link": linked.body["id"], "points": earned}
    quote = here.stack.ask("exchange", "POST", "/v1/points/exchanges/quotes", wish, mine)
    assert quote.status == 201, quote.body
    asked = {"quote": quote.body["quote"]}, {**mine, "idempotency-key": "exchange-1"}
    done = here.stack.ask("exchange", "POST", "/v1/points/exchanges", *asked)
    assert (done.status, done.body["state"]) == (201, "settled"), done.body
    again = here.stack.ask("exchange", "POST", "/v1/points/exchanges", *asked)
    assert again.body == done.body, "the same key, the same exchange"

    assert here.points(mine) == 0
    assert there.points(hers) == quote.body["points_in"] == earned, "one to one between these two"
    receipts = [
        world.stack.ask("points_links", "GET", f"/v1/points/links/{linked.body['id']}/receipts", None, bearer).body[
            "items"
        ]
        for world, bearer in ((here, mine), (there, hers))
    ]
    assert receipts[0] == receipts[1]
    assert len(receipts[0]) == 1


def test_a_message_that_no_cell_signed_moves_nothing(worlds: dict[str, World]) -> None:
    assert unsigned(worlds["sea"]).status in (400, 401)
