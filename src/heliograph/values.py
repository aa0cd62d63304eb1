"""What single values of the configuration must be, beyond their types: each function gives a sentence, or None.

No sentence shows what may hold a secret.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from heliograph.sms import address, schedule

MAX_PASSWORD: Final = 8  # characters, SMPP 3.4 §5.2.2
SQLITE: Final = "sqlite://"  # everything behind it is the path
SLOWEST: Final = 0.01  # submit_sm a second
_HOST_NAME: Final = re.compile(r"[\w-]+(\.[\w-]+)*\.?")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")  # ISO 4217
_POSTGRES: Final = ("postgresql://", "postgres://")
_LINK_BASE: Final = re.compile(
    r"https?://(?P<host>[a-z0-9.-]+)(:[0-9]+)?(?P<path>(/[A-Za-z0-9._~-]+)*)/?", re.IGNORECASE
)
TAKEN_PATHS: Final = frozenset(("account", "admin", "auth", "ct", "sms"))  # of the API, and what may come to it
_NOT_CARRIED: Final = "has a character that SMPP does not carry"


def carried(text: str) -> str | None:
    """A C-octet string (SMPP 3.4 §3.1)."""
    return None if _is_carried(text) else f"{text!r} {_NOT_CARRIED}"


def password(text: str) -> str | None:
    """The password of a bind."""
    if len(text) > MAX_PASSWORD:
        return f"is longer than {MAX_PASSWORD} characters, which SMPP does not carry"
    return None if _is_carried(text) else _NOT_CARRIED


def host(text: str) -> str | None:
    """An IP address, or a host name."""
    if _HOST_NAME.fullmatch(text):
        return None
    try:
        ip_address(text)
    except ValueError:
        return f"{text!r} is no address or host name: no scheme, no port and no path belong in it"
    return None


def name(text: str) -> str | None:
    """What routes, logs and metrics call an SMSC."""
    good = text.isprintable() and text == text.strip()
    return None if good else "must have printable characters, and no blank at either end"


def rate(per_second: float) -> str | None:
    """Submits a second; 0 is no limit."""
    good = per_second == 0 or per_second >= SLOWEST
    return None if good else f"must be 0, for no limit, or at least {SLOWEST}"


def sender(text: str) -> str | None:
    """A sender that messages may have; empty is none."""
    try:
        address.sender(text)
    except address.BadAddress as error:
        return f"{text!r}: {error.sentence}"
    return None


def zone(text: str) -> str | None:
    """The name of a time zone."""
    bad = schedule.problems(schedule.Window(days=(0,), time_zone=text))
    return f"{text!r} is not the name of a time zone such as Europe/Berlin" if bad else None


def currency(text: str) -> str | None:
    """The code of a currency."""
    return None if _CURRENCY.fullmatch(text) else "must be three capital letters, such as EUR"


def store(url: str) -> str | None:
    """The URL of a store."""
    if url == SQLITE:
        return "names no file: put its path behind sqlite://"
    if url.startswith(SQLITE):
        return None if url.isprintable() else "has a character that no path should have"
    if not url.startswith(_POSTGRES):
        return "must begin with sqlite:// or postgresql://"
    try:
        urlsplit(url).port  # noqa: B018 - raises where it is no port
    except ValueError:
        return "is no URL such as postgresql://user:password@host:5432/database"
    return None


def short_base(url: str) -> str | None:
    """What short links begin with: a scheme, a host and perhaps a path; empty is none."""
    if not url:
        return None
    found = _LINK_BASE.fullmatch(url)
    if found is None or (found["path"] or "").strip("/").split("/")[0] in TAKEN_PATHS:
        taken = ", ".join(sorted(TAKEN_PATHS))
        return f"must be an http or https URL such as https://sms.example.com/l, whose path begins with none of {taken}"
    try:
        urlsplit(url).port  # noqa: B018 - raises where it is no port
    except ValueError:
        return "has a port that is none"
    return host(found["host"])


def _is_carried(text: str) -> bool:
    return all("\0" < character <= "\xff" for character in text)
