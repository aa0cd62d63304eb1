"""Sessions and access tokens: what they open, and how soon they open nothing any more."""

import asyncio
import hashlib

import pytest
from argon2 import PasswordHasher

from accounts.conftest import BEGIN
from accounts.test_gate import an_account, count_verifications
from heliograph.accounts import admin, password, token
from heliograph.accounts.gate import SESSION_MS, Gate
from heliograph.accounts.ring import TOO_OLD
from heliograph.accounts.token import KNOWN_MS
from heliograph.store.errors import StoreUnavailable
from heliograph.store.token import find_tokens

SEND = frozenset({"sms:message:send"})


@pytest.fixture(autouse=True)
def cheap(monkeypatch):
    """Passwords that cost little: what they cost is tested with the gate."""
    monkeypatch.setattr(password, "HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


async def a_session(s, name="acme", secret="secret"):
    """A session of a new account."""
    await an_account(s.store, name, secret)
    await s.gate.load()
    return await s.gate.open_session(name, secret)


async def a_bearer(s, **key):
    """An access token of a new account's key, and the key's row."""
    await an_account(s.store)
    text = await admin.create_key(s.store, "acme", BEGIN, **key)
    await s.gate.load()
    opened, _ = await s.gate.issue_token("acme", text)
    [row] = await admin.list_keys(s.store, "acme")
    return opened, row


def count_lookups(s):
    looks, look = [], s.store.look

    async def counted(script, *arguments):
        if script is find_tokens:
            looks.append(arguments[0])
        return await look(script, *arguments)

    s.store.look = counted
    return looks


@pytest.mark.parametrize("scheme", ["IBSSO", "ibsso", "Ibsso"])
def test_a_session_opens_as_its_password_does(scene, scheme):
    async def body(s):
        opened = await a_session(s)

        account = await s.gate.authenticate(f"{scheme} {opened}")

        assert account == await s.gate.authenticate_query("acme", "secret")
        assert (account.name, account.scopes) == ("acme", None)

    scene(body)


@pytest.mark.parametrize(
    ("name", "secret"), [("acme", "wrong"), ("acme", ""), ("nobody", "secret"), ("acme:", "secret")]
)
def test_a_wrong_login_gets_neither_a_session_nor_a_token(scene, name, secret):
    async def body(s):
        await a_session(s)

        assert await s.gate.open_session(name, secret) is None
        assert await s.gate.issue_token(name, secret) is None
        assert await s.gate.authenticate_query(name, secret) is None

    scene(body)


def test_a_failed_login_is_verified_like_any_other(scene, monkeypatch):
    verified = count_verifications(monkeypatch)

    async def body(s):
        await a_session(s)
        verified.clear()

        for attempt in (s.gate.open_session, s.gate.issue_token, s.gate.authenticate_query):
            assert await attempt("nobody", "secret") is None
            assert await attempt("acme", f"wrong for {attempt.__name__}") is None

        assert len(verified) == 6

    scene(body)


def test_a_session_ends_by_itself_after_an_hour(scene):
    async def body(s):
        opened = await a_session(s)

        s.now += SESSION_MS - 1
        assert await s.gate.authenticate(f"IBSSO {opened}")
        s.now += 1
        assert await s.gate.authenticate(f"IBSSO {opened}") is None

    scene(body)


def test_a_session_that_is_closed_opens_nothing_from_then_on(scene):
    async def body(s):
        opened = await a_session(s)
        assert await s.gate.authenticate(f"IBSSO {opened}")

        assert await s.gate.close_session(opened) is True
        assert await s.gate.authenticate(f"IBSSO {opened}") is None
        assert await s.gate.close_session(opened) is False

    scene(body)


def test_a_look_that_began_before_a_session_was_closed_does_not_bring_it_back(scene):
    async def body(s):
        opened = await a_session(s)
        looked, go_on, look = asyncio.Event(), asyncio.Event(), s.store.look

        async def slow(script, *arguments):
            found = await look(script, *arguments)
            looked.set()
            await go_on.wait()
            return found

        s.store.look = slow
        early = asyncio.create_task(s.gate.authenticate(f"IBSSO {opened}"))
        await looked.wait()
        assert await s.gate.close_session(opened) is True
        go_on.set()
        assert (await early).name == "acme"  # it came before

        assert await s.gate.authenticate(f"IBSSO {opened}") is None

    scene(body)


def test_a_session_that_another_process_closed_opens_for_a_second_at_most(scene):
    async def body(s):
        opened = await a_session(s)
        assert await s.gate.authenticate(f"IBSSO {opened}")
        assert await Gate(s.other, lambda: s.now).close_session(opened) is True

        s.now += KNOWN_MS

        assert await s.gate.authenticate(f"IBSSO {opened}") is None

    scene(body)


def test_a_restart_and_another_process_know_a_token(scene):
    async def body(s):
        opened = await a_session(s)
        other = Gate(s.other, lambda: s.now)

        assert (await other.authenticate(f"IBSSO {opened}")).name == "acme"

    scene(body)


def test_a_changed_password_ends_the_sessions_and_tokens_it_opened(scene):
    async def body(s):
        session = await a_session(s)
        bearer, _ = await s.gate.issue_token("acme", "secret")
        await admin.set_password(s.store, "acme", "changed")
        assert await s.gate.authenticate(f"IBSSO {session}")

        await s.gate.load()

        assert await s.gate.authenticate(f"IBSSO {session}") is None
        assert await s.gate.authenticate(f"Bearer {bearer}") is None
        assert await s.gate.open_session("acme", "changed")

    scene(body)


def test_an_access_token_for_a_password_opens_all_but_admin(scene):
    async def body(s):
        await a_session(s)
        opened, seconds = await s.gate.issue_token("acme", "secret")

        assert seconds == SESSION_MS // 1000
        assert (await s.gate.authenticate(f"bearer {opened}")).scopes is None

    scene(body)


def test_an_access_token_for_a_key_has_its_scopes(scene):
    async def body(s):
        opened, _ = await a_bearer(s, granted=["sms:message:send"])

        assert (await s.gate.authenticate(f"Bearer {opened}")).scopes == SEND

    scene(body)


def test_an_access_token_ends_with_its_key(scene):
    async def body(s):
        opened, row = await a_bearer(s)
        assert await s.gate.authenticate(f"Bearer {opened}")

        await admin.revoke_key(s.store, row.id, BEGIN)
        await s.gate.load()

        assert await s.gate.authenticate(f"Bearer {opened}") is None

    scene(body)


def test_an_access_token_lives_no_longer_than_its_key(scene):
    async def body(s):
        await an_account(s.store)
        key = await admin.create_key(s.store, "acme", BEGIN, expires_at=BEGIN + 90_500)
        await s.gate.load()
        opened, seconds = await s.gate.issue_token("acme", key)
        assert seconds == 90

        s.now += 90_499
        assert await s.gate.authenticate(f"Bearer {opened}")
        s.now += 1
        assert await s.gate.authenticate(f"Bearer {opened}") is None
        assert await s.gate.issue_token("acme", key) is None

    scene(body)


def test_a_key_gives_no_token_in_the_name_of_another_account(scene):
    async def body(s):
        await an_account(s.store)
        await an_account(s.store, "other")
        key = await admin.create_key(s.store, "acme", BEGIN)
        await s.gate.load()

        assert await s.gate.issue_token("other", key) is None
        assert await s.gate.issue_token("acme", key)

    scene(body)


@pytest.mark.parametrize("age", [0, TOO_OLD])
def test_a_key_that_another_process_made_gives_a_token_at_its_first_use(scene, age):
    async def body(s):
        await an_account(s.other)
        key = await admin.create_key(s.other, "acme", BEGIN)
        s.now += age

        opened, _ = await s.gate.issue_token("acme", key)
        assert (await s.gate.authenticate(f"Bearer {opened}")).name == "acme"

    scene(body)


def test_a_token_of_a_key_that_another_process_made_opens_at_its_first_use(scene):
    async def body(s):
        other = Gate(s.other, lambda: s.now)
        await an_account(s.other)
        key = await admin.create_key(s.other, "acme", BEGIN)
        opened, _ = await other.issue_token("acme", key)

        assert (await s.gate.authenticate(f"Bearer {opened}")).name == "acme"

    scene(body)


def test_each_scheme_takes_its_own_tokens_alone(scene):
    async def body(s):
        session = await a_session(s)
        bearer, _ = await s.gate.issue_token("acme", "secret")
        key = await admin.create_key(s.store, "acme", BEGIN)

        for header in (f"Bearer {session}", f"IBSSO {bearer}", f"App {session}", f"Bearer {key}", "Bearer", "IBSSO "):
            assert await s.gate.authenticate(header) is None
        assert await s.gate.close_session(bearer) is False
        assert await s.gate.authenticate(f"Bearer {bearer}")

    scene(body)


def test_a_token_is_looked_up_once_a_second_and_a_burst_is_one_look(scene):
    async def body(s):
        opened = await a_session(s)
        looks = count_lookups(s)

        burst = await asyncio.gather(*(s.gate.authenticate(f"IBSSO {opened}") for _ in range(50)))
        strangers = await asyncio.gather(*(s.gate.authenticate(f"IBSSO {n}") for n in range(50)))
        assert [account.name for account in burst] == ["acme"] * 50
        assert strangers == [None] * 50
        assert [len(digests) for digests in looks] == [1, 50]

        s.now += KNOWN_MS - 1
        assert await s.gate.authenticate(f"IBSSO {opened}")
        assert len(looks) == 2
        s.now += 1
        assert await s.gate.authenticate(f"IBSSO {opened}")
        assert len(looks) == 3

    scene(body)


def test_a_clock_that_is_set_back_does_not_keep_a_closed_session_open(scene):
    async def body(s):
        opened = await a_session(s)
        assert await s.gate.authenticate(f"IBSSO {opened}")
        await Gate(s.other, lambda: s.now).close_session(opened)

        s.now -= 3_600_000

        assert await s.gate.authenticate(f"IBSSO {opened}") is None

    scene(body)


def test_a_token_that_is_known_opens_while_the_store_is_away_and_a_stranger_is_not_told_no(scene):
    async def body(s):
        opened = await a_session(s)
        assert await s.gate.authenticate(f"IBSSO {opened}")

        async def away(*_):
            raise StoreUnavailable("the server is gone")

        s.store.look = away
        s.now += TOO_OLD

        assert (await s.gate.authenticate(f"IBSSO {opened}")).name == "acme"
        with pytest.raises(StoreUnavailable):
            await s.gate.authenticate("IBSSO stranger")

    scene(body)


def test_a_store_that_does_not_answer_is_not_waited_for(scene, monkeypatch):
    monkeypatch.setattr(token, "ASKS_FOR", 0.01)
    monkeypatch.setattr(token, "ASKED_MOST", 3)

    async def body(s):
        asked, go_on, look = asyncio.Event(), asyncio.Event(), s.store.look

        async def hanging(*arguments):
            asked.set()
            await go_on.wait()
            return await look(*arguments)

        s.store.look = hanging
        for n in range(10):  # what waits for it is bounded
            with pytest.raises(StoreUnavailable):
                await s.gate.authenticate(f"IBSSO {n}")
        assert asked.is_set()
        assert len(s.gate._tokens._asked) == 3

        go_on.set()
        await asyncio.wait({task for task in asyncio.all_tasks() if task.get_name() == "tokens"})
        monkeypatch.setattr(token, "ASKS_FOR", 10)
        assert await s.gate.authenticate("IBSSO stranger") is None

    scene(body)


def test_tokens_are_long_and_kept_as_digests_only(scene, monkeypatch):
    monkeypatch.setattr(token, "KNOWN_MOST", 2)

    async def body(s):
        await an_account(s.store, "acme", "secret")
        await s.gate.load()
        texts = [await s.gate.open_session("acme", "secret") for _ in range(5)]
        for text in texts:
            assert await s.gate.authenticate(f"IBSSO {text}")
        assert len(set(texts)) == 5 and all(len(text) == 43 for text in texts)

        digests = [hashlib.sha256(text.encode()).digest() for text in texts]
        rows = await s.store.look(find_tokens, digests)
        assert list(s.gate._tokens._known) == digests[-2:]
        assert set(rows) == set(digests)
        assert not [text for text in texts if text in repr(rows)]

    scene(body)
