"""Where a payer's browser may be sent back to: pages of ours only, or a provider's page becomes an open redirect."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from twinshore.errors import Unprocessable

_PLAIN = re.compile(r"https?://[A-Za-z0-9._~:\[\]-]+(/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?", re.ASCII)


class ReturnUrlRefused(Unprocessable):
    """`hosts` lists those that are allowed."""

    slug = "return-url-refused"
    title_en = "The payer cannot be sent back to this address"
    title_zh = "不允许跳转回该地址"


def return_url(wanted: str, ours: tuple[str, ...]) -> str:
    """`wanted` if it is a page, without a query, on one of the sites of `ours`; the first of `ours` if nothing is
    wanted ("" where there is none). `ours`: the cell's page for payers, and its own endpoint. The sites are compared
    whole, scheme and port included: https is asked for by having no other sites. Raises ReturnUrlRefused."""
    if not wanted:
        return ours[0] if ours else ""
    sites = {_site(one) for one in ours if one}
    if _PLAIN.fullmatch(wanted) is None or _site(wanted) not in sites:
        raise ReturnUrlRefused(hosts=sorted(host for _, host in sites))
    return wanted


def _site(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()
