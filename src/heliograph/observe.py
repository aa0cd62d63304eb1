"""What can be seen from outside: counters, and who watches live.

Rule 1: ids, states and numbers. Never the text of a message, an octet of a body, a key or the query of a URL.
Rule 2: one call a batch, never one a message.
"""

from __future__ import annotations

import logging
import sys
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric


class Watch:
    """What happens, as it happens. This one counts; whoever wants to see more overrides."""

    def __init__(self) -> None:
        self.accepted_messages = 0
        self.refused_destinations: Tally[int] = Tally()
        self.submitted_segments: Tally[str] = Tally()
        self.sent_segments: Tally[str] = Tally()
        self.refused_segments: Tally[tuple[str, str]] = Tally()
        self.receipts: Tally[str] = Tally()
        self.inbound_messages = 0
        self.incomplete_messages = 0
        self.unowned_messages = 0
        self.pushed_messages = 0
        self.collected_messages = 0
        self.finished_messages = 0
        self.pushed_reports = 0
        self.failed_pushes = 0
        self.written_off_reports = 0
        self.pulled_reports = 0
        self.followed_links = 0
        self.stored_clicks = 0
        self.pushed_clicks = 0
        self.lost_clicks = 0
        self.conversions = 0

    def accepted(self, keys: Sequence[int], refused: Iterable[int]) -> None:
        """A request is stored: the keys of its messages, and the status ids of the destinations that were refused."""
        self.accepted_messages += len(keys)
        self.refused_destinations.update(refused)

    def submitted(self, smsc: str, tokens: Sequence[Any]) -> None:
        """submit_sm left for an SMSC: (job, part) each."""
        self.submitted_segments[smsc] += len(tokens)

    def sent(self, sent: Sequence[Any]) -> None:
        """An SMSC took segments, and that is committed: store.settling.Sent each."""
        for one in sent:
            self.sent_segments[one.smsc] += 1

    def refused(self, smsc: str, status: str) -> None:
        """An SMSC refused a segment with a command_status."""
        self.refused_segments[smsc, status] += 1

    def finished(self, messages: int) -> None:
        """Messages ended without a receipt: refused for good, or expired."""
        self.finished_messages += messages

    def received(self, receipts: Sequence[Any], inbound: int, applied: int, kept: int, late: int) -> None:
        """An SMSC's deliveries are committed."""
        self.receipts.update({"applied": applied, "kept": kept, "late": late})
        self.inbound_messages += inbound

    def pushed(self, url: str, reports: Sequence[Any], problem: str | None) -> None:
        """A POST ended: taken (no problem), or not."""
        if problem is None:
            self.pushed_reports += len(reports)
        else:
            self.failed_pushes += 1

    def written_off(self, reports: int) -> None:
        """Reports fell due while their host was left alone: each counts as tried."""
        self.written_off_reports += reports

    def incomplete(self, messages: int) -> None:
        """Inbound messages whose other parts did not come in time."""
        self.incomplete_messages += messages
        self.inbound_messages += messages

    def unowned(self, messages: int) -> None:
        """Inbound messages were looked at for the first time, and nobody owns them."""
        self.unowned_messages += messages

    def pushed_inbound(self, url: str, messages: Sequence[Any], problem: str | None) -> None:
        """A POST of inbound messages ended: taken (no problem), or not."""
        if problem is None:
            self.pushed_messages += len(messages)
        else:
            self.failed_pushes += 1

    def collected(self, messages: int) -> None:
        """Inbound messages were pulled."""
        self.collected_messages += messages

    def pulled(self, reports: int) -> None:
        """Reports were pulled."""
        self.pulled_reports += reports

    def followed(self) -> None:
        """Somebody was sent on by a short link."""
        self.followed_links += 1

    def clicked(self) -> None:
        """A click that is to be told is stored."""
        self.stored_clicks += 1

    def lost_click(self) -> None:
        """A click that was to be told could not be stored, or nobody knows whether it was."""
        self.lost_clicks += 1

    def pushed_click(self, url: str, clicks: Sequence[Any], problem: str | None) -> None:
        """A POST of a click ended: taken (no problem), or not."""
        if problem is None:
            self.pushed_clicks += len(clicks)
        else:
            self.failed_pushes += 1

    def converted(self) -> None:
        """A customer told for the first time what a message led to."""
        self.conversions += 1


