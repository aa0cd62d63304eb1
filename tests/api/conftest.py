"""A running gateway for the HTTP tests: where it listens, and what its flows were given."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvloop

from api.wire import KEY, NOW, Client, Gateway
from heliograph.api.parts import Limits, Parts
from heliograph.api.routes import build
from heliograph.api.server import Server
from heliograph.flows.submission import Accepted, Answer, ReportQuery, Submission
from heliograph.sms.message import Report

LIMITS = Limits(body=200_000, header_seconds=0.2, body_seconds=0.2, header_octets=8192)


@dataclass(frozen=True, slots=True)
class Customer:
    id: int
    name: str


@dataclass
class Desk:
    """Stands where the flows stand: keeps what it is given, and gives it back as reports, each once."""

    submissions: list[Submission] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    queries: list[ReportQuery] = field(default_factory=list)
    trouble: list[Exception] = field(default_factory=list)

    async def authenticate(self, authorization: str | None) -> Customer | None:
        scheme, _, key = (authorization or "").partition(" ")
        return Customer(1, "acme") if f"{scheme.capitalize()} {key}" == KEY else None

    async def accept(self, account: Customer, submission: Submission) -> Accepted:
        if self.trouble:
            raise self.trouble.pop()
        self.submissions.append(submission)
        answers = []
        for draft in submission.drafts:
            held = draft.window is not None or (draft.send_at or 0) > NOW
            for one in draft.destinations:
                key = one.message_id or str(2033247207850523791 + len(answers))
                answers.append(Answer(one.to, key, None, held, 1) if one.to else Answer(one.to, one.message_id, 51))
        scheduled = any(draft.send_at is not None for draft in submission.drafts)
        given = submission.bulk_id is not None
        return Accepted(answers, submission.bulk_id or "2034072219640523072", scheduled, given)

    async def pull(self, account: Customer, query: ReportQuery) -> list[Report]:
        self.queries.append(query)
        taken, self.reports[:] = self.reports[: query.limit], self.reports[query.limit :]
        return taken

    def live(self) -> dict[str, Any]:
        return {"status": "up"}

    async def ready(self) -> tuple[bool, dict[str, Any]]:
        return not self.trouble, {"store": "full" if self.trouble else "open"}

    def metrics(self) -> bytes:
        return b"# HELP heliograph_up The process runs.\n"


@pytest.fixture(scope="session")
def running() -> Iterator[Gateway]:
    desk = Desk()
    app = build(Parts(gate=desk, acceptor=desk, reports=desk, health=desk, limits=LIMITS, now=lambda: NOW))
    server = Server(app, LIMITS)
    port = server.bind("127.0.0.1", 0)
    thread = threading.Thread(target=lambda: _run(server))
    thread.start()
    yield Gateway(port, desk)
    server.stop()
    thread.join(15)
    assert not thread.is_alive()


def _run(server: Server) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(server.serve())


@pytest.fixture
def server(running: Gateway) -> Iterator[Gateway]:
    yield running
    desk = running.desk
    for kept in (desk.submissions, desk.reports, desk.queries, desk.trouble):
        kept.clear()


@pytest.fixture
def client(server: Gateway) -> Iterator[Client]:
    one = Client(server.port)
    yield one
    one.close()
