"""One HTTP request as the local gateway received it, before a cloud gives it its shape."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import parse_qsl


class HttpRequest(NamedTuple):
    method: str
    path: str
    """As sent: still percent-encoded."""
    query: str
    """Without the question mark, as sent."""
    headers: tuple[tuple[str, str], ...]
    """As sent, repeated names kept."""
    body: bytes
    client_ip: str
    request_id: str
    at_ms: int
    """Milliseconds since the epoch."""

    def folded_headers(self) -> dict[str, str]:
        """Names in lower case; repeated ones joined with a comma, as both clouds do."""
        folded: dict[str, str] = {}
        for name, value in self.headers:
            lower = name.lower()
            folded[lower] = f"{folded[lower]},{value}" if lower in folded else value
        return folded

    def query_pairs(self) -> list[tuple[str, str]]:
        return parse_qsl(self.query, keep_blank_values=True)


class HttpAnswer(NamedTuple):
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
