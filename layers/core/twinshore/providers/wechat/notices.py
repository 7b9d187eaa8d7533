"""The notifications room's SubscribeSender on WeChat: a member becomes an openid, a template's name an id."""

from __future__ import annotations

from typing import Callable, Mapping

from twinshore.notify.port import Outcome
from twinshore.providers.wechat import errcodes
from twinshore.providers.wechat.subscribe import send_subscribe_message
from twinshore.providers.wechat.token_lease import AccessTokenLease


class WechatNotices:
    """`openid_of`: member id -> openid in this app, None for a member who has none. `template_ids`: our name -> id."""

    def __init__(
        self, lease: AccessTokenLease, openid_of: Callable[[str], str | None], template_ids: Mapping[str, str]
    ) -> None:
        self._lease = lease
        self._openid_of = openid_of
        self._template_ids = template_ids

    def send(self, member_id: str, template: str, data: Mapping[str, str], language: str) -> Outcome:
        template_id = self._template_ids.get(template, "")
        if not template_id:
            return Outcome(errcodes.BAD_TEMPLATE)
        openid = self._openid_of(member_id)
        if not openid:
            return Outcome(errcodes.BAD_RECIPIENT)
        result = send_subscribe_message(self._lease, openid, template_id, "", data, language)
        return Outcome(result.state, result.retry_after_seconds)
