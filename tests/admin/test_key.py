"""Keys, as a console manages them."""

from admin.conftest import HOUR, Office, Working
from heliograph.sms.schedule import parse_instant

KEYS = "accounts/acme/keys"
REPORTS = "/sms/1/reports"


def test_a_key_is_shown_once_and_opens_at_once(office: Working) -> None:
    async def body(o: Office) -> None:
        made = await o.ask("POST", KEYS, {})
        assert (made.status, made.headers["cache-control"]) == (201, "no-store")
        key = made.json.pop("key")
        assert (await o.with_key(key).request("GET", REPORTS)).status == 200

        listed = (await o.ask("GET", KEYS)).json["keys"]
        [shown] = [one for one in listed if one["id"] == made.json["id"]]
        assert (shown["scopes"], shown["expiresAt"], shown["revokedAt"], shown["open"]) == (None, None, None, True)
        assert key not in (await o.ask("GET", KEYS)).body.decode()

    office(body)


def test_a_key_opens_what_its_scopes_say_until_its_end(office: Working) -> None:
    async def body(o: Office) -> None:
        asked = {"scopes": ["sms:logs:read", "account:read"], "expiresAt": "12h"}
        made = (await o.ask("POST", KEYS, asked)).json
        program = o.with_key(made["key"])
        assert sorted(made["scopes"]) == sorted(asked["scopes"])
        assert parse_instant(made["expiresAt"]) - parse_instant(made["createdAt"]) == 12 * HOUR
        assert (await program.request("GET", "/sms/1/logs")).status == 200
        assert (await program.request("GET", REPORTS)).status == 403

        o.house.dial.turn(12 * 3600)
        assert (await program.request("GET", "/sms/1/logs")).status == 401
        [shown] = [one for one in (await o.ask("GET", KEYS)).json["keys"] if one["id"] == made["id"]]
        assert shown["open"] is False

    office(body)


BAD = [
    ({"scopes": []}, "scopes"),
    ({"scopes": ["sms:all"]}, "scopes"),
    ({"scopes": "admin"}, "scopes"),
    ({"scope": ["account:read"]}, "scope"),
    ({"expiresAt": "soon"}, "expiresAt"),
    ({"expiresAt": "2020-01-01"}, "expiresAt"),
    ({"expiresAt": ""}, "expiresAt"),
]


def test_a_key_that_cannot_be_is_not_made(office: Working) -> None:
    async def body(o: Office) -> None:
        for asked, field in BAD:
            refused = await o.ask("POST", KEYS, asked)
            assert (refused.status, [*refused.refusal["validationErrors"]]) == (400, [field])
        assert len((await o.ask("GET", KEYS)).json["keys"]) == 1

    office(body)


def test_a_revoked_key_and_its_tokens_are_refused_by_the_very_next_request(office: Working) -> None:
    async def body(o: Office) -> None:
        made = (await o.ask("POST", KEYS, {})).json
        program = o.with_key(made["key"])
        client = {"client_id": "acme", "client_secret": made["key"], "grant_type": "client_credentials"}
        issued = await program.request("POST", "/auth/1/oauth2/token", client)
        bearer = f"Bearer {issued.json['access_token']}"
        assert issued.headers["cache-control"] == "no-store"
        assert (await program.request("GET", REPORTS)).status == 200
        assert (await program.request("GET", REPORTS, Authorization=bearer)).status == 200

        revoked = await o.ask("DELETE", f"keys/{made['id']}")
        assert (revoked.status, revoked.json["id"]) == (200, made["id"])
        assert (await program.request("GET", REPORTS)).status == 401
        assert (await program.request("GET", REPORTS, Authorization=bearer)).status == 401
        [shown] = [one for one in (await o.ask("GET", KEYS)).json["keys"] if one["id"] == made["id"]]
        assert (shown["open"], shown["revokedAt"]) == (False, revoked.json["revokedAt"])
        assert (await o.ask("DELETE", f"keys/{made['id']}")).status == 404

    office(body)


def test_a_key_that_is_not_there_cannot_be_revoked(office: Working) -> None:
    async def body(o: Office) -> None:
        for id_ in ("1", "x", "-1", "9" * 19, "9" * 5000, "%D9%A1", "1.0"):
            refused = await o.ask("DELETE", f"keys/{id_}")
            assert (refused.status, refused.refusal["messageId"]) == (404, "NOT_FOUND")

    office(body)


def test_whoever_revokes_his_own_key_is_shut_out(office: Working) -> None:
    async def body(o: Office) -> None:
        [own] = (await o.ask("GET", "accounts/ops/keys")).json["keys"]
        assert own["scopes"] == ["admin"]

        assert (await o.ask("DELETE", f"keys/{own['id']}")).status == 200
        assert (await o.ask("GET", "accounts/ops/keys")).status == 401

    office(body)
