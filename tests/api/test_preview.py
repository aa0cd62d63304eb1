"""What a text would look like, and how many segments it would take."""

import json
from typing import Any
from xml.etree import ElementTree

import pytest

from api.wire import Client

PATH = "/sms/1/preview"


def previews(client: Client, **request: Any) -> list[dict[str, Any]]:
    reply = client.request("POST", PATH, json.dumps(request))
    assert (reply.status, reply.json["originalText"]) == (200, request["text"])
    told: list[dict[str, Any]] = reply.json["previews"]
    return told


def test_without_options_there_is_one_preview(client: Client) -> None:
    assert previews(client, text="a" * 60) == [
        {"textPreview": "a" * 60, "messageCount": 1, "charactersRemaining": 100, "configuration": {}}
    ]


def test_with_a_language_the_plain_preview_comes_first(client: Client) -> None:
    text = "\u015e" + "a" * 97

    plain, turkish = previews(client, text=text, languageCode="TR", transliteration=None)

    assert plain == {"textPreview": text, "messageCount": 2, "charactersRemaining": 36, "configuration": {}}
    assert turkish == {
        "textPreview": text,
        "messageCount": 1,
        "charactersRemaining": 57,
        "configuration": {"language": {"languageCode": "TR"}},
    }


def test_with_a_transliteration_the_text_is_shown_as_it_would_be_sent(client: Client) -> None:
    plain, greek = previews(client, text="\u03b1" * 155, transliteration="GREEK")

    assert (plain["messageCount"], plain["charactersRemaining"]) == (3, 46)
    assert greek == {
        "textPreview": "A" * 155,
        "messageCount": 1,
        "charactersRemaining": 5,
        "configuration": {"transliteration": "GREEK"},
    }


def test_both_options_are_one_configuration(client: Client) -> None:
    [_, told] = previews(client, text="a", languageCode="AUTODETECT", transliteration="ALL")

    assert told["configuration"] == {"language": {"languageCode": "AUTODETECT"}, "transliteration": "ALL"}


@pytest.mark.parametrize(
    ("request_", "path"),
    [
        ({}, "text"),
        ({"text": ""}, "text"),
        ({"text": "a\0"}, "text"),
        ({"text": "a" * 4001}, "text"),
        ({"text": "\u4e2d" * 2000}, "text"),
        ({"text": "a", "languageCode": "NONE"}, "languageCode"),
        ({"text": "a", "languageCode": "FR"}, "languageCode"),
        ({"text": "a", "transliteration": "X"}, "transliteration"),
        ({"text": "a", "transliteration": 5}, "transliteration"),
    ],
)
def test_what_cannot_be_previewed_is_refused_by_name(client: Client, request_: dict[str, Any], path: str) -> None:
    reply = client.request("POST", PATH, json.dumps(request_))

    assert (reply.status, list(reply.refusal["validationErrors"])) == (400, [path])


def test_a_preview_in_xml_has_doubled_names(client: Client) -> None:
    document = "<PreviewRequest><text>a</text><languageCode>TR</languageCode></PreviewRequest>"
    reply = client.request("POST", PATH, document, Content_Type="application/xml", Accept="application/xml")

    root = ElementTree.fromstring(reply.body)

    assert root.tag == "PreviewResponse"
    assert len(root.findall("previews/previews")) == 2
    assert root.findtext("previews/previews[2]/configuration/language/languageCode") == "TR"
