"""What accounts have blocked: listed by pages, added to, taken from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

import msgspec

from heliograph.accounts import blocklist
from heliograph.accounts.admin import find_account
from heliograph.admin.parts import Parts
from heliograph.admin.row import AFTER, LIMIT, blamed, row
from heliograph.store.blocklist import BlockKind
from heliograph.store.interface import Store
from heliograph.web.endpoint import Call
from heliograph.web.query import Parameter

MOST: Final = 10_000  # values a request: more take too long for one answer
KIND: Final = Parameter(
    name="kind", text="Whether recipients or senders", one_of=("recipient", "sender"), default="recipient"
)


class BlockedPage(msgspec.Struct, rename="camel"):
    """What is blocked, in order; `next` leads to the page behind, null: there is none."""

    values: list[str]
    next: str | None


class BlockedValues(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """Recipients, numbers or how numbers begin and *; and senders. At most 10,000 together."""

    recipients: list[str] | None = None
    senders: list[str] | None = None


class BlockedCount(msgspec.Struct, rename="camel"):
    """How many values were not so before."""

    changed: int


Change = Callable[[Store, str, BlockKind, Iterable[str]], Awaitable[int]]


async def _list(parts: Parts, call: Call) -> BlockedPage:
    limit = call.values["limit"]
    found = await blocklist.page(parts.store, call.path["name"], call.values["kind"], call.values["after"], limit + 1)
    return BlockedPage(found[:limit], found[limit - 1] if len(found) > limit else None)


def _changing(change: Change) -> Any:
    async def answer(parts: Parts, call: Call) -> BlockedCount:
        name = call.path["name"]
        given: dict[BlockKind, list[str]] = {
            "recipient": call.body.recipients or [],
            "sender": call.body.senders or [],
        }
        _judge(call, given)
        call.check()
        await find_account(parts.store, name)
        changed = sum([await change(parts.store, name, kind, values) for kind, values in given.items()])
        await parts.gate.load()  # who had nothing blocked is not asked about what he sends
        return BlockedCount(changed)

    return answer


def _judge(call: Call, given: dict[BlockKind, list[str]]) -> None:
    amount = sum(map(len, given.values()))
    if not 1 <= amount <= MOST:
        call.findings.add("body", f"must name 1 to {MOST:,} recipients and senders")
        return
    for kind, values in given.items():
        for number, value in enumerate(values):
            with blamed(call, f"{kind}s[{number}]"):
                blocklist.NORMAL[kind](value)


_PATH: Final = "accounts/{name}/blocked"
ENDPOINTS: Final = (
    row("GET", _PATH, "What an account has blocked", _list, BlockedPage, query=(KIND, AFTER, LIMIT)),
    row(
        "POST",
        _PATH,
        "Block recipients and senders",
        _changing(blocklist.block),
        BlockedCount,
        body=BlockedValues,
    ),
    row(
        "DELETE",
        _PATH,
        "Let recipients and senders pass again",
        _changing(blocklist.unblock),
        BlockedCount,
        body=BlockedValues,
    ),
)
