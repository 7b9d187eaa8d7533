"""Countries of addresses and of phone numbers, from data that packages ship.

iptocc: registry-assigned country of IPv4 and IPv6, 3 ms to load. phonenumbers: E.164 only; its geocoder is never
loaded (3.9 s). The region of a number is a hint, a number can be kept when one moves.
"""

from __future__ import annotations

import ipaddress


def country_of_ip(address: str) -> str | None:
    import iptocc

    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    if parsed.version == 6 and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    found = iptocc.country_code(str(parsed))
    return str(found) if found else None


def country_of_phone(number: str) -> str | None:
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.region_code_for_number(parsed) or phonenumbers.region_code_for_country_code(
        parsed.country_code or 0
    )
