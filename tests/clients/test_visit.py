"""The published clients, unmodified, each in an environment of its own, against a running gateway and its SMSC."""

from __future__ import annotations

from datetime import datetime, timedelta

from clients.conftest import LONG, Visit
from clients.expectation import (
    BINARIES,
    BINARY_IDS,
    COUNTS_SEGMENTS,
    HAS_NO_TEXT,
    REFUSALS,
    TEXT_IDS,
    TEXTS,
    check_accepted,
    check_delivered,
    every,
    hours,
    octets_of,
    only,
    plain,
    refusal,
    sent_to,
)

HEX_IS_WRONG = "must be whole octets: each group of hexadecimal digits needs an even number of them"


@every
def test_it_sends_texts(visit: Visit) -> None:
    check_accepted(visit.told["texts"], "texts", TEXTS, TEXT_IDS)
    counts = [plain(message).get("smsCount") for message in visit.told["texts"]["messages"]]
    assert counts == [1 if visit.program in COUNTS_SEGMENTS else None] * 6

    for recipient in TEXTS[:2]:
        assert octets_of(visit, recipient) == (0, 0, b"Hello")
        assert sent_to(visit, recipient)[0]["source_addr"] == "Heliograph"
    assert octets_of(visit, TEXTS[2]) == (0, 0x18, "Žluťoučký kůň 🛰".encode("utf-16-be"))
    assert octets_of(visit, TEXTS[3]) == (0x40, 0, b"\x03\x24\x01\x01\x1bSimdi")
    assert octets_of(visit, TEXTS[4]) == (0, 0, b"pushed")


@every
def test_it_says_how_long_a_message_is_valid(visit: Visit) -> None:
    [two_days], [half_a_day] = sent_to(visit, TEXTS[0]), sent_to(visit, TEXTS[2])
    assert 47.9 < hours(two_days["validity_period"]) <= 48
    assert 11.9 < hours(half_a_day["validity_period"]) <= 12


@every
def test_it_sends_binaries(visit: Visit) -> None:
    check_accepted(visit.told["binaries"], "binaries", BINARIES, BINARY_IDS)

    for recipient in BINARIES[:2]:
        assert octets_of(visit, recipient) == (0, 8, b"\0H\0e")
        assert sent_to(visit, recipient)[0]["source_addr"] == "Heliograph"
    assert octets_of(visit, BINARIES[2]) == (0x40, 245, bytes.fromhex("06050415 8a0000ff"))
    one, two = sent_to(visit, BINARIES[3])
    assert one["short_message"][6:] + two["short_message"][6:] == bytes.fromhex(LONG)
    assert {(part["esm_class"], part["data_coding"]) for part in (one, two)} == {(0x40, 0x14)}


@every
def test_its_delivery_window_is_waited_for(visit: Visit) -> None:
    assert not sent_to(visit, TEXTS[5])
    assert [(late["destination_addr"], late["short_message"]) for late in visit.later] == [(TEXTS[5], b"tomorrow")]


@every
def test_it_pulls_every_report_once(visit: Visit) -> None:
    reports = visit.told["reports"]
    binaries, texts = {report["to"]: report for report in reports["binaries"]}, reports["one"] + reports["texts"]
    assert sorted(binaries) == BINARIES and len(reports["binaries"]) == 4
    for recipient, count, sender in zip(BINARIES, (1, 1, 1, 2), ("Heliograph", "Heliograph", None, None), strict=True):
        check_delivered(visit, binaries[recipient], "binaries", count, sender)
    assert sorted(report["to"] for report in texts) == TEXTS[:4]
    for report in texts:
        order = report["to"] in TEXTS[:2]
        check_delivered(visit, report, "texts", 1, "Heliograph" if order else None)
        assert report.get("callbackData") == ("order 7" if order else None)
    assert [report["messageId"] for report in reports["one"]] == ["text-1"]
    assert reports["none"] == []

    answered = {plain(message)["to"]: message["messageId"] for message in visit.told["texts"]["messages"]}
    assert {report["to"]: report["messageId"] for report in texts}.items() <= answered.items()


