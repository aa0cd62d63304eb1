"""Bodies cut into segments: octet for octet against the vectors, and by property."""

from itertools import accumulate

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import vectors
from heliograph.sms import cluster, gsm7, national, udh
from heliograph.sms.coding import Alphabet, alphabet
from heliograph.sms.segments import MAX_PARTS, Fill, Part, Uncuttable, capacity, count, cut, fill

REFUSED = [case for case in vectors.of_kind("reject") if "statusId" in case]
REJECTED_TYPES = [value for value in range(256) if value & 0x3C not in (0x00, 0x08, 0x10)]

CODINGS = st.sampled_from([0x00, 0x01, 0x03, 0x04, 0x08, 0x18, 0xF0, 0xF5, 0xE0])
SEPTETS = st.binary(max_size=3000).map(lambda body: bytes(octet & 0x7F for octet in body))
ESCAPED = st.lists(st.sampled_from([b"\x1b\x65", b"a", b"\x1b\x1b", b"\x1b" * 9]), max_size=350).map(b"".join)
TEXTS = st.lists(st.sampled_from(["\u044f", "\U0001f600", "a"]), max_size=800).map("".join)
BODIES = st.one_of(st.binary(max_size=3000), SEPTETS, ESCAPED, TEXTS.map(lambda text: text.encode("utf-16-be")))
REPEATED = st.builds(udh.Element, st.sampled_from([0x04, 0x05, 0x24, 0x25]), st.binary(max_size=12))
TOOLKIT = st.builds(udh.Element, st.integers(0x70, 0x7F), st.binary(max_size=12))
CLUSTERS = st.sampled_from(["e\u0301", "👨\u200d👩\u200d👧", "🇩🇪", "\r\n", "क्षि", "я", "a", "a" * 30])
HEADERS = st.lists(st.one_of(REPEATED, TOOLKIT), max_size=4)


def read(part):
    """The elements and the payload of one of several segments."""
    assert part.esm_class & 0x40
    return udh.parse(part.user_data)


def payloads(parts, esm_class):
    return [parts[0].user_data] if len(parts) == 1 and not esm_class & 0x40 else [read(part)[1] for part in parts]


@pytest.mark.parametrize("case", vectors.of_kind("split"), ids=lambda case: case["id"])
def test_a_body_is_cut_as_foreign_decoders_join_it(case):
    given = case["input"]
    body, data_coding, esm_class = bytes.fromhex(given["hex"]), given["dataCoding"], given["esmClass"]

    parts = cut(body, data_coding, esm_class, reference=given["ref"], wide=given["ref16"])

    fields = [vectors.BY_ID[id]["fields"] for id in case["parts"]]
    assert parts == [Part(field["esm_class"], bytes.fromhex(field["short_message"])) for field in fields]
    assert [len(part.user_data) for part in parts] == case["part_lengths"]
    assert {field["data_coding"] for field in fields} == {data_coding}
    assert count(body, data_coding, esm_class) == case["smsCount"]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["id"])
def test_a_body_that_cannot_be_carried_is_refused_with_its_status(case):
    given = case["input"]
    arguments = bytes.fromhex(given["hex"]), given["dataCoding"], given["esmClass"]
    for refuse in (cut, count):
        with pytest.raises(Uncuttable) as refusal:
            refuse(*arguments)
        assert refusal.value.status_id == case["statusId"]
        assert refusal.value.sentence == str(refusal.value) != ""


@pytest.mark.parametrize("case", vectors.of_kind("tpud"), ids=lambda case: case["id"])
def test_a_header_takes_as_many_septets_as_on_the_air(case):
    header, septets = bytes.fromhex(case["udh"]), gsm7.encode(case["text"])
    elements, payload = udh.parse(header + septets)

    assert (udh.build(elements), payload) == (header, septets)
    taken = 160 - capacity(Alphabet.SEPTETS, len(header))  # septets of 140 octets, less those that are left
    assert taken + len(septets) == case["tp_udl"]


