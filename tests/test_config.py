"""The configuration: every problem in a sentence that says where, secrets from the environment, nothing guessed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from heliograph.config import Config, ConfigError, SmscConfig, load, parse
from heliograph.smsc.dialect import Dialect

NORTH = '[[smsc]]\nname = "north"\nhost = "127.0.0.1"\n'
SOUTH = '[[smsc]]\nname = "south"\nhost = "127.0.0.1"\n'
ROUTE = '[[route]]\nsmsc = "{}"\n'


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
SENTENCES: dict[str, tuple[str, list[str]]] = {
    "two of a name": (
        NORTH + NORTH + ROUTE.format("north"),
        [PLACE + "two [[smsc]] are named 'north'"],
    ),
    "several without a route": (
        NORTH + SOUTH,
        [PLACE + "there are several [[smsc]] and no [[route]]: say which of them takes messages"],
    ),
    "a route to nobody": (
        NORTH + ROUTE.format("west"),
        [PLACE + "a [[route]] names the smsc 'west'; the [[smsc]] there are: north"],
    ),
    "a route without an smsc": (
        ROUTE.format("west"),
        [PLACE + "a [[route]] names the smsc 'west'; the [[smsc]] there are: none"],
    ),
    "a long password": (
        NORTH + 'password = "123456789"',
        [PLACE + "smsc north: the password is longer than 8 characters, which SMPP does not carry"],
    ),
    "a system_id that SMPP does not carry": (
        NORTH + 'system_id = "Ζυρίχη"',
        [PLACE + "smsc north: system_id 'Ζυρίχη' has a character that SMPP does not carry"],
    ),
    "a system_type that SMPP does not carry": (
        NORTH + 'system_type = "a\\u0000b"',
        [PLACE + "smsc north: system_type 'a\\x00b' has a character that SMPP does not carry"],
    ),
    "a password that SMPP does not carry": (
        NORTH + 'password = "Ωμέγα"',
        [PLACE + "smsc north: the password has a character that SMPP does not carry"],
    ),
    "a service_type that SMPP does not carry": (
        NORTH + '[smsc.dialect]\nservice_type = "Ω"',
        [PLACE + "smsc north: dialect.service_type 'Ω' has a character that SMPP does not carry"],
    ),
    "a time zone that nobody knows": (
        NORTH + '[smsc.dialect]\nreceipt_tz = "Mars/Olympus"',
        [PLACE + "smsc north: dialect.receipt_tz 'Mars/Olympus' is not the name of a time zone such as Europe/Berlin"],
    ),
    "a default sender that nobody may have": (
        NORTH + 'default_sender = "far too long a name"',
        [
            PLACE + "smsc north: default_sender 'far too long a name': "
            "an alphanumeric sender has 1 to 11 characters of the GSM alphabet, without @"
        ],
    ),
    "another kind of store": (
        '[store]\nurl = "mysql://host/messages"',
        [PLACE + "store.url 'mysql://host/messages' must begin with sqlite:// or postgresql://"],
    ),
    "a store without a file": (
        '[store]\nurl = "sqlite://"',
        [PLACE + "store.url 'sqlite://' names no file: put its path behind sqlite://"],
    ),
    "several at once": (
        'store = { url = "heliograph.db" }\n' + NORTH + 'password = "123456789"\n' + NORTH,
        [
            PLACE + "two [[smsc]] are named 'north'",
            PLACE + "there are several [[smsc]] and no [[route]]: say which of them takes messages",
            PLACE + "smsc north: the password is longer than 8 characters, which SMPP does not carry",
            PLACE + "store.url 'heliograph.db' must begin with sqlite:// or postgresql://",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), SENTENCES.values(), ids=SENTENCES)
def test_what_cannot_work_is_told_in_sentences(text: str, expected: list[str]) -> None:
    assert problems(text) == expected


# What is wrong, and the words of the one sentence about it: where it stands, and what would do.
WRONG: list[tuple[str, list[str]]] = [
    ("[htp]\nport = 1", ["htp"]),
    ("[http]\nprot = 1", ["prot", "http"]),
    ("[store]\npath = 1", ["path", "store"]),
    ("[webhooks]\nsize = 1", ["size", "webhooks"]),
    ("[limits]\ngrace = 1", ["grace", "limits"]),
    (NORTH + "links_ = 1", ["links_", "smsc"]),
    (NORTH + "[smsc.dialect]\ntext_id = 'hex'", ["text_id", "smsc[0].dialect"]),
    (NORTH + "password = { file = 'x' }", ["file", "smsc[0].password"]),
    ("[[route]]\nsmsc = 'north'\nto = '41'", ["to", "route[0]"]),
    ("[[smsc]]\nhost = 'h'", ["name", "smsc"]),
    ("[[smsc]]\nname = 'n'", ["host", "smsc"]),
    ("[[smsc]]\nname = ''\nhost = 'h'", ["1", "smsc[0].name"]),
    ("[http]\nport = 70000", ["65535", "http.port"]),
    ("[http]\nport = '80'", ["int", "str", "http.port"]),
    ("[http]\nbody_seconds = 0", ["0", "http.body_seconds"]),
    ("[webhooks]\nbatch = 0", ["1", "webhooks.batch"]),
    ("[webhooks]\nretries = -1", ["0", "webhooks.retries"]),
    ("[store]\nretention_hours = 0", ["1", "store.retention_hours"]),
    (NORTH + "window = 0", ["1", "smsc[0].window"]),
    (NORTH + "links = 101", ["100", "smsc[0].links"]),
    (NORTH + "bind = 'both'", ["both", "smsc[0].bind"]),
    (NORTH + "on_no_response = 'drop'", ["drop", "smsc[0].on_no_response"]),
    (NORTH + f"system_id = '{16 * 'x'}'", ["15", "smsc[0].system_id"]),
    (NORTH + f"system_type = '{13 * 'x'}'", ["12", "smsc[0].system_type"]),
    (NORTH + "submits_per_second = -1", ["0", "smsc[0].submits_per_second"]),
    (NORTH + "[smsc.dialect]\nresp_id_base = 'oct'", ["oct", "smsc[0].dialect.resp_id_base"]),
    (NORTH + "[smsc.dialect]\nmode_bits = 4", ["3", "smsc[0].dialect.mode_bits"]),
    (NORTH + "[smsc.dialect]\nprotocol_id = 256", ["255", "smsc[0].dialect.protocol_id"]),
    (NORTH + "[smsc.dialect]\nservice_type = 'SIXSIX'", ["5", "smsc[0].dialect.service_type"]),
    (NORTH + "[smsc.dialect]\nerr_map = { 1 = 'x' }", ["int", "smsc[0].dialect.err_map[...]"]),
    ("currency = 'EURO'", ["3", "currency"]),
    ("log_level = 'loud'", ["loud", "log_level"]),
    ("[http\nport = 1", ["is not TOML", "line 1"]),
]


@pytest.mark.parametrize(("text", "words"), WRONG, ids=[words[-1] for _, words in WRONG])
def test_a_value_out_of_its_range_and_a_key_that_nobody_knows_are_told_with_their_place(
    text: str, words: list[str]
) -> None:
    [problem] = problems(text)
    assert problem.startswith("heliograph.toml")
    assert all(word in problem for word in words), problem


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("colour = 1", "http, store, webhooks, limits, currency, log_level, smsc, route"),
        ("[limits]\ngrace = 1", "receipt_grace_seconds"),
        (NORTH + "password = { file = 'x' }", "env"),
        ("[[route]]\nsmsc = 'north'\nto = '41'", "smsc"),
        (NORTH + "[smsc.dialect]\ntext_id = 'hex'", ", ".join(Dialect.__struct_fields__)),
        (NORTH + "speed = 1", ", ".join(SmscConfig.__struct_fields__)),
    ],
)
def test_an_unknown_key_is_answered_with_those_that_there_are(text: str, keys: str) -> None:
    [problem] = problems(text)
    assert problem.endswith(f"; the keys there are {keys}")


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
        "smsc north: the environment has no NORTH_PASSWORD: set it to the password"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("123456789", "smsc north: the password is longer than 8 characters, which SMPP does not carry"),
        ("Ωμέγα", "smsc north: the password has a character that SMPP does not carry"),
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
    assert caught.value.problems == [f"{path}: store.url '' must begin with sqlite:// or postgresql://"]


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    missing, folder, binary = tmp_path / "no.toml", tmp_path, tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe")

    for path, words in ((missing, "does not exist: make it"), (folder, "cannot be read"), (binary, "cannot be read")):
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
