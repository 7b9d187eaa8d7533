"""A door's router: a cloud's event comes in, one use case runs, an answer or a problem document goes out.

    door = Door("points", wiring)
    main_handler = door

    @door.post("/v1/points/redemptions", takes=RedemptionRequest, gives=Redemption, who="member", idempotent=True)
    def redeem(request, body): ...

`takes` and `gives` are pydantic models; this module never imports pydantic, so that a door without models never does.
"""

import json
import re
import time
from typing import Any, Callable, Iterable, NamedTuple, Protocol

from twinshore import deadline, log, metrics, tracing
from twinshore.errors import (
    BadRequest,
    BodyTooLarge,
    MalformedJson,
    MethodNotAllowed,
    Misdirected,
    NotFound,
    Problem,
    Unauthenticated,
    Unavailable,
    Unprocessable,
    UnsupportedMediaType,
)
from twinshore.http_events import HttpCall, from_aws, from_tencent, request_id_of, to_aws, to_tencent
from twinshore.problems import Response as Response
from twinshore.problems import language_of, problem_response
from twinshore.store.port import BadCursor, StoreUnavailable

JSON_BODY_LIMIT_BYTES = 64 * 1024
ANYONE, MEMBER, SERVICE = "anyone", "member", "service"
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,64}")
_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode
_JSON_TYPE = re.compile(r"application/json\s*(;|$)", re.IGNORECASE)


class Session(NamedTuple):
    """Who is asking, from a verified token. For a service, `member_id` is the service's name."""

    member_id: str
    session_id: str
    cell: str
    issued_at: int
    expires_at: int


class Wiring(Protocol):
    """What a door needs of the wiring. Each is built at its first use."""

    def cloud(self) -> str: ...
    def cell_name(self) -> str: ...
    def endpoint_of(self, cell: str) -> str | None: ...
    def read_token(self, kind: str, token: str, now: int) -> dict[str, Any]: ...
    def now(self) -> int: ...


class Request:
    """One request at a door. See `HttpCall` for the fields that come from the platform."""

    __slots__ = ("body", "call", "client_ip", "headers", "idempotency", "language", "method", "now", "params", "path",
                 "query", "request_id", "session")  # fmt: skip

    def __init__(self, call: HttpCall, params: dict[str, str], now: int, language: str) -> None:
        self.call = call
        self.method, self.path, self.query, self.headers = call.method, call.path, call.query, call.headers
        self.body, self.client_ip, self.request_id = call.body, call.client_ip, call.request_id
        self.params = params
        self.now = now
        self.language = language
        self.session: Session = NOBODY
        self.idempotency: Any = None
        """An `idempotency.IdempotencyKey` where the route is idempotent."""


NOBODY = Session("", "", "", 0, 0)


class Route(NamedTuple):
    method: str
    path: str
    """With `{name}` for a path parameter of one segment, characters A-Z a-z 0-9 _ -"""
    action: Callable[..., object]
    takes: Any
    gives: Any
    who: str
    idempotent: bool
    status: int
    body_limit_bytes: int
    problems: tuple[type[Problem], ...]
    """Leaves that the use case may answer with, besides those every route may; they are in the OpenAPI document."""
    from_provider: bool = False
    """A provider wrote what comes: it is never refused for a number in it that looks like a card's."""


