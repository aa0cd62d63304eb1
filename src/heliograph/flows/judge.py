"""Who may be sent to, and as whom: what is refused before anything is stored.

Rule 1: what is wrong with a message object refuses all of its destinations, whatever else is wrong with them.
Rule 2: of several reasons the first is told: `docs/reference/api.md` has their order, and `flows.accept` and
`store.accepting` keep to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from heliograph.accounts.blocklist import comparable
from heliograph.accounts.settings import Settings
from heliograph.flows.intake import Intake
from heliograph.flows.submission import Draft, Submission
from heliograph.sms import address
from heliograph.sms.address import INVALID_SENDER, BadAddress
from heliograph.store.blocklist import Blocked, blocked_among
from heliograph.store.limiting import AccountLimits

SENDER_BLOCKED = 13
RECIPIENT_BLOCKED = 14
NOTHING = Blocked()
SLICE = 1000  # recipients that are looked up at a time, because others read, too


class Customer(Protocol):
    """Who sends."""

    @property
    def id(self) -> int: ...

    @property
    def settings(self) -> Settings: ...

    @property
    def blocks(self) -> bool: ...


async def find_blocked(intake: Intake, account: Customer, submission: Submission) -> Blocked:
    """What the account has blocked of all that a request names. Raises Overloaded."""
    recipients = sorted(set(_recipients(submission)))
    senders = set(_senders(account, submission))
    found = Blocked()
    for at in range(0, len(recipients) or 1, SLICE):
        part = await intake.look(blocked_among, account.id, recipients[at : at + SLICE], [] if at else sorted(senders))
        found = Blocked(found.recipients | part.recipients, found.senders | part.senders)
    return found


def _recipients(submission: Submission) -> Iterator[str]:
    for draft in submission.drafts:
        for destination in draft.destinations:
            try:
                yield address.recipient(destination.to)
            except BadAddress:
                continue  # it is refused for that


def _senders(account: Customer, submission: Submission) -> Iterator[str]:
    for draft in submission.drafts:
        try:
            yield comparable(address.sender(draft.sender) or account.settings.default_sender or "")
        except BadAddress:
            continue


def sender_of(account: Customer, draft: Draft, blocked: Blocked) -> str:
    """As whom a message is sent; "": as the SMSC says. Raises BadAddress: 11, it cannot or may not be; 13, blocked."""
    settings = account.settings
    sender = address.sender(draft.sender) or settings.default_sender or ""
    if settings.allowed_senders and sender not in settings.allowed_senders:
        raise BadAddress(INVALID_SENDER, "the account may not use this sender")
    if comparable(sender) in blocked.senders:
        raise BadAddress(SENDER_BLOCKED, "the account has blocked this sender")
    return sender


def recipient_of(to: str | None, blocked: Blocked) -> str:
    """To whom it is sent. Raises BadAddress, as `sms.address.recipient`, and 14: it is blocked."""
    number = address.recipient(to)
    if number in blocked.recipients:
        raise BadAddress(RECIPIENT_BLOCKED, "the account has blocked this recipient")
    return number


def limits_of(settings: Settings) -> AccountLimits | None:
    """What the accepting transaction has to judge; None: nothing, as for most accounts."""
    limits = AccountLimits(settings.prepaid and settings.price > 0, settings.flood_identical, settings.flood_different)
    return limits if limits.prepaid or limits.floods else None