@every
def test_its_report_is_pushed_in_the_form_of_its_generation(visit: Visit) -> None:
    [post] = visit.posts
    [report] = post.reports
    assert post.content_type == "application/json"
    assert (report["messageId"], report["to"], report["callbackData"]) == ("text-4", TEXTS[4], "order 8")
    assert ("messageCount" in report, "smsCount" in report) == (visit.third, not visit.third)


@every
def test_it_searches_the_logs(visit: Visit) -> None:
    logs = {search: [plain(log) for log in found] for search, found in visit.told["logs"].items() if search != "pages"}
    assert sorted(log["to"] for log in logs["bulks"]) == TEXTS + BINARIES
    assert {log["messageId"] for log in logs["messages"]} == {"text-1", "binary-1"}
    assert [log["messageId"] for log in logs["pushed"]] == ["text-4"]
    assert logs["before"] == []

    [filtered], [pending] = logs["filtered"], logs["pending"]
    check_delivered(visit, filtered, "texts", 1, "Heliograph")
    assert (filtered["messageId"], filtered["to"]) == ("text-1", TEXTS[0])
    assert (pending["messageId"], pending["status"]["groupName"]) == ("text-5", "PENDING")
    assert "doneAt" not in pending
    texts = [log.get("text") for log in (filtered, pending)]
    assert texts == ([None, None] if visit.program in HAS_NO_TEXT else ["Hello", "tomorrow"])


@only("python_6.py")
def test_it_turns_the_pages_of_the_logs(visit: Visit) -> None:
    pages = visit.told["logs"]["pages"]
    assert [len(page) for page in pages if page] == [4, 2]
    assert sorted(log["destination"] for page in pages for log in page) == TEXTS


@every
def test_it_previews_texts(visit: Visit) -> None:
    hello, turkish = visit.told["previews"]
    plain_one = {"textPreview": "Hello", "messageCount": 1, "charactersRemaining": 155, "configuration": {}}
    assert hello == {"originalText": "Hello", "previews": [plain_one]}
    assert turkish["originalText"] == "Şimdi"
    as_it_is, as_asked = turkish["previews"]
    assert (as_it_is["textPreview"], as_it_is["charactersRemaining"]) == ("Şimdi", 65)
    assert (as_asked["textPreview"], as_asked["charactersRemaining"]) == ("Simdi", 155)
    assert as_asked["configuration"] == {"language": {"languageCode": "TR"}, "transliteration": "TURKISH"}


@every
def test_it_moves_pauses_resumes_and_cancels_a_bulk(visit: Visit) -> None:
    bulk = visit.told["bulk"]
    check_accepted(bulk["sent"], "later", ["41793000031", "41793000032"], [None, None])
    for answer, asked in {
        "scheduled": "send_at",
        "rescheduled": "later",
        "scheduled_again": "later",
    }.items():
        assert bulk[answer]["bulkId"] == "later"
        assert datetime.fromisoformat(bulk[answer]["sendAt"]) == datetime.fromisoformat(visit.asked[asked])
    assert bulk["pending"] == {"bulkId": "later", "status": "PENDING"}
    for answer, status in {"paused": "PAUSED", "resumed": "PENDING", "canceled": "CANCELED"}.items():
        assert bulk[answer] == [{"bulkId": "later", "status": status}] * 2

    assert sorted(report["to"] for report in bulk["reports"]) == ["41793000031", "41793000032"]
    assert {(r["status"]["name"], r["error"]["name"]) for r in bulk["reports"]} == {
        ("UNDELIVERABLE_NOT_SENT", "EC_MESSAGE_CANCELED")
    }
    assert not sent_to(visit, "41793000031")


@every
def test_it_is_told_what_cannot_be_done_to_a_bulk(visit: Visit) -> None:
    too_late, unknown = visit.told["bulk"]["too_late"], visit.told["bulk"]["unknown"]
    bad_request, _, not_found = REFUSALS[visit.program]
    assert (too_late["kind"], too_late["status"]) == (bad_request, 400)
    sentence = "only a PENDING bulk can be rescheduled, and this one is CANCELED"
    assert refusal(too_late)["validationErrors"] == {"sendAt": [sentence]}
    assert (unknown["kind"], unknown["status"]) == (not_found, 404)
    assert refusal(unknown) == {"messageId": "NOT_FOUND", "text": "Bulk not found"}