def test_sar_has_the_cut_points_of_the_8_bit_reference():
    body = bytes.fromhex(vectors.BY_ID["C02"]["input"]["hex"])
    expected = [vectors.BY_ID[id]["fields"]["short_message"] for id in ("C31.1", "C31.2")]
    assert [udh.parse(part.user_data)[1].hex() for part in cut(body, 0, 0)] == expected


@pytest.mark.parametrize("esm_class", REJECTED_TYPES)
def test_a_message_type_that_only_an_smsc_sends_is_refused(esm_class):
    with pytest.raises(Uncuttable) as refusal:
        cut(b"a", 0, esm_class)
    assert refusal.value.status_id == 24


@pytest.mark.parametrize("esm_class", [0x00, 0x03, 0x08, 0x10, 0x80, 0x93])
def test_other_bits_of_esm_class_reach_every_segment(esm_class):
    assert cut(b"a", 0, esm_class) == [Part(esm_class, b"a")]
    assert {part.esm_class for part in cut(bytes(300), 0, esm_class)} == {esm_class | 0x40}


@pytest.mark.parametrize(
    "hex",
    ["", "05 0003 7f02", "06 0003 7f02 01 00 41", "04 0003 7f02 01"],
    ids=["no header", "longer than the body", "stray octet", "element too long"],
)
def test_a_broken_header_is_refused_even_in_a_short_body(hex):
    with pytest.raises(Uncuttable) as refusal:
        count(bytes.fromhex(hex), 4, 0x40)
    assert refusal.value.status_id == 24


@pytest.mark.parametrize(
    ("element", "sentence"),
    [("0003 7f0201", "already concatenates"), ("0804 007f0201", "already concatenates"), ("0102 8001", "0x01 cannot")],
)
def test_a_refusal_says_which_element_stands_in_the_way(element, sentence):
    header = bytes.fromhex(element)
    body = bytes((len(header),)) + header + bytes(140)
    with pytest.raises(Uncuttable, match=sentence):
        count(body, 4, 0x40)


def test_a_header_that_leaves_no_room_is_refused():
    for header in (bytes((139,)) + b"\x05\x89" + bytes(137), bytes((200,)) + b"\x05\xc6" + bytes(198)):
        with pytest.raises(Uncuttable) as refusal:
            cut(header + b"body", 4, 0x40)
        assert refusal.value.status_id == 24


def test_ports_and_shifts_stand_in_every_segment():
    ports, shift = udh.Element(0x05, b"\x0b\x84\x23\xf0"), udh.Element(0x24, b"\x01")
    parts = cut(udh.build([ports, shift]) + bytes(300), 4, 0x40, reference=7)
    heads = [read(part)[0] for part in parts]
    assert heads == [
        (ports, shift, udh.concatenation(7, len(parts), sequence, wide=False)) for sequence in range(1, len(parts) + 1)
    ]


def test_the_limits_are_25_segments_whatever_they_hold():
    assert count(bytes(25 * 134), 4, 0) == 25
    assert count(b"a" * (25 * 153), 0, 0) == 25
    for body, data_coding in (
        (bytes(25 * 134 + 1), 4),
        (b"a" * (25 * 153 + 1), 0),
        (bytes(4001), 4),
        (bytes(10**6), 0),
    ):
        with pytest.raises(Uncuttable) as refusal:
            count(body, data_coding, 0)
        assert refusal.value.status_id == 25


def test_a_message_that_was_counted_is_not_refused_for_the_wide_reference():
    body = bytes(25 * 134)
    assert count(body, 4, 0) == MAX_PARTS
    assert len(cut(body, 4, 0, wide=True)) == 26
    with pytest.raises(Uncuttable):
        cut(body + b"a", 4, 0, wide=True)


def test_the_odd_octet_of_ucs2_travels_last():
    parts = cut(bytes(141), 8, 0)
    assert [len(payload) for payload in payloads(parts, 0)] == [134, 7]


