"""What the hearer refuses: it says why, does nothing, leaves a line without secrets, and never signs a refusal."""

from __future__ import annotations

import base64
import json
import time
from typing import Any, Callable, NamedTuple

import pytest

from tests.support.cell_pair import Pair, secret
from tests.support.doors import Answer
from twinshore import wiring
from twinshore.intercell.client import authority_of, signed_headers
from twinshore.intercell.digest import content_digest
from twinshore.intercell.port import NotHeard
from twinshore.intercell.signatures import WINDOW_SECONDS
from twinshore.store.port import Key

NONCE = "nonce-of-this-test-01"
BODY = b'{"ref":"r1","points":5}'


class Question(NamedTuple):
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    query: str = ""


def question(pair: Pair, *, path: str = "/cells/v1/demo", body: bytes = BODY, at: int = 0, nonce: str = NONCE,
             sender: str = "sea", key_id: str = "k1", to: str = "") -> Question:  # fmt: skip
    """A genuine one, but for what is changed."""
    authority = authority_of(pair.cells.all[to or pair.here].endpoint)
    key = pair.key(sender, key_id)
    return Question("POST", path, signed_headers(key, authority, path, body, at or int(time.time()), nonce), body)


def ask(pair: Pair, one: Question) -> Answer:
    return pair.call(one.method, one.path, one.headers, one.body, one.query)


def headed(one: Question, name: str, change: Callable[[str], str | None]) -> Question:
    value = change(one.headers[name])
    rest = {key: each for key, each in one.headers.items() if key != name}
    return one._replace(headers={**rest, **({} if value is None else {name: value})})


def spelt(old: str, new: str, name: str = "Signature-Input") -> Callable[[Pair], Question]:
    def change(pair: Pair) -> Question:
        one = question(pair)
        assert old in one.headers[name]
        return headed(one, name, lambda value: value.replace(old, new))

    return change


def without(name: str) -> Callable[[Pair], Question]:
    return lambda pair: headed(question(pair), name, lambda _: None)


def other_body(pair: Pair) -> Question:
    return question(pair)._replace(body=BODY.replace(b"5", b"6"))


def other_body_with_its_digest(pair: Pair) -> Question:
    body = BODY.replace(b"5", b"6")
    return headed(question(pair)._replace(body=body), "Content-Digest", lambda _: content_digest(body))


def two_signatures(pair: Pair) -> Question:
    one = headed(question(pair), "Signature-Input", lambda value: f"{value}, {value.replace('cell=', 'other=')}")
    return headed(one, "Signature", lambda value: f"{value}, {value.replace('cell=', 'other=')}")


