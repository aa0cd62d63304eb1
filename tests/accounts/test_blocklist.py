"""What an account has blocked."""

import pytest

from accounts.conftest import BEGIN
from heliograph.accounts import admin, blocklist, errors


async def listed(s, kind, name="acme"):
    return [value async for value in blocklist.blocked(s.store, name, kind)]


def test_recipients_and_senders_are_blocked_once_and_let_pass_again(scene):
    async def body(s):
        await admin.create_account(s.store, "acme", BEGIN)
        await admin.create_account(s.store, "other", BEGIN)

        assert await blocklist.block(s.store, "acme", "recipient", ["+41 79 302 67 27", "4190*", "41793026727"]) == 2
        assert await blocklist.block(s.other, "acme", "recipient", ["41793026727", "41793026728"]) == 1
        assert await blocklist.block(s.store, "acme", "sender", ["BANK", "bank", "+41793026727"]) == 2
        assert await listed(s, "recipient") == ["41793026727", "41793026728", "4190*"]
        assert await listed(s, "sender") == ["41793026727", "bank"]
        assert await listed(s, "recipient", "other") == []

        assert await blocklist.unblock(s.store, "acme", "recipient", ["4190*", "41790000000"]) == 1
        assert await blocklist.unblock(s.store, "acme", "sender", ["Bank"]) == 1
        assert await listed(s, "recipient") == ["41793026727", "41793026728"]
        assert await listed(s, "sender") == ["41793026727"]

    scene(body)


def test_a_long_list_goes_and_comes_back_in_slices_and_whole(scene):
    async def body(s):
        await admin.create_account(s.store, "acme", BEGIN)
        numbers = [str(41_790_000_000 + n) for n in range(2 * blocklist.SLICE + 7)]

        assert await blocklist.block(s.store, "acme", "recipient", reversed(numbers)) == len(numbers)
        assert await listed(s, "recipient") == numbers
        assert await blocklist.unblock(s.store, "acme", "recipient", numbers[1:]) == len(numbers) - 1
        assert await listed(s, "recipient") == numbers[:1]

    scene(body)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("recipient", "ACME"),
        ("recipient", "123"),
        ("recipient", "*"),
        ("recipient", "41*79"),
        ("recipient", "4" * 16 + "*"),
        ("recipient", ""),
        ("sender", ""),
        ("sender", "a@b"),
        ("sender", "far too long a name"),
    ],
)
def test_what_no_message_can_have_is_refused_and_nothing_is_blocked(scene, kind, text):
    good = {"recipient": "41793026727", "sender": "ACME"}[kind]

    async def body(s):
        await admin.create_account(s.store, "acme", BEGIN)
        with pytest.raises(errors.BadValue):
            await blocklist.block(s.store, "acme", kind, [good, text])

        assert await listed(s, kind) == []

    scene(body)


def test_nobody_blocks_nothing(scene):
    async def body(s):
        for change in (blocklist.block, blocklist.unblock):
            with pytest.raises(errors.NoSuchAccount):
                await change(s.store, "nobody", "sender", ["ACME"])

    scene(body)
