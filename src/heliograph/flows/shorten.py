"""The short links of accepted messages: what is stored of them, and the body in which each recipient has his own."""

from __future__ import annotations

import msgspec

from heliograph.sms import short_link
from heliograph.sms.message import NewMessage, NewShortLink
from heliograph.sms.short_link import ShortLinks


def address(message: NewMessage, links: ShortLinks) -> tuple[NewMessage, list[NewShortLink]]:
    """The message as it is to be stored, and its links.

    Where they are not personal, they are those of every message of the request that has this body: the same again.
    """
    due, since = message.due, message.expires_at
    if not links.personal:
        shared = zip(links.codes, links.urls, strict=True)
        return message, [NewShortLink(code, url, None, due, since) for code, url in shared]
    codes = tuple(short_link.new_code() for _ in links.codes)
    own = [NewShortLink(code, url, message.key, due, since) for code, url in zip(codes, links.urls, strict=True)]
    return msgspec.structs.replace(message, body=short_link.write(links, message.body, codes)), own