@given(BODIES, CODINGS, st.booleans(), st.integers(0, 0xFFFF))
@example(b"\x1b" * 200, 0, False, 0)
@example(b"a" * 152 + b"\x1b" * 9, 0, False, 0)
@example(b"\xd8\x00" * 90, 8, False, 0)
def test_a_cut_loses_nothing_fits_and_says_the_same_twice(body, data_coding, wide, reference):
    parts = cut(body, data_coding, 0, reference=reference, wide=wide)
    assert parts == cut(body, data_coding, 0, reference=reference, wide=wide)
    pieces = payloads(parts, 0)
    assert b"".join(pieces) == body
    assert count(body, data_coding, 0) == len(cut(body, data_coding, 0))
    if len(parts) > 1:
        header = 7 if wide else 6
        assert max(map(len, pieces)) <= capacity(alphabet(data_coding), header)
        heads = [read(part)[0] for part in parts]
        assert heads == [
            (udh.concatenation(reference, len(parts), sequence, wide=wide),) for sequence in range(1, len(parts) + 1)
        ]


@given(ESCAPED, st.booleans())
def test_no_segment_ends_between_escape_and_its_partner(body, wide):
    for piece in payloads(cut(body, 0, 0, wide=wide), 0)[:-1]:
        assert (len(piece) - len(piece.rstrip(b"\x1b"))) % 2 == 0


@given(TEXTS, st.booleans())
def test_no_segment_ends_inside_a_surrogate_pair(text, wide):
    for piece in payloads(cut(text.encode("utf-16-be"), 8, 0, wide=wide), 0):
        piece.decode("utf-16-be")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("a" * 66 + "e\u0301" + "b" * 60, "a" * 66),
        ("a" * 60 + "👨\u200d👩\u200d👧" + "b" * 30, "a" * 60),
        ("a" * 65 + "🇩🇪" + "b" * 60, "a" * 65),
        ("a" * 65 + "e\u0301" + "b" * 60, "a" * 65 + "e\u0301"),
        ("a" * 66 + "e\u0301" + "b" * 66, "a" * 66 + "e"),  # any sooner, and there would be a third segment
        ("e" + "\u0301" * 80, "e" + "\u0301" * 66),  # longer than a segment
        ("a" * 10 + "e" + "\u0301" * 60, "a" * 10),
    ],
)
def test_what_is_read_as_one_character_is_not_parted_where_that_costs_nothing(text, first):
    body = text.encode("utf-16-be")

    parts = cut(body, 8, 0)

    assert len(parts) == count(body, 8, 0) == 2
    assert "".join(part.decode("utf-16-be") for part in payloads(parts, 0)) == text
    assert payloads(parts, 0)[0].decode("utf-16-be") == first


def test_a_line_end_of_septets_is_not_parted_either():
    body = gsm7.encode("€" + "a" * 150 + "\r\n" + "b" * 20)
    shifted = udh.build(national.shifts(1, 0)) + gsm7.encode("a" * 148 + "\r\n" + "b" * 20)

    assert payloads(cut(body, 0, 0), 0) == [gsm7.encode("€" + "a" * 150), gsm7.encode("\r\n" + "b" * 20)]
    assert [len(payload) for payload in payloads(cut(shifted, 0, 0x40), 0x40)] == [148, 22]


