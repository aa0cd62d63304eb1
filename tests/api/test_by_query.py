"""Sends whose message stands behind the question mark."""

from typing import Any

import pytest

from api.asked import parse_query_send, parse_send
from api.wire import NOW
from heliograph.flows.submission import Destination, Submission
from heliograph.sms.message import Tracking, UrlOptions
from heliograph.web.errors import BadRequest
from heliograph.web.limits import Limits

BASE = "to=41793026727&text=hello"


def parse(query: str, kind: str = "v1") -> Submission:
    return parse_query_send(query, kind, Limits(destinations=10), NOW)


def errors_of(query: str, kind: str = "v1") -> dict[str, list[str]]:
    with pytest.raises(BadRequest) as caught:
        parse(query, kind)
    return caught.value.errors


def test_a_query_with_everything_says_what_a_body_says() -> None:
    query = (
        "username=u&password=p&to=41793026727&to=41793026731,%2041793026732&text=h%C3%A9+%2B&from=SMSC&bulkId=b"
        "&flash=True&transliteration=GREEK&languageCode=TR&intermediateReport=true"
        "&notifyUrl=https%3A%2F%2Fwww.example.com%2F%3Fa%3Db&notifyContentType=application%2Fxml&callbackData=c"
        "&validityPeriod=7&sendAt=2021-08-25T16%3A00%3A00.000%2B0000&track=SMS&processKey=k&trackingType=t"
        "&indiaDltContentTemplateId=2&indiaDltPrincipalEntityId=1&indiaDltTelemarketerId=3&turkeyIysBrandCode=5"
        "&turkeyIysRecipientType=TACIR&southKoreaResellerCode=6"
    )
    body = (
        '{"bulkId":"b","tracking":{"track":"SMS","processKey":"k","type":"t"},"messages":[{"to":["41793026727",'
        '"41793026731","41793026732"],"text":"h\u00e9 +","from":"SMSC","flash":true,"transliteration":"GREEK",'
        '"language":"TR","intermediateReport":true,"notifyUrl":"https://www.example.com/?a=b","notifyContentType":'
        '"application/xml","callbackData":"c","validityPeriod":7,"sendAt":"2021-08-25T16:00:00Z","regional":{'
        '"indiaDlt":{"principalEntityId":"1","contentTemplateId":"2","telemarketerId":"3"},"turkeyIys":{'
        '"recipientType":"TACIR","brandCode":5},"southKorea":{"resellerCode":6}}}]}'
    )
    assert parse(query) == parse_send(body.encode(), "application/json", Limits(), NOW)


def test_a_plus_sign_that_was_not_escaped_is_still_a_zone() -> None:
    assert parse(f"{BASE}&sendAt=2021-08-25T16:00:00.000+0000").drafts[0].send_at == 1_629_907_200_000


def test_what_the_third_generation_adds_is_understood() -> None:
    [draft] = parse(
        f"{BASE}&includeSmsCountInResponse=true&trackingUrl=https://www.example.com/&southKoreaTitle=t", "v3"
    ).drafts

    assert draft.counted
    assert draft.options.url_options == UrlOptions(tracking_url="https://www.example.com/")
    assert (draft.options.regional, draft.options.shape) == ({"southKorea": {"title": "t"}}, "v3")


def test_tracking_without_a_key_gets_one() -> None:
    first, second = (parse(f"{BASE}&track=SMS").drafts[0].options.tracking for _ in range(2))

    assert isinstance(first, Tracking) and isinstance(second, Tracking)
    assert first.process_key != second.process_key and len(first.process_key) == 32
    assert parse(f"{BASE}&track=URL").drafts[0].options.url_options == UrlOptions()


@pytest.mark.parametrize(
    ("kind", "query", "names"),
    [
        ("v1", "", ["to", "text"]),
        ("v1", "to=&text=", ["to", "text"]),
        ("v1", f"{BASE}&validityPeriod=soon", ["validityPeriod"]),
        ("v1", f"{BASE}&flash=perhaps", ["flash"]),
        ("v1", f"{BASE}&sendAt=soon", ["sendAt"]),
        ("v1", f"{BASE}&languageCode=FR", ["languageCode"]),
        ("v1", f"{BASE}&transliteration=X", ["transliteration"]),
        ("v1", f"{BASE}&notifyUrl=http://127.0.0.1/", ["notifyUrl"]),
        ("v1", f"{BASE}&track=X", ["track"]),
        ("v1", f"{BASE}&track=SMS&processKey={'k' * 256}", ["processKey"]),
        ("v1", f"{BASE}&indiaDltTelemarketerId=3", ["indiaDltPrincipalEntityId"]),
        ("v1", f"{BASE}&turkeyIysBrandCode=3", ["turkeyIysRecipientType"]),
        ("v1", f"{BASE}&to={'1,' * 10}", ["to"]),
        ("v1", "to=41793026727&text=%FF", ["query", "to", "text"]),
        ("v1", "to=1%00&to=2&text=a", ["to"]),
        ("v1", "to=1&text=a%00", ["text"]),
        ("v3", f"{BASE}&trackingUrl=x", ["trackingUrl"]),
        ("v3", f"{BASE}&southKoreaTitle={'t' * 67}", ["southKoreaTitle"]),
        ("v3", f"{BASE}&bulkId={'b' * 101}", ["bulkId"]),
    ],
)
def test_what_is_wrong_is_named_as_the_query_names_it(kind: str, query: str, names: list[str]) -> None:
    errors = errors_of(query, kind)

    assert list(errors) == names
    assert all(len(sentences) == 1 for sentences in errors.values())


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("text=%E4%B8%AD", b"\x4e\x2d"),
        ("text=a&text=b", b"b"),
        ("text=a%26b%3Dc", b"a&b=c"),
    ],
)
def test_a_text_is_what_the_octets_say_in_utf_8(query: str, text: bytes) -> None:
    [draft] = parse(f"to=1&{query}").drafts

    assert draft.body == text


def test_long_names_of_bulks_are_cut_in_the_first_generation() -> None:
    assert parse(f"{BASE}&bulkId={'b' * 101}").bulk_id == "b" * 100


def test_recipients_are_taken_as_they_are_written() -> None:
    wanted: list[Any] = [Destination("41 79"), Destination("x")]
    assert parse("to=41+79,,x&text=a").drafts[0].destinations == wanted
