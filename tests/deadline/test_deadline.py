"""What is left of an invocation bounds every call outside."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any, Iterator

import pytest

from twinshore import deadline, outbound


class Context:
    def __init__(self, left_ms: int) -> None:
        self._left_ms = left_ms

    def get_remaining_time_in_millis(self) -> int:
        return self._left_ms


@pytest.fixture
def silent() -> Iterator[str]:
    """A party that takes the request and says nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


@pytest.mark.parametrize("context", [Context(3000), {"time_limit_in_ms": 3000}], ids=["lambda", "scf"])
def test_a_call_gets_what_is_left_less_what_we_need_ourselves(context: Any) -> None:
    began = time.monotonic()
    deadline.start(context)
    left, at_the_end = deadline.within(5.0), deadline.within(5.0, deadline.LAST_SECONDS)
    assert deadline.within(0.5) == 0.5
    spent = time.monotonic() - began
    assert 2.0 - spent <= left <= 2.0
    assert 2.8 - spent <= at_the_end <= 2.8


@pytest.mark.parametrize("context", [None, {}, {"time_limit_in_ms": None}, object()])
def test_a_context_that_says_nothing_sets_no_limit(context: Any) -> None:
    deadline.start(Context(1))
    deadline.start(context)
    assert deadline.within(5.0) == 5.0


def test_each_thread_has_its_own_invocation() -> None:
    deadline.start(Context(1500))
    found: list[float] = []
    thread = threading.Thread(target=lambda: found.append(deadline.within(5.0)))
    thread.start()
    thread.join()
    assert found == [5.0]
    assert deadline.within(5.0) < 1.0


def test_a_silent_party_is_given_up_while_there_is_time_to_answer(silent: str) -> None:
    deadline.start(Context(2000))
    with pytest.raises(outbound.NoAnswer):
        outbound.send("POST", silent, {}, b"x")
    assert deadline.within(5.0, spare_seconds=0) > 0


def test_without_time_left_nothing_is_sent_so_trying_again_is_safe(silent: str) -> None:
    deadline.start(Context(900))
    with pytest.raises(outbound.Unreachable, match="no time left"):
        outbound.send("POST", silent, {}, b"x")
