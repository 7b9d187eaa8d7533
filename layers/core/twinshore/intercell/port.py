"""What the room needs of others: a way to send, handlers of messages, and a look into the record of lawful bases."""

from typing import Any, Callable, Mapping, NamedTuple, Protocol

from twinshore.errors import Problem, Unavailable

Fields = dict[str, Any]
Handler = Callable[[str, Fields, int], Fields]
"""(cell that asks, its checked fields, now) -> the answer's fields. May be called again for what it has already done:
it answers the same. A problem under 500 that it raises is told to the asker, signed, and is final: whoever raises one
has made sure that this very request can never be carried out later. Any other failure makes the asker ask again."""


class Heard(NamedTuple):
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


class NotHeard(Unavailable):
    """No answer that can be believed: the other cell may or may not have done it. Ask again, assume nothing.

    `why` is a word of ours for the log.
    """

    slug = "cell-not-heard"
    title_en = "The other cell did not answer, please try again"
    title_zh = "对方数据区暂未应答，请稍后重试"

    def __init__(self, why: str) -> None:
        super().__init__()
        self.why = why


class Rejected(Problem):
    """The other cell's own signed refusal: it has not done it and never will. To a caller it is that cell's problem."""

    status = 409
    slug = "cell-rejected"
    title_en = "The other cell does not allow this"
    title_zh = "对方数据区拒绝了该请求"

    def __init__(self, slug: str, status: int = 409) -> None:
        super().__init__()
        self.slug = slug
        self.status = status


class Send(Protocol):
    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Heard:
        """One POST; any status counts as heard. Never sends twice. Raises NotHeard."""


class Transfer(NamedTuple):
    """One personal field on its way to another cell."""

    message: str
    field: str
    to_cell: str
    fields: Fields


Basis = Callable[[Transfer], bool]
"""Whether a lawful basis for this transfer is on record."""


def no_basis(transfer: Transfer) -> bool:
    """Nothing is on record."""
    return False


class Incoming(Protocol):
    """What is read of a request at the door."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def query(self) -> Mapping[str, Any]: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> bytes: ...
    @property
    def params(self) -> Mapping[str, str]: ...
    @property
    def now(self) -> int: ...
    @property
    def request_id(self) -> str: ...
