"""The keyring: accounts by one name each, keys that open until they are revoked."""

from __future__ import annotations

from heliograph.store import keyring
from heliograph.store.keyring import AccountRow, KeyRow
from store.scene import BEGIN, Play, Scene


def test_accounts_and_keys_are_kept(play: Play) -> None:
    async def body(scene: Scene) -> None:
        store = scene.store
        assert await store.alone(keyring.add_account, 7, "beta", BEGIN) is True
        assert await store.alone(keyring.add_account, 8, "alpha", BEGIN) is True
        await store.alone(keyring.set_settings, 7, {"price": "12", "prepaid": "true"})
        await store.alone(keyring.set_settings, 7, {"price": "13", "prepaid": None, "rate_limit": None})
        assert await store.alone(keyring.set_password, 8, "argon2") is True
        await store.alone(keyring.add_key, 1, 7, b"\x00" * 32, BEGIN)
        await store.alone(keyring.add_key, 2, 7, b"\xff" * 32, BEGIN, "admin,account:read", BEGIN + 9)
        assert await store.alone(keyring.revoke_key, 1, BEGIN + 5) is True

        found = await store.load_keyring()

        assert found.accounts == [
            AccountRow(8, "alpha", "argon2", BEGIN, {}),
            AccountRow(7, "beta", None, BEGIN, {"price": "13"}),
        ]
        assert found.keys == [
            KeyRow(1, 7, b"\x00" * 32, None, BEGIN, None, BEGIN + 5),
            KeyRow(2, 7, b"\xff" * 32, "admin,account:read", BEGIN, BEGIN + 9, None),
        ]

    play(body)


def test_a_name_is_given_once(play: Play) -> None:
    async def body(scene: Scene) -> None:
        await scene.store.alone(keyring.add_account, 7, "acme", BEGIN)

        assert await scene.store.alone(keyring.add_account, 8, "acme", BEGIN) is False
        assert [account.id for account in (await scene.store.load_keyring()).accounts] == [7]

    play(body)


def test_what_is_not_there_cannot_be_changed(play: Play) -> None:
    async def body(scene: Scene) -> None:
        store = scene.store
        assert await store.alone(keyring.set_password, 9, "x") is False
        assert await store.alone(keyring.revoke_key, 9, BEGIN) is False

    play(body)


def test_a_key_is_revoked_once(play: Play) -> None:
    async def body(scene: Scene) -> None:
        store = scene.store
        await store.alone(keyring.add_account, 7, "acme", BEGIN)
        await store.alone(keyring.add_key, 1, 7, b"digest", BEGIN)

        assert await store.alone(keyring.revoke_key, 1, BEGIN + 1) is True
        assert await store.alone(keyring.revoke_key, 1, BEGIN + 2) is False
        assert (await store.load_keyring()).keys[0].revoked_at == BEGIN + 1

    play(body)
