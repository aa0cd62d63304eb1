"""Accounts and keys, as people manage them."""

import pytest

from accounts.conftest import BEGIN
from heliograph.accounts import admin, errors, settings
from heliograph.store.balance import Balance


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


async def settings_of(store, name="acme"):
    return settings.load((await admin.find_account(store, name)).settings)


def test_a_setting_is_changed_alone_and_taken_away_by_nothing(scene):
    async def body(s):
        await admin.create_account(s.store, "acme", BEGIN)
        await admin.set_account(s.store, "acme", default_sender="ACME")
        changed = await admin.set_account(s.store, "acme", on_no_response="hold", numbers=["4179/stop", "4178"])
        assert changed == await settings_of(s.store)
        assert (changed.default_sender, changed.on_no_response) == ("ACME", "hold")
        assert changed.numbers == {("4179", "STOP"), ("4178", "")}

        changed = await admin.set_account(s.store, "acme", default_sender="", numbers=[""])
        assert changed == await settings_of(s.store) == settings.Settings(on_no_response="hold")

    scene(body)


@pytest.mark.parametrize("name", ["notify_url", "inbound_url"])
def test_nothing_is_told_to_private_addresses_unless_that_is_allowed(scene, name):
    async def body(s):
        await admin.create_account(s.store, "acme", BEGIN)
        with pytest.raises(errors.BadValue, match="must not name a private"):
            await admin.set_account(s.store, "acme", **{name: "http://192.168.0.1/reports"})
        assert await settings_of(s.store) == settings.DEFAULTS

        changed = await admin.set_account(s.store, "acme", allow_private=True, **{name: "http://192.168.0.1/reports"})
        assert getattr(changed, name) == "http://192.168.0.1/reports"
        assert await admin.set_account(s.store, "acme", **{name: ""}) == settings.DEFAULTS

    scene(body)


def test_of_settings_that_are_given_together_all_are_changed_or_none(scene):
    async def body(s):
        await admin.create_account(s.store, "acme", BEGIN)
        with pytest.raises(errors.BadValue):
            await admin.set_account(s.store, "acme", default_sender="ACME", price="a lot")

        assert await settings_of(s.store) == settings.DEFAULTS

    scene(body)


def test_an_inbound_number_has_one_owner_and_a_keyword_of_it_too(scene):
    async def body(s):
        for name in ("acme", "other"):
            await admin.create_account(s.store, name, BEGIN)
        await admin.set_account(s.store, "acme", numbers=["4179", "4178/STOP", "*"])

        for taken in ("4179", "4178/stop", "*"):
            with pytest.raises(errors.BadValue, match="acme has it"):
                await admin.set_account(s.store, "other", numbers=["4177", taken])
        await admin.set_account(s.store, "acme", numbers=["4179"])
        await admin.set_account(s.store, "other", numbers=["4178/STOP", "4179/STOP", "*"])

    scene(body)


def test_a_balance_is_topped_up_to_the_millionth_and_taken_from(scene):
    async def body(s):
        account = await admin.create_account(s.store, "acme", BEGIN)
        assert await admin.balance_of(s.store, account.id) == Balance(0, 0)

        await admin.top_up(s.store, "acme", "100", BEGIN)
        await admin.top_up(s.other, "acme", "0.000001", BEGIN)
        assert await admin.top_up(s.store, "acme", "-120.5", BEGIN) == Balance(-20_499_999, 0)
        assert await admin.balance_of(s.store, account.id) == Balance(-20_499_999, 0)
        for amount in ("", "1,5", "1e3", "1.0000001", "NaN", "1234567890", "\u0661"):
            with pytest.raises(errors.BadValue):
                await admin.top_up(s.store, "acme", amount, BEGIN)

    scene(body)


def test_a_top_up_with_a_reference_is_done_once(scene):
    async def body(s):
        await admin.create_account(s.store, "acme", BEGIN)
        for store in (s.store, s.other):
            assert await admin.top_up(store, "acme", "100", BEGIN, "118") == Balance(100_000_000, 0)
        with pytest.raises(errors.ReferenceTaken, match="another amount"):
            await admin.top_up(s.store, "acme", "100.5", BEGIN, "118")
        for reference in ("", "x" * 65, "a\tb"):
            with pytest.raises(errors.BadValue):
                await admin.top_up(s.store, "acme", "1", BEGIN, reference)

    scene(body)


def test_everything_that_is_wrong_with_settings_is_said_at_once(scene):
    async def body(s):
        await admin.create_account(s.store, "acme", BEGIN)
        with pytest.raises(errors.BadSettings) as raised:
            await admin.set_account(s.store, "acme", price="a lot", rate_limit="-1", default_sender="ACME")

        assert raised.value.sentences.keys() == {"price", "rate_limit"}
        assert str(raised.value).startswith("price cannot be 'a lot': it is a decimal")

    scene(body)


def test_a_key_of_unknown_scopes_is_not_made(scene):
    async def body(s):
        await admin.create_account(s.store, "acme", BEGIN)
        with pytest.raises(errors.BadValue, match="sms:manage"):
            await admin.create_key(s.store, "acme", BEGIN, granted=["sms:all"])

        assert await admin.list_keys(s.store, "acme") == []

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
