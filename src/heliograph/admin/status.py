"""How the gateway is: its store, its links, and what waits."""

from __future__ import annotations

from typing import Final

import msgspec

from heliograph.admin.parts import Parts
from heliograph.admin.row import row
from heliograph.sms.schedule import render_instant
from heliograph.store.census import census
from heliograph.web.endpoint import Call


class LinkShape(msgspec.Struct, rename="camel"):
    """A link: whether it is bound, since when it is as it is, and the segments claimed for it and not answered.

    `problem`: why it is not bound.
    """

    smsc: str
    link: str
    bound: bool
    claimed: int
    window: int
    since: str
    problem: str | None


class QueueShape(msgspec.Struct, rename="camel"):
    """Messages that wait to be sent, and those on a link or at an SMSC; reports to push, and to be pulled.

    Each is counted to 10,000: there it may be more.
    """

    waiting_messages: int
    taken_messages: int
    reports_to_push: int
    reports_to_pull: int


class GatewayStatus(msgspec.Struct, rename="camel"):
    """`ready` and `store` as GET /ready says it; `queues` null: the store does not answer."""

    ready: bool
    store: str
    links: list[LinkShape]
    queues: QueueShape | None


async def _show(parts: Parts, _: Call) -> GatewayStatus:
    ready, state = await parts.health.ready()
    links = [
        LinkShape(**{**link, "since": render_instant(link["since"]), "problem": link.get("problem")})
        for link in state["links"]
    ]
    return GatewayStatus(ready, state["store"], links, await _queues(parts) if ready else None)


async def _queues(parts: Parts) -> QueueShape:
    found = await parts.store.look(census)
    return QueueShape(found.waiting, found.taken, found.to_push, found.to_pull)


ENDPOINTS: Final = (row("GET", "status", "How the gateway is, and what waits", _show, GatewayStatus),)
