"""A row of the admin API.

Rule 1: only a key with the scope `admin` opens it.
Rule 2: an answer comes in time also where the store does not; what was to be changed may then be, or not.
Rule 3: no answer is kept on its way: some hold a key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from heliograph.accounts import scopes
from heliograph.accounts.errors import BadValue
from heliograph.admin.parts import Parts
from heliograph.flows.errors import Overloaded, Unconfirmed
from heliograph.flows.intake import RETRY_AFTER
from heliograph.web.decoding import Body
from heliograph.web.endpoint import CHANGING, NOT_FOUND, READING, Call, Endpoint, Handler
from heliograph.web.errors import BadRequest
from heliograph.web.query import Parameter

OPENS: Final = frozenset((scopes.ADMIN,))
CREATED: Final = 201
CONFLICT: Final = 409
CONTRADICTION: Final = 422
MOST: Final = 1000  # entries of a page
LIMIT: Final = Parameter(
    name="limit", text="How many at most: 1 to 1000", kind="integer", least=1, most=MOST, default=50
)
AFTER: Final = Parameter(name="after", text="The `next` of the page before", default="")
ABSENT: Final = "must not be empty"
_SECRET: Final = {"cache-control": "no-store"}


def row(
    method: str,
    path: str,
    summary: str,
    answer: Handler[Parts],
    reply: type,
    *,
    body: type | None = None,
    query: tuple[Parameter, ...] = (),
    status: int = 200,
    refusals: tuple[int, ...] = (),
) -> Endpoint[Parts]:
    """A row; `refusals` besides those that every row has."""
    usual = READING if body is None else CHANGING
    missing = (NOT_FOUND,) if "{" in path else ()
    return Endpoint(
        method=method,
        path=f"/admin/v1/{path}",
        summary=summary,
        answer=_bounded(answer, Overloaded if method == "GET" else Unconfirmed),
        reply=reply,
        root=reply.__name__,
        body=None if body is None else Body(body),
        query=query,
        scopes=OPENS,
        refusals=(*usual, *missing, *refusals),
        judges=body is not None,
        status=status,
        headers=_SECRET,
    )


def _bounded(answer: Handler[Parts], late: Callable[[str, int], Exception]) -> Handler[Parts]:
    async def bounded(parts: Parts, call: Call) -> Any:
        try:
            async with asyncio.timeout(parts.seconds):
                return await answer(parts, call)
        except TimeoutError:
            raise late("the message store does not answer", RETRY_AFTER) from None

    return bounded


@contextmanager
def blamed(call: Call, path: str) -> Iterator[None]:
    """What cannot be is said of the field at `path`."""
    try:
        yield
    except BadValue as problem:
        call.findings.add(path, str(problem))


@contextmanager
def refused(path: str) -> Iterator[None]:
    """What turns out to be impossible when it is done is said of the field at `path`, and nothing was done."""
    try:
        yield
    except BadValue as problem:
        raise BadRequest({path: [str(problem)]}) from problem
