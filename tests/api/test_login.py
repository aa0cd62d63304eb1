"""Access tokens over HTTP: what asks for one may stand in the body, or in the query."""

from urllib.parse import urlencode

import pytest

from api.wire import PASSWORD, Client

TOKEN = "/auth/1/oauth2/token"
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": None}
ASKED = {"client_id": "acme", "client_secret": PASSWORD, "grant_type": "client_credentials"}


@pytest.mark.parametrize("in_the_body", [(), ("grant_type",), ("client_id", "client_secret"), tuple(ASKED)])
def test_what_the_body_leaves_out_is_taken_from_the_query(client: Client, in_the_body: tuple[str, ...]) -> None:
    body = urlencode({name: ASKED[name] for name in in_the_body})
    query = urlencode({name: value for name, value in ASKED.items() if name not in in_the_body})
    reply = client.request("POST", f"{TOKEN}?{query}", body, **FORM)
    assert reply.status == 200
    opened = client.request("GET", "/sms/1/reports", Authorization=f"Bearer {reply.json['access_token']}")
    assert opened.status == 200


def test_the_body_counts_where_both_say_something(client: Client) -> None:
    reply = client.request("POST", f"{TOKEN}?client_secret=wrong", urlencode(ASKED), **FORM)
    assert reply.status == 200
    reply = client.request("POST", f"{TOKEN}?{urlencode(ASKED)}", "client_secret=wrong", **FORM)
    assert (reply.status, reply.json["error"]) == (401, "invalid_client")


def test_who_asks_nowhere_is_told_what_is_missing(client: Client) -> None:
    reply = client.request("POST", TOKEN, "", **FORM)
    assert (reply.status, reply.json["error"]) == (400, "unsupported_grant_type")
    reply = client.request("POST", f"{TOKEN}?grant_type=client_credentials&client_id=acme", "", **FORM)
    assert (reply.status, reply.json["error"]) == (400, "invalid_request")
