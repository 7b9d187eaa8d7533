"""What the login room needs of an outside party that knows who holds the phone, and how that party says no."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from twinshore.errors import Forbidden, Unauthenticated


class WechatSession(NamedTuple):
    """Who sent the code. `session_key` opens encrypted data of this login: it never leaves the server."""

    openid: str
    """The person's name inside one app; another app has another one."""
    unionid: str | None
    """The person's name across the apps of one open-platform account; often absent, and it may appear later."""
    session_key: str


class LoginCodeInvalid(Unauthenticated):
    slug = "login-code-invalid"
    title_en = "This login code is not valid, please open the mini-program again"
    title_zh = "登录凭证无效，请重新打开小程序"


class LoginCodeUsed(Unauthenticated):
    slug = "login-code-used"
    title_en = "This login code was used before, please log in again"
    title_zh = "登录凭证已被使用，请重新登录"


class LoginRefused(Forbidden):
    slug = "login-refused"
    title_en = "The platform does not allow this account to log in"
    title_zh = "平台限制了该账号登录"


class CodeExchange(Protocol):
    """WeChat, as far as a login goes."""

    @property
    def appid(self) -> str:
        """The mini-program that the codes belong to."""

    def code2session(self, code: str) -> WechatSession:
        """Spends the code, whatever comes of it: after Unavailable the client asks for a new one.

        Raises LoginCodeInvalid, LoginCodeUsed, LoginRefused, TooManyRequests, Unavailable.
        """
