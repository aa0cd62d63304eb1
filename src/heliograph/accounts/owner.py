"""Whose an inbound message is: by the number that it was sent to, and the word that it begins with.

Rule 1: a number with a keyword comes before the number alone, and that before `*`, with a keyword or alone.
Rule 2: while there is one account, and it has no numbers, everything is its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from heliograph.accounts.settings import ANY_NUMBER, Settings
from heliograph.sms.address import bare
from heliograph.sms.keyword import keyword_of

JSON: Final = "application/json"


class Owner(msgspec.Struct, frozen=True, gc=False):
    """An account, the keyword by which a message is its own ("": by none), and where it is told."""

    account: int
    keyword: str
    url: str | None  # None: it pulls
    content_type: str


Register = Mapping[tuple[str, str], Owner]  # by number and keyword


def register(accounts: Mapping[int, Settings]) -> Register:
    """Who owns which messages, by the settings of all accounts."""
    owners = {
        (bare(number), keyword): _owner(account, keyword, settings)
        for account, settings in accounts.items()
        for number, keyword in settings.numbers
    }
    if not owners and len(accounts) == 1:
        [(account, settings)] = accounts.items()
        return {(ANY_NUMBER, ""): _owner(account, "", settings)}
    return owners


def _owner(account: int, keyword: str, settings: Settings) -> Owner:
    return Owner(account, keyword, settings.inbound_url, settings.notify_content_type or JSON)


def choose(owners: Register, recipient: str, text: str) -> Owner | None:
    """Whose a message to this number with this text is; None: nobody's."""
    number, keyword = bare(recipient), keyword_of(text)
    places = ((number, keyword), (number, ""), (ANY_NUMBER, keyword), (ANY_NUMBER, ""))
    return next((owners[place] for place in places if place in owners), None)
