"""Where a body may be cut without parting what a reader takes for one character."""

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from heliograph.sms import cluster, national
from heliograph.sms.coding import Alphabet

PLAIN = national.tables(0, 0)
JOINED = ["e\u0301", "\r\n", "🇩🇪", "👨‍👩‍👧", "👍🏽", "क्षि", "각", "1\ufe0f\u20e3", "\u0600a"]


@pytest.mark.parametrize("text", JOINED)
def test_what_unicode_joins_ends_once(text):
    body = f"a{text}b".encode("utf-16-be")

    assert cluster.ends(body, Alphabet.UCS2, PLAIN) == [2, len(body) - 2, len(body)]


def test_septets_end_where_their_pairs_do():
    assert cluster.ends(PLAIN.encode("€\r\nb"), Alphabet.SEPTETS, PLAIN) == [2, 4, 5]
    assert cluster.ends(bytes.fromhex("1b1b 0d 0a 1b"), Alphabet.SEPTETS, PLAIN) == [2, 4, 5]


@pytest.mark.parametrize("text", ["", "Bonjour é", "\n\r", "Привет, мир!", "日本語", "a\x85b", "😀😀"])
def test_where_each_character_is_its_own_nothing_is_searched_for(text):
    assert cluster.ends(text.encode("utf-16-be"), Alphabet.UCS2, PLAIN) == []


def test_octets_have_no_characters():
    assert cluster.ends("e\u0301".encode("utf-16-be"), Alphabet.OCTETS, PLAIN) == []


def test_the_odd_octet_of_ucs2_is_nobodys():
    assert cluster.ends(b"\x00e\x03\x01\x00", Alphabet.UCS2, PLAIN) == [4]


@given(st.lists(st.one_of(st.sampled_from(JOINED), st.characters()), max_size=30).map("".join))
@settings(derandomize=True, database=None, deadline=None, max_examples=400)
def test_clusters_are_missed_by_no_shortcut(text):
    body = text.encode("utf-16-be")
    found = regex.findall(r"\X", text)
    ends = cluster.ends(body, Alphabet.UCS2, PLAIN)

    assert ends or len(found) == len(text)
    if ends:
        pieces = [body[start:end].decode("utf-16-be") for start, end in zip([0, *ends], ends, strict=False)]
        assert pieces == found


@given(st.binary(max_size=60).map(lambda body: bytes(octet & 0x7F for octet in body)))
@settings(derandomize=True, database=None, deadline=None)
def test_any_septets_have_ends(septets):
    ends = cluster.ends(septets, Alphabet.SEPTETS, PLAIN)

    assert ends == sorted(set(ends))
    assert not ends or ends[-1] == len(septets)
