"""What the gateway tells of itself: metrics that Prometheus reads, and logs that never hold what a message says."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families

from e2e.gateway import House, house, message, until
from heliograph.observe import Watch, render_metrics, set_up_logs
from heliograph.simulator.behaviour import Behaviour
from heliograph.store.settling import Sent

NOBODY: list[dict[str, Any]] = []
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(watch: Watch, links: list[dict[str, Any]]) -> Samples:
    """Every sample, by its name and labels; the parser refuses what is not Prometheus' format."""
    families = text_string_to_metric_families(render_metrics(watch, lambda: links).decode())
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


COUNTERS = [
    "messages_accepted", "messages_ended", "messages_inbound", "inbound_incomplete", "inbound_unowned",
    "inbound_pushed", "inbound_pulled", "reports_pushed", "reports_pulled", "pushes_failed", "reports_written_off",
    "short_links_followed", "clicks_stored", "clicks_pushed", "clicks_lost", "conversions",
]  # fmt: skip


def test_a_gateway_that_has_done_nothing_says_so() -> None:
    assert samples(Watch(), NOBODY) == {(f"heliograph_{name}_total", ()): 0 for name in COUNTERS}


def test_everything_that_happens_is_counted() -> None:
    watch = Watch()
    watch.accepted([1, 2, 3], [51, 8, 51])
    watch.accepted([4], [])
    watch.submitted("north", ["a", "b"])
    watch.submitted("south", ["c"])
    watch.sent([Sent(1, 1, "north", "x", 7), Sent(2, 1, "north", None, 7)])
    watch.refused("north", "ESME_RTHROTTLED")
    watch.refused("north", "ESME_RTHROTTLED")
    watch.received(["receipt"] * 4, 2, applied=2, kept=1, late=1)
    watch.pushed("https://customer.example", ["r"] * 3, None)
    watch.pushed("https://customer.example", ["r"] * 5, "answered 500")
    watch.written_off(7)
    watch.finished(5)
    watch.pulled(6)
    watch.incomplete(8)
    watch.unowned(9)
    watch.pushed_inbound("https://customer.example", ["m"] * 11, None)
    watch.pushed_inbound("https://customer.example", ["m"] * 12, "answered 500")
    watch.collected(13)
    for tell, times in ((watch.followed, 14), (watch.clicked, 15), (watch.lost_click, 16), (watch.converted, 17)):
        for _ in range(times):
            tell()
    watch.pushed_click("https://customer.example", ["c"], None)
    watch.pushed_click("https://customer.example", ["c"], "answered 500")

    found = samples(watch, NOBODY)
    assert {(name.removeprefix("heliograph_"), *labels): value for (name, labels), value in found.items()} == {
        ("messages_accepted_total",): 4,
        ("destinations_refused_total", ("status", "51")): 2,
        ("destinations_refused_total", ("status", "8")): 1,
        ("segments_submitted_total", ("smsc", "north")): 2,
        ("segments_submitted_total", ("smsc", "south")): 1,
        ("segments_sent_total", ("smsc", "north")): 2,
        ("segments_refused_total", ("smsc", "north"), ("status", "ESME_RTHROTTLED")): 2,
        ("receipts_total", ("result", "applied")): 2,
        ("receipts_total", ("result", "kept")): 1,
        ("receipts_total", ("result", "late")): 1,
        ("messages_ended_total",): 5,
        ("messages_inbound_total",): 2 + 8,
        ("inbound_incomplete_total",): 8,
        ("inbound_unowned_total",): 9,
        ("inbound_pushed_total",): 11,
        ("inbound_pulled_total",): 13,
        ("reports_pushed_total",): 3,
        ("pushes_failed_total",): 1 + 1 + 1,
        ("reports_written_off_total",): 7,
        ("reports_pulled_total",): 6,
        ("short_links_followed_total",): 14,
        ("clicks_stored_total",): 15,
        ("clicks_lost_total",): 16,
        ("conversions_total",): 17,
        ("clicks_pushed_total",): 1,
    }  # fmt: skip


