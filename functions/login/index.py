"""Sessions: POST /v1/login, /v1/login/refresh, /v1/logout."""

from __future__ import annotations

from twinshore import wiring
from twinshore.login import sessions
from twinshore.login.open_session import open_session
from twinshore.login.port import LoginCodeInvalid, LoginCodeUsed, LoginRefused
from twinshore.login.wire import LoginRequest, RefreshRequest, SessionAnswer
from twinshore.web import Door, Request

door = Door("login", wiring)
main_handler = door


@door.post(
    "/v1/login", takes=LoginRequest, gives=SessionAnswer, problems=(LoginCodeInvalid, LoginCodeUsed, LoginRefused)
)
def log_in(request: Request, body: LoginRequest) -> object:
    return open_session(wiring.login_home(), wiring.wechat(), body.code, request.client_ip, request.now)._asdict()


@door.post(
    "/v1/login/refresh", takes=RefreshRequest, gives=SessionAnswer,
    problems=(sessions.RefreshRefused, sessions.SessionEnded),
)  # fmt: skip
def renew(request: Request, body: RefreshRequest) -> object:
    return sessions.renew(wiring.login_home(), body.refresh_token, request.now)._asdict()


@door.post("/v1/logout", who="member", status=204)
def log_out(request: Request) -> None:
    session = request.session
    sessions.end(wiring.login_home(), session.member_id, session.session_id, sessions.LOGGED_OUT, request.now)
