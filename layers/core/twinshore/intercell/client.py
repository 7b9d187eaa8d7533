"""Ask another cell."""

import json
import re
from typing import Callable, Mapping, NamedTuple

from twinshore import log
from twinshore.cells import Cells
from twinshore.errors import TYPE_PREFIX, NotFound, Problem, Unauthenticated, must
from twinshore.intercell.digest import content_digest, matches
from twinshore.intercell.keys import CellKey, is_signed_by, public_key
from twinshore.intercell.messages import MESSAGES, Message, MessageInvalid, checked, require_basis, row_of
from twinshore.intercell.nonces import new_nonce
from twinshore.intercell.port import Basis, Fields, Heard, NotHeard, Rejected, Send, no_basis
from twinshore.intercell.signatures import (
    ANSWER_COVERS,
    REQUEST_COVERS,
    SignatureInvalid,
    headers_of,
    parameters_of,
    read,
    signature_base,
)

PATH = "/cells/v1/"
CONTENT_TYPE = "application/json"
ANSWER_LIMIT_BYTES = 64 * 1024
_TYPE = re.compile(re.escape(TYPE_PREFIX) + r"([a-z][a-z0-9-]{0,63})", re.ASCII)


class NoSuchCell(NotFound):
    slug = "no-such-cell"
    title_en = "There is no such cell"
    title_zh = "没有该数据区"


class Peers(NamedTuple):
    """All that asking takes. `key` is this cell's own."""

    key: CellKey
    cells: Cells
    send: Send
    basis: Basis = no_basis
    messages: Mapping[str, Message] = MESSAGES
    nonce: Callable[[], str] = new_nonce


def ask(peers: Peers, cell: str, message: str, fields: Fields, now: int) -> Fields:
    """The fields of the answer of `cell`. The same question may be asked again: each time it is signed anew.

    Before anything is sent: MessageUnknown, MessageInvalid, NoLawfulBasis, NoSuchCell.
    Rejected: the other cell's signed refusal, which is final. NotHeard: everything else, the outcome is unknown.
    """
    row = row_of(peers.messages, message)
    checked(row.asks, fields)
    require_basis(message, row, cell, fields, peers.basis)
    if cell not in peers.cells.all:
        raise NoSuchCell("see the cells file")
    must(cell != peers.key.cell, "a cell asks another one")
    body = json.dumps(fields, separators=(",", ":")).encode("ascii")
    endpoint = peers.cells.all[cell].endpoint
    headers = signed_headers(peers.key, authority_of(endpoint), PATH + message, body, now, peers.nonce())
    try:
        heard = peers.send(endpoint + PATH + message, headers, body)
        answer = _believed(peers.cells, cell, row, headers["Signature"].partition("=")[2], heard)
    except NotHeard as silence:
        log.line("warning", "cell not heard", peer=cell, about=message, why=silence.why)
        raise
    except Rejected as refusal:
        log.line("warning", "cell rejected", peer=cell, about=message, why=refusal.slug)
        raise
    log.line("info", "cell answered", peer=cell, about=message)
    return answer


def signed_headers(key: CellKey, authority: str, path: str, body: bytes, now: int, nonce: str) -> dict[str, str]:
    """All headers of a question."""
    digest = content_digest(body)
    values = ("POST", authority, path, digest, CONTENT_TYPE)
    parameters = parameters_of(REQUEST_COVERS, now, key.key_id, nonce)
    signature = key.sign(signature_base(list(zip(REQUEST_COVERS, values)), parameters))
    return {"Content-Type": CONTENT_TYPE, "Content-Digest": digest, **headers_of(parameters, signature)}


def authority_of(endpoint: str) -> str:
    """`@authority` of an endpoint of the cells file (RFC 9421, section 2.2.3): lower case, no default port."""
    scheme, _, authority = endpoint.lower().partition("://")
    return authority.removesuffix(":443" if scheme == "https" else ":80")


def _believed(cells: Cells, cell: str, row: Message, asked: str, heard: Heard) -> Fields:
    """Raises Rejected, NotHeard. `asked` is the value of our question's signature.

    The answer's time is not looked at: it covers our question's signature, and with it a nonce of this very moment.
    """
    try:
        _must_be_signed(cells, cell, asked, heard)
    except Unauthenticated as err:
        raise NotHeard(_unsigned(heard, err)) from None
    slug = _slug_in(heard.body)
    if 400 <= heard.status < 500 and slug:
        raise Rejected(slug, heard.status)
    if heard.status != 200:
        raise NotHeard(f"status {heard.status}")
    try:
        return checked(row.answers, json.loads(heard.body))
    except (ValueError, RecursionError, MessageInvalid):
        raise NotHeard("an answer that is not in the table") from None


def _must_be_signed(cells: Cells, cell: str, asked: str, heard: Heard) -> None:
    """Raises SignatureInvalid, SenderUnknown."""
    signed = read(heard.headers, ANSWER_COVERS, with_nonce=False)
    signer, key = public_key(cells, signed.key_id)
    digest = heard.headers.get("content-digest", "")
    if signer != cell or len(heard.body) > ANSWER_LIMIT_BYTES or not matches(digest, heard.body):
        raise SignatureInvalid("another cell's answer, or another body")
    values = (str(heard.status), digest, asked)
    if not is_signed_by(key, signed.signature, signature_base(list(zip(ANSWER_COVERS, values)), signed.parameters)):
        raise SignatureInvalid("the signature does not match")


def _unsigned(heard: Heard, why: Problem) -> str:
    """For our log. What an unsigned problem says is a hint (a clock that is off, a key not published yet), no fact."""
    hint = _slug_in(heard.body) if heard.status >= 400 and len(heard.body) <= ANSWER_LIMIT_BYTES else ""
    return f"status {heard.status}, {why.slug}" + (f", says {hint}" if hint else "")


def _slug_in(body: bytes) -> str:
    try:
        kind = json.loads(body)["type"]
    except (ValueError, RecursionError, TypeError, KeyError):
        return ""
    found = _TYPE.fullmatch(kind) if isinstance(kind, str) else None
    return found[1] if found else ""