def loose_bits(pair: Pair) -> Question:
    """Another spelling of the same 64 bytes: the last character before the padding carries four bits that are not."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

    def change(value: str) -> str:
        at = value.index("==:") - 1
        other = value[:at] + alphabet[alphabet.index(value[at]) + 1] + value[at + 1 :]
        assert base64.b64decode(other[6:-1]) == base64.b64decode(value[6:-1])
        return other

    return headed(question(pair), "Signature", change)


def flipped_bit(pair: Pair) -> Question:
    return headed(question(pair), "Signature", lambda value: value[:7] + ("A" if value[7] != "A" else "B") + value[8:])


def created_as(pair: Pair, shown: Callable[[int], str]) -> Question:
    """Signed at this moment, and then said to be created otherwise."""
    at = int(time.time())
    return headed(question(pair, at=at), "Signature-Input", lambda value: value.replace(str(at), shown(at)))


INVALID, UNKNOWN, CLOCK = "cell-signature-invalid", "cell-unknown", "cell-clock-off"
FORGED: dict[str, tuple[Callable[[Pair], Question], str]] = {
    "another body": (other_body, INVALID),
    "another body with its own digest": (other_body_with_its_digest, INVALID),
    "another path": (lambda pair: question(pair)._replace(path="/cells/v1/points-unlink"), INVALID),
    "a query": (lambda pair: question(pair)._replace(query="a=1"), INVALID),
    "another cell's authority": (lambda pair: question(pair, to="us"), INVALID),
    "another content type": (spelt("application/json", "application/jsonp", "Content-Type"), INVALID),
    "no digest": (without("Content-Digest"), INVALID),
    "a digest of another name": (spelt("sha-256", "sha-512", "Content-Digest"), INVALID),
    "a second digest": (spelt("sha-256", "sha-512=:AA==:, sha-256", "Content-Digest"), INVALID),
    "no signature": (without("Signature"), INVALID),
    "no signature input": (without("Signature-Input"), INVALID),
    "a flipped bit": (flipped_bit, INVALID),
    "loose bits": (loose_bits, INVALID),
    "two signatures": (two_signatures, INVALID),
    "another label": (spelt("cell=", "sig1="), INVALID),
    "a component less": (spelt('"@method" ', ""), INVALID),
    "components in another order": (spelt('"@method" "@authority"', '"@authority" "@method"'), INVALID),
    "another nonce": (spelt(NONCE, NONCE[:-1] + "2"), INVALID),
    "no nonce": (spelt(f';nonce="{NONCE}"', ""), INVALID),
    "a short nonce": (lambda pair: question(pair, nonce="short"), INVALID),
    "another created": (lambda pair: created_as(pair, lambda at: str(at - 1)), INVALID),
    "a negative created": (spelt("created=", "created=-"), INVALID),
    "created as a string": (lambda pair: created_as(pair, lambda at: f'"{at}"'), INVALID),
    "created twice": (spelt(";created=", ";created=1;created="), INVALID),
    "another tag": (spelt('tag="twinshore"', 'tag="twinshor"'), INVALID),
    "another algorithm": (spelt(";tag=", ';alg="hmac-sha256";tag='), INVALID),
    "an expiry nobody asked for": (spelt(";tag=", ";expires=9999999999;tag="), INVALID),
    "no tag": (spelt(';tag="twinshore"', ""), INVALID),
    "another sender's name": (spelt('"sea:k1"', '"us:k1"'), INVALID),
    "a key of another cell": (lambda pair: headed(
        question(pair, sender="us"), "Signature-Input", lambda v: v.replace("us:k1", "sea:k1")), INVALID),
    "an unknown cell": (spelt('"sea:k1"', '"mars:k1"'), UNKNOWN),
    "an unknown key": (spelt('"sea:k1"', '"sea:k9"'), UNKNOWN),
    "a key without a cell": (spelt('"sea:k1"', '"k1"'), UNKNOWN),
    "our own name": (lambda pair: question(pair, sender=pair.here), UNKNOWN),
    "a clock ten minutes slow": (lambda pair: question(pair, at=int(time.time()) - 600), CLOCK),
    "a clock ten minutes fast": (lambda pair: question(pair, at=int(time.time()) + 600), CLOCK),
    "a message that is none": (lambda pair: question(pair, path="/cells/v1/no-such"), "cell-message-unknown"),
    "no JSON": (lambda pair: question(pair, body=b"{"), "malformed-json"),
    "JSON without a bottom": (lambda pair: question(pair, body=b"[" * 60_000), "malformed-json"),
    "no object": (lambda pair: question(pair, body=b"[1]"), "cell-message-invalid"),
    "an unknown field": (lambda pair: question(pair, body=b'{"ref":"r","points":1,"x":1}'), "cell-message-invalid"),
    "a missing field": (lambda pair: question(pair, body=b'{"ref":"r"}'), "cell-message-invalid"),
    "a number as text": (lambda pair: question(pair, body=b'{"ref":"r","points":"1"}'), "cell-message-invalid"),
    "a truth as number": (lambda pair: question(pair, body=b'{"ref":"r","points":true}'), "cell-message-invalid"),
    "half a point": (lambda pair: question(pair, body=b'{"ref":"r","points":1.5}'), "cell-message-invalid"),
    "no points": (lambda pair: question(pair, body=b'{"ref":"r","points":0}'), "cell-message-invalid"),
}  # fmt: skip


def log_lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("forged", FORGED)
def test_what_is_not_a_genuine_message_is_refused_moves_nothing_and_leaves_a_line(
    pair: Pair, forged: str, capsys: pytest.CaptureFixture[str]
) -> None:
    make, slug = FORGED[forged]
    answer = ask(pair, make(pair))
    assert answer.problem() == slug
    assert "signature" not in answer.headers, "a refusal is not signed: it counts for nothing"
    assert pair.room.heard == []
    said = capsys.readouterr().out
    line = next(line for line in map(json.loads, said.splitlines()) if line["message"] == "cell message refused")
    assert line["why"] == slug
    assert NONCE not in said and secret("sea") not in said and "r1" not in said


@pytest.mark.parametrize("forged", [name for name, (_, slug) in FORGED.items() if slug in (INVALID, UNKNOWN, CLOCK)])
def test_who_is_not_a_cell_writes_nothing_into_the_store(pair: Pair, forged: str) -> None:
    ask(pair, FORGED[forged][0](pair))
    for sender in ("sea", "us", pair.here, "mars"):
        assert wiring.store().get(Key(f"cell-nonce#{sender}#{NONCE}", "nonce")) is None


def test_the_genuine_question_of_all_these_is_heard(pair: Pair) -> None:
    assert ask(pair, question(pair)).json() == {"ref": "r1", "total": 5}


def test_another_method_never_reaches_the_room(pair: Pair) -> None:
    assert ask(pair, question(pair)._replace(method="PUT")).problem() == "method-not-allowed"
    assert pair.room.heard == []


@pytest.mark.parametrize("seconds", [-299, 299])
def test_a_clock_within_the_window_is_good_enough(pair: Pair, seconds: int) -> None:
    assert ask(pair, question(pair, at=int(time.time()) + seconds)).status == 200


def test_a_clock_that_is_off_is_told_our_time(pair: Pair) -> None:
    told = ask(pair, question(pair, at=int(time.time()) - 600)).json()
    assert told["title"] == "The message's time is too far from ours"
    assert abs(told["our_time"] - time.time()) < 60


def test_the_same_message_twice_is_heard_once(pair: Pair) -> None:
    one = question(pair)
    assert ask(pair, one).status == 200
    assert ask(pair, one).problem() == "cell-message-replayed"
    assert len(pair.room.heard) == 1


def test_a_nonce_is_kept_for_longer_than_its_message_could_be_heard(pair: Pair) -> None:
    sent_at = int(time.time()) + 299  # by a clock that is ahead: heard from now until then and a window more
    assert ask(pair, question(pair, at=sent_at)).status == 200
    kept = wiring.store().get(Key(f"cell-nonce#sea#{NONCE}", "nonce"))
    assert kept is not None
    assert kept.expires_at is not None
    assert kept.expires_at > sent_at + WINDOW_SECONDS


def test_a_nonce_is_taken_per_sender(pair: Pair) -> None:
    assert ask(pair, question(pair, sender="sea")).status == 200
    assert ask(pair, question(pair, sender="us")).status == 200


def test_the_refusal_of_a_replay_is_not_believed_in_place_of_the_answer(pair: Pair) -> None:
    """Who stands between lets the question through, keeps its answer, sends it again and hands over the refusal."""

    def between(url: str, headers: Any, body: bytes) -> Any:
        assert pair.send(url, headers, body).status == 200
        return pair.send(url, headers, body)

    with pytest.raises(NotHeard) as silence:
        pair.ask(int(time.time()), send=between)
    assert "cell-message-replayed" in silence.value.why
    assert pair.room.points == {"r1": 5}
    assert pair.ask(int(time.time())) == {"ref": "r1", "total": 5}, "asked again, the true answer is heard"
