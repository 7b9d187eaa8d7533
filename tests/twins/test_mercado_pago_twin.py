"""What the Mercado Pago twin adds to what every payment twin does; and the official SDK takes its signatures."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from mercadopago.webhook import WebhookSignatureValidator

from tests.support.pair_kinds import only
from tests.support.pairs import REFERENCE, Pair
from tests.support.receiver import Receiver
from twinshore.payments.port import CAPTURED

pytestmark = only("mercado_pago")


def test_what_is_told_says_no_amount_and_is_fetched(pair: Pair, receiver: Receiver) -> None:
    known = pair.paid()
    for got in receiver.wait_for(2):
        (notice,) = pair.read(got)
        assert notice.amount is None
        found = pair.query(notice.provider_id, notice.reference)
        assert (found.reference, found.state, found.amount) == (REFERENCE, CAPTURED, pair.kind.total)
        assert found.provider_id == known


def test_the_official_sdk_takes_the_twins_signature_in_milliseconds_and_in_seconds(
    pair: Pair, receiver: Receiver
) -> None:
    started = pair.start()
    pair.paid(started)
    pair.settle()
    pair.faults(milliseconds=False)
    assert pair.control("refund", redirect_url=started.client["redirect_url"], amount="3.00").status == 200
    stamps = set()
    for got in receiver.wait_for(4):
        data_id = parse_qs(urlsplit(got.target).query)["data.id"][0].lower()
        secret = pair.twin.secret()["webhook_secrets"]["BRL"]
        WebhookSignatureValidator.validate(got.headers["x-signature"], got.headers["x-request-id"], data_id, secret)
        stamps.add(len(got.headers["x-signature"].partition(",")[0]) - len("ts="))
        assert pair.read(got)
    assert stamps == {10, 13}