@every
def test_it_pulls_inbound_messages(visit: Visit) -> None:
    first, second = visit.told["inbox"]
    [join], [me] = first["results"], second["results"]
    assert (first["messageCount"], first["pendingMessageCount"]) == (1, 1)
    assert (second["messageCount"], second["pendingMessageCount"]) == (1, 0)
    assert (join["text"], join["cleanText"], join["keyword"]) == ("JOIN me", "me", "JOIN")
    assert (me["text"], me["cleanText"], me.get("keyword")) == ("and me", "and me", None)
    since = datetime.fromisoformat(visit.asked["since"])
    for message in (join, me):
        assert (message["from"], message["to"], message["smsCount"]) == ("41793026727", "12345", 1)
        assert message["messageId"].isdecimal()
        assert since < datetime.fromisoformat(message["receivedAt"]) < since + timedelta(hours=2)


@every
def test_a_destination_that_is_refused_is_a_status(visit: Visit) -> None:
    entries = [plain(message) for message in visit.told["refused"]["destinations"]["messages"]]
    expected = [("123", "REJECTED_PREFIX_MISSING"), ("", "MISSING_TO")]
    found = [(entry["to"], entry["status"]["name"]) for entry in entries]
    assert found == expected[: 1 if visit.program == "sdk.mjs" else 2]
    assert {entry["status"]["groupName"] for entry in entries} == {"REJECTED"}
    assert not any("messageId" in entry for entry in entries)


@every
def test_wrong_hexadecimal_is_a_bad_request(visit: Visit) -> None:
    refused = visit.told["refused"]["hex"]
    assert (refused["kind"], refused["status"]) == (REFUSALS[visit.program][0], 400)
    if visit.third:
        told = refused["told"]
        assert (told["errorCode"], told["description"]) == ("E400", "Request cannot be processed.")
        assert told["violations"] == [{"property": "messages[0].content.hex", "violation": HEX_IS_WRONG}]
        assert told["resources"] == []
    else:
        told = refusal(refused)
        assert (told["messageId"], told["text"]) == ("BAD_REQUEST", "Bad request")
        assert told["validationErrors"] == {"messages[0].binary.hex": [HEX_IS_WRONG]}


@every
def test_a_wrong_key_is_unauthorized(visit: Visit) -> None:
    refused = visit.told["refused"]["key"]
    assert (refused["kind"], refused["status"]) == (REFUSALS[visit.program][1], 401)
    assert refusal(refused) == {"messageId": "UNAUTHORIZED", "text": "Invalid login details"}


@only("python_6.py")
def test_a_wrong_key_is_unauthorized_in_the_third_generation(visit: Visit) -> None:
    refused = visit.told["refused"]["key_for_reports"]
    assert (refused["kind"], refused["status"], refused["told"]["errorCode"]) == ("UnauthorizedException", 401, "E401")


@only("python_4.py", "python_6.py")
def test_a_client_that_keeps_its_password_to_itself_is_unauthorized(visit: Visit) -> None:
    refused = visit.told["refused"]["password"]
    assert (refused["kind"], refused["status"]) == ("UnauthorizedException", 401)


@only("python_3.py", "sdk.mjs")
def test_it_logs_in_by_password(visit: Visit) -> None:
    assert visit.told["logins"]["basic"] == {"results": [], "messageCount": 0, "pendingMessageCount": 0}


@only("sdk.mjs")
def test_it_logs_in_by_session_and_by_access_token(visit: Visit) -> None:
    logins = visit.told["logins"]
    assert logins["session"] == logins["bearer"] == logins["basic"]
    assert (logins["destroyed"], logins["ended"]["status"]) == (200, 401)


@only("sdk.py", "sdk.mjs")
def test_it_sends_by_query(visit: Visit) -> None:
    answer = visit.told["query"]
    assert answer["bulkId"] == "query"
    assert [message["to"] for message in answer["messages"]] == ["41793000021", "41793000022"]
    assert {(m["status"]["id"], m["status"]["name"]) for m in answer["messages"]} == {(26, "PENDING_ACCEPTED")}
