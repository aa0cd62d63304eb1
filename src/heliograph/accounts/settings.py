"""An account's own settings: what there are, what each may be, and how it is kept.

Rule 1: a setting is described by its field in Settings and its row in RULES, and by nothing else.
Rule 2: the command line and the admin API give texts, or lists of them; "" or an empty list takes a setting away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from heliograph.accounts import money
from heliograph.accounts.errors import BadSettings, BadValue
from heliograph.sms import address

Given = str | Sequence[str]

MAX_URL: Final = 2000  # characters
MAX_LIST: Final = 1000  # values of one setting
MAX_COUNT: Final = 100_000
MAX_PRICE: Final = 1000 * money.MILLION
MEDIA_TYPES: Final = ("application/json", "application/xml")
POLICIES: Final = ("resend", "hold")
ANY_NUMBER: Final = "*"
_OWN_NUMBER: Final = re.compile(r"(\*|[0-9]{3,15})(?:/([^\s/]{1,40}))?")


class Settings(msgspec.Struct, frozen=True, gc=False):
    """What an account may have of its own; None, 0, False and an empty set: it has none."""

    default_sender: Annotated[str | None, Meta(description="The sender of messages that name none.")] = None
    on_no_response: Annotated[
        str | None, Meta(description="What becomes of a segment whose answer was lost; without it, what the SMSC says.")
    ] = None
    notify_url: Annotated[str | None, Meta(description="Where reports of messages go that name no notifyUrl.")] = None
    notify_content_type: Annotated[
        str | None,
        Meta(
            description="How reports are written, where a message does not say, and inbound messages; "
            "without it in JSON."
        ),
    ] = None
    inbound_url: Annotated[
        str | None, Meta(description="Where inbound messages go; without it they wait to be pulled.")
    ] = None
    allowed_senders: Annotated[
        frozenset[str], Meta(description="The only senders it may use, as written; empty: any.")
    ] = frozenset()
    rate_limit: Annotated[int, Meta(description="Requests a second; 0: no limit.")] = 0
    price: Annotated[int, Meta(description="Of a segment, in the currency of the configuration.")] = 0  # in millionths
    prepaid: Annotated[bool, Meta(description="It sends only what its balance pays for.")] = False
    flood_identical: Annotated[
        int, Meta(description="Identical messages a recipient may get in an hour; 0: no limit.")
    ] = 0
    flood_different: Annotated[
        int, Meta(description="Different messages a recipient may get in an hour; 0: no limit.")
    ] = 0
    numbers: Annotated[
        frozenset[tuple[str, str]],
        Meta(
            description="Its own numbers for inbound messages, each alone or with a keyword: then those that "
            "begin with it; *: every number that nobody else has."
        ),
    ] = frozenset()  # (number, keyword in capitals or '')


class Rule(msgspec.Struct, frozen=True):
    """How one setting is read from a text and written as one; `sentence` says what it may be."""

    parse: Callable[[str], Any]  # raises ValueError
    sentence: str
    many: bool = False
    render: Callable[[Any], Any] = lambda value: value


def _url(text: str) -> str:
    if len(text) > MAX_URL or any(character <= " " or character in "\x7f\\" for character in text):
        raise ValueError(text)
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise ValueError(text)
    return text


def _one_of(words: Sequence[str]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(text)
        return text

    return parse


def _whole(most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and len(text) <= len(str(most)) and int(text) <= most):
            raise ValueError(text)
        return int(text)

    return parse


def _price(text: str) -> int:
    amount = money.parse(text)
    if not 0 <= amount <= MAX_PRICE:
        raise ValueError(text)
    return amount


def _own_number(text: str) -> tuple[str, str]:
    found = _OWN_NUMBER.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return found[1], (found[2] or "").upper()


def _render_number(value: tuple[str, str]) -> str:
    return "/".join(filter(None, value))


URL_RULE: Final = Rule(_url, f"an absolute http or https URL of at most {MAX_URL} characters")
SENDER: Final = "3 to 15 digits, 7 to 15 after a plus sign, or 1 to 11 characters of the GSM alphabet without @"
COUNT: Final = Rule(_whole(MAX_COUNT), f"a whole number up to {MAX_COUNT:,}; 0 is no limit")
RULES: Final[dict[str, Rule]] = {
    "default_sender": Rule(address.sender, SENDER),
    "on_no_response": Rule(_one_of(POLICIES), " or ".join(POLICIES)),
    "notify_url": URL_RULE,
    "notify_content_type": Rule(_one_of(MEDIA_TYPES), " or ".join(MEDIA_TYPES)),
    "inbound_url": URL_RULE,
    "allowed_senders": Rule(address.sender, f"{SENDER}, each", many=True),
    "rate_limit": COUNT,
    "price": Rule(_price, "a decimal from 0 to 1000 with at most 6 places", render=money.render),
    "prepaid": Rule(lambda text: _one_of(("true", "false"))(text) == "true", "true or false"),
    "flood_identical": COUNT,
    "flood_different": COUNT,
    "numbers": Rule(
        _own_number,
        "3 to 15 digits or *, and where a keyword is wanted /KEYWORD behind that, of at most 40 characters",
        many=True,
        render=_render_number,
    ),
}
DEFAULTS: Final = Settings()


def load(kept: Mapping[str, str]) -> Settings:
    """Settings from their JSON by name. Those of a later version are passed over."""
    if not kept:
        return DEFAULTS
    return msgspec.json.decode("{" + ",".join(f'"{name}":{value}' for name, value in kept.items()) + "}", type=Settings)


def encode(given: Mapping[str, Given]) -> dict[str, str | None]:
    """What is to be kept of what people write: JSON by name; None takes a setting away.

    Raises BadValue where there is no such setting, and BadSettings with a sentence about each value that cannot be.
    """
    unknown = given.keys() - RULES.keys()
    if unknown:
        raise BadValue(f"there is no setting {sorted(unknown)[0]}: there are {', '.join(RULES)}")
    encoded: dict[str, str | None] = {}
    wrong: dict[str, str] = {}
    for name, value in given.items():
        try:
            encoded[name] = _encode(RULES[name], value)
        except ValueError as problem:
            wrong[name] = str(problem)
    if wrong:
        raise BadSettings(wrong)
    return encoded


def render(settings: Settings) -> dict[str, Any]:
    """Every setting as people read it, and as `encode` takes it back: lists in order, money as decimals."""
    return {name: _rendered(RULES[name], getattr(settings, name)) for name in RULES}


def _encode(rule: Rule, given: Given) -> str | None:
    """Raises ValueError with a sentence."""
    texts = [given] if isinstance(given, str) else list(given)
    texts = [text for text in texts if text]
    if not texts:
        return None
    if len(texts) > (MAX_LIST if rule.many else 1):
        raise ValueError(f"has {len(texts)} values: give at most {MAX_LIST if rule.many else 1}")
    values = [_parsed(rule, text) for text in texts]
    return msgspec.json.encode(sorted(set(values)) if rule.many else values[0]).decode()


def _parsed(rule: Rule, text: str) -> Any:
    try:
        return rule.parse(text)
    except ValueError:
        raise ValueError(f"cannot be {text!r}: it is {rule.sentence}") from None


def _rendered(rule: Rule, value: Any) -> Any:
    return sorted(map(rule.render, value)) if rule.many else rule.render(value)
