"""The engine past one machine: PostgreSQL 14 and newer, with the same scripts and the same group commit."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection
from typing import Any, TypeVar

import asyncpg
import structlog

from heliograph.store.errors import NotStored, StoreInUse, StoreTooNew, StoreUnavailable, Unstorable
from heliograph.store.group import KINDS, Gathering, Group, fail, keep
from heliograph.store.script import Run, Script, Step, history_table
from heliograph.store.sql import for_postgres, migrations, queries

T = TypeVar("T")
LOG = structlog.get_logger(__name__)
# A batch is joined to its rows by index: the planner, on tables it has no figures of, would read them whole. And what
# is wanted in the order of an index it would read whole by a bitmap, and sort.
SETTINGS = {
    "enable_bitmapscan": "off",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "application_name": "heliograph",
}
SERVES = 0x48454C49  # the advisory lock of the process that serves
RECONNECT_AFTER = 1.0  # seconds
WITHIN = 30.0  # seconds: a connection, or a statement, that takes longer is lost
CLOSES_WITHIN = 30.0  # seconds that the last commits may take
# OperatorIntervention: the server is being stopped, or somebody cut our connection.
# InternalClientError: it was cut in the middle of an answer.
LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
    OSError,
)
FULL = (asyncpg.InsufficientResourcesError, asyncpg.ReadOnlySQLTransactionError, asyncpg.PostgresSystemError)
AWAY = (*LOST, *FULL, StoreInUse, StoreUnavailable)
# There was no connection to begin on, or the server took the transaction back.
NOT_BEGUN = (*FULL, StoreInUse, StoreUnavailable)
# Others were in the way of this one item: a deadlock, a lock.
# Or the history of a day was dropped between two statements of a look.
IN_THE_WAY = (asyncpg.TransactionRollbackError, asyncpg.LockNotAvailableError, asyncpg.UndefinedTableError)
# What one item holds is at fault, and would be whenever it is tried.
REFUSED = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, asyncpg.ProgramLimitExceededError)


async def connect(*where: Any, **how: Any) -> Any:
    """Connect, as `asyncpg.connect` does.

    Raises StoreUnavailable, whatever is in the way: nobody listens, the password was changed, the role may not log in
    any more or has too many connections, the certificate is not good.
    """
    try:
        return await asyncpg.connect(*where, **how)
    except (*LOST, asyncpg.PostgresError, ValueError) as error:
        raise StoreUnavailable(f"PostgreSQL refuses the connection: {error or type(error).__name__}") from error


def _told(error: Exception) -> Exception:
    """What whoever waits for an item is told."""
    if isinstance(error, REFUSED):
        return Unstorable(type(error).__name__)
    return StoreUnavailable(str(error)) if isinstance(error, (*AWAY, *IN_THE_WAY)) else error


def _is_cancelled() -> bool:
    """Whether it is the task at hand that somebody cancelled."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class Driver:
    """The steps of scripts on a connection."""

    def __init__(self) -> None:
        self._queries = queries("postgres")
        self._days: set[int] = set()

    async def drive(self, connection: Any, script: Script[T]) -> T:
        """Run a script to its end."""
        answer: Any = None
        try:
            while True:
                answer = await self._step(connection, script.send(answer))
        except StopIteration as end:
            value: T = end.value
            return value

    async def _step(self, connection: Any, step: Step) -> Any:
        if step.rows is not None and not step.rows:
            return 0 if isinstance(step, Run) else []
        query = self._queries[step.query]
        if step.day and isinstance(step, Run) and step.day not in self._days:
            await self._begin_day(connection, step.day)
        text = for_postgres(query, history_table(step.day))
        values = [step.params[param.name] for param in query.params]
        values += [list(column) for column in zip(*step.rows, strict=True)] if step.rows is not None else []
        if isinstance(step, Run):
            tag: str = await connection.execute(text, *values)
            count = tag.rpartition(" ")[2]
            return int(count) if count.isdigit() else 0
        return [tuple(row) for row in await connection.fetch(text, *values)]

    async def _begin_day(self, connection: Any, day: int) -> None:
        await connection.execute(for_postgres(self._queries["create_history"], history_table(day)))
        await connection.execute(for_postgres(self._queries["add_history_day"], ""), day)
        self._days.add(day)

    def rolled_back(self) -> None:
        """Forget what a transaction that did not happen had made."""
        self._days.clear()


async def migrate(connection: Any) -> None:
    """Bring the tables up to this version. Raises StoreTooNew."""
    async with connection.transaction():
        await connection.execute("CREATE TABLE IF NOT EXISTS schema_version (version INT NOT NULL)")
        await connection.execute("LOCK TABLE schema_version IN EXCLUSIVE MODE")
        at = await connection.fetchval("SELECT COALESCE(MAX(version), 0) FROM schema_version")
        known = migrations("postgres")
        if at > known[-1][0]:
            raise StoreTooNew(f"the store is at version {at}, and this program knows {known[-1][0]}: upgrade it")
        for number, statements in known:
            if number > at:
                for statement in statements:
                    await connection.execute(statement)
                await connection.execute("INSERT INTO schema_version VALUES ($1)", number)


