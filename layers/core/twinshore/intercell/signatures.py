"""HTTP Message Signatures (RFC 9421), of all it offers the one form that cells use. docs/cell-to-cell.md shows both.

    Signature-Input: cell=("@method" "@authority" "@path" "content-digest" "content-type");created=1618884473;
                     nonce="…";keyid="cn:2026-11";tag="twinshore"
    Signature: cell=:…:

There is no menu: label, covered components and their order, algorithm and tag are ours or the message is refused, so
that nothing is left for a sender to choose. What is read is the canonical spelling of structured fields (RFC 8941)
only; every text that passes is byte for byte what its serialisation would be, which is what the signature is over.
"""

import re
from base64 import b64decode, b64encode
from typing import Mapping, NamedTuple, Sequence

from twinshore.errors import Unauthenticated

LABEL = "cell"
TAG = "twinshore"
WINDOW_SECONDS = 300
"""Inclusive, both ways: how far the sender's clock may be from ours."""
REQUEST_COVERS = ('"@method"', '"@authority"', '"@path"', '"content-digest"', '"content-type"')
ANSWER_COVERS = ('"@status"', '"content-digest"', f'"signature";req;key="{LABEL}"')
"""The request's signature (RFC 9421, section 2.4) ties the answer to this one request, by its nonce to no other."""

HEADER_LIMIT_CHARACTERS = 1024
_INPUT = re.compile(
    LABEL + r'=((\([ -\'*-~]*\))((?:;[a-z]{1,16}=(?:"[!#-\[\]-~]{1,128}"|[0-9]{1,12})){1,6}))', re.ASCII
)
_PARAMETER = re.compile(r';([a-z]{1,16})=(?:"([!#-\[\]-~]{1,128})"|([0-9]{1,12}))', re.ASCII)
_VALUE = re.compile(LABEL + r"=(:([A-Za-z0-9+/]{86}==):)", re.ASCII)
_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}", re.ASCII)


class SignatureInvalid(Unauthenticated):
    slug = "cell-signature-invalid"
    title_en = "The message is not signed as cells sign"
    title_zh = "消息签名不符合数据区之间的约定"


class ClockOff(Unauthenticated):
    """`our_time` in seconds since the epoch: the sender's operator sees at once whose clock is off."""

    slug = "cell-clock-off"
    title_en = "The message's time is too far from ours"
    title_zh = "消息时间与本方时钟相差过大"


class Signed(NamedTuple):
    """What a message says of its signature. Nothing of it is verified yet."""

    parameters: str
    """The member's value in Signature-Input, as sent: the value of `@signature-params`."""
    created: int
    key_id: str
    nonce: str
    """"" for an answer."""
    signature: bytes
    text: str
    """`:base64:`, as sent."""


def signature_base(lines: Sequence[tuple[str, str]], parameters: str) -> bytes:
    """RFC 9421, section 2.5: each line a serialised component identifier and its value."""
    whole = [*lines, ('"@signature-params"', parameters)]
    return "\n".join([f"{identifier}: {value}" for identifier, value in whole]).encode("ascii", "backslashreplace")


def parameters_of(covers: Sequence[str], created: int, key_id: str, nonce: str = "") -> str:
    once = f';nonce="{nonce}"' if nonce else ""
    return f'({" ".join(covers)});created={created}{once};keyid="{key_id}";tag="{TAG}"'


def headers_of(parameters: str, signature: bytes) -> dict[str, str]:
    value = b64encode(signature).decode("ascii")
    return {"Signature-Input": f"{LABEL}={parameters}", "Signature": f"{LABEL}=:{value}:"}


def read(headers: Mapping[str, str], covers: Sequence[str], with_nonce: bool) -> Signed:
    """From headers with names in lower case. Raises SignatureInvalid."""
    said, value = headers.get("signature-input", ""), headers.get("signature", "")
    if not said or not value:
        raise SignatureInvalid("send Signature-Input and Signature")
    if max(len(said), len(value)) > HEADER_LIMIT_CHARACTERS:
        raise SignatureInvalid("the signature headers are too long")
    given, signed = _INPUT.fullmatch(said), _VALUE.fullmatch(value)
    if given is None or signed is None:
        raise SignatureInvalid(f"one signature, labelled `{LABEL}`, in its canonical spelling")
    if given[2] != f"({' '.join(covers)})":
        raise SignatureInvalid(f"cover {', '.join(covers)}, in this order")
    known = _parameters(given[3], with_nonce)
    signature = b64decode(signed[2])
    if b64encode(signature).decode("ascii") != signed[2]:
        raise SignatureInvalid("the signature is not in its canonical spelling")
    return Signed(given[1], int(known["created"]), known["keyid"], known.get("nonce", ""), signature, signed[1])


def check_clock(created: int, now: int) -> None:
    """Raises ClockOff."""
    if abs(now - created) > WINDOW_SECONDS:
        raise ClockOff(f"`created` is more than {WINDOW_SECONDS} seconds from our clock", our_time=now)


def _parameters(text: str, with_nonce: bool) -> dict[str, str]:
    """`created` is a number, the rest are strings; each once. `alg` may be said, if it says what the key is."""
    found = _PARAMETER.findall(text)
    values = {name: string or number for name, string, number in found}
    wanted = {"created", "keyid", "tag", *(("nonce",) if with_nonce else ())}
    if len(values) != len(found) or not wanted <= values.keys() <= wanted | {"alg"}:
        raise SignatureInvalid(f"the parameters are {', '.join(sorted(wanted))}, each once")
    for name, _, number in found:
        if bool(number) != (name == "created") or (number and str(int(number)) != number):
            raise SignatureInvalid("`created` is a whole number, the other parameters are strings")
    if values["tag"] != TAG or values.get("alg", "ed25519") != "ed25519":
        raise SignatureInvalid(f"the tag is {TAG}, the algorithm ed25519")
    if with_nonce and not _NONCE.fullmatch(values["nonce"]):
        raise SignatureInvalid("a nonce has 16 to 64 of A-Z a-z 0-9 _ -")
    return values
