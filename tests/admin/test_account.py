"""Accounts, as a console manages them."""

import base64
from xml.etree import ElementTree

from admin.conftest import Office, Working

ACME = "accounts/acme"
REPORTS = "/sms/1/reports"


def test_an_account_is_made_once_and_shown(office: Working) -> None:
    async def body(o: Office) -> None:
        made = await o.ask("POST", "accounts", {"name": "new"})

        assert (made.status, made.headers["cache-control"]) == (201, "no-store")
        assert made.json == (await o.ask("GET", "accounts/new")).json
        assert (made.json["name"], made.json["openKeys"], made.json["hasPassword"]) == ("new", 0, False)
        again = await o.ask("POST", "accounts", {"name": "new"})
        assert (again.status, again.refusal["messageId"]) == (409, "CONFLICT")
        assert "there is an account new already" in again.refusal["text"]

    office(body)


def test_a_name_that_cannot_be_is_refused_by_its_field(office: Working) -> None:
    async def body(o: Office) -> None:
        for given in ({}, {"name": None}, {"name": ""}, {"name": "a b"}, {"name": "x" * 65}, {"name": 1}):
            refused = await o.ask("POST", "accounts", given)
            assert (refused.status, [*refused.refusal["validationErrors"]]) == (400, ["name"])

    office(body)


def test_accounts_are_listed_by_name_in_pages(office: Working) -> None:
    async def body(o: Office) -> None:
        for name in ("Zoe", "b", "a.b"):
            assert (await o.ask("POST", "accounts", {"name": name})).status == 201
        names, after = [], ""
        while after is not None:
            page = (await o.ask("GET", f"accounts?limit=2&after={after}")).json
            assert 0 < len(page["accounts"]) <= 2
            names += [account["name"] for account in page["accounts"]]
            after = page["next"]

        assert names == sorted(["Zoe", "b", "a.b", "acme", "ops"])
        assert (await o.ask("GET", "accounts?limit=5")).json["next"] is None
        counts = {one["name"]: one["openKeys"] for one in (await o.ask("GET", "accounts")).json["accounts"]}
        assert counts["acme"] == counts["ops"] == 1

    office(body)


def test_in_a_change_what_is_absent_stays_and_null_takes_away(office: Working) -> None:
    async def body(o: Office) -> None:
        first = {"defaultSender": "ACME", "price": "0.0125", "rateLimit": 5, "prepaid": True, "numbers": ["4179/stop"]}
        changed = await o.ask("PATCH", ACME, {"settings": first})
        assert changed.status == 200
        settings = changed.json["settings"]
        assert settings == (await o.ask("GET", ACME)).json["settings"]
        assert {name: settings[name] for name in first} == {**first, "numbers": ["4179/STOP"]}

        second = {"defaultSender": None, "numbers": [], "prepaid": False, "rateLimit": None}
        settings = (await o.ask("PATCH", ACME, {"settings": second})).json["settings"]
        assert (settings["defaultSender"], settings["numbers"], settings["prepaid"]) == (None, [], False)
        assert (settings["rateLimit"], settings["price"]) == (0, "0.0125")
        assert (await o.ask("PATCH", ACME, {})).json["settings"] == settings

    office(body)


def test_everything_that_is_wrong_with_a_change_is_said_at_once_and_nothing_is_changed(office: Working) -> None:
    async def body(o: Office) -> None:
        settings = {"defaultSender": "?" * 40, "price": "a lot", "rateLimit": -1, "notifyUrl": "https://ok.example"}
        refused = await o.ask("PATCH", ACME, {"settings": settings})

        assert refused.status == 400
        errors = refused.refusal["validationErrors"]
        assert errors.keys() == {"settings.defaultSender", "settings.price", "settings.rateLimit"}
        assert errors["settings.price"] == ["cannot be 'a lot': it is a decimal from 0 to 1000 with at most 6 places"]
        assert (await o.ask("GET", ACME)).json["settings"]["notifyUrl"] is None

        wrong = {"settings": {"rateLimit": "5", "numbers": "4179"}, "name": "other"}
        errors = (await o.ask("PATCH", ACME, wrong)).refusal["validationErrors"]
        assert errors.keys() == {"settings.rateLimit", "settings.numbers", "name"}

    office(body)


