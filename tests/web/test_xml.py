"""Requests in XML: what JSON says, said in elements."""

import json
from typing import Any

import pytest

from api.asked import parse_send
from api.wire import NOW
from heliograph.flows.submission import Submission
from heliograph.web.errors import BadRequest
from heliograph.web.limits import Limits
from heliograph.web.xml import SLICE

MESSAGE = (
    "<from>SMSC</from>{destinations}<binary><hex>41 42</hex><dataCoding>4</dataCoding></binary><flash>true</flash>"
    "<validityPeriod> 720 </validityPeriod><callbackData>a &amp; b</callbackData><sendAt>2021-08-25T16:00:00Z</sendAt>"
    "<deliveryTimeWindow>{days}<from><hour>6</hour><minute>0</minute></from><to><hour>15</hour><minute>30</minute></to>"
    "</deliveryTimeWindow><regional><turkeyIys><recipientType>TACIR</recipientType><brandCode>5</brandCode>"
    "</turkeyIys></regional><unknown><deep/></unknown><notifyUrl/>"
)
ONE, TWO = "<to>41793026727</to><messageId>m</messageId>", "<to>41793026834</to>"
SAME = {
    "bulkId": "b",
    "sendingSpeedLimit": {"amount": 5},
    "messages": [
        {
            "from": "SMSC",
            "destinations": [{"to": "41793026727", "messageId": "m"}, {"to": "41793026834"}],
            "binary": {"hex": "41 42", "dataCoding": 4},
            "flash": True,
            "validityPeriod": 720,
            "callbackData": "a & b",
            "sendAt": "2021-08-25T16:00:00Z",
            "deliveryTimeWindow": {
                "days": ["MONDAY", "SUNDAY"],
                "from": {"hour": 6, "minute": 0},
                "to": {"hour": 15, "minute": 30},
            },
            "regional": {"turkeyIys": {"recipientType": "TACIR", "brandCode": 5}},
        }
    ],
}
DIALECTS = {
    "items": (
        f"<destinations><destination>{ONE}</destination><destination>{TWO}</destination></destinations>",
        "<days><days>MONDAY</days><days>SUNDAY</days></days>",
        "<messages><message>{}</message></messages>",
    ),
    "doubled": (
        f"<destinations><destinations>{ONE}</destinations><destinations>{TWO}</destinations></destinations>",
        "<days>\n<day>MONDAY</day>\n<day> SUNDAY </day>\n</days>",
        "<messages><messages>{}</messages></messages>",
    ),
    "flat": (
        f"<destinations>{ONE}</destinations><destinations>{TWO}</destinations>",
        "<days>MONDAY</days><days>SUNDAY</days>",
        "<messages>{}</messages>",
    ),
}


def parse(document: str | bytes, **limits: Any) -> Submission:
    body = document.encode() if isinstance(document, str) else document
    return parse_send(body, "text/xml; charset=utf-8", Limits(**limits), NOW)


def errors_of(document: str | bytes, **limits: Any) -> dict[str, list[str]]:
    with pytest.raises(BadRequest) as caught:
        parse(document, **limits)
    return caught.value.errors


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("root", ["SMSAdvancedBinaryRequest", "request", 'x:any xmlns:x="urn:x"'])
def test_every_way_to_write_a_list_says_what_json_says(dialect: str, root: str) -> None:
    destinations, days, messages = DIALECTS[dialect]
    inner = messages.format(MESSAGE.format(destinations=destinations, days=days))
    name = root.partition(" ")[0]
    document = f"<{root}><bulkId>b</bulkId>{inner}<sendingSpeedLimit><amount>5</amount></sendingSpeedLimit></{name}>"
    assert parse(document) == parse_send(json.dumps(SAME).encode(), "application/json", Limits(), NOW)


def one(inner: str) -> str:
    return f"<request><messages><message>{inner}</message></messages></request>"


GOOD = "<destinations><destination><to>1</to></destination></destinations><binary><hex>41</hex></binary>"
BAD = [
    (GOOD.replace("41", "4"), "messages[0].binary.hex"),
    (GOOD + "<validityPeriod>soon</validityPeriod>", "messages[0].validityPeriod"),
    (GOOD + "<flash>perhaps</flash>", "messages[0].flash"),
    (GOOD + "<from><deep/></from>", "messages[0].from"),
    (GOOD.replace("<hex>41</hex>", "41"), "messages[0].binary"),
    (GOOD.replace("<binary>", "<nothing>").replace("</binary>", "</nothing>"), "messages[0]"),
    ("<destinations/><binary><hex>41</hex></binary>", "messages[0].destinations"),
    (GOOD + "<deliveryTimeWindow><days/></deliveryTimeWindow>", "messages[0].deliveryTimeWindow"),
    (
        GOOD + "<deliveryTimeWindow><days>FUNDAY</days></deliveryTimeWindow>",
        "messages[0].deliveryTimeWindow.days[0]",
    ),
]


