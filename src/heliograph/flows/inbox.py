"""What the links bring, gathered until whoever handles it comes round: many answers, one commit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from heliograph.flows.job import Job
from heliograph.smpp.pdu import Pdu
from heliograph.smpp.session import Answered
from heliograph.smsc.link import Link

Token = tuple[Job, int]  # a job and the number of a part
Delivered = tuple[Link, int, Sequence[Pdu]]  # by which link, by which connection of it, and what


@dataclass(slots=True)
class Brought:
    """What the settler is to write down."""

    answers: list[tuple[Token, Pdu, int, float]] = field(default_factory=list)  # by which connection, and sent when
    unknown: list[Token] = field(default_factory=list)  # submitted, and nobody will ever answer
    unsent: list[Token] = field(default_factory=list)  # claimed, and never submitted
    unencodable: list[Token] = field(default_factory=list)  # no submit_sm can carry them
    stranded: list[Job] = field(default_factory=list)  # their link is gone, with parts not yet claimed


class Inbox:
    """The owner of all links. `settle` is set when something waits for the settler, `receive` for the receiver, and
    `dispatch` when there may be room or work for the dispatcher."""

    def __init__(self) -> None:
        self.settle = asyncio.Event()
        self.receive = asyncio.Event()
        self.dispatch = asyncio.Event()
        self._brought = Brought()
        self._deliveries: list[Delivered] = []

    def answered(self, link: Link, answers: Sequence[Answered]) -> None:
        connection = link.connection
        self._brought.answers += [(answer.token, answer.pdu, connection, answer.sent_at) for answer in answers]
        self.settle.set()

    def delivered(self, link: Link, requests: Sequence[Pdu]) -> None:
        self._deliveries.append((link, link.connection, requests))
        self.receive.set()

    def lost(self, link: Link, unknown: Sequence[Token], unsent: Sequence[Token]) -> None:
        self._brought.unknown += unknown
        self._brought.unsent += unsent
        self.settle.set()
        self.dispatch.set()

    def bound(self, link: Link) -> None:
        self.dispatch.set()

    def not_submitted(self, tokens: Sequence[Token]) -> None:
        """These were claimed, and could not be submitted."""
        self._brought.unsent += tokens
        self.settle.set()

    def unencodable(self, token: Token) -> None:
        """No submit_sm can carry this."""
        self._brought.unencodable.append(token)
        self.settle.set()

    def stranded(self, job: Job) -> None:
        """Its link is gone, and it has parts that were never claimed."""
        self._brought.stranded.append(job)
        self.settle.set()

    def take_answers(self) -> Brought:
        """What became of submits; it is the caller's from now on."""
        brought, self._brought = self._brought, Brought()
        return brought

    def take_deliveries(self) -> list[Delivered]:
        """What SMSCs delivered; it is the caller's to acknowledge."""
        taken, self._deliveries = self._deliveries, []
        return taken