def test_links_are_gauges_with_the_name_of_their_smsc() -> None:
    links = [
        {"smsc": "north", "link": "north/1", "bound": True, "claimed": 7, "window": 10},
        {"smsc": 'a "b"\\', "link": "x\ny", "bound": False, "claimed": 0, "window": 10},
    ]
    north, odd = (("link", "north/1"), ("smsc", "north")), (("link", "x\ny"), ("smsc", 'a "b"\\'))

    found = samples(Watch(), links)

    assert found["heliograph_link_bound", north] == 1
    assert found["heliograph_link_claimed", north] == 7
    assert found["heliograph_link_bound", odd] == 0


@pytest.fixture
def logs() -> Iterator[None]:
    """Logs are afterwards as they were."""
    yield
    structlog.reset_defaults()


def test_an_event_is_one_line_whatever_it_holds(logs: None, capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("info")

    structlog.get_logger("one").warning("link", link="north/1", problem='cannot "connect"\nlevel=error event=forged')

    out, err = capsys.readouterr()
    [line] = err.splitlines()
    assert out == ""
    assert line.startswith("timestamp=20")
    assert ' level=warning event=link link=north/1 problem="cannot \\"connect\\"' in line


@pytest.mark.parametrize(
    ("level", "quiet", "told"),
    [
        ("debug", False, ["debug", "info", "warning", "error"]),
        ("info", False, ["info", "warning", "error"]),
        ("warning", False, ["warning", "error"]),
        ("error", False, ["error"]),
        ("debug", True, ["error"]),
    ],
)
def test_what_is_below_the_level_is_not_logged(
    logs: None, capsys: pytest.CaptureFixture[str], level: str, quiet: bool, told: list[str]
) -> None:
    set_up_logs(level, quiet=quiet)
    log = structlog.get_logger("one")

    for name in ("debug", "info", "warning", "error"):
        getattr(log, name)("something")

    assert [line.split("level=")[1].split()[0] for line in capsys.readouterr().err.splitlines()] == told


TEXT = "Meet me at the old mill"
CALLBACK = "callback-of-the-customer"


async def provoke(h: House) -> None:
    """Whatever makes the gateway speak: refusals, lost links, failing webhooks, inbound messages, bad requests."""

    async def fail(request: web.Request) -> web.Response:
        return web.Response(status=500)

    h.sink.answering["/failing"] = fail
    told = {"notifyUrl": h.sink.url("/failing"), "callbackData": CALLBACK}
    await h.bound()
    await h.customer.send(message(text=TEXT, **told), message("12", text=TEXT), message(text=TEXT * 20, **told))
    await h.customer.send(message(text=TEXT, **{"from": "far too long a sender"}))
    await h.customer.request("POST", "/sms/1/binary/advanced", TEXT.encode())
    await h.submitted(3)
    h.simulator.deliver(source_addr="41793026727", short_message=TEXT.encode())
    h.simulator.deliver(esm_class=4, short_message=f"stat:DELIVRD text:{TEXT}".encode())
    await until(lambda: h.gateway.watch.inbound_messages == 1)
    await until(lambda: h.gateway.watch.failed_pushes >= 1)
    h.simulator.drop_links()
    await until(lambda: not h.gateway.pool.status()[0]["bound"])


def test_no_log_holds_what_a_message_says_nor_a_secret(
    logs: None, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    async def body() -> str:
        set_up_logs("debug")
        async with house(tmp_path, behaviour=Behaviour(receipt_delay=0.0, refuse_every=2, refuse_status=0x0B)) as h:
            await provoke(h)
            return h.customer.key

    key = asyncio.run(body())

    out, err = capsys.readouterr()
    assert "webhook failed" in err
    assert "receipt without an id" in err
    assert "link bound" in err
    for secret in (TEXT, TEXT.encode().hex(), TEXT[:8], CALLBACK, key, "password", "/failing"):
        assert secret not in out + err, secret