@pytest.mark.parametrize(("inner", "path"), BAD)
def test_what_is_wrong_in_xml_is_named_by_the_same_paths(inner: str, path: str) -> None:
    assert [name for name in errors_of(one(inner)) if name.startswith(path)] == list(errors_of(one(inner)))


TO = "<destinations><destination><to>1</to></destination></destinations>"


@pytest.mark.parametrize(("inner", "body"), [("<text> a\r\nb </text>", b" a\nb "), ("<text> </text>", b" ")])
def test_a_text_keeps_its_blanks(inner: str, body: bytes) -> None:
    [draft] = parse(one(TO + inner)).drafts
    assert draft.body == body


@pytest.mark.parametrize(
    "language",
    [
        "<language>TR</language>",
        "<language> <languageCode>TR</languageCode> </language>",
        "<language><languageCode>TR</languageCode><singleShift>true</singleShift></language>",
    ],
)
def test_a_language_is_a_word_or_an_element(language: str) -> None:
    [draft] = parse(one(f"{TO}<text>\u015f</text>{language}")).drafts
    assert draft.esm_class == 0x40
    assert parse(one(f"{TO}<text>\u015f</text><language/>")).drafts[0].data_coding == 8


def test_an_empty_text_is_an_absent_one_in_xml() -> None:
    assert list(errors_of(one(f"{TO}<text/>"))) == ["messages[0]"]


def test_an_empty_destination_is_one_without_a_number() -> None:
    [draft] = parse(one(GOOD.replace("<to>1</to>", ""))).drafts
    assert draft.destinations[0].to is None


NONSENSE = [
    b"",
    b"no xml",
    b"<request>",
    b"<request>\xff</request>",
    b"<request>&unknown;</request>",
    b'<?xml version="1.0" encoding="no-such"?><request/>',
    b"<!DOCTYPE request><request/>",
    b'<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><r><bulkId>&b;</bulkId></r>',
    b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><r><bulkId>&a;</bulkId></r>',
    b"<a>" * 33 + b"</a>" * 33,
    b"<a>" * 200_000,
    b"<a>" + b"<b/>" * 500_001 + b"</a>",
    b"<a>" + b'<b c="" d=""/>' * 166_667 + b"</a>",
    b"<a " + b" ".join(b'a%d=""' % number for number in range(20_000)) + b"/>",
    b"<a><!--" + b"x" * 3 * SLICE + b"--></a>",
]


@pytest.mark.parametrize("document", NONSENSE, ids=range(len(NONSENSE)))
def test_what_is_no_request_at_all_is_refused_whole(document: bytes) -> None:
    assert list(errors_of(document)) == ["body"]


def test_a_long_document_says_what_json_says_wherever_it_is_sliced() -> None:
    text = "\u20ac\U0001f600 &" * SLICE
    to = [f"4179{number:07}" for number in range(10_000)]
    written = "".join(f"<destination><to>{number}</to></destination>" for number in to)
    document = one(f"<text>{text.replace('&', '&amp;')}</text><destinations>{written}</destinations>")
    same = {"messages": [{"text": text, "destinations": [{"to": number} for number in to]}]}
    assert parse(document) == parse_send(json.dumps(same).encode(), "application/json", Limits(), NOW)


def test_a_request_without_messages_says_so() -> None:
    assert list(errors_of("<request/>")) == ["messages"]
    assert list(errors_of("<request>words</request>")) in (["messages"], ["body"])


MALFORMED = [
    (b"", "must not be empty: it is one XML document"),
    (b"<a>\n <b></c></a>", "must be well-formed XML: mismatched tag at line 2, column 6"),
    (b"{}", "must be well-formed XML: not well-formed (invalid token) at line 1, column 0"),
    (b"<a>", "must be well-formed XML: no element found at line 1, column 3"),
    (b"<!DOCTYPE a><a/>", "must have no document type"),
    (b'<?xml version="1.0" encoding="no-such"?><a/>', "must be in an encoding that is known, such as UTF-8"),
]


@pytest.mark.parametrize(("document", "sentence"), MALFORMED, ids=range(len(MALFORMED)))
def test_what_is_no_xml_is_told_what_is_wrong_and_where(document: bytes, sentence: str) -> None:
    assert errors_of(document) == {"body": [sentence]}
