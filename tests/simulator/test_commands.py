"""Orders in the text of a message."""

import pytest

from heliograph.simulator.commands import COMMANDS, parse, words_of
from heliograph.simulator.plan import Plan

ORDERS = [
    ("!status=0x58 times=2", {"status": 0x58, "times": 2}),
    ("!status=8", {"status": 8}),
    ("!noanswer", {"answered": False}),
    ("!late=0.5", {"late": 0.5}),
    ("!garbage", {"garbage": "length"}),
    ("!garbage=nack", {"garbage": "nack"}),
    ("!drop times=1", {"drop": True, "times": 1}),
    ("!receipt=UNDELIV err=027", {"word": "UNDELIV", "err": "027"}),
    ("!receipt=FAILED", {"word": "FAILED"}),
    ("!receiptfirst late=1", {"first": True, "late": 1.0}),
    ("!noreceipt", {"receipt": False}),
    ("!dialect=ucs2 delay=2", {"dialect": "ucs2", "delay": 2.0}),
    ("!intermediate duplicates", {"intermediate": True, "duplicates": 1}),
    ("!duplicates=3", {"duplicates": 3}),
    ("!reply", {"reply": 1}),
    ("!reply=3 delay=1", {"reply": 3, "delay": 1.0}),
]
PLAIN = ["", "hello", "!", "! ", "!hello", "!status", "!status=x", "!status=-1", "!late=-1", "!late=nan", "!late=1e9"]
PLAIN += [
    "!dialect=klingon",
    "!receipt=",
    "!receipt=fine",
    "!receipt=A:B",
    "!receipt=" + 17 * "X",
    "!err=a%b",
    "!noanswer=1",
    "!reply=0",
    "!reply=256",
    "!reply=long",
    "!drop now",
    " !drop",
    "status=8",
]


@pytest.mark.parametrize(("text", "orders"), ORDERS)
def test_orders_are_read(text: str, orders: dict[str, object]) -> None:
    assert parse(text) == orders


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_no_order_is_an_ordinary_message(text: str) -> None:
    assert parse(text) is None


def test_every_word_sets_something_of_a_plan_or_times() -> None:
    assert {command.sets for command in COMMANDS.values()} - {*Plan.__struct_fields__} == {"times"}


@pytest.mark.parametrize(
    ("esm_class", "data_coding", "content"),
    [
        (0, 0, b"!drop"),
        (0, 8, "!drop".encode("utf-16-be")),
        (0x40, 0, bytes.fromhex("050003010201") + b"!drop"),
        (0x40, 8, bytes.fromhex("050003010201") + "!drop".encode("utf-16-be")),
    ],
)
def test_orders_stand_behind_the_udh_and_in_ucs2_too(esm_class: int, data_coding: int, content: bytes) -> None:
    assert words_of(esm_class, data_coding, content) == "!drop"
