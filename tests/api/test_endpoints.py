"""Every endpoint over real sockets: a row of the table without a row here fails."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest

from api.wire import KEY, NOW, PASSWORD, Client, Gateway, Reply
from heliograph import sites
from heliograph.accounts.scopes import SCOPES
from heliograph.api.endpoints import ENDPOINTS
from heliograph.sms.schedule import render_instant
from heliograph.web import openapi
from heliograph.web.endpoint import Login

TO = "41793026727"
TEXT, BINARY = {"text": "h\u00e9"}, {"binary": {"hex": "41"}}
GSM, OCTETS = b"h\x05", b"A"
NOW_SENT, TAKEN = (7, "PENDING_ENROUTE"), (26, "PENDING_ACCEPTED")


@dataclass(frozen=True)
class Send:
    """One send that an endpoint takes: what is asked, what an SMSC gets of it, and what is answered."""

    target: str
    body: Any
    octets: bytes
    status: tuple[int, str]
    bulk: bool
    count: bool
    root: str = "smsResponse"
    xml: str | None = None


def message(content: dict[str, Any]) -> dict[str, Any]:
    return {"destinations": [{"to": TO, "messageId": "of the test"}], **content}


def single(path: str, content: dict[str, Any], octets: bytes, status: tuple[int, str] = NOW_SENT) -> Send:
    is_first = status is NOW_SENT
    inner = "<text>h\u00e9</text>" if octets == GSM else "<binary><hex>41</hex></binary>"
    document = f"<request><to>{TO}</to>{inner}</request>"
    return Send(path, {"from": "ACME", "to": TO, **content}, octets, status, not is_first, is_first, xml=document)


def several(path: str, content: dict[str, Any], octets: bytes, status: tuple[int, str], bulk: bool) -> Send:
    inner = "<text>h\u00e9</text>" if octets == GSM else "<binary><hex>41</hex></binary>"
    document = f"<r><messages><message><to>{TO}</to>{inner}</message></messages></r>"
    return Send(path, {"messages": [{"to": TO, **content}]}, octets, status, bulk, status is NOW_SENT, xml=document)


THIRD_XML = (
    f"<SmsRequestEnvelope><messages><message><destinations><destination><to>{TO}</to></destination></destinations>"
    "<content><text>h\u00e9</text></content></message></messages></SmsRequestEnvelope>"
)
QUERY = f"to={TO}&text=h%C3%A9"
ENVELOPE = {"messages": [{"destinations": [{"to": TO}], "content": TEXT}]}

SENDS: dict[str, list[Send]] = {
    "POST /sms/1/text/single": [
        single("/sms/1/text/single", TEXT, GSM),
        single("/sms/1/text/single", BINARY, OCTETS),
    ],
    "POST /sms/1/text/multi": [
        several("/sms/1/text/multi", TEXT, GSM, NOW_SENT, True),
        several("/sms/1/text/multi", BINARY, OCTETS, NOW_SENT, True),
    ],
    "POST /sms/1/text/advanced": [
        several("/sms/1/text/advanced", TEXT, GSM, NOW_SENT, False),
        several("/sms/1/text/advanced", BINARY, OCTETS, NOW_SENT, False),
    ],
    "POST /sms/1/binary/single": [
        single("/sms/1/binary/single", BINARY, OCTETS),
        single("/sms/1/binary/single", TEXT, GSM),
    ],
    "POST /sms/1/binary/multi": [
        several("/sms/1/binary/multi", BINARY, OCTETS, NOW_SENT, True),
        several("/sms/1/binary/multi", TEXT, GSM, NOW_SENT, True),
    ],
    "POST /sms/1/binary/advanced": [
        several("/sms/1/binary/advanced", BINARY, OCTETS, NOW_SENT, False),
        several("/sms/1/binary/advanced", TEXT, GSM, NOW_SENT, False),
    ],
    "POST /sms/2/text/single": [single("/sms/2/text/single", TEXT, GSM, TAKEN)],
    "POST /sms/2/text/advanced": [
        several("/sms/2/text/advanced", TEXT, GSM, TAKEN, True),
        several("/sms/2/text/advanced", BINARY, OCTETS, TAKEN, True),
        Send(
            "/sms/2/text/advanced",
            {"includeSmsCountInResponse": True, "messages": [{"to": TO, **TEXT}]},
            GSM,
            TAKEN,
            True,
            True,
        ),
    ],
    "POST /sms/2/binary/advanced": [
        several("/sms/2/binary/advanced", BINARY, OCTETS, TAKEN, True),
        several("/sms/2/binary/advanced", TEXT, GSM, TAKEN, True),
    ],
    "POST /sms/3/messages": [
        Send("/sms/3/messages", ENVELOPE, GSM, TAKEN, True, False, "SmsResponseEnvelope", THIRD_XML),
        Send(
            "/sms/3/messages",
            {**ENVELOPE, "options": {"includeSmsCountInResponse": True}},
            GSM,
            TAKEN,
            True,
            True,
            "SmsResponseEnvelope",
        ),
        Send(
            "/sms/3/messages",
            {"messages": [{"destinations": [{"to": TO}], "content": {"hex": "41"}}]},
            OCTETS,
            TAKEN,
            True,
            False,
            "SmsResponseEnvelope",
        ),
    ],
    "GET /sms/1/text/query": [Send(f"/sms/1/text/query?{QUERY}", None, GSM, NOW_SENT, False, True)],
    "POST /sms/1/text/query": [Send(f"/sms/1/text/query?{QUERY}", None, GSM, NOW_SENT, False, True)],
    "GET /sms/3/text/query": [
        Send(f"/sms/3/text/query?{QUERY}", None, GSM, TAKEN, True, False, "SmsResponseEnvelope"),
        Send(
            f"/sms/3/text/query?{QUERY}&includeSmsCountInResponse=true",
            None,
            GSM,
            TAKEN,
            True,
            True,
            "SmsResponseEnvelope",
        ),
    ],
}


@dataclass(frozen=True)
class Look:
    """What is asked of an endpoint that sends nothing, and the names in its answer; `before` makes it possible, and may
    give further headers."""

    names: set[str]
    root: str | None = None
    body: Any = None
    headers: dict[str, str | None] = field(default_factory=dict)
    query: str = ""
    before: Callable[[Client, Gateway], dict[str, str | None]] = lambda *_: {}


def later(client: Client, server: Gateway) -> dict[str, str | None]:
    """A bulk that is to leave tomorrow; the one before it is cancelled, and has given its name back."""
    client.request("PUT", f"/sms/1/bulks/status{BULK}", json.dumps({"status": "CANCELED"}))
    message = {"destinations": [{"to": TO}], "text": "h", "sendAt": render_instant(NOW + 86_400_000)}
    body = json.dumps({"bulkId": BULK_ID, "messages": [message]})
    assert client.request("POST", "/sms/2/text/advanced", body).status == 200
    server.waiting += 1
    return {}


def tracked(client: Client, _: Gateway) -> dict[str, str | None]:
    """A message of an id of its own, of which it may be told what it led to; it is tracked once."""
    message = {"destinations": [{"to": TO, "messageId": TRACKED}], "text": "h"}
    body = json.dumps({"messages": [message], "tracking": {"track": "SMS"}})
    assert client.request("POST", "/sms/2/text/advanced", body).status == 200
    return {}


def session(client: Client, _: Gateway) -> dict[str, str | None]:
    """The token of a session."""
    reply = client.request("POST", "/auth/1/session", json.dumps(LOGIN), Authorization=None)
    return {"Authorization": f"IBSSO {reply.json['token']}"}


LOGIN = {"username": "acme", "password": PASSWORD}
CLIENT = {"client_id": "acme", "client_secret": PASSWORD, "grant_type": "client_credentials"}
TOMORROW, AFTER = {"sendAt": render_instant(NOW + 90_000_000)}, {"status": "CANCELED"}
BULK_ID = "later"
TRACKED = "{messageId}"  # as it stands in the path
BULK = f"?bulkId={BULK_ID}"
OPEN: dict[str, str | None] = {"Authorization": None}
LOOKS: dict[str, Look] = {
    "POST /sms/1/preview": Look({"originalText", "previews"}, "PreviewResponse", {"text": "hello"}),
    "GET /sms/1/reports": Look({"results"}, "reportResponse"),
    "GET /sms/3/reports": Look({"results"}, "DeliveryReports"),
    "GET /sms/1/logs": Look({"results"}, "smsLogsResponse"),
    "GET /sms/3/logs": Look({"results", "cursor"}, "LogResponse", query="?useCursor=true"),
    "GET /sms/1/inbox/reports": Look({"results", "messageCount", "pendingMessageCount"}, "reportResponse"),
    "GET /sms/1/inbox/logs": Look({"results"}, "reportResponse"),
    "GET /sms/1/bulks": Look({"bulkId", "sendAt"}, "BulkResponse", query=BULK, before=later),
    "PUT /sms/1/bulks": Look({"bulkId", "sendAt"}, "BulkResponse", TOMORROW, query=BULK, before=later),
    "GET /sms/1/bulks/status": Look({"bulkId", "status"}, "BulkStatusResponse", query=BULK, before=later),
    "PUT /sms/1/bulks/status": Look({"bulkId", "status"}, "BulkStatusResponse", AFTER, query=BULK, before=later),
    "POST /ct/1/log/end/{messageId}": Look({"processKey"}, "EndTagResponse", before=tracked),
    "GET /account/1/balance": Look({"balance", "currency"}, "BalanceResponse"),
    "GET /account/1/total-balance": Look({"balance", "currency"}, "BalanceResponse"),
    "POST /auth/1/session": Look({"token"}, "SessionResponse", LOGIN, OPEN),
    "DELETE /auth/1/session": Look(set(), before=session),
    "POST /auth/1/oauth2/token": Look({"access_token", "expires_in", "token_type"}, "TokenResponse", CLIENT, OPEN),
    "GET /health": Look(set(), headers=OPEN),
    "GET /ready": Look(set(), headers=OPEN),
    "GET /metrics": Look(set(), headers=OPEN),
    "GET /docs": Look(set(), headers=OPEN),
    "GET /openapi.json": Look({"openapi", "paths"}, headers=OPEN),
}
ROWS = {f"{row.method} {row.path}": row for row in ENDPOINTS}
CASES = [(name, send) for name, sends in SENDS.items() for send in sends]


@pytest.mark.parametrize("name", ROWS)
def test_every_endpoint_is_tested_here(name: str) -> None:
    assert (name in SENDS) is not (name in LOOKS)


def ask(client: Client, name: str, send: Send, body: str | None, **headers: str | None) -> Reply:
    return client.request(name.partition(" ")[0], send.target, body, **headers)


def in_json(send: Send) -> str | None:
    return None if send.body is None else json.dumps(send.body)


@pytest.mark.parametrize(("name", "send"), CASES, ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_asked_is_sent_and_answered_as_its_generation_is(
    client: Client, server: Gateway, name: str, send: Send
) -> None:
    reply = ask(client, name, send, in_json(send))

    assert reply.status == 200
    [entry] = reply.json["messages"]
    counts = entry.get("details", {}).get("messageCount") if "/3/" in name else entry.get("smsCount")
    assert entry["destination" if "/3/" in name else "to"] == TO
    assert (entry["status"]["id"], entry["status"]["name"]) == send.status
    assert ("bulkId" in reply.json) is send.bulk
    assert counts == (1 if send.count else None)
    assert entry["messageId"].isdigit()
    [submitted] = server.sent(1)
    assert submitted["short_message"] == send.octets


@pytest.mark.parametrize("name", SENDS)
def test_a_send_may_be_xml_and_so_may_its_answer(client: Client, server: Gateway, name: str) -> None:
    send = SENDS[name][0]
    reply = ask(client, name, send, send.xml, Accept="application/xml", Content_Type="application/xml; charset=utf-8")

    root = ElementTree.fromstring(reply.body)
    assert (reply.status, root.tag) == (200, send.root)
    assert root.findtext("messages/message/status/id") == str(send.status[0])
    assert server.sent(1)[0]["short_message"] == send.octets


@pytest.mark.parametrize("name", SENDS)
def test_a_bad_recipient_is_a_status_of_his_alone(client: Client, server: Gateway, name: str) -> None:
    send = SENDS[name][0]
    body = in_json(send)
    bad = Send(**{**send.__dict__, "target": send.target.replace(TO, "nobody")})
    reply = ask(client, name, bad, None if body is None else body.replace(TO, "nobody"))

    [entry] = reply.json["messages"]
    assert (reply.status, entry["status"]["id"]) == (200, 52)
    assert "smsCount" not in entry and "details" not in entry
    assert server.accepted == 0


@pytest.mark.parametrize("name", SENDS)
def test_a_request_that_says_nothing_is_refused_in_the_words_of_its_generation(
    client: Client, server: Gateway, name: str
) -> None:
    method, _, path = name.partition(" ")
    reply = client.request(method, path, None if "query" in path else "{}")

    assert reply.status == 400
    if "/3/" in path:
        assert (reply.json["errorCode"], bool(reply.json["violations"])) == ("E400", True)
    else:
        assert reply.refusal["validationErrors"]
    assert server.accepted == 0


@pytest.mark.parametrize("name", LOOKS)
def test_what_is_looked_at_is_answered(client: Client, server: Gateway, name: str) -> None:
    look, (method, _, path) = LOOKS[name], name.partition(" ")
    body = None if look.body is None else json.dumps(look.body)
    headers = look.headers | look.before(client, server)

    reply = client.request(method, path + look.query, body, **headers)

    assert reply.status == 200
    if look.names:
        assert look.names <= set(reply.json)
    if look.root is not None:
        document = client.request(method, path + look.query, body, Accept="application/xml").body
        assert ElementTree.fromstring(document).tag == look.root


@pytest.mark.parametrize("name", ROWS)
def test_whoever_has_no_key_gets_in_nowhere_but_where_anybody_may(client: Client, name: str) -> None:
    method, _, path = name.partition(" ")

    reply = client.request(method, path, "{}" if ROWS[name].body else None, Authorization=None)

    open_ = ROWS[name].login is Login.NONE and not path.startswith("/auth/")
    assert reply.status == (200 if open_ else 400 if name.startswith("POST /auth/") else 401)


@pytest.mark.parametrize("name", ROWS)
def test_a_key_needs_a_scope_that_there_is(name: str) -> None:
    row = ROWS[name]

    assert bool(row.scopes) is (row.login is not Login.NONE)
    assert row.scopes <= set(SCOPES)


GUARDED = {f"{row.method} {row.path}": row for row in sites.ENDPOINTS if row.login is not Login.NONE}


def status_of(port: int, name: str, authorization: str) -> int:
    """On a connection of its own: one that was refused before its body was read is closed."""
    method, _, path = name.partition(" ")
    client = Client(port)
    path = path.replace("{name}", "nobody").replace("{id}", "0")
    reply = client.request(method, path, "{}" if GUARDED[name].body else None, Authorization=authorization)
    client.close()
    return reply.status


@pytest.mark.parametrize("name", GUARDED)
def test_a_key_gets_in_with_one_of_the_scopes_alone(server: Gateway, name: str) -> None:
    found = {scope: status_of(server.port, name, f"App only {scope}") for scope in SCOPES}

    assert {scope for scope, status in found.items() if status != 403} == GUARDED[name].scopes
    assert not {401, 500} & set(found.values())
    assert (status_of(server.port, name, KEY) == 403) is (GUARDED[name].scopes == {"admin"})


def test_the_description_of_the_api_says_which_scopes_a_key_needs() -> None:
    paths = openapi.document(ENDPOINTS)["paths"]

    assert paths["/sms/1/preview"]["post"]["description"] == "A key needs one of the scopes sms:manage"
    assert "message:send, sms:manage, sms:message:send" in paths["/sms/3/messages"]["post"]["description"]
    assert "description" not in paths["/health"]["get"]
    assert {} in paths["/sms/1/text/query"]["get"]["security"]
    account = sites.document()["paths"]["/admin/v1/accounts"]
    assert account["post"]["security"] == [{"key": []}]
    assert account["post"]["responses"].keys() >= {"201", "409"}


def test_a_name_and_a_password_in_the_query_are_a_login_where_there_is_no_header(
    client: Client, server: Gateway
) -> None:
    path = f"/sms/1/text/query?{QUERY}&username=acme&password="

    assert client.request("GET", path + quote(PASSWORD), Authorization=None).status == 200
    assert client.request("POST", path + quote(PASSWORD), Authorization=None).status == 200
    assert client.request("GET", path + "wrong", Authorization=None).status == 401
    assert client.request("GET", path + quote(PASSWORD), Authorization="App wrong").status == 401
    assert client.request("GET", path + "wrong").status == 200
    third = path.replace("/1/", "/3/") + quote(PASSWORD)
    assert client.request("GET", third, Authorization=None).status == 401
    assert server.accepted == 3


def test_several_recipients_of_a_single_message_are_a_bulk(client: Client) -> None:
    reply = client.request("POST", "/sms/1/text/single", json.dumps({"to": [TO, "41793026731"], "text": "a"}))

    assert len(reply.json["messages"]) == 2
    assert "bulkId" in reply.json


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/sms/1/text/single", {"text": "a"}),
        ("/sms/1/text/single", {"text": "a", "to": []}),
        ("/sms/1/text/multi", {"messages": [{"text": "a"}]}),
        ("/sms/1/binary/multi", {"messages": [{"binary": {"hex": "41"}, "to": None}]}),
    ],
)
def test_whoever_names_no_recipient_is_told_so_by_a_status(client: Client, path: str, body: Any) -> None:
    [entry] = client.request("POST", path, json.dumps(body)).json["messages"]

    assert entry["status"]["name"] == "MISSING_TO"
    assert set(entry) == {"status"}


def test_whoever_tracks_conversions_is_given_the_key(client: Client) -> None:
    tracked = {"messages": [{"to": TO, "text": "a"}], "tracking": {"track": "SMS", "processKey": "k"}}

    assert client.request("POST", "/sms/2/text/advanced", json.dumps(tracked)).json["trackingProcessKey"] == "k"
    made = client.request("GET", f"/sms/1/text/query?{QUERY}&track=SMS").json["trackingProcessKey"]
    assert len(made) == 32


def test_a_request_of_many_message_objects_is_answered_in_their_order(client: Client, server: Gateway) -> None:
    many = [{"to": f"417930267{n:02}", "text": str(n)} for n in range(50)]

    reply = client.request("POST", "/sms/1/text/multi", json.dumps({"messages": many}))

    assert [one["to"] for one in reply.json["messages"]] == [one["to"] for one in many]
    bad = client.request("POST", "/sms/1/text/multi", json.dumps({"messages": many + [{"to": TO}] * 60}))
    assert len(bad.refusal["validationErrors"]) == 50
    assert server.accepted == 50


@pytest.mark.parametrize("path", ["/sms/1/text/query", "/sms/1/text/query/"])  # the second is found by the router
@pytest.mark.parametrize("octets", ["%C3", "\xc3", "\xc3\xa9"])
def test_a_query_that_is_no_escaped_utf_8_is_refused_and_nothing_replaced(
    client: Client, server: Gateway, path: str, octets: str
) -> None:
    reply = client.request("GET", f"{path}?to={TO}&text={octets}")

    assert (reply.status, server.accepted) == (400, 0)


def test_reports_of_any_generation_are_given_by_both_paths_each_as_it_speaks(client: Client, server: Gateway) -> None:
    marked = {"platform": {"entityId": "e"}}
    third = {"messages": [{"destinations": [{"to": TO}], "sender": "ACME", "content": TEXT, "options": marked}]}
    first = {"messages": [{"to": TO, "from": "ACME", "text": "a", "entityId": "e"}]}
    for path, body in (("/sms/3/messages", third), ("/sms/1/text/advanced", first)) * 2:
        assert client.request("POST", path, json.dumps(body)).status == 200
    server.reported()

    old = client.request("GET", "/sms/1/reports?limit=2").json["results"]
    new = client.request("GET", "/sms/3/reports?limit=9").json["results"]

    assert [(one["from"], one["smsCount"], one["entityId"]) for one in old] == [("ACME", 1, "e")] * 2
    assert [(one["sender"], one["messageCount"], one["platform"]) for one in new] == [
        ("ACME", 1, {"entityId": "e"})
    ] * 2
    assert len({one["messageId"] for one in (*old, *new)}) == 4
    assert not any({"from", "smsCount", "entityId"} & set(one) for one in new)