def test_a_setting_that_nobody_knows_is_refused_and_not_passed_over(office: Working) -> None:
    async def body(o: Office) -> None:
        refused = await o.ask("PATCH", ACME, {"settings": {"allowedSender": ["ACME"], "defaultSender": "ACME"}})
        assert (refused.status, [*refused.refusal["validationErrors"]]) == (400, ["settings.allowedSender"])
        document = b"<change><settings><allowedSender>ACME</allowedSender></settings></change>"
        refused = await o.ask("PATCH", ACME, document, Content_Type="application/xml")
        assert (refused.status, [*refused.refusal["validationErrors"]]) == (400, ["settings.allowedSender"])

        assert (await o.ask("GET", ACME)).json["settings"]["defaultSender"] is None

    office(body)


def test_a_number_of_another_account_is_refused_by_its_field(office: Working) -> None:
    async def body(o: Office) -> None:
        assert (await o.ask("PATCH", ACME, {"settings": {"numbers": ["4179"]}})).status == 200
        refused = await o.ask("PATCH", "accounts/ops", {"settings": {"numbers": ["4179"]}})

        assert refused.status == 400
        [sentence] = refused.refusal["validationErrors"]["settings.numbers"]
        assert "the account acme has it" in sentence

    office(body)


def test_a_change_may_be_written_in_xml_and_so_may_its_answer(office: Working) -> None:
    async def body(o: Office) -> None:
        xml = {"Content_Type": "application/xml", "Accept": "application/xml"}
        document = b"<c><settings><defaultSender>ACME</defaultSender><prepaid>true</prepaid></settings></c>"
        root = ElementTree.fromstring((await o.ask("PATCH", ACME, document, **xml)).body)
        assert (root.tag, root.findtext("settings/defaultSender")) == ("AccountShape", "ACME")
        assert root.findtext("settings/prepaid") == "true"

        document = b"<c><settings><defaultSender/></settings></c>"
        root = ElementTree.fromstring((await o.ask("PATCH", ACME, document, **xml)).body)
        assert (root.findtext("settings/defaultSender"), root.findtext("settings/prepaid")) == (None, "true")
        listed = ElementTree.fromstring((await o.ask("GET", "accounts", Accept="application/xml")).body)
        assert [one.text for one in listed.findall("accounts/account/name")] == ["acme", "ops"]

    office(body)


def test_a_changed_setting_holds_for_the_very_next_request(office: Working) -> None:
    async def body(o: Office) -> None:
        assert (await o.ask("PATCH", ACME, {"settings": {"defaultSender": "ACME"}})).status == 200
        [answer] = (await o.acme.send({"text": "A", "destinations": [{"to": "41793026727"}]})).messages

        [submit] = await o.house.submitted(1)
        assert (answer["status"]["id"], submit.fields["source_addr"]) == (7, "ACME")

    office(body)


def test_a_new_password_holds_at_once_and_ends_the_sessions_of_the_old_one(office: Working) -> None:
    async def body(o: Office) -> None:
        assert (await o.ask("PUT", f"{ACME}/password", {"password": "first"})).json["hasPassword"] is True
        assert (await o.acme.request("GET", REPORTS, Authorization=basic("acme:first"))).status == 200
        opened = await o.acme.request("POST", "/auth/1/session", {"username": "acme", "password": "first"})
        session = f"IBSSO {opened.json['token']}"
        assert (await o.acme.request("GET", REPORTS, Authorization=session)).status == 200

        assert (await o.ask("PUT", f"{ACME}/password", {"password": "second"})).status == 200
        assert (await o.acme.request("GET", REPORTS, Authorization=basic("acme:first"))).status == 401
        assert (await o.acme.request("GET", REPORTS, Authorization=session)).status == 401
        assert (await o.acme.request("GET", REPORTS, Authorization=basic("acme:second"))).status == 200

    office(body)


def test_a_password_that_cannot_be_is_refused_by_its_field(office: Working) -> None:
    async def body(o: Office) -> None:
        for secret in (None, "", "x" * 1025, "a\0b", 5):
            refused = await o.ask("PUT", f"{ACME}/password", {"password": secret})
            assert (refused.status, [*refused.refusal["validationErrors"]]) == (400, ["password"])

    office(body)


def basic(pair: str) -> str:
    return f"Basic {base64.b64encode(pair.encode()).decode()}"
