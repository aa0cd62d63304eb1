"""Texts and binaries of every generation, as they are stored."""

import json
from typing import Any

import pytest

from api.asked import parse_send
from api.wire import NOW
from heliograph.flows.submission import Destination, Draft, Submission
from heliograph.sms.message import Tracking, UrlOptions
from heliograph.sms.segments import MESSAGE_TOO_LONG, Uncuttable, count
from heliograph.web.errors import BadRequest
from heliograph.web.limits import Limits

TO = "41793026727"


def parse(kind: str, request: dict[str, Any]) -> Submission:
    return parse_send(json.dumps(request).encode(), "application/json", Limits(), NOW, kind)


def requested(kind: str, content: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A request of each shape with the same content; flash is where it belongs."""
    if kind == "single":
        return {"to": TO, **content, **more}
    if kind == "v3":
        inner = content.get("binary") or content
        return {"messages": [{"destinations": [{"to": TO}], "content": inner, "options": more}]}
    return {"messages": [{"to": TO, **content, **more}]}


def draft_of(kind: str, content: dict[str, Any], **more: Any) -> Draft:
    [draft] = parse(kind, requested(kind, content, **more)).drafts
    return draft


KINDS = ["v1", "v2", "multi", "single", "v3"]
CONTENTS: list[tuple[dict[str, Any], tuple[bytes, int, int]]] = [
    ({"text": "Hello {}"}, (b"Hello \x1b(\x1b)", 0, 0)),
    ({"text": "\u4e2d\U0001f600"}, (b"\x4e\x2d\xd8\x3d\xde\x00", 8, 0)),
    ({"text": ""}, (b"", 0, 0)),
    ({"text": "\u015f", "language": "TR"}, (b"\x03\x24\x01\x01\x1bs", 0, 0x40)),
    (
        {"text": "\u015f", "language": {"languageCode": "TR", "lockingShift": True}},
        (b"\x03\x25\x01\x01\x1d", 0, 0x40),
    ),
    (
        {"text": "\u015f", "language": {"languageCode": "AUTODETECT", "singleShift": None}},
        (b"\x03\x24\x01\x01\x1bs", 0, 0x40),
    ),
    ({"text": "\u015f", "language": {}}, (b"\x01\x5f", 8, 0)),
    ({"text": "\u015f", "language": ""}, (b"\x01\x5f", 8, 0)),
    ({"text": "\u041f\u0440\u0438", "transliteration": "CYRILLIC"}, (b"Pri", 0, 0)),
    ({"text": "\u03b1", "transliteration": "GREEK"}, (b"A", 0, 0)),
    ({"text": "\u03b1", "transliteration": "NONE"}, (b"\x03\xb1", 8, 0)),
    ({"binary": {"hex": "41 42", "dataCoding": 4, "esmClass": 8}}, (b"AB", 4, 8)),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("content", "stored"), CONTENTS, ids=lambda value: ascii(value)[:40])
def test_every_shape_stores_the_same_content_the_same_way(
    kind: str, content: dict[str, Any], stored: tuple[bytes, int, int]
) -> None:
    draft = draft_of(kind, content)

    assert (draft.body, draft.data_coding, draft.esm_class) == stored
    assert draft.options.text is ("text" in content)
    assert draft.destinations == [Destination(TO)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("text", "data_coding"), [("a", 0x10), ("\u4e2d", 0x18)])
def test_a_text_may_be_shown_at_once(kind: str, text: str, data_coding: int) -> None:
    assert draft_of(kind, {"text": text}, flash=True).data_coding == data_coding


@pytest.mark.parametrize("kind", ["v1", "v2", "single"])
def test_an_empty_text_beside_a_binary_is_none(kind: str) -> None:
    assert draft_of(kind, {"text": "", "binary": {"hex": "41"}}).body == b"A"


@pytest.mark.parametrize(
    ("content", "path"),
    [
        ({}, "text"),
        ({"text": "a", "binary": {"hex": "41"}}, "text"),
        ({"text": "a", "language": {"languageCode": "XX"}}, "language.languageCode"),
        ({"text": "a", "transliteration": "XX"}, "transliteration"),
        ({"binary": {"hex": "4"}}, "binary.hex"),
        ({"text": "a", "notifyUrl": "x"}, "notifyUrl"),
    ],
)
def test_what_is_wrong_with_a_message_that_stands_alone_is_named_without_a_list(
    content: dict[str, Any], path: str
) -> None:
    with pytest.raises(BadRequest) as caught:
        parse("single", requested("single", content))
    assert list(caught.value.errors) == [path]


@pytest.mark.parametrize("code", ["FR", "tr", "TURKISH"])
def test_who_names_no_language_is_told_which_there_are(code: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parse("v1", requested("v1", {"text": "a", "language": code}))
    assert caught.value.errors == {"messages[0].language": ["must be one of TR, ES, PT, AUTODETECT, NONE"]}


@pytest.mark.parametrize("character", ["a", "\u4e2d", "\u015f"])
def test_a_text_that_no_segments_can_carry_is_refused_where_segments_are_counted(character: str) -> None:
    draft = draft_of("v1", {"text": character * 5000, "language": "AUTODETECT", "transliteration": "ALL"})

    with pytest.raises(Uncuttable) as caught:
        count(draft.body, draft.data_coding, draft.esm_class)
    assert caught.value.status_id == MESSAGE_TOO_LONG


def test_no_transliteration_makes_a_text_of_over_4000_characters_shorter() -> None:
    draft = draft_of("v1", {"text": "e\u0327" * 2100, "transliteration": "ALL"})
    assert draft_of("v1", {"text": "e\u0327" * 2000, "transliteration": "ALL"}).body == b"e" * 2000

    assert len(draft.body) == 8400


def test_nobody_named_counts_as_one_destination_where_it_is_answered_as_one() -> None:
    nobody = json.dumps({"messages": [{"text": "a"}] * 3}).encode()

    assert len(parse_send(nobody, "application/json", Limits(destinations=3), NOW, "multi").drafts) == 3
    with pytest.raises(BadRequest) as caught:
        parse_send(nobody, "application/json", Limits(destinations=2), NOW, "multi")
    assert list(caught.value.errors) == ["messages[2].destinations"]


COUNTED = [
    ("v1", {"text": "a"}, None, True),
    ("v1", {"binary": {"hex": "41"}}, None, True),
    ("v2", {"text": "a"}, None, False),
    ("v2", {"text": "a"}, False, False),
    ("v2", {"text": "a"}, True, True),
    ("v2", {"binary": {"hex": "41"}}, True, False),
]


@pytest.mark.parametrize(("kind", "content", "asked", "counted"), COUNTED)
def test_the_answer_counts_segments_by_the_rule_of_the_generation(
    kind: str, content: dict[str, Any], asked: bool | None, counted: bool
) -> None:
    request = requested(kind, content) | {"includeSmsCountInResponse": asked}

    assert parse(kind, request).drafts[0].counted is counted


TRACKED: list[tuple[dict[str, Any], Tracking | None, UrlOptions | None]] = [
    ({}, None, None),
    ({"tracking": {}}, None, None),
    ({"tracking": {"track": "SMS", "processKey": "k"}}, Tracking("k"), None),
    ({"tracking": {"track": "SMS", "processKey": "k", "type": "t"}}, Tracking("k", "t"), None),
    ({"tracking": {"track": "URL", "baseUrl": "d"}}, None, UrlOptions(custom_domain="d")),
    ({"urlOptions": {}}, None, UrlOptions()),
    (
        {"urlOptions": {"shortenUrl": False, "trackClicks": False, "removeProtocol": True, "customDomain": "d"}},
        None,
        UrlOptions(False, False, None, True, "d"),
    ),
    ({"tracking": {"track": "URL", "baseUrl": "d"}, "urlOptions": {}}, None, UrlOptions()),
]


@pytest.mark.parametrize(("around", "tracking", "url_options"), TRACKED)
def test_tracking_and_links_are_kept_with_every_message(
    around: dict[str, Any], tracking: Tracking | None, url_options: UrlOptions | None
) -> None:
    request = {"messages": [{"to": TO, "text": "a"}, {"to": TO, "binary": {"hex": "41"}}], **around}

    for draft in parse("v2", request).drafts:
        assert (draft.options.tracking, draft.options.url_options) == (tracking, url_options)


@pytest.mark.parametrize(
    ("around", "path"),
    [
        ({"tracking": {"track": "sms"}}, "tracking.track"),
        ({"tracking": {"track": "SMS", "processKey": "k" * 256}}, "tracking.processKey"),
        ({"tracking": {"track": "SMS", "type": "k" * 256}}, "tracking.type"),
        ({"tracking": {"track": "URL", "baseUrl": "k" * 256}}, "tracking.baseUrl"),
        ({"urlOptions": {"trackingUrl": "http://localhost.example:x/"}}, "urlOptions.trackingUrl"),
        ({"urlOptions": {"trackingUrl": "http://127.0.0.1/"}}, "urlOptions.trackingUrl"),
        ({"urlOptions": {"customDomain": "k" * 256}}, "urlOptions.customDomain"),
        ({"urlOptions": {"shortenUrl": "yes"}}, "urlOptions.shortenUrl"),
    ],
)
def test_tracking_that_makes_no_sense_is_refused(around: dict[str, Any], path: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parse("v1", requested("v1", {"text": "a"}) | around)
    assert list(caught.value.errors) == [path]


def test_one_key_is_made_for_a_whole_request() -> None:
    request = {"messages": [{"to": TO, "text": "a"}] * 2, "tracking": {"track": "SMS"}}
    first, second = parse("v1", request).drafts

    assert first.options.tracking == second.options.tracking is not None
