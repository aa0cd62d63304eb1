"""Recipients and senders: what customers write, cleaned or refused, and how a sender is typed on the wire.

Refusals are not the request's but this one message's: each carries the status it is rejected with.
"""

from typing import Final

from heliograph.sms import gsm7

MISSING_TO: Final = 51
INVALID_RECIPIENT: Final = 52
PREFIX_MISSING: Final = 8
INVALID_SENDER: Final = 11

MAX_RECIPIENT: Final = 64  # characters, as written
RECIPIENT_DIGITS: Final = range(5, 16)  # E.164 ends at 15
SENDER_DIGITS: Final = range(3, 16)
INTERNATIONAL_DIGITS: Final = range(7, 16)  # after a plus sign
SHORT_CODE_DIGITS: Final = range(1, 9)
MAX_ALPHANUMERIC: Final = 11  # septets of TP-OA, TS 23.040 §9.1.2.5

_PUNCTUATION: Final = dict.fromkeys(map(ord, " -()"))

# SMPP v3.4 §5.2.5 and §5.2.6
_UNKNOWN: Final = (0, 0)
_INTERNATIONAL: Final = (1, 1)
_SHORT_CODE: Final = (3, 0)
_ALPHANUMERIC: Final = (5, 0)


class BadAddress(ValueError):
    """An address that is refused: the id of the status, and a sentence."""

    def __init__(self, status_id: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status_id = status_id
        self.sentence = sentence


def recipient(text: str | None) -> str:
    """The number of the recipient, 5 to 15 digits without prefix, from what a customer wrote.

    Blanks, hyphens and parentheses are taken out, and then one leading `+` or `00`.

    Raises:
        BadAddress: 51 there is none; 52 it is no number, or over 64 characters; 8 not 5 to 15 digits.
    """
    if not text:
        raise BadAddress(MISSING_TO, "the destination is missing")
    if text.isdecimal() and text.isascii() and text[:2] != "00" and len(text) in RECIPIENT_DIGITS:
        return text
    if len(text) > MAX_RECIPIENT:
        raise BadAddress(INVALID_RECIPIENT, f"the destination is longer than {MAX_RECIPIENT} characters")
    cleaned = text.translate(_PUNCTUATION)
    number = cleaned[1:] if cleaned.startswith("+") else cleaned.removeprefix("00")
    if not _is_digits(number):
        raise BadAddress(INVALID_RECIPIENT, "the destination is not a telephone number")
    if len(number) not in RECIPIENT_DIGITS:
        raise BadAddress(PREFIX_MISSING, "the destination must have 5 to 15 digits, country code included")
    return number


def sender(text: str | None) -> str:
    """The sender as the customer wrote it; "" where there is none, and the account's or the SMSC's holds.

    A number has 3 to 15 digits, or 7 to 15 after a `+`, which stays: it tells an international number from a
    short code. Anything else has 1 to 11 septets of the GSM alphabet: no `@`, which is NUL there and would end the
    field, and no line ends.

    Raises:
        BadAddress: 11, it is neither.
    """
    if not text:
        return ""
    number = text.removeprefix("+")
    if _is_digits(number):
        if len(number) in (SENDER_DIGITS if number == text else INTERNATIONAL_DIGITS):
            return text
        raise BadAddress(INVALID_SENDER, "a numeric sender has 3 to 15 digits, or 7 to 15 after a plus sign")
    carried = text.isprintable() and "@" not in text
    if not carried or not gsm7.is_encodable(text) or len(gsm7.encode(text)) > MAX_ALPHANUMERIC:
        raise BadAddress(INVALID_SENDER, "an alphanumeric sender has 1 to 11 characters of the GSM alphabet, without @")
    return text


def ton_npi(sender: str) -> tuple[int, int]:
    """source_addr_ton and source_addr_npi of what `sender` returned."""
    if not sender:
        return _UNKNOWN
    number = sender.removeprefix("+")
    if not _is_digits(number):
        return _ALPHANUMERIC
    return _SHORT_CODE if number == sender and len(sender) in SHORT_CODE_DIGITS else _INTERNATIONAL


def source_addr(sender: str) -> str:
    """The source_addr of what `sender` returned: a number without its `+`, anything else as it is.

    A C-octet string has one octet a character (SMPP 3.4 §3.1): what has a Greek letter or a euro sign goes in the codes
    of the GSM alphabet, which phones show it by; ASCII letters and digits are the same there.
    """
    number = sender.removeprefix("+")
    if _is_digits(number):
        return number
    return sender if not sender or max(sender) <= "\xff" else gsm7.encode(sender).decode("latin-1")


def bare(number: str) -> str:
    """A number without the plus sign or the 00 before its country code: what numbers are compared by."""
    return number.removeprefix("+") if number.startswith("+") else number.removeprefix("00")


def _is_digits(text: str) -> bool:
    return text.isdecimal() and text.isascii()
