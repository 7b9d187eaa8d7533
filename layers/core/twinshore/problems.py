"""Problem documents (RFC 9457): the one place where an error becomes an answer."""

import json
from typing import NamedTuple

from twinshore.errors import (
    TYPE_PREFIX,
    BadRequest,
    BodyTooLarge,
    Forbidden,
    MalformedJson,
    MethodNotAllowed,
    Misdirected,
    NotFound,
    Problem,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    Unprocessable,
    UnsupportedMediaType,
)

RETRY_SECONDS = 2
"""When to come again after a 503 whose cause names no time: a store or a party that is away is away for seconds."""


class Response(NamedTuple):
    """An answer whose form the use case chose itself (webhooks, plain text)."""

    status: int
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


def language_of(headers: dict[str, str]) -> str:
    """The first of our languages that Accept-Language names (quality values are in order in practice)."""
    accepted = headers.get("accept-language")
    if not accepted:
        return "en"
    for part in accepted.lower().split(","):
        if part.strip().startswith(("zh", "en")):
            return "zh-CN" if part.strip().startswith("zh") else "en"
    return "en"


def problem_response(problem: Problem, language: str, request_id: str) -> Response:
    """RFC 9457: a stable type, a title in the caller's language, and the id to ask us about."""
    title = problem.title_zh if language == "zh-CN" else problem.title_en
    extensions = problem.extensions
    if problem.status == 503:
        extensions = {"retry_after": RETRY_SECONDS, **extensions}
    document = {"type": TYPE_PREFIX + problem.slug, "title": title, "status": problem.status,
                **({"detail": problem.detail} if problem.detail else {}),
                **extensions, "request_id": request_id}  # fmt: skip
    headers: list[tuple[str, str]] = [("Content-Language", language)]
    if isinstance(problem, MethodNotAllowed):
        headers.append(("Allow", ", ".join(document.get("allow", []))))  # type: ignore[arg-type]
    if problem.status == 401:
        headers.append(("WWW-Authenticate", "Bearer"))
    if "retry_after" in extensions:
        headers.append(("Retry-After", str(extensions["retry_after"])))
    body = json.dumps(document, ensure_ascii=False).encode()
    return Response(problem.status, body, "application/problem+json; charset=utf-8", tuple(headers))


ROUTE_PROBLEMS: tuple[type[Problem], ...] = (
    BadRequest, NotFound, MethodNotAllowed, BodyTooLarge, TooManyRequests, Problem, Unavailable,
)  # fmt: skip
"""What any route may answer with. With `takes`: + Unprocessable, UnsupportedMediaType. With `who`: + Unauthenticated,
Forbidden, Misdirected."""
BODY_PROBLEMS: tuple[type[Problem], ...] = (MalformedJson, Unprocessable, UnsupportedMediaType)
WHO_PROBLEMS: tuple[type[Problem], ...] = (Unauthenticated, Forbidden, Misdirected)
