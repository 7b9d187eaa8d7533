"""Hear another cell: verify, take the nonce, check the fields, let the message's handler work, sign the answer.

Only what a handler said is signed. A refusal before that (a signature, a clock, a nonce heard before) is told without
a signature and so counts for nothing: a stranger who replays a genuine question could otherwise hand its refusal to
the asker in place of the true answer, and points would be given back that have been credited (decision 0166).
"""

import json
from typing import Mapping, NamedTuple

from twinshore import log
from twinshore.cells import Cells
from twinshore.errors import MalformedJson, Problem, TooManyRequests, Unavailable
from twinshore.intercell.client import CONTENT_TYPE, authority_of
from twinshore.intercell.digest import content_digest, matches
from twinshore.intercell.keys import CellKey, SenderUnknown, is_signed_by, public_key
from twinshore.intercell.messages import (
    MESSAGES,
    Message,
    MessageInvalid,
    MessageUnknown,
    checked,
    row_of,
)
from twinshore.intercell.nonces import MessageReplayed, take
from twinshore.intercell.port import Fields, Handler, Incoming
from twinshore.intercell.signatures import (
    ANSWER_COVERS,
    REQUEST_COVERS,
    ClockOff,
    SignatureInvalid,
    Signed,
    check_clock,
    headers_of,
    parameters_of,
    read,
    signature_base,
)
from twinshore.problems import Response, problem_response
from twinshore.store.port import Store

PROBLEMS: tuple[type[Problem], ...] = (
    SignatureInvalid, SenderUnknown, ClockOff, MessageReplayed, MessageUnknown, MessageInvalid, MalformedJson,
)  # fmt: skip


class Desk(NamedTuple):
    """All that hearing takes. `key` is this cell's own, with which it signs its answers."""

    key: CellKey
    cells: Cells
    store: Store
    messages: Mapping[str, Message] = MESSAGES


def receive(request: Incoming, handlers: Mapping[str, Handler], desk: Desk) -> Response:
    """The signed answer to `POST /cells/v1/{message}`. Raises PROBLEMS, unsigned, when nothing has been done;
    Unavailable, StoreUnavailable and whatever bugs raise when that is not known."""
    message = request.params["message"]
    known = message if message in desk.messages else "(unknown)"
    try:
        signed, sender = _verified(request, desk)
        take(desk.store, sender, signed.nonce, request.now)
        row = row_of(desk.messages, message)
        fields = checked(row.asks, _json(request.body))
    except Problem as refused:
        claims = _claimed_cell(request, desk)
        log.line("warning", "cell message refused", about=known, claims=claims, why=refused.slug, detail=refused.detail)
        raise
    answer = _handled(request, handlers, message, sender, fields)
    if answer.status == 200:
        checked(row.answers, json.loads(answer.body))  # ours to get right: a 500, which the asker takes for silence
    log.line("info", "cell message answered", about=message, peer=sender, answer_status=answer.status)
    return _signed(desk.key, answer, signed, request.now)


def _verified(request: Incoming, desk: Desk) -> tuple[Signed, str]:
    """The signature and the cell that made it. Raises SignatureInvalid, SenderUnknown, ClockOff."""
    headers = request.headers
    signed = read(headers, REQUEST_COVERS, with_nonce=True)
    sender, key = public_key(desk.cells, signed.key_id)
    here = desk.key.cell
    if sender == here:
        raise SenderUnknown("a cell does not ask itself")
    check_clock(signed.created, request.now)
    digest = headers.get("content-digest", "")
    if not matches(digest, request.body):
        raise SignatureInvalid("the Content-Digest is not the body's SHA-256")
    if headers.get("content-type") != CONTENT_TYPE or request.query:
        raise SignatureInvalid(f"send {CONTENT_TYPE}, and no query")
    # The authority is our own of the cells file, not a header: what was meant for another cell fails here, and so a
    # gateway may rename the host on the way (decision 0165).
    authority = authority_of(desk.cells.all[here].endpoint)
    values = (request.method, authority, request.path, digest, CONTENT_TYPE)
    if not is_signed_by(key, signed.signature, signature_base(list(zip(REQUEST_COVERS, values)), signed.parameters)):
        raise SignatureInvalid("the signature does not match")
    return signed, sender


def _claimed_cell(request: Incoming, desk: Desk) -> str:
    """For the log: the cell that an unverified signature names, if there is one of that name."""
    said = request.headers.get("signature-input", "").partition('keyid="')[2].partition(":")[0]
    return said if said in desk.cells.all else "(unknown)"


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise MalformedJson("the body cannot be parsed") from None


def _handled(request: Incoming, handlers: Mapping[str, Handler], message: str, sender: str, fields: Fields) -> Response:
    """What the handler says: its answer, or its problem under 500, which is final."""
    if message not in handlers:
        raise Unavailable("nobody here answers this message yet")
    try:
        said = handlers[message](sender, fields, request.now)
    except Problem as refused:
        if refused.status >= 500 or isinstance(refused, TooManyRequests):
            raise
        log.line("warning", "cell message rejected", about=message, peer=sender, why=refused.slug)
        return problem_response(refused, "en", request.request_id)
    return Response(200, json.dumps(said, separators=(",", ":")).encode("ascii"), CONTENT_TYPE)


def _signed(key: CellKey, answer: Response, asked: Signed, now: int) -> Response:
    digest = content_digest(answer.body)
    parameters = parameters_of(ANSWER_COVERS, now, key.key_id)
    values = (str(answer.status), digest, asked.text)
    signature = key.sign(signature_base(list(zip(ANSWER_COVERS, values)), parameters))
    headers = {"Content-Digest": digest, **headers_of(parameters, signature)}
    return answer._replace(headers=(*answer.headers, *headers.items()))
