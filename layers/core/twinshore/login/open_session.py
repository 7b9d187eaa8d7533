"""The login: a code from wx.login becomes a person with a session."""

from __future__ import annotations

from twinshore.login import rate_limit, sessions
from twinshore.login.home import Home
from twinshore.login.identity import person_of
from twinshore.login.port import CodeExchange


def open_session(home: Home, wechat: CodeExchange, code: str, client_ip: str, now: int) -> sessions.SessionTokens:
    """Someone who was never here joins in this cell (docs/decisions/0062).

    Raises TooManyRequests, what `CodeExchange.code2session` raises, and BrokenInvariant for a row of another cell.
    """
    # Before the outside call, so that a flood does not spend the app's quota with WeChat.
    rate_limit.spend(home.store, rate_limit.LOGIN_PER_ADDRESS, rate_limit.network_of(client_ip), now)
    who = wechat.code2session(code)
    rate_limit.spend(home.store, rate_limit.LOGIN_PER_ACCOUNT, f"{wechat.appid}:{who.openid}", now)
    member_id = person_of(home, wechat.appid, who, now)
    return sessions.start(home, member_id, who.session_key, now)
