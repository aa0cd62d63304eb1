"""What time does to messages: sendAt, delivery windows, validity, speed limits. The clock is turned, not waited for."""

from typing import Any

from e2e.conftest import Living
from e2e.gateway import TO, Dial, House, instant, message, named, until

HOUR = 3600
NOON = 1_790_078_400_000  # 2026-09-22T12:00:00Z, a Tuesday
PATIENT = "enquire_link_seconds = 9000000\ninactivity_seconds = 9000001\nresponse_seconds = 9000000"


def test_a_message_with_a_send_at_leaves_within_a_second_of_it(live: Living) -> None:
    async def body(h: House) -> None:
        send_at = h.dial.now() + HOUR * 1000
        [entry] = (await h.customer.send(message(sendAt=instant(send_at)))).messages
        assert (entry["status"]["id"], "smsCount" in entry) == (26, False)
        await h.is_idle()
        assert len(h.submits) == 1

        h.dial.turn(HOUR - 60)
        await h.is_idle()
        assert len(h.submits) == 2

        h.dial.turn((send_at - h.dial.now()) / 1000)
        await h.submitted(3)
        assert 0 <= h.dial.now() - send_at < 1000
        assert h.submits[2].fields["destination_addr"] == TO

    live(body, smsc=PATIENT)


def test_a_message_waits_for_its_window_to_open(live: Living) -> None:
    window = {"days": ["TUESDAY"], "from": {"hour": 14, "minute": 0}, "to": {"hour": 15, "minute": 0}}

    async def body(h: House) -> None:
        [entry] = (await h.customer.send(message(deliveryTimeWindow=window))).messages
        assert entry["status"]["id"] == 26
        h.dial.turn(2 * HOUR - 60)
        await h.is_idle()
        assert len(h.submits) == 1
        h.dial.turn(60)
        await h.submitted(2)

    live(body, dial=Dial(NOON), smsc=PATIENT)


def test_a_window_that_cannot_open_in_time_is_reported_and_never_sent(live: Living) -> None:
    async def body(h: House) -> None:
        closed = {"days": ["MONDAY"]}
        [entry] = (await h.customer.send(message(deliveryTimeWindow=closed, validityPeriod=60))).messages
        assert entry["status"]["id"] == 26
        [report] = await h.customer.pulled(1)
        assert (report["status"]["id"], report["error"]["id"]) == (15, 4100)
        assert h.submits == []

    live(body, dial=Dial(NOON))


def test_what_no_smsc_took_before_its_validity_ended_is_reported_as_expired(live: Living) -> None:
    async def body(h: House) -> None:
        await h.bound()
        await h.simulator.stop()
        await until(lambda: not h.gateway.pool.status()[0]["bound"])
        one = message(destinations=named(TO, "m"), validityPeriod=720, notifyUrl=h.sink.url())
        await h.customer.send(one)
        h.dial.turn(720 * 60)
        [report] = await h.told(1)
        assert (report["messageId"], report["status"]["name"]) == ("m", "EXPIRED_EXPIRED")
        assert (report["error"]["id"], "sentAt" in report) == (4100, False)

    live(body)


def test_what_the_smsc_never_reported_on_is_given_up_after_validity_and_grace(live: Living) -> None:
    async def body(h: House) -> None:
        await h.customer.send(message(text="!noreceipt", validityPeriod=1))
        await until(lambda: h.gateway.watch.sent_segments["north"] == 1)
        h.dial.turn(61)
        await h.is_idle()
        assert [r["to"] for r in await h.customer.pulled(1)] == ["41790009999"]
        h.dial.turn(600)
        [report] = await h.customer.pulled(1)
        assert (report["status"]["id"], report["error"]["id"]) == (29, 4101)

    live(body, smsc=PATIENT)


def test_the_wire_says_what_is_left_of_the_validity(live: Living) -> None:
    async def body(h: House) -> None:
        await h.customer.send(message(validityPeriod=720), message(), message(validityPeriod=100_000))
        periods = [submit.fields["validity_period"] for submit in await h.submitted(3)]
        assert periods[0] in ("000000120000000R", "000000115959000R")
        assert all(period in ("000002000000000R", "000001235959000R") for period in periods[1:])

    live(body)


def test_a_bulk_with_a_speed_limit_is_spread_evenly_and_delays_nobody_else(live: Living) -> None:
    async def body(h: House) -> None:
        limit = {"amount": 1, "timeUnit": "HOUR"}
        recipients = [f"4179300000{number}" for number in range(4)]
        reply = await h.customer.send(message(*recipients), bulkId="slow", sendingSpeedLimit=limit)
        assert [entry["status"]["id"] for entry in reply.messages] == [7] * 4

        def gone() -> list[Any]:
            return [s.fields["destination_addr"] for s in h.submits if s.fields["destination_addr"] in recipients]

        for hour in range(4):
            await until(lambda: len(gone()) == hour + 1)  # noqa: B023 - awaited before the next hour
            await h.is_idle()
            h.dial.turn(HOUR / 2)
            await h.is_idle()
            assert gone() == recipients[: hour + 1]
            h.dial.turn(HOUR / 2)

    live(body, smsc=PATIENT)


def test_the_speed_limit_of_an_smsc_is_obeyed(live: Living) -> None:
    async def body(h: House) -> None:
        await h.customer.send(message(*[f"4179300{number:04}" for number in range(60)]))
        began = h.dial.monotonic()
        await h.submitted(60)
        # 4 may leave at once (one, and a tenth of a second's worth), and 56 more need 56 / 30 seconds.
        assert h.dial.monotonic() - began > 1.7

    live(body, smsc="submits_per_second = 30")