class Door:
    """One cloud function. Call it with the platform's event and context."""

    def __init__(self, name: str, wiring: Wiring) -> None:
        self.name = name
        self.routes: list[Route] = []
        self._wiring = wiring
        self._patterns: list[tuple[re.Pattern[str], Route]] = []
        self._refuse: Callable[[HttpCall], None]

    def route(
        self, method: str, path: str, *, takes: Any = None, gives: Any = None, who: str = ANYONE,
        idempotent: bool = False, status: int = 200, body_limit_bytes: int = JSON_BODY_LIMIT_BYTES,
        problems: tuple[type[Problem], ...] = (), from_provider: bool = False,
    ) -> Callable[[Callable[..., object]], Callable[..., object]]:  # fmt: skip
        if not from_provider:
            from twinshore.card_refusal import refuse_card_numbers  # a door that only providers call never loads it

            self._refuse = refuse_card_numbers
        pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[A-Za-z0-9_-]{1,128})", path))

        def add(action: Callable[..., object]) -> Callable[..., object]:
            form = (takes, gives, who, idempotent, status, body_limit_bytes)
            route = Route(method, path, action, *form, problems, from_provider)
            self.routes.append(route)
            self._patterns.append((pattern, route))
            return action

        return add

    def get(self, path: str, **options: Any) -> Callable[[Callable[..., object]], Callable[..., object]]:
        return self.route("GET", path, **options)

    def post(self, path: str, **options: Any) -> Callable[[Callable[..., object]], Callable[..., object]]:
        return self.route("POST", path, **options)

    def put(self, path: str, **options: Any) -> Callable[[Callable[..., object]], Callable[..., object]]:
        return self.route("PUT", path, **options)

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        started = time.monotonic()
        deadline.start(context)
        cloud = self._wiring.cloud()
        on_tencent = cloud == "tencent"
        request_id = request_id_of(context)
        log.bind(request_id, self.name, self._wiring.cell_name(), cloud, tracing.begin(event, request_id))
        language, method, shown = "en", "other", "unknown"
        try:
            call = from_tencent(event, context) if on_tencent else from_aws(event, context)
            language = language_of(call.headers)
            route, params = self._find(call.method, call.path)
            method, shown = route.method, route.path
            response = self._answer(route, params, call, language)
        except Problem as problem:
            response = problem_response(problem, language, request_id)
        except BadCursor:
            response = problem_response(Unprocessable("`after` is no cursor of this list"), language, request_id)
        except StoreUnavailable:
            log.line("error", "the store did not answer")
            response = problem_response(Unavailable("the store did not answer"), language, request_id)
        except Exception as err:  # noqa: BLE001 - the one place where a bug becomes a 500 with an id
            log.line("error", "unhandled", error=err)
            response = problem_response(Problem(), language, request_id)
        metrics.answered(method, shown, response.status, round((time.monotonic() - started) * 1000, 1), cloud)
        headers = {"Content-Type": response.content_type, "X-Request-Id": request_id, "Cache-Control": "no-store"}
        headers.update(response.headers)
        return (to_tencent if on_tencent else to_aws)(response.status, headers, response.body)

    def _answer(self, route: Route, params: dict[str, str], call: HttpCall, language: str) -> Response:
        if len(call.body) > route.body_limit_bytes:
            raise BodyTooLarge(f"the limit is {route.body_limit_bytes} bytes", limit_bytes=route.body_limit_bytes)
        if not route.from_provider:
            self._refuse(call)
        request = Request(call, params, self._wiring.now(), language)
        if route.who != ANYONE:
            request.session = self._authenticate(request, route.who)
        if route.idempotent:
            request.idempotency = _idempotency_key(request)
        answer = route.action(request, _taken(route, request)) if route.takes else route.action(request)
        return answer if isinstance(answer, Response) else _rendered(answer, route.status)

    def _find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        allowed = set()
        for pattern, route in self._patterns:
            match = pattern.fullmatch(path)
            if match and route.method == method:
                return route, match.groupdict()
            if match:
                allowed.add(route.method)
        if allowed:
            raise MethodNotAllowed("see the Allow header", allow=sorted(allowed))
        raise NotFound("no such route")

    def _authenticate(self, request: Request, who: str) -> Session:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("send `Authorization: Bearer` with a token")
        here = self._wiring.cell_name()
        claimed = unverified_cell(token)
        # A token of another cell cannot be checked here, nor does it need to be: it only tells where to ask.
        if claimed != here:
            endpoint = self._wiring.endpoint_of(claimed)
            if endpoint:
                raise Misdirected("this person's data lives in another cell", home=claimed, endpoint=endpoint)
            raise Unauthenticated("the token is of no cell that we know")
        claims = self._wiring.read_token(who, token.strip(), request.now)
        return Session(claims["sub"], claims.get("sid", ""), here, claims["iat"], claims["exp"])


def unverified_cell(token: str) -> str:
    """The `iss` claim of a token that nobody has verified yet; "" if it cannot be read."""
    from base64 import urlsafe_b64decode

    try:
        payload = token.split(".")[1]
        claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return str(claims["iss"])
    except (IndexError, KeyError, TypeError, ValueError):
        return ""


def _taken(route: Route, request: Request) -> object:
    """The validated model: of the JSON body, or of the query for GET."""
    try:
        if request.method == "GET":
            return route.takes.model_validate({name: ",".join(values) for name, values in request.query.items()})
        if not _JSON_TYPE.match(request.headers.get("content-type", "application/json")):
            raise UnsupportedMediaType("send application/json")
        return route.takes.model_validate_json(request.body)
    except ValueError as err:  # pydantic's ValidationError is one
        raise _invalid(err) from None


def _invalid(err: ValueError) -> Problem:
    """Which fields and why, without repeating what was sent."""
    found: Iterable[Any] = err.errors(include_url=False, include_context=False, include_input=False)  # type: ignore[attr-defined]
    rows = [(".".join(str(step) for step in row["loc"]), row["type"], row["msg"]) for row in found]
    if any(kind == "json_invalid" for _, kind, _ in rows):
        return MalformedJson("the body cannot be parsed")
    # An unknown field's name is the caller's own text: it is not repeated.
    fields = [{"field": where if kind != "extra_forbidden" else "(unknown field)", "message": message}
              for where, kind, message in rows[:20]]  # fmt: skip
    return Unprocessable("see `errors`", errors=fields)


def _rendered(answer: object, status: int) -> Response:
    if answer is None:
        return Response(204)
    if hasattr(answer, "model_dump_json"):
        return Response(status, answer.model_dump_json(exclude_none=True, by_alias=True).encode())
    return Response(status, _encode(answer).encode())


def _idempotency_key(request: Request) -> object:
    from twinshore.idempotency import idempotency_key

    key = request.headers.get("idempotency-key", "")
    if not _IDEMPOTENCY_KEY.fullmatch(key):
        raise BadRequest("send an Idempotency-Key header of 1 to 64 visible ASCII characters")
    return idempotency_key(key, request.method, request.path, request.session.member_id, request.body)
