"""An account's own settings: what each may be."""

import msgspec
import pytest

from heliograph.accounts import settings
from heliograph.accounts.errors import BadValue
from heliograph.accounts.settings import DEFAULTS, RULES, Settings

URL = "https://customer.example/sms"

# A text of each setting, what the flows see of it, and how people read it.
GOOD = [
    ("default_sender", "ACME", "ACME", "ACME"),
    ("on_no_response", "hold", "hold", "hold"),
    ("notify_url", URL, URL, URL),
    ("notify_content_type", "application/xml", "application/xml", "application/xml"),
    ("inbound_url", "http://10.0.0.1:8080/in", "http://10.0.0.1:8080/in", "http://10.0.0.1:8080/in"),
    ("allowed_senders", ["B,C", "+41793026727", "B,C"], {"B,C", "+41793026727"}, ["+41793026727", "B,C"]),
    ("rate_limit", "100", 100, 100),
    ("price", "0.0125", 12_500, "0.0125"),
    ("prepaid", "true", True, True),
    ("flood_identical", "3", 3, 3),
    ("flood_different", "100000", 100_000, 100_000),
    (
        "numbers",
        ["*", "41793026700", "4179/stop", "4179/\u00fcber"],
        {("*", ""), ("41793026700", ""), ("4179", "STOP"), ("4179", "\u00dcBER")},
        ["*", "4179/STOP", "4179/\u00dcBER", "41793026700"],
    ),
]


@pytest.mark.parametrize(("name", "given", "seen", "read"), GOOD, ids=[name for name, _, _, _ in GOOD])
def test_a_setting_is_kept_and_seen_as_what_it_means(name, given, seen, read):
    kept = settings.encode({name: given})
    loaded = settings.load(kept)

    assert getattr(loaded, name) == seen
    assert settings.render(loaded)[name] == read
    assert (
        settings.encode({name: [*map(str, read)] if isinstance(read, list) else str(read).replace("True", "true")})
        == kept
    )
    assert msgspec.structs.replace(loaded, **{name: getattr(DEFAULTS, name)}) == DEFAULTS


def test_every_setting_has_a_rule_a_description_and_a_good_value_here():
    fields = msgspec.inspect.type_info(Settings).fields

    assert [field.name for field in fields] == list(RULES) == [name for name, _, _, _ in GOOD]
    assert all(field.type.extra_json_schema["description"] for field in fields)


BAD = [
    ("default_sender", "far too long a name"),
    ("on_no_response", "panic"),
    ("notify_url", "ftp://customer.example"),
    ("notify_url", "customer.example"),
    ("notify_url", "https://customer.example/a b"),
    ("notify_url", "https://customer.example:99999/"),
    ("notify_url", "https://customer.example/" + "x" * 2000),
    ("notify_content_type", "text/plain"),
    ("inbound_url", "https://"),
    ("allowed_senders", ["ACME", "a@b"]),
    ("allowed_senders", [f"S{n}" for n in range(1001)]),
    ("rate_limit", "-1"),
    ("rate_limit", "100001"),
    ("rate_limit", "1.5"),
    ("rate_limit", "9" * 5000),
    ("rate_limit", ["1", "2"]),
    ("price", "-0.01"),
    ("price", "1000.000001"),
    ("price", "0.0000001"),
    ("prepaid", "yes"),
    ("flood_identical", "many"),
    ("flood_different", "\u0661"),
    ("numbers", ["12"]),
    ("numbers", ["+41793026700"]),
    ("numbers", ["4179/"]),
    ("numbers", ["4179/two words"]),
    ("numbers", ["4179*"]),
    ("anything", "else"),
]


@pytest.mark.parametrize(("name", "given"), BAD, ids=[f"{name} {str(given)[:30]}" for name, given in BAD])
def test_a_setting_that_cannot_work_is_refused_by_its_name(name, given):
    with pytest.raises(BadValue, match=name):
        settings.encode({name: given})


@pytest.mark.parametrize("nothing", ["", [], [""]])
@pytest.mark.parametrize("name", RULES)
def test_nothing_takes_a_setting_away(name, nothing):
    assert settings.encode({name: nothing}) == {name: None}


def test_a_setting_of_a_later_version_is_passed_over():
    assert settings.load({"colour": '"green"', "rate_limit": "5"}) == Settings(rate_limit=5)
