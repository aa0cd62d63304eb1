"""Accounts and keys, as people manage them."""

import pytest

from accounts.conftest import BEGIN
from heliograph.accounts import admin, errors


@pytest.mark.parametrize("name", ["a", "A-b_c.9", "x" * 64])
def test_a_name_is_letters_digits_hyphens_underscores_and_dots(scene, name):
    async def body(s):
        assert (await admin.create_account(s.store, name, BEGIN)).name == name
        assert (await admin.find_account(s.store, name)).created_at == BEGIN

    scene(body)


@pytest.mark.parametrize("name", ["", " ", "a b", "a:b", "a/b", "x" * 65, "\u00fc", "a\n"])
def test_any_other_name_is_refused(scene, name):
    async def body(s):
        with pytest.raises(errors.BadName):
            await admin.create_account(s.store, name, BEGIN)

    scene(body)


def test_two_accounts_cannot_share_a_name(scene):
    async def body(s):
        await admin.create_account(s.store, "acme", BEGIN)
        with pytest.raises(errors.NameTaken, match="key create acme"):
            await admin.create_account(s.other, "acme", BEGIN)

    scene(body)


def test_what_concerns_nobody_is_refused_with_the_next_step(scene):
    async def body(s):
        for attempt in (
            admin.create_key(s.store, "nobody", BEGIN),
            admin.list_keys(s.store, "nobody"),
            admin.set_password(s.store, "nobody", "x"),
            admin.set_account(s.store, "nobody", default_sender="ACME"),
        ):
            with pytest.raises(errors.NoSuchAccount, match="heliograph account create nobody"):
                await attempt

    scene(body)


def test_a_setting_is_changed_alone_and_taken_away_by_nothing(scene):
    async def body(s):
        await admin.create_account(s.store, "acme", BEGIN)
        await admin.set_account(s.store, "acme", default_sender="ACME")
        await admin.set_account(s.store, "acme", on_no_response="hold")
        found = await admin.find_account(s.store, "acme")
        assert (found.default_sender, found.on_no_response) == ("ACME", "hold")

        await admin.set_account(s.store, "acme", default_sender="", on_no_response="")
        found = await admin.find_account(s.store, "acme")
        assert (found.default_sender, found.on_no_response) == (None, None)

    scene(body)


@pytest.mark.parametrize("settings", [{"default_sender": "far too long a name"}, {"on_no_response": "panic"}])
def test_a_setting_that_cannot_work_is_refused(scene, settings):
    async def body(s):
        await admin.create_account(s.store, "acme", BEGIN)
        with pytest.raises(errors.BadValue):
            await admin.set_account(s.store, "acme", **settings)

    scene(body)


@pytest.mark.parametrize("secret", ["", "x" * 1025])
def test_a_password_has_1_to_1024_characters(scene, secret):
    async def body(s):
        await admin.create_account(s.store, "acme", BEGIN)
        with pytest.raises(errors.BadValue):
            await admin.set_password(s.store, "acme", secret)

    scene(body)


def test_keys_are_long_and_never_twice_the_same(scene):
    async def body(s):
        await admin.create_account(s.store, "acme", BEGIN)
        keys = {await admin.create_key(s.store, "acme", BEGIN) for _ in range(20)}

        assert len(keys) == 20
        assert all(len(key) == 69 and key.replace("-", "").isalnum() for key in keys)

    scene(body)


def test_a_revoked_key_stays_in_the_list_and_cannot_be_revoked_again(scene):
    async def body(s):
        await admin.create_account(s.store, "acme", BEGIN)
        await admin.create_key(s.store, "acme", BEGIN)
        [row] = await admin.list_keys(s.store, "acme")
        assert row.revoked_at is None

        await admin.revoke_key(s.store, row.id, BEGIN + 5)
        [row] = await admin.list_keys(s.store, "acme")
        assert row.revoked_at == BEGIN + 5
        for id_ in (row.id, 1, -1, 1 << 70):
            with pytest.raises(errors.NoSuchKey):
                await admin.revoke_key(s.store, id_, BEGIN)

    scene(body)
