"""The vocabulary of settings and scopes, from which a console makes its forms."""

from admin.conftest import Office, Working
from heliograph.accounts.scopes import SCOPES
from heliograph.accounts.settings import RULES, Settings
from heliograph.admin import setting


def test_every_setting_and_every_scope_is_described(office: Working) -> None:
    async def body(o: Office) -> None:
        shown = (await o.ask("GET", "settings")).json
        account = (await o.ask("GET", "accounts/acme")).json

        assert [one["name"] for one in shown["settings"]] == [*account["settings"]]
        assert {one["name"]: one["opens"] for one in shown["scopes"]} == SCOPES
        types = {one["name"]: one["type"] for one in shown["settings"]}
        assert (types["defaultSender"], types["rateLimit"], types["prepaid"]) == ("string", "integer", "boolean")
        assert (types["price"], types["numbers"], types["allowedSenders"]) == ("string", "list", "list")
        assert all(one["means"] and one["takes"] for one in shown["settings"])

    office(body)


def test_a_change_of_nothing_names_nothing_and_null_is_an_empty_text() -> None:
    assert setting.named(setting.SettingsChange()) == {}
    assert setting.named(setting.SettingsChange(price=None, prepaid=False, rate_limit=7, numbers=["4179"])) == {
        "price": "",
        "prepaid": "false",
        "rate_limit": "7",
        "numbers": ["4179"],
    }


def test_what_an_account_has_is_shown_as_it_is_written() -> None:
    shown = setting.shown(Settings(price=12_500, numbers=frozenset({("4179", "STOP")})))

    assert (shown.price, shown.numbers) == ("0.0125", ["4179/STOP"])
    assert set(RULES) == set(shown.__struct_fields__)
