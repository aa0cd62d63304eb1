"""All configuration: one frozen tree, read from TOML.

Rule 1: every field has a description, and a default that runs on a laptop.
Rule 2: an unknown key is an error, and says which keys there are.
Rule 3: secrets come from the environment: `password = { env = "NAME" }`.
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from heliograph.sms import address, schedule
from heliograph.smsc.dialect import Dialect

UNKNOWN_KEY = re.compile(r"Object contains unknown field `[^`]*`(?: - at `\$([^`]*)`)?")
MAX_PASSWORD = 8  # characters, SMPP 3.4 §5.2.2

Seconds = Annotated[float, Meta(gt=0)]
Port = Annotated[int, Meta(ge=0, le=65_535)]
Count = Annotated[int, Meta(ge=1)]


class ConfigError(Exception):
    """The configuration cannot be used; each problem in a sentence that says where."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class FromEnvironment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A secret that stands in an environment variable."""

    env: str


class Http(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The HTTP API."""

    host: Annotated[str, Meta(description="The address to listen on.")] = "127.0.0.1"
    port: Annotated[Port, Meta(description="The port to listen on; 0 takes a free one.")] = 8080
    body_limit: Annotated[Count, Meta(description="The longest body of a request, in octets.")] = 16 * 1024 * 1024
    destinations_limit: Annotated[Count, Meta(description="The most destinations of a request.")] = 10_000
    nesting_limit: Annotated[Count, Meta(description="How deep JSON or XML may nest.")] = 32
    header_seconds: Annotated[Seconds, Meta(description="How long a client may take over its headers.")] = 10.0
    body_seconds: Annotated[Seconds, Meta(description="How long a client may take over its body.")] = 30.0


class StoreConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where messages live."""

    url: Annotated[str, Meta(description="`sqlite://` and a path, or `postgresql://user:password@host/database`.")] = (
        "sqlite://heliograph.db"
    )
    retention_hours: Annotated[
        Count, Meta(description="How long ids, reports and history are kept after the final report.")
    ] = 48
    receipt_days: Annotated[Count, Meta(description="How long ids of segments and receipts for nobody are kept.")] = 7


class Webhooks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Telling customers."""

    allow_private_networks: Annotated[
        bool, Meta(description="Push to private, loopback and link-local addresses. For demos and tests.")
    ] = False
    timeout_seconds: Annotated[Seconds, Meta(description="How long connecting and answering may take together.")] = 10.0
    batch: Annotated[Count, Meta(description="The most reports of one POST.")] = 100
    in_flight: Annotated[Count, Meta(description="The most POSTs to one URL at a time.")] = 4
    retries: Annotated[
        int, Meta(ge=0, description="Retries of a report; retry n comes 1 min + 1 min * n^2 after the one before.")
    ] = 20


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What protects the gateway from too much."""

    receipt_grace_seconds: Annotated[
        Seconds, Meta(description="How long after a message's validity its receipts may still come.")
    ] = 600.0


class SmscConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One SMSC, and our links to it."""

    name: Annotated[str, Meta(min_length=1, max_length=64, description="How routes and logs call it.")]
    host: Annotated[str, Meta(min_length=1, description="Its address.")]
    port: Annotated[Port, Meta(description="Its port.")] = 2775
    system_id: Annotated[str, Meta(max_length=15, description="Who we are to it.")] = ""
    password: Annotated[
        str | FromEnvironment,
        Meta(description='The password of the bind, at most 8 characters; or `{ env = "NAME" }`.'),
    ] = ""
    system_type: Annotated[str, Meta(max_length=12, description="system_type of the bind.")] = ""
    bind: Annotated[
        Literal["transceiver", "pair"], Meta(description="One session both ways, or a transmitter and a receiver.")
    ] = "transceiver"
    links: Annotated[int, Meta(ge=1, le=100, description="How many sessions (with `pair`: pairs of them).")] = 1
    window: Annotated[int, Meta(ge=1, le=10_000, description="submit_sm that may wait for their answers, a link.")] = 10
    submits_per_second: Annotated[float, Meta(ge=0, description="Segments a second over all links; 0 is no limit.")] = (
        0.0
    )
    default_sender: Annotated[str, Meta(max_length=20, description="The sender of messages that name none.")] = ""
    on_no_response: Annotated[
        Literal["resend", "hold"], Meta(description="What becomes of a segment whose answer was lost.")
    ] = "resend"
    enquire_link_seconds: Annotated[Seconds, Meta(description="Silence after which enquire_link is sent.")] = 30.0
    response_seconds: Annotated[Seconds, Meta(description="When an answer to submit_sm counts as overdue.")] = 60.0
    inactivity_seconds: Annotated[Seconds, Meta(description="Silence after which a link is closed.")] = 300.0
    dialect: Annotated[Dialect, Meta(description="How it deviates from the standard.")] = Dialect()

    def secret(self) -> str:
        """The password itself. Raises ConfigError where the environment does not have it, or no bind can carry it."""
        if isinstance(self.password, str):
            return self.password
        if self.password.env not in os.environ:
            raise ConfigError([f"smsc {self.name}: the environment has no {self.password.env}: set it to the password"])
        password = os.environ[self.password.env]
        problems = _password_problems(password)
        if problems:
            raise ConfigError([f"smsc {self.name}: {problem}" for problem in problems])
        return password


class RouteConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which SMSC takes a message; the first route that matches."""

    smsc: Annotated[str, Meta(description="The name of an `[[smsc]]`.")]


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole configuration."""

    http: Http = Http()
    store: StoreConfig = StoreConfig()
    webhooks: Webhooks = Webhooks()
    limits: Limits = Limits()
    currency: Annotated[str, Meta(min_length=3, max_length=3, description="The currency of prices in reports.")] = "EUR"
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="The least that is logged.")
    ] = "info"
    smsc: list[SmscConfig] = []
    route: list[RouteConfig] = []

    def target(self) -> str | None:
        """The SMSC of the first route; without routes the only SMSC; None without either."""
        if self.route:
            return self.route[0].smsc
        return self.smsc[0].name if self.smsc else None


def load(path: Path) -> Config:
    """Read a configuration. Raises ConfigError with every problem that can be told at once."""
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError:
        raise ConfigError([f"{path} does not exist: make it, or name another with -c"]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path} cannot be read: {error}"]) from None
    return parse(text, str(path))


def parse(text: str, name: str = "heliograph.toml") -> Config:
    """Read a configuration from TOML text. Raises ConfigError."""
    try:
        config = msgspec.convert(tomllib.loads(text), Config)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{name} is not TOML: {error}"]) from None
    except msgspec.ValidationError as error:
        raise ConfigError([f"{name}: {_sentence(str(error))}"]) from None
    problems = _problems(config)
    if problems:
        raise ConfigError([f"{name}: {problem}" for problem in problems])
    return config


def _problems(config: Config) -> list[str]:
    names = [smsc.name for smsc in config.smsc]
    problems = [f"two [[smsc]] are named {name!r}" for name in sorted({n for n in names if names.count(n) > 1})]
    if len(names) > 1 and not config.route:
        problems.append("there are several [[smsc]] and no [[route]]: say which of them takes messages")
    problems += [
        f"a [[route]] names the smsc {route.smsc!r}; the [[smsc]] there are: {', '.join(names) or 'none'}"
        for route in config.route
        if route.smsc not in names
    ]
    problems += [f"smsc {smsc.name}: {problem}" for smsc in config.smsc for problem in _smsc_problems(smsc)]
    if not config.store.url.startswith(("sqlite://", "postgresql://", "postgres://")):
        problems.append(f"store.url {config.store.url!r} must begin with sqlite:// or postgresql://")
    if config.store.url == "sqlite://":
        problems.append("store.url 'sqlite://' names no file: put its path behind sqlite://")
    return problems


def _smsc_problems(smsc: SmscConfig) -> list[str]:
    written = {
        "system_id": smsc.system_id,
        "system_type": smsc.system_type,
        "dialect.service_type": smsc.dialect.service_type,
    }
    problems = [
        f"{name} {text!r} has a character that SMPP does not carry"
        for name, text in written.items()
        if not _is_carried(text)
    ]
    if isinstance(smsc.password, str):
        problems += _password_problems(smsc.password)
    try:
        address.sender(smsc.default_sender)
    except address.BadAddress as error:
        problems.append(f"default_sender {smsc.default_sender!r}: {error.sentence}")
    zone = smsc.dialect.receipt_tz
    if schedule.problems(schedule.Window(days=(0,), time_zone=zone)):
        problems.append(f"dialect.receipt_tz {zone!r} is not the name of a time zone such as Europe/Berlin")
    return problems


def _password_problems(password: str) -> list[str]:
    if len(password) > MAX_PASSWORD:
        return [f"the password is longer than {MAX_PASSWORD} characters, which SMPP does not carry"]
    return [] if _is_carried(password) else ["the password has a character that SMPP does not carry"]


def _is_carried(text: str) -> bool:
    """Whether a C-octet string can hold it (SMPP 3.4 §3.1)."""
    return all("\0" < character <= "\xff" for character in text)


def _sentence(problem: str) -> str:
    """What msgspec says; and where it says that a key is unknown, also those that there are."""
    found = UNKNOWN_KEY.fullmatch(problem)
    if found is None:
        return problem
    table: Any = msgspec.inspect.type_info(Config)
    for name in re.findall(r"[a-z_]+", found[1] or ""):  # the place, such as `.smsc[0].dialect`
        table = _table_in(next(field.type for field in table.fields if field.name == name))
    return f"{problem}; the keys there are {', '.join(field.name for field in table.fields)}"


def _table_in(kind: Any) -> Any:
    """The table that a field holds, or a list of."""
    if isinstance(kind, msgspec.inspect.UnionType):
        return next(found for found in map(_table_in, kind.types) if found is not None)
    if isinstance(kind, msgspec.inspect.StructType):
        return kind
    inner = getattr(kind, "type", None) or getattr(kind, "item_type", None)
    return None if inner is None else _table_in(inner)
