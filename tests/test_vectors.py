"""The census of the vectors: every case of the file is run by a test that is named here.

What is left of a case that is run: nothing here packs septets, because SMPP carries them unpacked and the SMSC packs
them. So `packed` of a codec, and `tp_ud` and `fill_bits` of a tpud, are for nobody; its length in septets is checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

import vectors

# By kind: how many there are, and the tests whose parameters they are.
KINDS: dict[str, tuple[int, tuple[str, ...]]] = {
    "pdu": (72, ("smpp.test_pdu.test_a_pdu_is_read_as_foreign_decoders_read_it",)),
    "receipt": (19, ("smsc.test_deliveries.test_a_receipt_of_any_dialect_says_what_became_of_which_segment",)),
    "schedule": (
        19,
        (
            "sms.test_schedule.test_a_message_is_planned_as_the_oracle_says",
            "sms.test_schedule.test_a_schedule_that_cannot_be_is_refused",
        ),
    ),
    "split": (15, ("sms.test_segments.test_a_body_is_cut_as_foreign_decoders_join_it",)),
    "msgid": (8, ("smsc.test_deliveries.test_the_id_of_a_receipt_is_compared_as_both_sides_write_it",)),
    "codec": (
        8,
        (
            "sms.test_gsm7.test_text_is_encoded_and_read_as_others_do",
            "sms.test_national.test_text_is_encoded_and_read_as_others_do",
        ),
    ),
    "time": (7, ("smpp.test_timestring.test_a_time_means_what_the_standard_says_and_is_written_so",)),
    "sendat": (7, ("sms.test_schedule.test_an_instant_is_read_or_refused",)),
    "reject": (
        5,
        (
            "sms.test_segments.test_a_body_that_cannot_be_carried_is_refused_with_its_status",
            "sms.test_coding.test_a_body_that_is_no_hexadecimal_is_refused",
        ),
    ),
    "stream": (5, ("smpp.test_stream.test_a_stream_is_read_as_the_standard_says",)),
    "tpud": (2, ("sms.test_segments.test_a_header_takes_as_many_septets_as_on_the_air",)),
    "codec_fail": (1, ("sms.test_gsm7.test_a_character_outside_is_an_error_and_never_a_question_mark",)),
}


def cases_in(value: Any) -> Iterator[dict[str, Any]]:
    """The vectors among the parameters of a test."""
    if isinstance(value, dict) and "kind" in value:
        yield value
    elif isinstance(value, list | tuple):
        for one in value:
            yield from cases_in(one)


def run_by(name: str) -> set[str]:
    """The ids of the vectors that a test is run with."""
    module, _, test = name.rpartition(".")
    marks = getattr(import_module(module), test).pytestmark
    assert not [mark for mark in marks if mark.name.startswith("skip")]
    return {case["id"] for mark in marks if mark.name == "parametrize" for case in cases_in(mark.args[1])}


@pytest.mark.parametrize("kind", KINDS)
def test_every_vector_is_run(kind: str) -> None:
    count, tests = KINDS[kind]
    there = {case["id"] for case in vectors.of_kind(kind)}
    run = set().union(*[run_by(test) for test in tests])

    assert len(there) == count
    assert run == there


def test_no_kind_of_vector_is_forgotten() -> None:
    assert {case["kind"] for case in vectors.CASES} == KINDS.keys()
    assert len(vectors.CASES) == len(vectors.BY_ID) == sum(count for count, _ in KINDS.values()) == 168
