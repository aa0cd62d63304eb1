"""What customers may ask for in the third generation, and how they are told what is wrong with it."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.asked import parse_send
from api.typed import Place, places, spoilt
from api.wire import NOW
from heliograph.api.sending import ENVELOPE
from heliograph.flows.submission import Destination, Submission
from heliograph.sms.message import Options, Tracking, UrlOptions
from heliograph.sms.schedule import MAX_AHEAD_MS, Window, render_instant
from heliograph.web.errors import BadRequest
from heliograph.web.limits import Limits

FULL: dict[str, Any] = {
    "messages": [
        {
            "sender": "SMSC",
            "destinations": [{"to": "41793026727", "messageId": "m", "networkId": 7}],
            "content": {
                "text": "",
                "transliteration": "GREEK",
                "language": {"languageCode": "NONE", "singleShift": False, "lockingShift": False},
                "hex": "41",
                "dataCoding": 4,
                "esmClass": 0,
            },
            "options": {
                "platform": {"entityId": "e" * 255, "applicationId": "a"},
                "validityPeriod": {"amount": 2, "timeUnit": "HOURS"},
                "deliveryTimeWindow": {
                    "days": ["MONDAY"],
                    "from": {"hour": 6, "minute": 0},
                    "to": {"hour": 7, "minute": 0},
                    "timeZone": "Europe/Berlin",
                },
                "campaignReferenceId": "r",
                "regional": {
                    "indiaDlt": {"principalEntityId": "1", "contentTemplateId": "2", "telemarketerId": "3"},
                    "turkeyIys": {"recipientType": "TACIR", "brandCode": 5},
                    "southKorea": {"resellerCode": 6, "title": "t"},
                },
                "flash": True,
            },
            "webhooks": {
                "delivery": {"url": "https://www.example.com/", "intermediateReport": True, "notify": True},
                "contentType": "application/xml",
                "callbackData": "c",
            },
        }
    ],
    "options": {
        "schedule": {
            "bulkId": "b" * 100,
            "sendAt": "2021-08-25T16:00:00.000+0000",
            "sendingSpeedLimit": {"amount": 10, "timeUnit": "HOUR"},
        },
        "tracking": {
            "shortenUrl": True,
            "trackClicks": False,
            "trackingUrl": "https://www.example.com/clicks",
            "removeProtocol": True,
            "customDomain": "d",
        },
        "includeSmsCountInResponse": True,
        "conversionTracking": {"useConversionTracking": True, "conversionTrackingName": "n"},
    },
}


def parse(request: Any, **limits: Any) -> Submission:
    return parse_send(json.dumps(request).encode(), "application/json", Limits(**limits), NOW, "v3")


def errors_of(request: Any, **limits: Any) -> dict[str, list[str]]:
    with pytest.raises(BadRequest) as caught:
        parse(request, **limits)
    return caught.value.errors


def one(around: Any = None, **fields: Any) -> dict[str, Any]:
    """A good request of one message, but for `fields`; a field of ... is left out."""
    message = {"content": {"text": "hello"}, "destinations": [{"to": "41793026727"}], **fields}
    request = {"messages": [{name: value for name, value in message.items() if value is not ...}]}
    return request if around is None else request | {"options": around}


def test_a_request_with_everything_is_understood_to_the_last_field() -> None:
    submission = parse(FULL)

    [draft] = submission.drafts
    assert (submission.bulk_id, submission.segment_interval, submission.always_bulk) == ("b" * 100, 360_000_000, True)
    assert draft.destinations == [Destination("41793026727", "m")]
    assert (draft.sender, draft.body, draft.data_coding, draft.esm_class) == ("SMSC", b"A", 0x14, 0)
    assert (draft.validity_minutes, draft.send_at) == (120, 1_629_907_200_000)
    assert draft.window == Window((0,), 360, 420, "Europe/Berlin")
    assert draft.counted is False  # it is binary
    assert draft.options.tracking is not None
    assert draft.options == Options(
        notify_url="https://www.example.com/",
        content_type="application/xml",
        shape="v3",
        intermediate=True,
        notify=True,
        callback_data="c",
        entity_id="e" * 255,
        application_id="a",
        campaign_reference_id="r",
        regional=FULL["messages"][0]["options"]["regional"],
        tracking=Tracking(draft.options.tracking.process_key, "n"),
        url_options=UrlOptions(True, False, "https://www.example.com/clicks", True, "d"),
        network_id=7,
    )


GOOD = [
    ({"content": {"text": "h\u00e9llo"}}, lambda draft: (draft.body, draft.data_coding) == (b"h\x05llo", 0)),
    ({"content": {"text": "\u4e2d"}}, lambda draft: (draft.body, draft.data_coding) == (b"\x4e\x2d", 8)),
    ({"content": {"text": "hello"}}, lambda draft: draft.options.text),
    ({"content": {"text": ""}}, lambda draft: draft.body == b"" and draft.options.text),
    ({"content": {"hex": "41", "text": None}}, lambda draft: draft.body == b"A" and not draft.options.text),
    (
        {"content": {"text": "\u0430", "transliteration": "CYRILLIC"}},
        lambda draft: (draft.body, draft.data_coding) == (b"a", 0),
    ),
    (
        {"content": {"text": "\u015f", "language": {"languageCode": "TR"}}},
        lambda draft: draft.esm_class == 0x40 and draft.body.startswith(b"\x03\x24\x01\x01"),
    ),
    ({"options": {"flash": True}}, lambda draft: draft.data_coding == 0x10),
    ({"options": {"validityPeriod": {"amount": 5}}}, lambda draft: draft.validity_minutes == 5),
    (
        {"options": {"validityPeriod": {"amount": 61, "timeUnit": "SECONDS"}}},
        lambda draft: draft.validity_minutes == 2,
    ),
    (
        {"options": {"validityPeriod": {"amount": 1000, "timeUnit": "HOURS"}}},
        lambda draft: draft.validity_minutes == 2880,
    ),
    ({"options": {"validityPeriod": {"amount": 1 << 64}}}, lambda draft: draft.validity_minutes == 2880),
    ({"webhooks": {"delivery": {"notify": False}}}, lambda draft: draft.options.notify is False),
    ({"webhooks": {"contentType": "application/xml"}}, lambda draft: draft.options.content_type.endswith("xml")),
    ({"destinations": [{}]}, lambda draft: draft.destinations == [Destination()]),
    ({"destinations": [{"to": "x" * 65}]}, lambda draft: draft.destinations[0].to == "x" * 65),
    ({"destinations": [{"to": "1", "messageId": ""}]}, lambda draft: draft.destinations[0].message_id is None),
    ({"unknown": [5], "options": None, "webhooks": None}, lambda draft: draft.options.shape == "v3"),
]


@pytest.mark.parametrize(("fields", "holds"), GOOD)
def test_what_customers_may_ask_of_a_message_is_understood(fields: dict[str, Any], holds: Any) -> None:
    assert holds(parse(one(**fields)).drafts[0])


@pytest.mark.parametrize(
    ("content", "asked", "counted"),
    [
        ({"text": "a"}, True, True),
        ({"text": "a"}, False, False),
        ({"text": "a"}, None, False),
        ({"hex": "41"}, True, False),
    ],
)
def test_segments_are_counted_in_the_answer_for_texts_and_for_those_who_ask(
    content: dict[str, Any], asked: bool | None, counted: bool
) -> None:
    [draft] = parse(one({"includeSmsCountInResponse": asked}, content=content)).drafts

    assert draft.counted is counted


def test_recipients_of_several_networks_keep_their_order_and_each_its_network() -> None:
    numbers = [("1", 7), ("2", 7), ("3", None), ("4", 8), ("5", 7)]
    drafts = parse(one(destinations=[{"to": to, "networkId": network} for to, network in numbers])).drafts

    told = [(to.to, draft.options.network_id) for draft in drafts for to in draft.destinations]

    assert told == numbers
    assert len(drafts) == 4


BAD = [
    ({"content": ...}, "content"),
    ({"content": {}}, "content"),
    ({"content": {"text": "a", "hex": "41"}}, "content"),
    ({"content": {"hex": ""}}, "content.hex"),
    ({"content": {"hex": "4"}}, "content.hex"),
    ({"content": {"hex": "41", "dataCoding": 256}}, "content.dataCoding"),
    ({"content": {"hex": "41", "esmClass": -1}}, "content.esmClass"),
    ({"content": {"text": "a\0"}}, "content.text"),
    ({"content": {"text": "a", "language": {"languageCode": "FR"}}}, "content.language.languageCode"),
    ({"content": {"text": "a", "transliteration": "X"}}, "content.transliteration"),
    ({"content": {"hex": "41", "dataCoding": 6}, "options": {"flash": True}}, "options.flash"),
    ({"destinations": ...}, "destinations"),
    ({"destinations": []}, "destinations"),
    ({"destinations": [{"to": 5}]}, "destinations[0].to"),
    ({"destinations": [{"to": "1"}, {"to": "1", "messageId": "m" * 201}]}, "destinations[1].messageId"),
    ({"destinations": [{"to": "1"}, {"to": "1", "networkId": 1 << 63}]}, "destinations[1].networkId"),
    ({"options": {"platform": {"entityId": "e" * 256}}}, "options.platform.entityId"),
    ({"options": {"platform": {"applicationId": "e" * 256}}}, "options.platform.applicationId"),
    ({"options": {"campaignReferenceId": "e" * 256}}, "options.campaignReferenceId"),
    ({"options": {"validityPeriod": {}}}, "options.validityPeriod.amount"),
    ({"options": {"validityPeriod": {"amount": 0}}}, "options.validityPeriod.amount"),
    ({"options": {"validityPeriod": {"amount": 1, "timeUnit": "DAYS"}}}, "options.validityPeriod.timeUnit"),
    ({"options": {"deliveryTimeWindow": {"days": []}}}, "options.deliveryTimeWindow.days"),
    ({"options": {"regional": {"indiaDlt": {}}}}, "options.regional.indiaDlt.principalEntityId"),
    ({"webhooks": {"delivery": {"url": "http://127.0.0.1/"}}}, "webhooks.delivery.url"),
    ({"webhooks": {"contentType": "text/plain"}}, "webhooks.contentType"),
    ({"webhooks": {"callbackData": "c" * 4001}}, "webhooks.callbackData"),
]


@pytest.mark.parametrize(("fields", "path"), BAD)
def test_what_is_wrong_with_a_message_is_named_by_its_path(fields: dict[str, Any], path: str) -> None:
    assert list(errors_of(one(**fields))) == [f"messages[0].{path}"]


BAD_AROUND = [
    ({"schedule": {"bulkId": "b" * 101}}, "schedule.bulkId"),
    ({"schedule": {"sendAt": "soon"}}, "schedule.sendAt"),
    ({"schedule": {"sendAt": render_instant(NOW + MAX_AHEAD_MS + 1)}}, "schedule.sendAt"),
    ({"schedule": {"sendingSpeedLimit": {"amount": 0}}}, "schedule.sendingSpeedLimit.amount"),
    ({"schedule": {"sendingSpeedLimit": {"amount": 1, "timeUnit": "S"}}}, "schedule.sendingSpeedLimit.timeUnit"),
    ({"tracking": {"trackingUrl": "http://10.0.0.1/"}}, "tracking.trackingUrl"),
    ({"tracking": {"customDomain": "d" * 256}}, "tracking.customDomain"),
    ({"conversionTracking": {"conversionTrackingName": "n" * 256}}, "conversionTracking.conversionTrackingName"),
]


@pytest.mark.parametrize(("around", "path"), BAD_AROUND)
def test_what_is_wrong_around_the_messages_is_named_too(around: dict[str, Any], path: str) -> None:
    assert list(errors_of(one(around))) == [f"options.{path}"]


def test_a_request_holds_at_most_so_many_destinations_and_at_least_one_message() -> None:
    crowd = one(destinations=[{"to": "41793026727"}] * 11)

    assert list(errors_of(crowd, destinations=10)) == ["messages[0].destinations"]
    assert list(errors_of({})) == list(errors_of({"messages": []})) == ["messages"]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(places(ENVELOPE.type)), st.data())
def test_a_wrong_type_at_any_field_is_named_by_its_path(place: Place, data: st.DataObject) -> None:
    assert list(errors_of(spoilt(FULL, place, data))) == [place.path]


XML = (
    "<SmsRequestEnvelope><messages><message><sender>SMSC</sender><destinations><destination><to>41793026727</to>"
    "<messageId>m</messageId></destination></destinations><content><text>h&amp;llo</text><language><languageCode>TR"
    "</languageCode></language></content><webhooks><delivery><url>https://www.example.com/</url></delivery></webhooks>"
    "</message></messages><options><schedule><bulkId>b</bulkId></schedule></options></SmsRequestEnvelope>"
)


def test_xml_says_what_json_says() -> None:
    same = one(
        {"schedule": {"bulkId": "b"}},
        sender="SMSC",
        destinations=[{"to": "41793026727", "messageId": "m"}],
        content={"text": "h&llo", "language": {"languageCode": "TR"}},
        webhooks={"delivery": {"url": "https://www.example.com/"}},
    )
    assert parse_send(XML.encode(), "application/xml", Limits(), NOW, "v3") == parse(same)
