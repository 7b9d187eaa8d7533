"""What the notifications room needs of the outside: two ways of reaching a person, and what became of a message."""

from __future__ import annotations

from typing import Mapping, NamedTuple, Protocol

# Channels, as the cells file names them. A cell may offer fewer.
SUBSCRIBE = "wechat_subscribe"
EMAIL = "email"
CHANNELS = (SUBSCRIBE, EMAIL)

# What became of one attempt. Any other word, a channel's own, means: surely not sent, and the word says why.
SENT = "sent"
NO_CREDIT = "no_credit"
"""Surely not sent; and the platform holds no credit, whatever our ledger says."""
UNKNOWN = "unknown"
"""It may have been sent: no answer, or one that cannot be read."""


class Outcome(NamedTuple):
    state: str
    retry_after_seconds: int | None = None
    """Set when it was surely not sent and the same message may fare better after this time."""


class SubscribeSender(Protocol):
    """WeChat's subscribe message. Never raises for what the platform says: that is an Outcome."""

    def send(self, member_id: str, template: str, data: Mapping[str, str], language: str) -> Outcome:
        """`template`: our name of it; `data`: platform key (`thing1`) to text, within the platform's limits.
        A person without an openid here, or a template without an id, is "bad_recipient" or "bad_template"."""


class Letter(NamedTuple):
    """One e-mail to one person. `template`, `language` and `values` name the same content for a service that sends
    from templates of its own only (Tencent SES); `text` and `html` are that content in full."""

    to: str
    cell: str
    """The label that the address is stored under: an adapter of another cell refuses the letter."""
    subject: str
    text: str
    html: str
    template: str
    language: str
    values: Mapping[str, str]
    reference: str
    """Ours, the same for each attempt at the same message; ASCII letters, digits, `-` and `_`."""


class Mail(Protocol):
    """Never raises for what the service says, nor for its silence: that is an Outcome."""

    def send(self, letter: Letter) -> Outcome: ...
