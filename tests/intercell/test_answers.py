"""What the asker believes: a signed answer, or a signed refusal. All else is silence."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from typing import Any, Callable, Iterator, Mapping

import pytest

from tests.support.cell_pair import Pair
from twinshore import intercell_wiring
from twinshore.errors import Conflict, Problem, TooManyRequests, Unavailable
from twinshore.intercell.client import NoSuchCell
from twinshore.intercell.digest import content_digest
from twinshore.intercell.keys import CellKey
from twinshore.intercell.messages import MessageInvalid, MessageUnknown, NoLawfulBasis
from twinshore.intercell.port import Fields, Heard, NotHeard, Rejected
from twinshore.intercell.signatures import ANSWER_COVERS, headers_of, parameters_of, signature_base


def now() -> int:
    return int(time.time())


def test_an_answer_carries_the_fields_of_the_table(pair: Pair) -> None:
    assert pair.ask(now()) == {"ref": "r1", "total": 5}
    assert pair.room.heard == [("sea", {"ref": "r1", "points": 5})]


def test_the_same_question_asked_again_has_another_nonce_and_the_same_answer(pair: Pair) -> None:
    assert pair.ask(now()) == pair.ask(now())
    assert pair.room.points == {"r1": 5}
    assert pair.sent[0][1]["Signature"] != pair.sent[1][1]["Signature"]


def test_a_handlers_refusal_is_signed_and_final(pair: Pair) -> None:
    with pytest.raises(Rejected) as refusal:
        pair.ask(now(), {"ref": "full", "points": 5})
    assert (refusal.value.slug, refusal.value.status) == ("demo-no-room", 409)
    assert pair.answers[-1].problem() == "demo-no-room"


@pytest.mark.parametrize("failure", [Unavailable(), Problem(), TooManyRequests(), KeyError("bug")], ids=repr)
def test_a_handler_that_fails_says_nothing_of_what_will_be(pair: Pair, failure: Exception) -> None:
    def fail(*_: Any) -> Fields:
        raise failure

    pair.handlers["demo"] = fail
    with pytest.raises(NotHeard):
        pair.ask(now())
    assert "signature" not in pair.answers[-1].headers


@pytest.mark.parametrize("said", [{"ref": "r1"}, {"ref": "r1", "total": 5, "more": 1}, {"ref": "r1", "total": -1}])
def test_an_answer_that_is_not_in_the_table_leaves_no_cell(pair: Pair, said: Fields) -> None:
    pair.handlers["demo"] = lambda *_: said
    with pytest.raises(NotHeard):
        pair.ask(now())
    assert pair.answers[-1].status >= 400


def test_a_message_that_nobody_answers_yet_is_silence(pair: Pair) -> None:
    pair.handlers.clear()
    with pytest.raises(NotHeard) as silence:
        pair.ask(now())
    assert "unavailable" in silence.value.why


Tamper = Callable[[Heard], Heard]


def headed(name: str, change: Callable[[str], str]) -> Tamper:
    return lambda heard: heard._replace(headers={**heard.headers, name: change(heard.headers[name])})


TAMPERED: dict[str, Tamper] = {
    "the body": lambda heard: heard._replace(body=heard.body.replace(b"5", b"9")),
    "the status": lambda heard: heard._replace(status=409),
    "the digest": headed("content-digest", lambda value: value.replace("=:", "=:A", 1)),
    "the signature": headed("signature", lambda value: value[:7] + ("A" if value[7] != "A" else "B") + value[8:]),
    "the time": headed("signature-input", lambda value: value.replace("created=1", "created=2")),
    "the key's cell": headed("signature-input", lambda value: value.replace('keyid="', 'keyid="x')),
    "the signer": headed("signature-input", lambda value: value.replace(value.split('keyid="')[1].split(":")[0], "us")),
    "the tag": headed("signature-input", lambda value: value.replace("twinshore", "twin")),
    "the components": headed("signature-input", lambda value: value.replace('"@status" ', "")),
    "no signature": lambda heard: heard._replace(headers={"content-type": "application/json"}),
    "a page": lambda _: Heard(200, {"content-type": "text/html"}, b"<html>Welcome</html>"),
    "a gateway's 502": lambda _: Heard(502, {"content-type": "text/html"}, b"<html>Bad Gateway</html>"),
    "a gateway's 403": lambda _: Heard(403, {}, b'{"message":"Forbidden"}'),
    "a redirect": lambda _: Heard(302, {"location": "https://elsewhere.example/"}, b""),
    "an unsigned refusal": lambda _: Heard(
        409, {}, b'{"type":"https://twinshore.example/problems/demo-no-room","status":409}'),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERED)
def test_a_tampered_answer_is_silence(pair: Pair, what: str, capsys: pytest.CaptureFixture[str]) -> None:
    def tampered(url: str, headers: Mapping[str, str], body: bytes) -> Heard:
        return TAMPERED[what](pair.send(url, headers, body))

    with pytest.raises(NotHeard):
        pair.ask(now(), send=tampered)
    assert '"cell not heard"' in capsys.readouterr().out


def answered_by(key: CellKey, body: bytes) -> Callable[..., Heard]:
    """An answer to the very question, signed as cells sign by whoever has `key`."""

    def answer(url: str, headers: Mapping[str, str], _: bytes) -> Heard:
        digest = content_digest(body)
        parameters = parameters_of(ANSWER_COVERS, now(), key.key_id)
        values = ("200", digest, headers["Signature"].removeprefix("cell="))
        signature = key.sign(signature_base(list(zip(ANSWER_COVERS, values)), parameters))
        said = {"Content-Digest": digest, **headers_of(parameters, signature)}
        return Heard(200, {name.lower(): value for name, value in said.items()}, body)

    return answer


def test_only_the_cell_that_was_asked_answers(pair: Pair) -> None:
    body = b'{"ref":"r1","total":5}'
    assert pair.ask(now(), send=answered_by(pair.key(pair.here), body)) == {"ref": "r1", "total": 5}
    for other in ("us", pair.asker):
        with pytest.raises(NotHeard):
            pair.ask(now(), send=answered_by(pair.key(other), body))


@pytest.mark.parametrize("body", [b'{"ref":"r1","total":5}' + b" " * 70_000, b"[" * 60_000, b"", b"5", b"\xff"])
def test_an_answer_that_cannot_be_read_is_silence(pair: Pair, body: bytes) -> None:
    with pytest.raises(NotHeard):
        pair.ask(now(), send=answered_by(pair.key(pair.here), body))


def test_the_answer_to_another_question_is_silence(pair: Pair) -> None:
    old: list[Heard] = []

    def mixed(url: str, headers: Mapping[str, str], body: bytes) -> Heard:
        old.append(pair.send(url, headers, body))
        return old[0]

    assert pair.ask(now(), send=mixed) == {"ref": "r1", "total": 5}
    with pytest.raises(NotHeard):
        pair.ask(now(), send=mixed)


def test_a_refusal_of_another_question_is_silence(pair: Pair) -> None:
    with pytest.raises(Rejected):
        pair.ask(now(), {"ref": "full", "points": 5})
    refusal = pair.answers[-1]
    kept = Heard(refusal.status, refusal.headers, refusal.text.encode())
    with pytest.raises(NotHeard):
        pair.ask(now(), send=lambda *_: kept)


@contextmanager
def listener(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            connection.recv(65536)
            talk(connection)

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}"
    server.close()


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")


NETWORK: dict[str, Callable[[socket.socket], None]] = {
    "a reset": reset,
    "a close": lambda connection: None,
    "half an answer": lambda c: c.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"ref"'),
    "no HTTP": lambda c: c.sendall(b"hello\r\n\r\n"),
    "an HTML page": lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>"),
    "a 503": lambda c: c.sendall(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"),
    "no answer in time": lambda c: time.sleep(0.6),
}


@pytest.mark.parametrize("trouble", NETWORK)
def ask_at(pair: Pair, url: str) -> NotHeard:
    """Over the real way out, to where something else answers."""
    cells = pair.cells
    cells.all[pair.here] = cells.all[pair.here]._replace(endpoint=url)
    with pytest.raises(NotHeard) as silence:
        pair.ask(now(), send=intercell_wiring.way_out(0.3), cells=cells)
    return silence.value


@pytest.mark.parametrize("trouble", NETWORK)
def test_trouble_on_the_way_is_silence(pair: Pair, trouble: str) -> None:
    with listener(NETWORK[trouble]) as url:
        assert ask_at(pair, url).why != "unreachable"


def test_a_cell_that_is_not_there_is_silence(pair: Pair) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    assert ask_at(pair, url).why == "unreachable"


NOT_SENT: dict[str, tuple[str, Fields, type[Problem]]] = {
    "an unknown message": ("no-such", {}, MessageUnknown),
    "an unknown field": ("demo", {"ref": "r", "points": 1, "shoe_size": 44}, MessageInvalid),
    "a missing field": ("demo", {"ref": "r"}, MessageInvalid),
    "a field of another kind": ("demo", {"ref": "r", "points": "1"}, MessageInvalid),
    "a personal field": ("demo", {"ref": "r", "points": 1, "phone": "+491700000000"}, NoLawfulBasis),
}


@pytest.mark.parametrize("what", NOT_SENT)
def test_what_may_not_be_said_is_never_sent(pair: Pair, what: str) -> None:
    message, fields, problem = NOT_SENT[what]
    with pytest.raises(problem) as refusal:
        pair.ask(now(), fields, message)
    assert pair.sent == []
    assert "shoe_size" not in str(refusal.value.extensions), "what the caller made up is not repeated"


def test_a_personal_field_goes_where_a_lawful_basis_is_on_record(pair: Pair) -> None:
    asked = []

    def basis(transfer: Any) -> bool:
        asked.append((transfer.message, transfer.field, transfer.to_cell))
        return True

    pair.ask(now(), {"ref": "r", "points": 1, "phone": "+491700000000"}, basis=basis)
    assert asked == [("demo", "phone", pair.here)]
    assert len(pair.sent) == 1


def test_there_is_no_such_cell_to_ask(pair: Pair) -> None:
    from twinshore.intercell.client import ask

    with pytest.raises(NoSuchCell):
        ask(pair.peers(), "mars", "demo", {"ref": "r", "points": 1}, now())


def test_a_rejection_reads_as_the_other_cells_problem() -> None:
    assert isinstance(Rejected("link-code-wrong", 404), Problem)
    assert not issubclass(Rejected, Conflict)
    assert NotHeard("no answer").status == 503