class _Collector:
    """A Watch as Prometheus sees it."""

    def __init__(self, watch: Watch, links: Callable[[], list[dict[str, Any]]]) -> None:
        self._watch = watch
        self._links = links

    def collect(self) -> Iterator[Metric]:
        """Every family of /metrics; docs/reference/metrics.md names them all."""
        w = self._watch
        for name, doc, value in (
            ("heliograph_messages_accepted", "Messages stored for an answer 200.", w.accepted_messages),
            ("heliograph_messages_ended", "Messages that ended without a receipt.", w.finished_messages),
            ("heliograph_messages_inbound", "Mobile-originated messages stored.", w.inbound_messages),
            ("heliograph_inbound_incomplete", "Of these, those that lack parts.", w.incomplete_messages),
            ("heliograph_inbound_unowned", "Of these, those that no account owned when they came.", w.unowned_messages),
            ("heliograph_inbound_pushed", "Mobile-originated messages that a webhook took.", w.pushed_messages),
            ("heliograph_inbound_pulled", "Mobile-originated messages that were pulled.", w.collected_messages),
            ("heliograph_reports_pushed", "Reports that a webhook took.", w.pushed_reports),
            ("heliograph_reports_pulled", "Reports that were pulled.", w.pulled_reports),
            ("heliograph_short_links_followed", "GETs that a short link sent on.", w.followed_links),
            ("heliograph_clicks_stored", "Clicks that a webhook is to be told of.", w.stored_clicks),
            ("heliograph_clicks_pushed", "Of these, those that a webhook took.", w.pushed_clicks),
            ("heliograph_clicks_lost", "Clicks that could not be stored.", w.lost_clicks),
            ("heliograph_conversions", "Messages that led to what was wanted.", w.conversions),
            ("heliograph_pushes_failed", "POSTs to webhooks that failed.", w.failed_pushes),
            ("heliograph_reports_written_off", "Tries without a POST: the host was shut.", w.written_off_reports),
        ):
            yield CounterMetricFamily(name, doc, value=value)
        for name, doc, label, tally in (
            (
                "heliograph_destinations_refused",
                "Destinations refused, by status id.",
                "status",
                w.refused_destinations,
            ),
            ("heliograph_segments_submitted", "submit_sm that left.", "smsc", w.submitted_segments),
            ("heliograph_segments_sent", "Segments that an SMSC took.", "smsc", w.sent_segments),
            ("heliograph_receipts", "Receipts, by what became of them.", "result", w.receipts),
        ):
            family = CounterMetricFamily(name, doc, labels=[label])
            for key, value in list(tally.items()):
                family.add_metric([str(key)], value)
            yield family
        refused = CounterMetricFamily(
            "heliograph_segments_refused", "Segments that an SMSC refused.", labels=["smsc", "status"]
        )
        for (smsc, status), value in list(w.refused_segments.items()):
            refused.add_metric([smsc, status], value)
        yield refused
        yield from self._gauges()

    def _gauges(self) -> Iterator[Metric]:
        bound = GaugeMetricFamily("heliograph_link_bound", "1 while a link is bound.", labels=["smsc", "link"])
        claimed = GaugeMetricFamily(
            "heliograph_link_claimed", "Segments claimed for a link and not settled.", labels=["smsc", "link"]
        )
        for link in self._links():
            bound.add_metric([link["smsc"], link["link"]], float(link["bound"]))
            claimed.add_metric([link["smsc"], link["link"]], link["claimed"])
        yield bound
        yield claimed


def render_metrics(watch: Watch, links: Callable[[], list[dict[str, Any]]]) -> bytes:
    """The metrics in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Collector(watch, links))
    return generate_latest(registry)


def set_up_logs(level: str, *, quiet: bool = False) -> None:
    """One line of key=value an event, on stderr. `quiet`: only errors, for commands that draw on the terminal."""
    least = logging.ERROR if quiet else getattr(logging, level.upper())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
