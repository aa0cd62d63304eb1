"""What customers may ask for, and how they are told what is wrong with it."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import inspect

import vectors
from api.asked import parse_send, report_query
from api.typed import Place, places, spoilt
from api.wire import NOW
from heliograph.api.sending import SEND
from heliograph.flows.submission import Destination, Submission
from heliograph.sms.message import Options
from heliograph.sms.schedule import MAX_AHEAD_MS, Window, parse_instant, render_instant
from heliograph.web.errors import BadRequest
from heliograph.web.limits import Limits

JSON = "application/json"
WEEK = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
PAGE: dict[str, Any] = {
    "bulkId": "BULK-ID-123-xyz",
    "messages": [
        {
            "binary": {"dataCoding": 0, "esmClass": 0, "hex": "54 65 73 74 20 6d 65 73 73 61 67 65 2e"},
            "callbackData": "DLR callback data",
            "destinations": [{"messageId": "MESSAGE-ID-123-xyz", "to": "41793026727"}, {"to": "41793026834"}],
            "from": "SMSC",
            "intermediateReport": True,
            "notifyContentType": "application/json",
            "notifyUrl": "https://www.example.com/sms/advanced",
            "validityPeriod": 720,
        },
        {
            "binary": {
                "dataCoding": 0,
                "esmClass": 0,
                "hex": "41 20 6C 6F 6E 67 20 74 \u202620 45 6D 70 69 72 65 2E",
            },
            "deliveryTimeWindow": {
                "days": list(WEEK),
                "from": {"hour": 6, "minute": 0},
                "to": {"hour": 15, "minute": 30},
            },
            "destinations": [{"to": "41793026700"}],
            "from": "41793026700",
            "sendAt": "2021-08-25T16:00:00.000+0000",
        },
    ],
}
FULL: dict[str, Any] = {
    "bulkId": "b",
    "sendingSpeedLimit": {"amount": 10, "timeUnit": "HOUR"},
    "messages": [
        {
            "from": "SMSC",
            "to": "41793026726",
            "destinations": [{"to": "41793026727", "messageId": "m"}],
            "binary": {"hex": "41", "dataCoding": 4, "esmClass": 0},
            "flash": False,
            "notify": True,
            "intermediateReport": False,
            "notifyUrl": "https://www.example.com/",
            "notifyContentType": "application/xml",
            "callbackData": "c",
            "validityPeriod": 1,
            "sendAt": "2021-08-25T16:00:00.000+0000",
            "deliveryTimeWindow": {
                "days": ["MONDAY"],
                "from": {"hour": 6, "minute": 0},
                "to": {"hour": 7, "minute": 0},
                "timeZone": "Europe/Berlin",
            },
            "regional": {
                "indiaDlt": {"principalEntityId": "1", "contentTemplateId": "2", "telemarketerId": "3"},
                "turkeyIys": {"recipientType": "TACIR", "brandCode": 5},
                "southKorea": {"resellerCode": 6, "title": "t"},
            },
            "entityId": "e",
            "applicationId": "a",
            "campaignReferenceId": "r",
            "text": "",
            "language": {"languageCode": "TR", "singleShift": True, "lockingShift": False},
            "transliteration": "GREEK",
        }
    ],
    "tracking": {"track": "SMS", "type": "t", "processKey": "k", "baseUrl": "b"},
    "urlOptions": {
        "shortenUrl": True,
        "trackClicks": False,
        "trackingUrl": "https://www.example.com/clicks",
        "removeProtocol": True,
        "customDomain": "d",
    },
    "includeSmsCountInResponse": True,
}


def parse(request: Any, **limits: Any) -> Submission:
    body = request if isinstance(request, bytes) else json.dumps(request).encode()
    return parse_send(body, JSON, Limits(**limits), NOW)


def errors_of(request: Any, **limits: Any) -> dict[str, list[str]]:
    with pytest.raises(BadRequest) as caught:
        parse(request, **limits)
    return caught.value.errors


def one(**fields: Any) -> dict[str, Any]:
    """A good request of one message, but for `fields`; a field of ... is left out."""
    message = {"binary": {"hex": "41"}, "destinations": [{"to": "41793026727"}], **fields}
    return {"messages": [{name: value for name, value in message.items() if value is not ...}]}


def test_the_pages_request_is_refused_for_its_ellipsis_and_nothing_else() -> None:
    assert list(errors_of(PAGE)) == ["messages[1].binary.hex"]
    assert list(errors_of(json.dumps(PAGE, ensure_ascii=False).encode())) == ["messages[1].binary.hex"]


def test_the_pages_request_with_its_hex_whole_is_understood_to_the_last_field() -> None:
    request = json.loads(json.dumps(PAGE))
    request["messages"][1]["binary"]["hex"] = "41 20 6C 6F 6E 67"

    first, second = parse(request).drafts

    assert first.destinations == [Destination("41793026727", "MESSAGE-ID-123-xyz"), Destination("41793026834")]
    assert (first.sender, first.body, first.data_coding, first.esm_class) == ("SMSC", b"Test message.", 0, 0)
    assert first.options == Options(
        notify_url="https://www.example.com/sms/advanced", intermediate=True, callback_data="DLR callback data"
    )
    assert (first.validity_minutes, first.send_at, first.window) == (720, None, None)
    assert second.body == b"A long"
    assert second.send_at == parse_instant("2021-08-25T16:00:00.000+0000")
    assert second.window == Window((0, 1, 2, 3, 4, 5, 6), 360, 930)
    assert parse(request).bulk_id == "BULK-ID-123-xyz"


def test_everything_that_the_second_generation_adds_is_carried() -> None:
    submission = parse(FULL)
    [draft] = submission.drafts
    assert submission.segment_interval == 360_000_000
    assert draft.options.regional == FULL["messages"][0]["regional"]
    assert (draft.options.entity_id, draft.options.application_id) == ("e", "a")
    assert draft.options.campaign_reference_id == "r"
    assert draft.options.content_type == "application/xml"
    assert draft.window == Window((0,), 360, 420, "Europe/Berlin")
    assert draft.destinations == [Destination("41793026726"), Destination("41793026727", "m")]


def test_null_is_absent_and_unknown_keys_are_nobodys_business() -> None:
    fields = dict.fromkeys((field.encode_name for field in message_type().fields), None)
    request = one() | {"bulkId": None, "sendingSpeedLimit": None, "type": "binary", "tracking": None}
    request["messages"][0] = {**fields, **request["messages"][0], "data_coding": 8, "speedLimit": 5}
    request["messages"][0]["binary"] = {"hex": "41", "dataCoding": None, "esmClass": None}
    request["messages"][0]["destinations"] = [{"to": "1", "messageId": None}]
    assert parse(request) == parse(one(destinations=[{"to": "1"}]))


GOOD = [
    ({"flash": True}, lambda draft: draft.data_coding == 0x10),
    ({"flash": True, "binary": {"hex": "41", "dataCoding": 4}}, lambda draft: draft.data_coding == 0x14),
    ({"binary": {"hex": " 41\t42\n"}}, lambda draft: draft.body == b"AB"),
    ({"binary": {"hex": "4142", "dataCoding": 255, "esmClass": 255}}, lambda draft: draft.esm_class == 255),
    ({"validityPeriod": 1 << 64}, lambda draft: draft.validity_minutes == 2880),
    ({"sendAt": "2021-01-01T00:00:00"}, lambda draft: draft.send_at == 1609459200000),
    ({"sendAt": render_instant(NOW + MAX_AHEAD_MS)}, lambda draft: draft.send_at == NOW + MAX_AHEAD_MS),
    ({"notify": False}, lambda draft: draft.options.notify is False),
    ({"notifyUrl": ""}, lambda draft: draft.options.notify_url is None),
    ({"notifyContentType": "Application/XML; charset=utf-8"}, lambda draft: draft.options.content_type.endswith("xml")),
    ({"callbackData": "c" * 4000}, lambda draft: len(draft.options.callback_data) == 4000),
    ({"destinations": [{}]}, lambda draft: draft.destinations == [Destination()]),
    ({"destinations": [{"to": "not a number"}]}, lambda draft: draft.destinations[0].to == "not a number"),
    (
        {"destinations": [{"to": "1", "messageId": "m" * 201}]},
        lambda draft: len(draft.destinations[0].message_id) == 200,
    ),
    ({"destinations": [{"to": "1", "messageId": ""}]}, lambda draft: draft.destinations[0].message_id is None),
    ({"destinations": ..., "to": "1"}, lambda draft: draft.destinations == [Destination("1")]),
    ({"destinations": ..., "to": ["1", "2"]}, lambda draft: draft.destinations == [Destination("1"), Destination("2")]),
    ({"deliveryTimeWindow": {"days": ["MONDAY"] * 70}}, lambda draft: draft.window == Window((0,))),
    ({"deliveryTimeWindow": {"days": ["SUNDAY", "MONDAY", "SUNDAY"]}}, lambda draft: draft.window == Window((0, 6))),
    (
        {"deliveryTimeWindow": {"days": ["MONDAY"], "from": {"hour": 22, "minute": 0}, "to": {"hour": 6, "minute": 0}}},
        lambda draft: draft.window == Window((0,), 1320, 360),
    ),
]


@pytest.mark.parametrize(("fields", "holds"), GOOD)
def test_what_customers_may_ask_of_a_message_is_understood(fields: dict[str, Any], holds: Any) -> None:
    assert holds(parse(one(**fields)).drafts[0])


def window(**fields: Any) -> dict[str, Any]:
    return {"deliveryTimeWindow": {"days": ["MONDAY"], **fields}}


BAD = [
    ({"binary": {"hex": ""}}, "binary.hex"),
    ({"binary": {}}, "binary.hex"),
    ({"binary": {"hex": "4 1"}}, "binary.hex"),
    ({"binary": {"hex": "4x"}}, "binary.hex"),
    ({"binary": {"hex": "41", "dataCoding": 256}}, "binary.dataCoding"),
    ({"binary": {"hex": "41", "dataCoding": -1}}, "binary.dataCoding"),
    ({"binary": {"hex": "41", "esmClass": 10**30}}, "binary.esmClass"),
    ({"binary": {"hex": "41", "dataCoding": 6}, "flash": True}, "flash"),
    ({"binary": ...}, ""),
    ({"text": "hello"}, ""),
    ({"binary": ..., "text": "a\0b"}, "text"),
    ({"binary": ..., "text": "a", "language": "FR"}, "language"),
    ({"binary": ..., "text": "a", "language": {"languageCode": "tr"}}, "language.languageCode"),
    ({"binary": ..., "text": "a", "language": {"singleShift": True}}, "language.languageCode"),
    ({"binary": ..., "text": "a", "language": 5}, "language"),
    ({"binary": ..., "text": "a", "transliteration": "KLINGON"}, "transliteration"),
    ({"regional": {"indiaDlt": {"principalEntityId": "p" * 256}}}, "regional.indiaDlt.principalEntityId"),
    ({"destinations": ...}, "destinations"),
    ({"destinations": []}, "destinations"),
    ({"destinations": [None]}, "destinations[0]"),
    ({"destinations": [{"to": 41793026727}]}, "destinations[0].to"),
    ({"destinations": [{"to": "1", "messageId": "a\0b"}]}, "destinations[0].messageId"),
    ({"to": 5}, "to"),
    ({"to": ["1", 5]}, "to[1]"),
    ({"from": "a\0b"}, "from"),
    ({"validityPeriod": 0}, "validityPeriod"),
    ({"validityPeriod": 1.5}, "validityPeriod"),
    ({"validityPeriod": "720"}, "validityPeriod"),
    ({"sendAt": "tomorrow"}, "sendAt"),
    ({"sendAt": 1629900000000}, "sendAt"),
    ({"sendAt": render_instant(NOW + MAX_AHEAD_MS + 1)}, "sendAt"),
    ({"callbackData": "c" * 4001}, "callbackData"),
    ({"entityId": "e" * 67}, "entityId"),
    ({"applicationId": "e" * 67}, "applicationId"),
    ({"campaignReferenceId": "e" * 256}, "campaignReferenceId"),
    ({"notifyUrl": "ftp://example.com/"}, "notifyUrl"),
    ({"notifyUrl": "http://127.0.0.1/"}, "notifyUrl"),
    ({"notifyContentType": "text/plain"}, "notifyContentType"),
    ({"regional": {"indiaDlt": {}}}, "regional.indiaDlt.principalEntityId"),
    ({"regional": {"turkeyIys": {"recipientType": "TACIR", "brandCode": 1 << 63}}}, "regional.turkeyIys.brandCode"),
    ({"regional": {"southKorea": {"resellerCode": -(1 << 63) - 1}}}, "regional.southKorea.resellerCode"),
    ({"regional": {"turkeyIys": {"recipientType": "X"}}}, "regional.turkeyIys.recipientType"),
    ({"regional": {"southKorea": {"title": "t" * 67}}}, "regional.southKorea.title"),
    (window(days=[]), "deliveryTimeWindow.days"),
    (window(days=None), "deliveryTimeWindow.days"),
    (window(days=["MONDAY"] * 71), "deliveryTimeWindow.days"),
    (window(days=["MONDAY", "Funday"]), "deliveryTimeWindow.days[1]"),
    (window(**{"from": {"hour": 6, "minute": 0}}), "deliveryTimeWindow"),
    (window(**{"from": {"hour": 6, "minute": 0}, "to": {"hour": 6, "minute": 59}}), "deliveryTimeWindow"),
    (window(**{"from": {"hour": 6, "minute": 0}, "to": {"hour": 24, "minute": 0}}), "deliveryTimeWindow.to.hour"),
    (window(**{"from": {"hour": 6}, "to": {"hour": 8, "minute": 0}}), "deliveryTimeWindow.from.minute"),
    (window(timeZone="Mars/Olympus"), "deliveryTimeWindow"),
]


@pytest.mark.parametrize(("fields", "path"), BAD)
def test_what_is_wrong_with_a_message_is_named_by_its_path(fields: dict[str, Any], path: str) -> None:
    errors = errors_of(one(**fields))
    assert list(errors) == ["messages[0]" + (f".{path}" if path else "")]
    assert all(sentences and all(isinstance(one, str) for one in sentences) for sentences in errors.values())


@pytest.mark.parametrize("case", [one for one in vectors.of_kind("schedule") if "ACCEPT" in one["expect"]["outcome"]])
def test_windows_that_the_standard_takes_are_taken(case: dict[str, Any]) -> None:
    assert parse(one(deliveryTimeWindow=case["input"]["deliveryTimeWindow"])).drafts[0].window is not None


@pytest.mark.parametrize("case", [one for one in vectors.of_kind("schedule") if "400" in one["expect"]["outcome"]])
def test_schedules_that_the_standard_refuses_are_refused(case: dict[str, Any]) -> None:
    asked = case["input"]
    body = json.dumps(one(deliveryTimeWindow=asked.get("deliveryTimeWindow"), sendAt=asked.get("sendAt"))).encode()
    with pytest.raises(BadRequest):
        parse_send(body, JSON, Limits(), parse_instant(asked.get("acceptedAt", "2021-01-01T00:00:00Z")))


SPEEDS = [
    ({"amount": 1}, 60_000_000),
    ({"amount": 7}, 8_571_429),
    ({"amount": 1, "timeUnit": "DAY"}, 86_400_000_000),
    ({"amount": 10**9}, 1),
]


@pytest.mark.parametrize(("limit", "microseconds"), SPEEDS)
def test_a_speed_limit_is_never_exceeded_by_rounding(limit: dict[str, Any], microseconds: int) -> None:
    assert parse(one() | {"sendingSpeedLimit": limit}).segment_interval == microseconds


@pytest.mark.parametrize(
    ("limit", "name"), [({}, "amount"), ({"amount": 0}, "amount"), ({"amount": 1, "timeUnit": "WEEK"}, "timeUnit")]
)
def test_a_speed_limit_that_makes_no_sense_is_refused(limit: dict[str, Any], name: str) -> None:
    assert list(errors_of(one() | {"sendingSpeedLimit": limit})) == [f"sendingSpeedLimit.{name}"]


def test_long_ids_are_clipped_and_empty_ones_absent() -> None:
    assert parse(one() | {"bulkId": "b" * 101}).bulk_id == "b" * 100
    assert parse(one() | {"bulkId": ""}).bulk_id is None


def test_every_bad_field_is_named_at_once_whatever_is_wrong_with_it() -> None:
    request = one(validityPeriod="x", sendAt="x", callbackData=5, binary={"hex": 5, "dataCoding": 300})
    request["messages"].append({"destinations": 5, "binary": [], "from": True})
    request["bulkId"] = 5
    assert set(errors_of(request)) == {
        "bulkId",
        "messages[0].validityPeriod",
        "messages[0].sendAt",
        "messages[0].callbackData",
        "messages[0].binary.hex",
        "messages[0].binary.dataCoding",
        "messages[1].destinations",
        "messages[1].binary",
        "messages[1].from",
    }


def test_at_most_fifty_fields_are_named() -> None:
    assert len(errors_of(one(destinations=[{"to": number} for number in range(60)]))) == 50
    assert len(errors_of({"messages": [{}] * 60})) == 50


def test_a_request_in_which_everything_is_wrong_is_refused_without_looking_through_all_of_it() -> None:
    refused = errors_of({"messages": [{"flash": 1}] * 300_000})  # each against all others, it would take an hour

    assert list(refused) == [f"messages[{n}].flash" for n in range(50)]


def test_a_request_holds_at_most_ten_thousand_destinations() -> None:
    crowd = [{"to": "41793026727"}] * 10_000
    assert len(parse(one(destinations=crowd)).drafts[0].destinations) == 10_000
    errors = errors_of(one(destinations=[*crowd, {"to": "1"}]))
    assert errors == {"messages[0].destinations": ["a request holds at most 10000 destinations"]}
    two = {"messages": one(destinations=crowd)["messages"] + one()["messages"]}
    assert list(errors_of(two)) == ["messages[1].destinations"]


def test_no_messages_is_no_request() -> None:
    assert list(errors_of({})) == ["messages"]
    assert list(errors_of({"messages": []})) == ["messages"]
    assert list(errors_of({"messages": {}})) == ["messages"]


NONSENSE = [
    b"",
    b"null",
    b"[]",
    b"5",
    b"{",
    b'{"messages":[{"from":"\xff"}]}',
    b'{"unknown":"\xff"}',
    b'{"\xff":1}',
    b'{"messages":[{"from":"\\ud800"}]}',
    b'{"unknown":' + b"[" * 32 + b"]" * 32 + b"}",
    b'{"unknown":' + b'{"a":' * 32 + b"1" + b"}" * 32 + b"}",
    b'{"unknown":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    b"[" * 200_000,
    b'{"messages":[' + b"{}," * 600_000 + b"{}]}",
]


@pytest.mark.parametrize("body", NONSENSE, ids=range(len(NONSENSE)))
def test_what_is_no_request_at_all_is_refused_whole(body: bytes) -> None:
    assert list(errors_of(body)) == ["body"]


MALFORMED = [
    (b"", "must not be empty: it is one JSON object in UTF-8"),
    (b" \r\n", "must not be empty: it is one JSON object in UTF-8"),
    (b'{"messages":[],}', "must be one JSON object in UTF-8: trailing comma in object at octet 15"),
    (b"{'messages':[]}", "must be one JSON object in UTF-8: object keys must be strings at octet 1"),
    (b'{"messages":[]} {}', "must be one JSON object in UTF-8: trailing characters at octet 17"),
    (b'{"bulkId":NaN}', "must be one JSON object in UTF-8: invalid character at octet 10"),
    (b'{"bulkId":"a\nb"}', "must be one JSON object in UTF-8: invalid character at octet 12"),
    (b'{"messages":[', "must be one JSON object in UTF-8"),
    (b'{"bulkId":"\\ud800"}', "must be one JSON object in UTF-8"),
    (b'{"bulkId":"\xff"}', "must be UTF-8"),
    (b"[" * 200_000, "must be one JSON object in UTF-8"),
    (b'{"bulkId":5,"messages":[1,]}', "must be one JSON object in UTF-8: trailing comma in array at octet 26"),
    (
        b"{'bulkId':5, 'x': " + b"9" * 5000 + b"}",
        "must be one JSON object in UTF-8: object keys must be strings at octet 1",
    ),
    (b'{"bulkId":5,"validityPeriod":' + b"9" * 5000 + b"}", "must hold no number out of range"),
    (b"null", "must be an object"),
]


@pytest.mark.parametrize(("body", "sentence"), MALFORMED, ids=range(len(MALFORMED)))
def test_what_is_no_json_is_told_what_is_wrong_and_where(body: bytes, sentence: str) -> None:
    assert errors_of(body) == {"body": [sentence]}


@pytest.mark.parametrize("brackets", ['"[[[["', r'"\"[[[["', "[" * 30 + "]" * 30])
def test_nesting_within_the_limit_is_nobodys_business(brackets: str) -> None:
    body = json.dumps(one(destinations=[{"to": "1"}] * 20)).encode()[:-1] + b',"unknown":' + brackets.encode() + b"}"
    assert len(parse(body).drafts) == 1


def test_brackets_inside_strings_hide_no_nesting() -> None:
    hidden = '"}}", ['.join([""] * 40)
    body = b'{"unknown":[' + hidden.encode() + b"]" * 40 + b"}"
    json.loads(body)
    assert list(errors_of(body)) == ["body"]


NESTED = st.recursive(
    st.text('[]{}"\\\\ ', max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('[]{}"\\\\', max_size=3), inner, max_size=3),
    max_leaves=20,
)


def depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)


@settings(max_examples=300, deadline=None)
@given(NESTED)
def test_levels_are_counted_as_json_counts_them(value: Any) -> None:
    request = {**one(), "unknown": value}  # four levels of its own
    body = json.dumps(request).encode()
    if depth(request) > 4:
        assert list(errors_of(body, nesting=4)) == ["body"]
    else:
        assert len(parse(body, nesting=4).drafts) == 1


def test_numbers_beyond_all_types_are_named_by_their_path() -> None:
    body = json.dumps(one(validityPeriod=7)).encode().replace(b": 7", b": 1e400")
    assert errors_of(body) == {"messages[0].validityPeriod": ["must be an integer"]}
    body = json.dumps(one(sendAt=7)).encode().replace(b": 7", b": 1e400")
    assert errors_of(body) == {"messages[0].sendAt": ["must be a string"]}
    body = json.dumps(one(validityPeriod=7)).encode().replace(b": 7", b": " + 5000 * b"9")
    assert errors_of(body) == {"messages[0].validityPeriod": ["must hold no number out of range"]}


def test_a_byte_order_mark_is_no_mistake() -> None:
    assert parse(b"\xef\xbb\xbf" + json.dumps(one()).encode()) == parse(one())


def message_type() -> inspect.StructType:
    [messages] = [field.type for field in SEND.type.fields if field.encode_name == "messages"]
    [items] = [kind for kind in messages.types if isinstance(kind, inspect.ListType)]
    return items.item_type


PLACES = places(SEND.type)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(PLACES), st.data())
def test_a_wrong_type_at_any_field_is_named_by_its_path(place: Place, data: st.DataObject) -> None:
    assert list(errors_of(spoilt(FULL, place, data))) == [place.path]


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from([place.keys[-1] for place in PLACES]) | st.text(max_size=3), inner, max_size=5
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(JSONS)
def test_no_json_can_do_more_than_be_refused(value: Any) -> None:
    for body in (value, {"messages": [value]}, one(binary=value), one(deliveryTimeWindow=value), one(regional=value)):
        try:
            submission = parse(json.dumps(body).encode())
        except BadRequest as refused:
            assert 1 <= len(refused.errors) <= 50
        else:
            assert all(draft.destinations for draft in submission.drafts)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_no_octets_can_do_more_than_be_refused(body: bytes) -> None:
    for content_type in ("application/json", "application/xml"):
        with pytest.raises(BadRequest):
            parse_send(body, content_type, Limits(), NOW)


NOTHING = dict.fromkeys(("bulkId", "messageId", "applicationId", "entityId", "campaignReferenceId")) | {"limit": 50}
QUERIES: list[tuple[str, dict[str, Any]]] = [
    ("", {}),
    ("limit=7", {"limit": 7}),
    ("limit=0", {"limit": 1}),
    ("limit=-3", {"limit": 1}),
    ("limit=5000", {"limit": 1000}),
    ("limit=&bulkId=", {}),
    ("bulkId=a&messageId=m&bulkId=b", {"bulkId": "b", "messageId": "m"}),
    (f"bulkId={101 * 'b'}&messageId={201 * 'm'}", {"bulkId": 100 * "b", "messageId": 200 * "m"}),
    (
        "entityId=e&applicationId=a&campaignReferenceId=c%2Fd&unknown=x",
        {"entityId": "e", "applicationId": "a", "campaignReferenceId": "c/d"},
    ),
]


@pytest.mark.parametrize(("query", "asked"), QUERIES)
def test_reports_are_asked_for_by_query(query: str, asked: dict[str, Any]) -> None:
    assert report_query(query) == NOTHING | asked


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("limit=many", "limit"),
        ("limit=1-", "limit"),
        ("limit=--1", "limit"),
        ("limit=%D9%A3", "limit"),
        ("bulkId=a%00", "bulkId"),
    ],
)
def test_a_bad_query_is_named(query: str, name: str) -> None:
    with pytest.raises(BadRequest) as caught:
        report_query(query)
    assert list(caught.value.errors) == [name]
