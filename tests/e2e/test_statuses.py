"""Every status and every error of its own that the gateway gives, produced by what a customer, an SMSC or time does."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from e2e.conftest import Living
from e2e.gateway import TO, Dial, House, instant, message, until
from heliograph.accounts import admin, blocklist

NOON = 1_790_078_400_000  # 2026-09-22T12:00:00Z, a Tuesday
BLOCKED = "41790000001"
PATIENT = "enquire_link_seconds = 9000000\ninactivity_seconds = 9000001\nresponse_seconds = 9000000\nwindow = 50"


class Case(NamedTuple):
    """What is asked for, and what becomes of it in the end."""

    message: dict[str, Any]
    status: int
    error: int
    answer: int = 7


def text(words: str, **more: Any) -> dict[str, Any]:
    return message(text=words, **more)


PRODUCED: dict[str, Case] = {
    "delivered": Case(text("A"), 5, 0),
    "rejected": Case(text("!receipt=REJECTD"), 4, 255),
    "undelivered": Case(text("!receipt=UNDELIV"), 9, 32),
    "deleted": Case(text("!receipt=DELETED"), 9, 4100),
    "expired at the SMSC": Case(text("!receipt=EXPIRED"), 15, 4101),
    "unknown to the SMSC": Case(text("!receipt=UNKNOWN"), 29, 255),
    "an unknown number": Case(text("!status=0x0B"), 4, 1),
    "an unknown alphabet": Case(text("!status=0x104"), 4, 71),
    "a bad field": Case(text("!status=0x0A"), 4, 4096),
    "no receipt": Case(text("!noreceipt", validityPeriod=1), 29, 4101),
    "no answer": Case(text("!noanswer", validityPeriod=1), 15, 502),
    "closed hours": Case(text("A", deliveryTimeWindow={"days": ["MONDAY"]}, validityPeriod=60), 15, 4100, 26),
    "later": Case(text("A", sendAt=instant(NOON + 60_000)), 5, 0, 26),
    "short": Case(message("4179"), 8, 351, 8),
    "a bad sender": Case(message(**{"from": "twelve chars"}), 11, 368, 11),
    "a bad UDH": Case(text("A", binary={"esmClass": 64}), 24, 4096, 24),
    "too long": Case(text("A" * 4001), 25, 355, 25),
    "nobody": Case(message(""), 51, 352, 51),
    "no number": Case(message("mother"), 52, 351, 52),
    "known": Case(message(), 23, 5492, 23),
}


def of(name: str, one: dict[str, Any]) -> dict[str, Any]:
    """The same with its name as the messageId."""
    return one | {"destinations": [{**destination, "messageId": name} for destination in one["destinations"]]}


async def send(h: House, name: str, one: dict[str, Any]) -> int:
    [entry] = (await h.customer.send(of(name, one))).messages
    return int(entry["status"]["id"])


async def logged(h: House) -> dict[str, tuple[int, int]]:
    """What the log says in the end: status and error, by messageId."""
    found = (await h.customer.request("GET", "/sms/1/logs?limit=1000")).json["results"]
    return {one["messageId"]: (one["status"]["id"], one["error"]["id"]) for one in found}


async def change(h: House, **settings: Any) -> None:
    await admin.set_account(h.gateway.store, "acme", **settings)
    await h.gateway.gate.load()


def test_whatever_becomes_of_a_message_has_its_status_and_its_error(live: Living) -> None:
    async def body(h: House) -> None:
        names = [name for name in PRODUCED if name != "known"]
        answers = {name: await send(h, name, PRODUCED[name].message) for name in names}
        answers["known"] = await send(h, "delivered", PRODUCED["known"].message)
        assert answers == {name: case.answer for name, case in PRODUCED.items()}
        await until(lambda: h.gateway.watch.sent_segments["north"] >= 7)
        assert (await logged(h))["no receipt"] == (3, 0)
        h.dial.turn(61)
        await until(lambda: h.gateway.watch.receipts["applied"] >= 7)
        h.dial.turn(700)
        await h.customer.pulled(sum(case.answer in (7, 26) for case in PRODUCED.values()))

        wanted = {name: (case.status, case.error) for name, case in PRODUCED.items() if name != "known"}
        found = (await h.customer.request("GET", "/sms/1/logs?limit=1000")).json["results"]
        told = [(one["messageId"], one["status"]["id"], one["error"]["id"]) for one in found]
        assert sorted(told) == sorted([("delivered", 23, 5492), *((name, *ids) for name, ids in wanted.items())])

    live(body, dial=Dial(NOON), smsc=PATIENT)


def test_what_the_settings_of_an_account_refuse_has_its_status_and_its_error(live: Living) -> None:
    async def body(h: House) -> None:
        store = h.gateway.store
        await change(h, allowed_senders=["SMSC", "BANK"])
        await blocklist.block(store, "acme", "recipient", ["4179000000*"])
        await blocklist.block(store, "acme", "sender", ["bank"])
        await h.gateway.gate.load()
        assert await send(h, "not allowed", message(**{"from": "OTHER"})) == 11
        assert await send(h, "a blocked sender", message(**{"from": "BANK"})) == 13
        assert await send(h, "a blocked recipient", message(BLOCKED)) == 14
        await change(h, flood_identical="1", flood_different="2")
        assert await send(h, "first", text("1")) == 7
        assert await send(h, "the same", text("1")) == 20
        assert await send(h, "another", text("2")) == 7
        assert await send(h, "a third", text("3")) == 20
        await change(h, flood_identical="", flood_different="", price="1.5", prepaid="true")
        assert await send(h, "too poor", message()) == 12
        await admin.top_up(store, "acme", "2", h.dial.now())
        assert await send(h, "paid", message()) == 7
        await h.customer.pulled(3)

        assert await logged(h) == {
            "not allowed": (11, 368),
            "a blocked sender": (13, 2053),
            "a blocked recipient": (14, 2052),
            "first": (5, 0),
            "the same": (20, 4104),
            "another": (5, 0),
            "a third": (20, 4103),
            "too poor": (12, 542),
            "paid": (5, 0),
        }
        assert (await h.customer.request("GET", "/account/1/balance")).json == {"balance": 0.5, "currency": "EUR"}

    live(body)


def test_a_canceled_bulk_was_not_sent(live: Living) -> None:
    async def body(h: House) -> None:
        await h.customer.send(message(sendAt=instant(h.dial.now() + 3_600_000)), bulkId="bulk")
        status = await h.customer.request("PUT", "/sms/1/bulks/status?bulkId=bulk", {"status": "CANCELED"})
        assert status.status == 200
        [report] = await h.customer.pulled(1)
        assert (report["status"]["id"], report["error"]["id"]) == (31, 4100)

    live(body)


def test_an_smsc_that_accepts_for_good_is_the_operator(live: Living) -> None:
    async def body(h: House) -> None:
        await h.customer.send(text("!receipt=ACCEPTD"))
        [report] = await h.customer.pulled(1)
        assert (report["status"]["id"], report["error"]["id"]) == (2, 0)

    live(body, dialect="acceptd_final = true")


def test_without_a_route_nothing_is_taken(live: Living) -> None:
    async def body(h: House) -> None:
        assert await send(h, "nowhere", message()) == 19
        assert await logged(h) == {"nowhere": (19, 4102)}

    live(body, routed=False)


# Of two reasons in one message, the first one is told. A pair a line, as docs/reference/api.md has the order.
ORDER: list[tuple[dict[str, Any], int]] = [
    (message("", text="A" * 4001, **{"from": "twelve chars"}), 25),
    (message("", text="A", binary={"esmClass": 64}, **{"from": "twelve chars"}), 24),
    (message("", **{"from": "twelve chars"}), 11),
    (message("", **{"from": "OTHER"}), 11),
    (message("", **{"from": "BANK"}), 13),
    (message("4179"), 8),
    (message(BLOCKED, text="again"), 14),
    (message(text="again"), 23),
    (message(text="again", destinations=[{"to": TO, "messageId": "new"}]), 20),
    (message(text="other", destinations=[{"to": TO, "messageId": "newer"}]), 12),
]


@pytest.mark.parametrize("prefix", ["41790000*", BLOCKED])
def test_of_several_reasons_the_first_is_told(live: Living, prefix: str) -> None:
    async def body(h: House) -> None:
        await change(h, price="1", flood_identical="1", allowed_senders=["SMSC", "BANK"], prepaid="true")
        await admin.top_up(h.gateway.store, "acme", "1", h.dial.now())
        await blocklist.block(h.gateway.store, "acme", "recipient", [prefix])
        await blocklist.block(h.gateway.store, "acme", "sender", ["BANK"])
        await h.gateway.gate.load()
        assert await send(h, "used", text("again")) == 7

        for one, status in ORDER:
            named = one if "messageId" in one["destinations"][0] else of("used", one)
            [entry] = (await h.customer.send(named)).messages
            assert (entry["status"]["id"], entry.get("messageId")) == (status, named["destinations"][0]["messageId"])

    live(body)
