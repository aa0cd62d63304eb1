"""Links in texts: where they begin and end, and what stands in their place."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heliograph.sms import segments, short_link
from heliograph.sms.text import LANGUAGES, Language, decode, encode
from heliograph.sms.transliteration import TRANSLITERATIONS

FIXED = settings(derandomize=True, database=None, deadline=None, max_examples=300)
BASE = "https://sms.example/l"
SHORT = re.compile(r"https://sms\.example/l/([0-9A-Za-z]{11})")
URL = "https://shop.example/a?b=c&d=[1]#e"


def found(text: str) -> list[str]:
    return [text[begin:end] for begin, end in short_link.find(text)]


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("Look: http://a.example", ["http://a.example"]),
        ("HTTPS://A.example/X?y=Z#f and http://b.example:8080/", ["HTTPS://A.example/X?y=Z#f", "http://b.example:8080/"]),
        ("http://a.example/\nhttp://b.example/\thttp://c.example", ["http://a.example/", "http://b.example/", "http://c.example"]),
        ("Go to http://a.example/b.", ["http://a.example/b"]),
        ("http://a.example/b?! http://a.example/c, http:", ["http://a.example/b", "http://a.example/c"]),
        ("http://a.example/d; http://a.example/e:", ["http://a.example/d", "http://a.example/e"]),
        ("'http://a.example/b' *http://a.example/c*", ["http://a.example/b", "http://a.example/c"]),
        ("(see http://a.example/b)", ["http://a.example/b"]),
        ("(see http://a.example/b_(c).)", ["http://a.example/b_(c)"]),
        ("http://a.example/b_(c)", ["http://a.example/b_(c)"]),
        ("[http://a.example/?q[]=1]", ["http://a.example/?q[]=1"]),
        ('<http://a.example/b> "http://a.example/c" {http://a.example/d}', [f"http://a.example/{c}" for c in "bcd"]),
        ("http://a.example/b…and «http://a.example/c»", ["http://a.example/b", "http://a.example/c"]),
        ("http://a.example/b。http", ["http://a.example/b"]),
        ("http://a.example/straße?q=ключ 🙂", ["http://a.example/straße?q=ключ"]),
        ("http://a.example/b🙂", ["http://a.example/b"]),
        ("http://192.0.2.1/a http://[2001:db8::1]/b", ["http://192.0.2.1/a", "http://[2001:db8::1]/b"]),
        ("http://localhost/c", ["http://localhost/c"]),
        ("http://a.example/http://b.example", ["http://a.example/http://b.example"]),
        ("http://a.example/a%20b-_~$&+=@", ["http://a.example/a%20b-_~$&+=@"]),
        ("äöühttp://a.example", ["http://a.example"]),
    ],
)  # fmt: skip
def test_a_link_ends_where_a_reader_sees_its_end(text: str, links: list[str]) -> None:
    assert found(text) == links


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http:// https://",
        "http:/a.example",
        "www.a.example a.example/b",
        "javascript:alert(1) ftp://a.example mailto:a@a.example tel:+1 data:text/html,a",
        "xhttp://a.example shttps://a.example a-http://a.example",
        "http://:80/a http:///a http://?a http://.",
        "http://a.example:port/ http://a.example:99999/ http://[a/",
        "http://bücher.example/a",
        "http://a.example/" + "a" * 2000,
    ],
)
def test_what_is_no_link_stays(text: str) -> None:
    assert found(text) == []
    assert short_link.shorten(text, BASE) is None


def test_a_link_of_2000_characters_is_one() -> None:
    url = "http://a.example/".ljust(2000, "a")

    assert found(f"{url} {url}a") == [url]


def test_a_text_that_is_too_long_stays() -> None:
    assert short_link.shorten("http://a.example ".ljust(16_000, "a"), BASE) is not None
    assert short_link.shorten("http://a.example ".ljust(16_001, "a"), BASE) is None


def test_one_url_has_one_code_in_a_text() -> None:
    short = short_link.shorten("http://a.example http://b.example http://a.example.", BASE)

    assert short is not None
    one, two, three = SHORT.findall(short.text)
    assert one == three != two
    assert (short.urls, short.codes) == (("http://a.example", "http://b.example"), (one, two))
    assert short.text == f"{BASE}/{one} {BASE}/{two} {BASE}/{one}."


def test_the_scheme_can_be_left_out() -> None:
    short = short_link.shorten("(http://a.example)", BASE, without_scheme=True)

    assert short is not None
    assert short.text == f"(sms.example/l/{short.codes[0]})"


def test_codes_are_random_and_have_one_form() -> None:
    codes = {short_link.new_code() for _ in range(500)}

    assert len(codes) == 500
    assert all(short_link.is_code(code) for code in codes)
    assert len({code[0] for code in codes}) > 40
    assert len({code[-1] for code in codes}) > 40


@pytest.mark.parametrize(
    "text", ["", "a" * 10, "a" * 12, "a" * 10 + "-", "a" * 10 + "ä", "a" * 10 + "٣", "a" * 11 + "\n"]
)
def test_what_has_another_form_is_no_code(text: str) -> None:
    assert not short_link.is_code(text)


OUTSIDE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0hH"), max_size=60)
PIECES = st.lists(st.one_of(OUTSIDE, st.sampled_from([f" {URL} ", " http://b.example/ß ", "http://", ")"])), max_size=6)
LANGUAGE = st.one_of(st.none(), st.builds(Language, st.sampled_from(sorted(LANGUAGES)), st.booleans(), st.booleans()))
SCRIPT = st.one_of(st.none(), st.sampled_from(sorted(TRANSLITERATIONS)))


@given(PIECES.map("".join))
@FIXED
def test_outside_its_links_a_text_stays_what_it_is(text: str) -> None:
    short = short_link.shorten(text, BASE)

    if short is None:
        assert found(text) == []
        return
    urls = dict(zip(short.codes, short.urls, strict=True))
    assert SHORT.sub(lambda match: urls[match[1]], short.text) == text


@given(PIECES.map(lambda pieces: "".join([*pieces, " ", URL])), LANGUAGE, SCRIPT)
@FIXED
def test_other_codes_are_shown_in_the_same_places_and_cut_into_as_many_segments(
    text: str, language: Language | None, script: str | None
) -> None:
    short = short_link.shorten(text, BASE)
    assert short is not None
    encoded = encode(short.text, language, script)
    links = short_link.locate(short, encoded.body, encoded.data_coding, personal=True)
    codes = tuple(short_link.new_code() for _ in links.codes)

    body = short_link.write(links, encoded.body, codes)

    expected = encoded.text
    for old, new in zip(short.codes, codes, strict=True):
        assert old in expected
        expected = expected.replace(old, new)
    assert decode(body, encoded.data_coding, encoded.esm_class) == expected
    before, after = [segments.cut(one, encoded.data_coding, encoded.esm_class) for one in (encoded.body, body)]
    assert [len(part.user_data) for part in before] == [len(part.user_data) for part in after]
    shown = "".join(decode(part.user_data, encoded.data_coding, part.esm_class) or "" for part in after)
    assert shown == expected


@pytest.mark.parametrize(
    ("url", "header"),
    [
        (URL, URL),
        ("http://a.example/straße?q=ключ", "http://a.example/stra%C3%9Fe?q=%D0%BA%D0%BB%D1%8E%D1%87"),
        ("http://a.example/a%20b", "http://a.example/a%20b"),
    ],
)
def test_a_url_is_ascii_in_a_header(url: str, header: str) -> None:
    assert short_link.location(url) == header
