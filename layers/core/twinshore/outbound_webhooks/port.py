"""What the room needs of the network: one POST to a stranger's address, which must be a public one."""

from __future__ import annotations

from typing import Mapping, NamedTuple, Protocol


class Answer(NamedTuple):
    status: int
    retry_after_seconds: int = 0
    """What the receiver asks for; 0 where it says nothing."""


class Undelivered(Exception):
    """No answer, or none that could be read. `reason` is a word of ours for the log."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class AddressRefused(Undelivered):
    """The name leads to an address that is not public: nothing was sent."""


class Post(Protocol):
    def __call__(self, url: str, headers: Mapping[str, str], body: bytes, timeout_seconds: float) -> Answer:
        """Any status counts as an answer; a redirect is one, and is not followed. Raises Undelivered."""
