"""The configuration: every problem in a sentence that says where, secrets from the environment, nothing guessed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from heliograph.api.endpoints import ENDPOINTS
from heliograph.config import Config, ConfigError, RouteConfig, SmscConfig, Webhooks, load, parse
from heliograph.smsc.dialect import Dialect
from heliograph.values import TAKEN_PATHS

NORTH = '[[smsc]]\nname = "north"\nhost = "127.0.0.1"\n'
SOUTH = '[[smsc]]\nname = "south"\nhost = "127.0.0.1"\n'
ROUTE = '[[route]]\nsmsc = "{}"\n'


def keys(kind: type[Any]) -> str:
    return "the keys there are " + ", ".join(kind.__struct_fields__)


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return caught.value.problems


def the_smsc(text: str) -> SmscConfig:
    [smsc] = parse(text).smsc
    return smsc


def test_an_empty_configuration_runs_on_a_laptop() -> None:
    config = parse("")

    assert config == Config()
    assert (config.http.host, config.http.port) == ("127.0.0.1", 8080)
    assert config.store.url == "sqlite://heliograph.db"
    assert config.webhooks.allow_private_networks is False
    assert config.target() is None


def test_an_smsc_needs_a_name_and_a_host_and_has_a_default_for_everything_else() -> None:
    smsc = the_smsc(NORTH)

    assert (smsc.port, smsc.bind, smsc.links, smsc.window) == (2775, "transceiver", 1, 10)
    assert (smsc.on_no_response, smsc.submits_per_second, smsc.dialect) == ("resend", 0, Dialect())


def test_a_whole_configuration_is_read() -> None:
    config = parse(
        """
        currency = "CHF"
        log_level = "debug"
        [http]
        port = 0
        body_limit = 1000
        [store]
        url = "postgresql://me@host/messages"
        retention_hours = 72
        [webhooks]
        allow_private_networks = true
        batch = 10
        retries = 0
        [limits]
        receipt_grace_seconds = 60
        [[smsc]]
        name = "north"
        host = "smsc.example"
        password = { env = "NORTH_PASSWORD" }
        bind = "pair"
        links = 2
        window = 100
        submits_per_second = 12.5
        [smsc.dialect]
        text_id_base = "hex"
        err_map = { "21b" = 27 }
        [[route]]
        smsc = "north"
        """
    )

    assert (config.currency, config.log_level, config.http.port, config.http.body_limit) == ("CHF", "debug", 0, 1000)
    assert (config.store.retention_hours, config.webhooks.retries, config.limits.receipt_grace_seconds) == (72, 0, 60)
    [smsc] = config.smsc
    assert (smsc.bind, smsc.links, smsc.window, smsc.submits_per_second) == ("pair", 2, 100, 12.5)
    assert smsc.dialect == Dialect(text_id_base="hex", err_map={"21b": 27})
    assert config.target() == "north"


@pytest.mark.parametrize(
    ("text", "smsc"),
    [
        ("", None),
        (NORTH, "north"),
        (NORTH + ROUTE.format("north"), "north"),
        (NORTH + SOUTH + ROUTE.format("south"), "south"),
        (NORTH + SOUTH + ROUTE.format("south") + ROUTE.format("north"), "south"),
    ],
)
def test_the_first_route_takes_messages_and_without_routes_the_only_smsc(text: str, smsc: str | None) -> None:
    assert parse(text).target() == smsc


PLACE = "heliograph.toml: "
# What stands in the file, and what is said of it.
SENTENCES: dict[str, tuple[str, list[str]]] = {
    "two of a name": (
        NORTH + NORTH + ROUTE.format("north"),
        ["[[smsc]] number 2: name: is the name of another [[smsc]], too: give each its own"],
    ),
    "several without a route": (
        NORTH + SOUTH,
        ["route: there are several [[smsc]] and no [[route]]: say which of them takes messages"],
    ),
    "a route to nobody": (
        NORTH + ROUTE.format("west"),
        ["[[route]] number 1: smsc: there is no [[smsc]] 'west'; those there are: north"],
    ),
    "a route without an smsc": (
        ROUTE.format("west"),
        ["[[route]] number 1: smsc: there is no [[smsc]] 'west'; those there are: none"],
    ),
    "a long password": (
        NORTH + 'password = "123456789"',
        ["[[smsc]] north: password: is longer than 8 characters, which SMPP does not carry"],
    ),
    "a password that is a number": (
        NORTH + "password = 1234",
        ['[[smsc]] north: password: must be a text in quotes, or { env = "…" }'],
    ),
    "a password that SMPP does not carry": (
        NORTH + 'password = "Ωμέγα"',
        ["[[smsc]] north: password: has a character that SMPP does not carry"],
    ),
    "a system_id that SMPP does not carry": (
        NORTH + 'system_id = "Ζυρίχη"',
        ["[[smsc]] north: system_id: 'Ζυρίχη' has a character that SMPP does not carry"],
    ),
    "a system_type that SMPP does not carry": (
        NORTH + 'system_type = "a\\u0000b"',
        ["[[smsc]] north: system_type: 'a\\x00b' has a character that SMPP does not carry"],
    ),
    "a service_type that SMPP does not carry": (
        NORTH + '[smsc.dialect]\nservice_type = "Ω"',
        ["[[smsc]] north: dialect.service_type: 'Ω' has a character that SMPP does not carry"],
    ),
    "a time zone that nobody knows": (
        NORTH + '[smsc.dialect]\nreceipt_tz = "Mars/Olympus"',
        ["[[smsc]] north: dialect.receipt_tz: 'Mars/Olympus' is not the name of a time zone such as Europe/Berlin"],
    ),
    "a default sender that nobody may have": (
        NORTH + 'default_sender = "far too long a name"',
        [
            "[[smsc]] north: default_sender: 'far too long a name': "
            "an alphanumeric sender has 1 to 11 characters of the GSM alphabet, without @"
        ],
    ),
    "an SMSC with a scheme": (
        '[[smsc]]\nname = "north"\nhost = "smpp://smsc.example"',
        [
            "[[smsc]] north: host: 'smpp://smsc.example' is no address or host name: "
            "no scheme, no port and no path belong in it"
        ],
    ),
    "a port in the host": (
        '[http]\nhost = "127.0.0.1:80"',
        ["[http] host: '127.0.0.1:80' is no address or host name: no scheme, no port and no path belong in it"],
    ),
    "a name with a blank at its end": (
        '[[smsc]]\nname = "north "\nhost = "h"',
        ["[[smsc]] north : name: must have printable characters, and no blank at either end"],
    ),
    "a name of two lines": (
        '[[smsc]]\nname = "a\\nb"\nhost = "h"',
        ["[[smsc]] number 1: name: must have printable characters, and no blank at either end"],
    ),
    "a link that is closed before it is asked": (
        NORTH + "enquire_link_seconds = 300",
        ["[[smsc]] north: inactivity_seconds: must be longer than enquire_link_seconds, 300"],
    ),
    "a rate that is none": (
        NORTH + "submits_per_second = 0.009",
        ["[[smsc]] north: submits_per_second: must be 0, for no limit, or at least 0.01"],
    ),
    "another kind of store": (
        '[store]\nurl = "mysql://me:secret@host/messages"',
        ["[store] url: must begin with sqlite:// or postgresql://"],
    ),
    "a store without a file": (
        '[store]\nurl = "sqlite://"',
        ["[store] url: names no file: put its path behind sqlite://"],
    ),
    "a file that no system has": (
        '[store]\nurl = "sqlite://a\\u0000b"',
        ["[store] url: has a character that no path should have"],
    ),
    "a database without a port": (
        '[store]\nurl = "postgresql://me:secret@host:port/messages"',
        ["[store] url: is no URL such as postgresql://user:password@host:5432/database"],
    ),
    "a currency that is none": (
        'currency = "eur"',
        ["currency: must be three capital letters, such as EUR"],
    ),
    "receipts awaited for longer than they are known": (
        "[store]\nreceipt_days = 1\n[limits]\nreceipt_grace_seconds = 86401",
        [
            "[limits] receipt_grace_seconds: must not be longer than store.receipt_days: "
            "a receipt finds its message only for so long"
        ],
    ),
    "one table where several may be": (
        '[smsc]\nname = "north"',
        ["smsc: must be a list of tables: each begins with [[smsc]]"],
    ),
    "a value where a table should be": (
        "http = 80\nsmsc = [1]",
        ["http: must be a table", "[[smsc]] number 1: must be a table"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), SENTENCES.values(), ids=SENTENCES)
def test_what_cannot_work_is_told_in_sentences(text: str, expected: list[str]) -> None:
    assert problems(text) == [PLACE + sentence for sentence in expected]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    text = """
        colour = 1
        currency = "euro"
        [http]
        port = 70000
        prot = 1
        [store]
        url = "heliograph.db"
        receipt_days = true
        [[smsc]]
        name = "north"
        host = "smsc.example:2775"
        window = 0
        password = "123456789"
        [smsc.dialect]
        resp_id_base = "oct"
        err_map = { 21b = "x" }
        [[smsc]]
        host = "h"
        links = "two"
        [[route]]
        smsc = "south"
        to = "41"
    """
    found = [re.split(": (?=must|is|has|'|there)", problem.removeprefix(PLACE))[0] for problem in problems(text)]
    assert found == [
        "colour",
        "[http] port",
        "[http] prot",
        "[store] receipt_days",
        "[[smsc]] north: window",
        "[[smsc]] north: dialect.resp_id_base",
        "[[smsc]] north: dialect.err_map.21b",
        "[[smsc]] number 2: links",
        "[[smsc]] number 2: name",
        "[[route]] number 1: to",
        "[store] url",
        "currency",
        "[[smsc]] north: host",
        "[[smsc]] north: password",
    ]


@pytest.mark.parametrize(
    "text",
    [
        NORTH + "inactivity_seconds = 'x'\nenquire_link_seconds = 400",
        NORTH + "inactivity_seconds = 20\nenquire_link_seconds = 'x'",
        "[store]\nreceipt_days = 0\n[limits]\nreceipt_grace_seconds = 700000",
        f"[[smsc]]\nname = '{65 * 'x'}'\nhost = 'h'\n" + ROUTE.format(65 * "x"),
        NORTH + SOUTH + "[route]\nsmsc = 'north'",
    ],
)
def test_nothing_is_said_about_a_value_that_is_wrong_already(text: str) -> None:
    assert len(problems(text)) == 1


WRONG: list[tuple[str, str]] = [
    ("[[smsc]]\nhost = 'h'", "[[smsc]] number 1: name: is missing"),
    ("[[smsc]]\nname = 'n'", "[[smsc]] n: host: is missing"),
    (NORTH + "password = {}", "[[smsc]] north: password.env: is missing"),
    ("[http]\nport = '80'", "[http] port: must be a whole number"),
    ("[http]\nport = true", "[http] port: must be a whole number"),
    ("[http]\nport = 80.0", "[http] port: must be a whole number"),
    ("[http]\nhost = 1", "[http] host: must be a text in quotes"),
    ("[http]\nbody_seconds = '1'", "[http] body_seconds: must be a number"),
    ("[http]\nbody_seconds = inf", "[http] body_seconds: must be above 0 and at most 3,600, not inf"),
    ("[http]\nbody_seconds = nan", "[http] body_seconds: must be above 0 and at most 3,600, not nan"),
    ("[webhooks]\nallow_private_networks = 1", "[webhooks] allow_private_networks: must be true or false"),
    (NORTH + "bind = 'both'", "[[smsc]] north: bind: must be one of pair, transceiver"),
    (NORTH + "bind = ['pair']", "[[smsc]] north: bind: must be one of pair, transceiver"),
    (NORTH + "[smsc.dialect]\nerr_map = 1", "[[smsc]] north: dialect.err_map: must be a table"),
    (
        NORTH + "[smsc.dialect]\nstates = { FAILED = 'DONE' }",
        "[[smsc]] north: dialect.states.FAILED: must be one of ACCEPTD, DELETED, DELIVRD, ENROUTE, EXPIRED, REJECTD, "
        "UNDELIV, UNKNOWN",
    ),
    (NORTH + "[smsc.dialect]\nsource_ton = 'x'", "[[smsc]] north: dialect.source_ton: must be a whole number"),
    ("log_level = 'loud'", "log_level: must be one of debug, error, info, warning"),
    ("[http\nport = 1", "is not TOML"),
]


@pytest.mark.parametrize(("text", "sentence"), WRONG, ids=[sentence for _, sentence in WRONG])
def test_a_value_of_the_wrong_kind_is_told_with_its_place(text: str, sentence: str) -> None:
    [problem] = problems(text)
    assert problem.startswith(PLACE + sentence) or problem.startswith("heliograph.toml " + sentence)


Bounded = tuple[tuple[str, ...], Any]


def bounded(kind: Any = Config, place: tuple[str, ...] = ()) -> list[Bounded]:
    """Every number and text of the configuration: the keys that lead to it, and its type."""
    found: list[Bounded] = []
    for field in msgspec.inspect.type_info(kind).fields:  # type: ignore[attr-defined]
        inner = field.type
        while hasattr(inner, "type"):
            inner = inner.type
        inner = getattr(inner, "item_type", inner)
        kinds = getattr(inner, "types", (inner,))
        for one in kinds:
            if isinstance(one, msgspec.inspect.StructType):
                found += bounded(one.cls, (*place, field.name))
            elif isinstance(one, msgspec.inspect.IntType | msgspec.inspect.FloatType | msgspec.inspect.StrType):
                found.append(((*place, field.name), one))
    return found


NUMBERS = [row for row in bounded() if not isinstance(row[1], msgspec.inspect.StrType)]
TEXTS = [row for row in bounded() if isinstance(row[1], msgspec.inspect.StrType) and row[1].max_length]
PATIENT = {
    "enquire_link_seconds": "inactivity_seconds = 31536000",
    "inactivity_seconds": "enquire_link_seconds = 1e-12",
}


def document(place: tuple[str, ...], value: str) -> str:
    """A configuration with one field in it, good in all else."""
    *path, key = place
    if path[:1] == ["smsc"]:
        others = "" if len(path) > 1 else f"{PATIENT.get(key, '')}\n"
        given = {"name": "", "host": ""}.get(key)
        head = "[[smsc]]\n" + "".join(f'{one} = "h"\n' for one in ("name", "host") if one != key or given is None)
        return head + others + ("[smsc.dialect]\n" if len(path) > 1 else "") + f"{key} = {value}\n"
    grace = "[store]\nreceipt_days = 365\n" if key == "receipt_grace_seconds" else ""
    return grace + (f"[{path[0]}]\n" if path else "") + f"{key} = {value}\n"


def told(place: tuple[str, ...], value: str) -> list[str]:
    """What is said about this value of a field."""
    try:
        parse(document(place, value))
    except ConfigError as error:
        return error.problems
    return []


@pytest.mark.parametrize(("place", "kind"), NUMBERS, ids=[".".join(place) for place, _ in NUMBERS])
def test_every_number_has_a_range_and_is_taken_up_to_its_edges(place: tuple[str, ...], kind: Any) -> None:
    step = 1 if isinstance(kind, msgspec.inspect.IntType) else 1e-6
    least = kind.ge if kind.ge is not None else kind.gt + 1e-9
    before = kind.ge - step if kind.ge is not None else kind.gt
    below, above = told(place, str(before)), told(place, str(kind.le + step))

    if place == ("smsc", "enquire_link_seconds"):  # a link lives longer than that
        assert told(place, str(kind.le - 1)) == []
    else:
        assert told(place, str(kind.le)) == []
    assert told(place, str(least)) == []
    assert [problem.count("must be ") for problem in below] == [1] == [problem.count("must be ") for problem in above]
    assert f"{kind.le:,}" in below[0] and place[-1] in below[0]


@pytest.mark.parametrize(("place", "kind"), TEXTS, ids=[".".join(place) for place, _ in TEXTS])
def test_every_text_with_a_length_is_taken_up_to_it(place: tuple[str, ...], kind: Any) -> None:
    whole = told(place, f"'{kind.max_length * '1'}'")

    assert not [problem for problem in whole if "characters, not" in problem]
    [problem] = told(place, f"'{(kind.max_length + 1) * '1'}'")
    assert f"at most {kind.max_length} characters, not {kind.max_length + 1}" in problem


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("", None),
        ("https://sms.example.com", "https://sms.example.com"),
        ("https://sms.example.com/", "https://sms.example.com"),
        ("http://127.0.0.1:8080/l/m.n-o_p~q/", "http://127.0.0.1:8080/l/m.n-o_p~q"),
        ("HTTPS://SMS.example/smsc", "HTTPS://SMS.example/smsc"),
    ],
)
def test_short_links_begin_with_an_address_of_the_operators_without_a_slash_at_its_end(
    url: str, base: str | None
) -> None:
    assert parse(f"[links]\nbase_url = '{url}'").links.base() == base


@pytest.mark.parametrize(
    "url",
    [
        "sms.example.com/l",
        "ftp://sms.example.com",
        "javascript://sms.example.com",
        "https://",
        "https:///l",
        "https://me@sms.example.com",
        "https://sms.example.com/l?to=",
        "https://sms.example.com/l#a",
        "https://sms.example.com/l//m",
        "https://sms.example.com/{code}",
        "https://sms.example.com/l m",
        "https://bücher.example",
        "https://sms.example.com:99999/l",
        "https://sms..example.com",
        "https://sms.example.com/sms/l",
        "https://sms.example.com/ct",
    ],
)
def test_what_short_links_cannot_begin_with_is_told(url: str) -> None:
    [problem] = told(("links", "base_url"), f"'{url}'")

    assert "base_url: " in problem


def test_no_path_of_the_api_can_be_one_of_short_links() -> None:
    deep = {row.path.split("/")[1] for row in ENDPOINTS if row.path.count("/") > 1}

    assert deep <= TAKEN_PATHS


@pytest.mark.parametrize("key", ["name", "host"])
def test_a_text_that_is_needed_must_not_be_empty(key: str) -> None:
    [problem] = told(("smsc", key), "''")
    assert problem.endswith(f": {key}: must not be empty")


@pytest.mark.parametrize(
    "host", ["localhost", "smsc.example.net.", "10.0.0.1", "::1", "fe80::1%eth0", "a_b-c", "zürich.ch"]
)
def test_every_kind_of_host_is_taken(host: str) -> None:
    assert told(("smsc", "host"), f"'{host}'") == []


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("[htp]\nport = 1", "htp: is an unknown key; did you mean http?"),
        ("[http]\nprot = 1", "[http] prot: is an unknown key; did you mean port?"),
        ("[store]\nretention_hour = 1", "[store] retention_hour: is an unknown key; did you mean retention_hours?"),
        (NORTH + "links_ = 1", "[[smsc]] north: links_: is an unknown key; did you mean links?"),
        (
            NORTH + "[smsc.dialect]\nrespid_base = 'hex'",
            "[[smsc]] north: dialect.respid_base: is an unknown key; did you mean resp_id_base?",
        ),
        ("[webhooks]\nsize = 1", f"[webhooks] size: is an unknown key; {keys(Webhooks)}"),
        (NORTH + "speed = 1", f"[[smsc]] north: speed: is an unknown key; {keys(SmscConfig)}"),
        (
            "[[route]]\nsmsc = 'north'\nto = '41'\n" + NORTH,
            f"[[route]] number 1: to: is an unknown key; {keys(RouteConfig)}",
        ),
        ("colour = 1", f"colour: is an unknown key; {keys(Config)}"),
    ],
)
def test_an_unknown_key_is_answered_with_the_nearest_or_with_all_that_there_are(text: str, hint: str) -> None:
    assert problems(text) == [PLACE + hint]


def test_a_password_may_stand_in_the_configuration() -> None:
    assert the_smsc(NORTH + 'password = "12345678"').secret() == "12345678"
    assert the_smsc(NORTH).secret() == ""


def test_a_password_may_stand_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NORTH_PASSWORD", "secret")
    assert the_smsc(NORTH + 'password = { env = "NORTH_PASSWORD" }').secret() == "secret"


def secret_problems(smsc: SmscConfig) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        smsc.secret()
    return caught.value.problems


def test_a_password_that_is_not_in_the_environment_is_missed_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NORTH_PASSWORD", raising=False)
    smsc = the_smsc(NORTH + 'password = { env = "NORTH_PASSWORD" }')  # to read the file needs no secrets

    assert secret_problems(smsc) == [
        "[[smsc]] north: password: the environment has no NORTH_PASSWORD: set it to the password"
    ]  # fmt: skip


def test_all_passwords_that_the_environment_lacks_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NORTH_PASSWORD", "SOUTH_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    north, south = (
        smsc + f'password = {{ env = "{name}_PASSWORD" }}\n' for smsc, name in ((NORTH, "NORTH"), (SOUTH, "SOUTH"))
    )

    with pytest.raises(ConfigError) as caught:
        parse("colour = 1\n" + north + south + ROUTE.format("north"), secrets=True)

    assert [problem.partition(": ")[2].split(";")[0] for problem in caught.value.problems] == [
        "colour: is an unknown key",
        "[[smsc]] north: password: the environment has no NORTH_PASSWORD: set it to the password",
        "[[smsc]] south: password: the environment has no SOUTH_PASSWORD: set it to the password",
    ]


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("123456789", "[[smsc]] north: password: is longer than 8 characters, which SMPP does not carry"),
        ("Ωμέγα", "[[smsc]] north: password: has a character that SMPP does not carry"),
    ],
)
def test_a_password_from_the_environment_must_fit_into_a_bind_too(
    monkeypatch: pytest.MonkeyPatch, password: str, sentence: str
) -> None:
    monkeypatch.setenv("NORTH_PASSWORD", password)
    found = secret_problems(the_smsc(NORTH + 'password = { env = "NORTH_PASSWORD" }'))

    assert found == [sentence]
    assert password not in str(found)


def test_no_problem_shows_a_password() -> None:
    for password in ("123456789", "Ωμέγα", "p\\u0000"):
        assert password not in str(problems(NORTH + f'password = "{password}"'))


def test_a_file_is_read_and_named_in_its_problems(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(NORTH)
    assert load(path).target() == "north"

    path.write_text("[store]\nurl = ''")
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert caught.value.problems == [f"{path}: [store] url: must begin with sqlite:// or postgresql://"]


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    missing, folder, binary = tmp_path / "no.toml", tmp_path, tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe")

    for path, words in (
        (missing, "does not exist: make it"),
        (folder, "is a folder: name the file in it"),
        (binary, "cannot be read"),
    ):
        with pytest.raises(ConfigError, match=words) as caught:
            load(path)
        assert str(path) in str(caught.value)


def fields_of(kind: type[Any]) -> list[tuple[str, msgspec.inspect.Field, Any]]:
    """Every field of the tree, with where it stands and its type."""
    found = []
    for field in msgspec.inspect.type_info(kind).fields:  # type: ignore[attr-defined]
        inner = field.type
        described = isinstance(inner, msgspec.inspect.Metadata)
        found.append((f"{kind.__name__}.{field.name}", field, inner if described else None))
        bare = inner.type if described else inner
        bare = bare.item_type if isinstance(bare, msgspec.inspect.ListType) else bare
        if isinstance(bare, msgspec.inspect.StructType):
            found += fields_of(bare.cls)
    return found


def test_every_setting_has_a_description_and_all_but_two_a_default() -> None:
    settings = [row for row in fields_of(Config) if not row[0].startswith("Config.") or row[2] is not None]

    assert len(settings) > 50
    undescribed = [place for place, _, meta in settings if meta is None or not meta.extra_json_schema["description"]]
    assert undescribed == []
    assert [place for place, field, _ in settings if field.required] == [
        "SmscConfig.name", "SmscConfig.host", "RouteConfig.smsc",
    ]  # fmt: skip