class PostgresEngine:
    """Made by `open`. `exclusive`: this process serves from the database."""

    def __init__(self, url: str, *, exclusive: bool) -> None:
        self._url = url
        self._exclusive = exclusive
        self._gathering = Gathering()
        self._driver = Driver()
        self._reading = Driver()
        self._wake = asyncio.Event()
        self._closing = False
        self._failed: StoreUnavailable | None = None
        self._writer: Any = None
        self._readers: Any = None
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, url: str, *, exclusive: bool) -> PostgresEngine:
        """Connect, bring the tables up to date, begin to write. Raises StoreInUse, StoreTooNew, StoreUnavailable."""
        engine = cls(url, exclusive=exclusive)
        try:
            await engine._connect()
            engine._readers = await asyncpg.create_pool(
                url,
                min_size=1,
                max_size=4,
                connect=connect,
                timeout=WITHIN,
                command_timeout=WITHIN,
                server_settings=SETTINGS,
            )
        except BaseException:
            if engine._writer is not None:
                engine._writer.terminate()
            raise
        engine._task = asyncio.create_task(engine._write(), name="store-writer")
        return engine

    async def _connect(self) -> None:
        writer = await connect(
            self._url, timeout=WITHIN, command_timeout=WITHIN, server_settings=SETTINGS, statement_cache_size=512
        )
        try:
            if self._exclusive and not await writer.fetchval("SELECT pg_try_advisory_lock($1)", SERVES):
                raise StoreInUse("another process serves from this database: stop it first")
            await migrate(writer)
        except BaseException as error:
            writer.terminate()  # in order would be to wait for a server that may be gone
            if isinstance(error, (*LOST, asyncpg.PostgresError)):  # rights that the role has no more, a standby
                raise StoreUnavailable(f"PostgreSQL cannot be written: {error or type(error).__name__}") from error
            raise
        self._writer = writer

    def write(self, kind: str, item: Any) -> asyncio.Future[Any]:
        """Do `item` in the next commit, with all others of its kind."""
        future = self._gathering.put(kind, item)
        if self._failed is not None:
            fail(self._gathering.take(), self._failed)
        self._wake.set()
        return future

    def give_up(self, futures: Collection[asyncio.Future[Any]]) -> None:
        """Nobody waits for these any longer."""
        self._gathering.give_up(futures)

    async def read(self, script: Callable[[], Script[T]]) -> T:
        """Run a script that only fetches, on what is committed. Raises StoreUnavailable, Unstorable."""
        try:
            async with self._readers.acquire() as connection:
                return await self._reading.drive(connection, script())
        except (*AWAY, *IN_THE_WAY, *REFUSED) as error:
            raise _told(error) from error
        except asyncio.CancelledError as error:
            if _is_cancelled():
                raise
            raise StoreUnavailable("the connection ended") from error  # which cancelled what waited for it

    async def close(self) -> None:
        """Commit what waits, and disconnect. Raises StoreUnavailable where that takes longer than CLOSES_WITHIN."""
        self._closing = True
        self._wake.set()
        try:
            async with asyncio.timeout(CLOSES_WITHIN):
                if self._task is not None:
                    await self._task
                await self._readers.close()
                await self._writer.close()
        except TimeoutError:
            self._readers.terminate()
            self._writer.terminate()
            raise StoreUnavailable(f"PostgreSQL did not take the last commits within {CLOSES_WITHIN:.0f} s") from None

    async def watch(self) -> None:
        """Until the engine is closed; a server that goes away is waited for."""
        if self._task is not None:
            await asyncio.shield(self._task)

    async def _write(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while group := self._gathering.take():
                try:
                    await self._commit(group)
                except BaseException as error:
                    self._failed = StoreUnavailable(f"the store has failed: {type(error).__name__}")
                    fail(group, self._failed)
                    fail(self._gathering.take(), self._failed)
                    raise  # nobody foresaw it: `watch` tells, and the process ends
            if self._closing:
                return

    async def _commit(self, group: Group) -> None:
        try:
            if self._writer.is_closed():
                await self._connect()
            results = await self._results({kind: [w.item for w in waiting] for kind, waiting in group.items()})
        except AWAY as error:
            fail(group, NotStored(str(error)) if isinstance(error, NOT_BEGUN) else StoreUnavailable(str(error)))
            await self._unavailable(error)
        except asyncio.CancelledError as error:
            if _is_cancelled():
                raise
            fail(group, StoreUnavailable("the connection ended"))  # which cancelled what waited for it
            await self._unavailable(error)
        else:
            keep(group, results)

    async def _results(self, group: dict[str, list[Any]]) -> dict[str, list[Any]]:
        """A result for each item of each kind; an exception where there is none."""
        try:
            return await self._together(group)
        except AWAY:
            raise
        except Exception:  # one item is at fault, and is told so below
            self._driver.rolled_back()
        return {kind: [await self._alone(kind, item) for item in items] for kind, items in group.items()}

    async def _together(self, group: dict[str, list[Any]]) -> dict[str, list[Any]]:
        async with self._writer.transaction():
            return {kind: await self._driver.drive(self._writer, KINDS[kind](items)) for kind, items in group.items()}

    async def _alone(self, kind: str, item: Any) -> Any:
        try:
            return (await self._together({kind: [item]}))[kind][0]
        except Exception as error:  # whoever waits for this item is told, and nobody else is hurt
            self._driver.rolled_back()
            return _told(error)

    async def _unavailable(self, error: BaseException) -> None:
        self._driver.rolled_back()
        LOG.warning("store unavailable", error=type(error).__name__)
        if not isinstance(error, FULL):
            self._writer.terminate()  # nobody knows what state it is in
            await asyncio.sleep(RECONNECT_AFTER)
            # Whatever the server says while it comes back, the next group asks again.
            with contextlib.suppress(StoreInUse, StoreUnavailable):
                await self._connect()