@pytest.mark.parametrize(("more", "units"), [(60, [51, 62]), (85, [51, 67, 20])])
def test_a_header_in_the_first_segment_takes_nothing_from_the_others(more, units):
    header = udh.build([udh.Element(0x70, bytes(27))])  # 52 units beside it, and 67 in the others
    body = header + ("a" * 51 + "e\u0301" + "b" * more).encode("utf-16-be")

    assert [len(payload) // 2 for payload in payloads(cut(body, 8, 0x40), 0x40)] == units
    assert count(body, 8, 0x40) == fill(body, 8, 0x40).segments == len(units)
    assert fill(body, 8, 0x40).left == 2 * (67 * len(units) - 15 - (53 + more))


def test_later_segments_may_be_fuller_so_that_nothing_is_parted():
    text = "a" * 66 + "e\u0301" + "b" * 64 + "e\u0301" + "c" * 60

    parts = [payload.decode("utf-16-be") for payload in payloads(cut(text.encode("utf-16-be"), 8, 0), 0)]

    assert parts == ["a" * 66, "e\u0301" + "b" * 64, "e\u0301" + "c" * 60]


@given(st.lists(CLUSTERS, max_size=200).map("".join), st.booleans())
@settings(derandomize=True, database=None, deadline=None, max_examples=300)
def test_nothing_is_parted_that_the_same_number_of_segments_can_hold_whole(text, wide):
    body = text.encode("utf-16-be")
    ends = cluster.ends(body, Alphabet.UCS2, national.tables(0, 0))
    pieces = [end - start for start, end in zip([0, *ends], ends, strict=False)] if ends else [2] * len(text)
    room = 132 if wide else 134
    needed, free = 1, room
    for piece in pieces:
        if piece > free:
            needed, free = needed + 1, room
        free -= piece

    parts = payloads(cut(body, 8, 0, wide=wide), 0)

    assert len(parts) <= needed
    if ends and len(parts) == needed:
        assert set(accumulate(map(len, parts))) <= set(ends)


@pytest.mark.parametrize(
    ("body", "data_coding", "esm_class", "expected"),
    [
        (b"a" * 100, 0, 0, Fill(1, b"a" * 100, 60)),
        (b"a" * 160, 0, 0, Fill(1, b"a" * 160, 0)),
        (b"a" * 161, 0, 0, Fill(2, b"a" * 8, 145)),
        (b"a" * 152 + b"\x1be" * 5, 0, 0, Fill(2, b"\x1be" * 5, 143)),
        (b"\x03\x24\x01\x01" + b"a" * 100, 0, 0x40, Fill(1, b"a" * 100, 55)),
        (b"\x03\x24\x01\x01" + b"a" * 200, 0, 0x40, Fill(2, b"a" * 51, 98)),
        (bytes(141), 4, 0, Fill(2, bytes(7), 127)),
        (b"\x00a" * 80, 8, 0, Fill(2, b"\x00a" * 13, 108)),
        (b"", 0, 0, Fill(1, b"", 160)),
    ],
)
def test_the_last_segment_says_how_much_more_it_takes(body, data_coding, esm_class, expected):
    assert fill(body, data_coding, esm_class) == expected
    assert expected.segments == count(body, data_coding, esm_class)


@given(HEADERS, BODIES, CODINGS, st.booleans())
def test_a_customers_header_is_kept_beside_every_cut(elements, body, data_coding, wide):
    try:
        parts = cut(udh.build(elements) + body, data_coding, 0x40, reference=5, wide=wide)
    except Uncuttable as refusal:
        assert refusal.status_id in (24, 25)
        return
    coding = alphabet(data_coding)
    assert b"".join(payloads(parts, 0x40)) == body
    for part in parts:
        head, piece = read(part)
        assert len(piece) <= capacity(coding, udh.size(head))
        assert len(part.user_data) <= 160
    if len(parts) > 1:
        assert [element for element in read(parts[0])[0] if element.identifier not in (0, 8)] == elements
        assert all(element.identifier < 0x70 for part in parts[1:] for element in read(part)[0])
    else:
        assert parts == [Part(0x40, udh.build(elements) + body)]


def test_budgets_are_those_of_the_standard():
    table = {
        0: (160, 140, 70),
        6: (153, 134, 67),
        7: (152, 133, 66),
        12: (146, 128, 64),
        13: (145, 127, 63),
        9: (149, 131, 65),
        10: (148, 130, 65),
    }
    for header, (septets, octets, units) in table.items():
        assert capacity(Alphabet.SEPTETS, header) == septets
        assert capacity(Alphabet.OCTETS, header) == octets
        assert capacity(Alphabet.UCS2, header) == 2 * units
