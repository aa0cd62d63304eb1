"""Blocklists, as a console manages them."""

from admin.conftest import Office, Working

BLOCKED = "accounts/acme/blocked"


async def everything(o: Office, kind: str, limit: int) -> list[str]:
    found: list[str] = []
    after: str | None = ""
    while after is not None:
        page = (await o.ask("GET", f"{BLOCKED}?kind={kind}&limit={limit}&after={after}")).json
        assert page["values"], "a page that leads nowhere"
        found += page["values"]
        after = page["next"]
    return found


def test_what_is_blocked_is_listed_in_pages_and_let_pass_again(office: Working) -> None:
    async def body(o: Office) -> None:
        numbers = [f"4179302672{n}" for n in range(5)]
        given = {"recipients": ["+41 79 302 67 20", *numbers, "4190*"], "senders": ["BANK", "A,B"]}
        assert (await o.ask("POST", BLOCKED, given)).json == {"changed": 8}
        assert (await o.ask("POST", BLOCKED, given)).json == {"changed": 0}
        for limit in (1, 2, 3, 6, 50):
            assert sorted(await everything(o, "recipient", limit)) == sorted([*numbers, "4190*"])
        assert await everything(o, "sender", 50) == ["a,b", "bank"]

        gone = await o.ask("DELETE", BLOCKED, {"recipients": ["4190*", "41790000000"], "senders": ["Bank", "A,B"]})
        assert (gone.status, gone.json) == (200, {"changed": 3})
        assert await everything(o, "recipient", 50) == numbers
        assert (await o.ask("GET", f"{BLOCKED}?kind=sender")).json["values"] == []

    office(body)


def test_what_is_blocked_is_refused_to_the_very_next_request(office: Working) -> None:
    async def body(o: Office) -> None:
        message = {"text": "A", "from": "BANK", "destinations": [{"to": "41793026727"}]}
        for given, status in (({"recipients": ["4179*"]}, 14), ({"senders": ["BANK"]}, 13)):
            [before] = (await o.acme.send(message)).messages
            assert (await o.ask("POST", BLOCKED, given)).json == {"changed": 1}
            [after] = (await o.acme.send(message)).messages
            assert (before["status"]["id"], after["status"]["id"]) == (7, status)

            assert (await o.ask("DELETE", BLOCKED, given)).json == {"changed": 1}

    office(body)


def test_every_value_that_cannot_be_is_named_and_nothing_is_changed(office: Working) -> None:
    async def body(o: Office) -> None:
        for method in ("POST", "DELETE"):
            wrong = {"recipients": ["41793026727", "mother"], "senders": ["", "x" * 20]}
            refused = await o.ask(method, BLOCKED, wrong)
            assert refused.status == 400
            assert refused.refusal["validationErrors"].keys() == {"recipients[1]", "senders[0]", "senders[1]"}
        assert (await o.ask("GET", BLOCKED)).json == {"values": [], "next": None}

    office(body)


def test_a_request_names_one_value_at_least_and_ten_thousand_at_most(office: Working) -> None:
    async def body(o: Office) -> None:
        for given in ({}, {"recipients": []}, {"recipients": ["41793026727"] * 10_001}):
            refused = await o.ask("POST", BLOCKED, given)
            assert (refused.status, [*refused.refusal["validationErrors"]]) == (400, ["body"])
        refused = await o.ask("GET", f"{BLOCKED}?kind=both")
        assert (refused.status, [*refused.refusal["validationErrors"]]) == (400, ["kind"])

    office(body)
