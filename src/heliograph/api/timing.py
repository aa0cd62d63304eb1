"""When messages are to leave, until when, and how fast."""

from __future__ import annotations

from typing import Final

from heliograph.api.reading import ABSENT, Reading
from heliograph.api.requests import ClockShape, SpeedShape, WindowShape
from heliograph.sms.schedule import (
    MAX_VALIDITY_MINUTES,
    Window,
    parse_instant,
    problems,
    send_at_problems,
    validity_problems,
)

MAX_DAYS: Final = 70  # some name a day more than once
_DAYS: Final = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_UNITS: Final = {"MINUTE": 60_000_000, "HOUR": 3_600_000_000, "DAY": 86_400_000_000}  # microseconds
_PERIODS: Final = {"SECONDS": 1, "MINUTES": 60, "HOURS": 3600}  # seconds


def read_validity(minutes: int | None, path: str, reading: Reading) -> int | None:
    """Minutes, 1 to 2,880: longer ones are cut."""
    if minutes is None:
        return None
    for problem in validity_problems(minutes):
        reading.findings.add(path, problem)
    return min(minutes, MAX_VALIDITY_MINUTES)


def read_period(amount: int | None, unit: str | None, at: str, reading: Reading) -> int | None:
    """An amount of a unit as minutes: whole ones, the last one begun counts; 1 to 2,880."""
    if amount is None:
        reading.findings.add(f"{at}amount", ABSENT)
    elif amount < 1:
        reading.findings.add(f"{at}amount", "must be at least 1")
    name = unit or "MINUTES"
    if not reading.choose(f"{at}timeUnit", name, _PERIODS):
        return None
    return min(-(-(amount or 1) * _PERIODS[name] // 60), MAX_VALIDITY_MINUTES)


def read_send_at(text: str | None, path: str, reading: Reading) -> int | None:
    """UTC milliseconds."""
    if text is None:
        return None
    try:
        instant = parse_instant(text)
    except ValueError as problem:
        reading.findings.add(path, str(problem))
        return None
    for sentence in send_at_problems(reading.now, instant):
        reading.findings.add(path, sentence)
    return instant


def read_window(shape: WindowShape | None, path: str, reading: Reading) -> Window | None:
    """The window that stands at `path`; None where none does, and where it is bad."""
    if shape is None:
        return None
    findings = reading.findings
    before = len(findings.errors)
    days = set()
    if len(shape.days or ()) > MAX_DAYS:
        findings.add(f"{path}.days", f"must not name more than {MAX_DAYS} days")
    for index, name in enumerate((shape.days or ())[:MAX_DAYS]):
        if reading.choose(f"{path}.days[{index}]", name, _DAYS):
            days.add(_DAYS.index(name))
    if not shape.days:
        findings.add(f"{path}.days", ABSENT)
    start, end = _minute(shape.from_, f"{path}.from", reading), _minute(shape.to, f"{path}.to", reading)
    if len(findings.errors) > before or any(wrong.startswith(path) for wrong in findings.wrong):
        return None
    window = Window(tuple(sorted(days)), start, end, shape.time_zone or "UTC")
    for sentence in problems(window):
        findings.add(path, sentence)
    return window


def _minute(clock: ClockShape | None, path: str, reading: Reading) -> int | None:
    if clock is None:
        return None
    for name, value, last in (("hour", clock.hour, 23), ("minute", clock.minute, 59)):
        if value is None or not 0 <= value <= last:
            reading.findings.add(f"{path}.{name}", f"must be from 0 to {last}")
    return (clock.hour or 0) * 60 + (clock.minute or 0)


def read_interval(speed: SpeedShape | None, path: str, reading: Reading) -> int | None:
    """Microseconds from one segment to the next: never shorter than the customer's amount allows."""
    if speed is None:
        return None
    name = speed.time_unit or "MINUTE"
    unit = _UNITS[name] if reading.choose(f"{path}.timeUnit", name, _UNITS) else None
    if speed.amount is None or speed.amount < 1:
        reading.findings.add(f"{path}.amount", "must be at least 1")
    return None if unit is None or not speed.amount else -(-unit // max(speed.amount, 1))
