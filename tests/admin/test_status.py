"""How the gateway is, as a console shows it."""

from admin.conftest import Office, Working
from e2e.gateway import message
from heliograph.sms.schedule import parse_instant, render_instant


def test_the_status_shows_links_and_what_waits(office: Working) -> None:
    async def body(o: Office) -> None:
        await o.house.bound()
        later = render_instant(o.house.dial.now() + 3_600_000)
        assert (await o.acme.send(message(), message(sendAt=later))).status == 200
        await o.house.submitted(1)

        shown = (await o.ask("GET", "status")).json
        while shown["queues"]["reportsToPull"] == 0:
            shown = (await o.ask("GET", "status")).json

        assert (shown["ready"], shown["store"]) == (True, "up")
        [link] = shown["links"]
        assert (link["smsc"], link["link"], link["bound"], link["problem"]) == ("north", "north/1", True, None)
        assert parse_instant(link["since"]) <= o.house.dial.now()
        queues = {"waitingMessages": 1, "takenMessages": 0, "reportsToPush": 0, "reportsToPull": 1}
        assert shown["queues"] == queues

    office(body)


def test_a_link_that_is_not_bound_says_why(office: Working) -> None:
    async def body(o: Office) -> None:
        await o.house.bound()
        await o.house.simulator.stop()
        [link] = (await o.ask("GET", "status")).json["links"]
        while link["bound"]:
            [link] = (await o.ask("GET", "status")).json["links"]

        assert link["problem"]

    office(body)
