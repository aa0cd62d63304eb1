"""All configuration: one frozen tree, read from TOML.

Rule 1: every field has a description, a range, and a default that runs on a laptop.
Rule 2: all that is wrong with a file is told at once, each with its place; an unknown key is wrong.
Rule 3: secrets come from the environment: `password = { env = "NAME" }`.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from heliograph import values
from heliograph.smsc.dialect import Dialect
from heliograph.tables import Place, Reader

DAY = 86_400  # seconds
Finding = tuple[Place, str | None]  # a place, and what is wrong there

Seconds = Annotated[float, Meta(gt=0, le=31_536_000)]
RequestSeconds = Annotated[float, Meta(gt=0, le=3600)]


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
    port: Annotated[int, Meta(ge=0, le=65_535, description="The port to listen on; 0 takes a free one.")] = 8080
    body_limit: Annotated[
        int, Meta(ge=1000, le=1_073_741_824, description="The longest body of a request, in octets.")
    ] = 16 * 1024 * 1024
    destinations_limit: Annotated[int, Meta(ge=1, le=100_000, description="The most destinations of a request.")] = (
        10_000
    )
    nesting_limit: Annotated[int, Meta(ge=8, le=200, description="How deep JSON or XML may nest.")] = 32
    header_seconds: Annotated[RequestSeconds, Meta(description="How long a client may take over its headers.")] = 10.0
    body_seconds: Annotated[RequestSeconds, Meta(description="How long a client may take over its body.")] = 30.0
    session_minutes: Annotated[
        int, Meta(ge=1, le=43_200, description="How long a session (`IBSSO`) or an access token (`Bearer`) opens.")
    ] = 60


class StoreConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where messages live."""

    url: Annotated[str, Meta(description="`sqlite://` and a path, or `postgresql://user:password@host/database`.")] = (
        "sqlite://heliograph.db"
    )
    retention_hours: Annotated[
        int, Meta(ge=1, le=8760, description="How long ids, reports and history are kept after the final report.")
    ] = 48
    receipt_days: Annotated[
        int, Meta(ge=1, le=365, description="How long ids of segments and receipts for nobody are kept.")
    ] = 7


class Webhooks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Telling customers."""

    allow_private_networks: Annotated[
        bool, Meta(description="Push to private, loopback and link-local addresses. For demos and tests.")
    ] = False
    timeout_seconds: Annotated[
        float, Meta(gt=0, le=300, description="How long connecting and answering may take together.")
    ] = 10.0
    batch: Annotated[int, Meta(ge=1, le=1000, description="The most reports of one POST.")] = 100
    in_flight: Annotated[int, Meta(ge=1, le=100, description="The most POSTs to one URL at a time.")] = 4
    retries: Annotated[
        int,
        Meta(ge=0, le=50, description="Retries of a report; retry n comes 1 min + 1 min * n^2 after the one before."),
    ] = 20


class ShortLinksConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Short links in the place of those of texts, for customers who ask for them."""

    base_url: Annotated[
        str, Meta(max_length=100, description="What short links begin with; empty: links stay as they are.")
    ] = ""
    keep_days: Annotated[
        int, Meta(ge=1, le=3650, description="How long links lead somewhere, from the end of a message's validity.")
    ] = 30

    def base(self) -> str | None:
        """What short links begin with, without a slash at its end; None: there are none."""
        return self.base_url.rstrip("/") or None


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What protects the gateway from too much."""

    receipt_grace_seconds: Annotated[
        Seconds, Meta(description="How long after a message's validity its receipts may still come.")
    ] = 600.0
    join_seconds: Annotated[
        Seconds, Meta(description="How long parts of a long inbound message wait for the others.")
    ] = 14_400.0
    commit_seconds: Annotated[
        RequestSeconds, Meta(description="How long a request may wait for the store; 503 after that.")
    ] = 7.0
    waiting_messages: Annotated[
        int, Meta(ge=1, le=100_000_000, description="Messages that may wait for the store together; 503 above.")
    ] = 100_000
    waiting_octets: Annotated[int, Meta(ge=1000, le=1_099_511_627_776, description="Octets of them; 503 above.")] = (
        128 * 1024 * 1024
    )
    idempotency_hours: Annotated[
        int, Meta(ge=1, le=720, description="How long a request that comes again is known by its Idempotency-Key.")
    ] = 24
    logs_per_minute: Annotated[
        int, Meta(ge=0, le=100_000, description="Requests for logs a minute, an account; 0 is no limit.")
    ] = 120
    logins_per_second: Annotated[
        int, Meta(ge=0, le=100_000, description="Requests to `/auth/…` a second, an address; 0 is no limit.")
    ] = 10


class SmscConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One SMSC, and our links to it."""

    name: Annotated[str, Meta(min_length=1, max_length=64, description="How routes and logs call it.")]
    host: Annotated[str, Meta(min_length=1, description="Its address.")]
    port: Annotated[int, Meta(ge=1, le=65_535, description="Its port.")] = 2775
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
    submits_per_second: Annotated[
        float, Meta(ge=0, le=100_000, description="Segments a second over all links; 0 is no limit.")
    ] = 0.0
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
        problem = self.secret_problem()
        if problem is not None:
            raise ConfigError([f"[[smsc]] {self.name}: password: {problem}"])
        return self.password if isinstance(self.password, str) else os.environ[self.password.env]

    def secret_problem(self) -> str | None:
        """What keeps the password from being used, without a word of it."""
        if isinstance(self.password, str):
            return values.password(self.password)
        found = os.environ.get(self.password.env)
        lacking = f"the environment has no {self.password.env}: set it to the password"
        return lacking if found is None else values.password(found)


class RouteConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which SMSC takes a message; the first route that matches."""

    smsc: Annotated[str, Meta(description="The name of an `[[smsc]]`.")]


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole configuration."""

    http: Http = Http()
    store: StoreConfig = StoreConfig()
    webhooks: Webhooks = Webhooks()
    links: ShortLinksConfig = ShortLinksConfig()
    limits: Limits = Limits()
    currency: Annotated[str, Meta(description="The currency of prices in reports.")] = "EUR"
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


def load(path: Path, *, secrets: bool = False) -> Config:
    """Read a configuration. Raises ConfigError with every problem; with `secrets`, those of the environment too."""
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError:
        raise ConfigError([f"{path} does not exist: make it, or name another with -c"]) from None
    except IsADirectoryError:
        raise ConfigError([f"{path} is a folder: name the file in it with -c"]) from None
    except OSError as error:
        raise ConfigError([f"{path} cannot be read: {error.strerror}; change that, or name another with -c"]) from None
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path} cannot be read: it is not UTF-8 at octet {error.start}"]) from None
    return parse(text, str(path), secrets=secrets)


def parse(text: str, name: str = "heliograph.toml", *, secrets: bool = False) -> Config:
    """Read a configuration from TOML text. Raises as `load`."""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError([f"{name} is not TOML: {error}"]) from None
    reader = Reader(document)
    config = reader.read(Config)
    for place, sentence in _findings(config, secrets):
        if sentence is not None:
            reader.blame(place, sentence)
    _look_across(config, reader)
    if reader.problems:
        raise ConfigError([f"{name}: {problem}" for problem in reader.problems])
    return config


def _findings(config: Config, secrets: bool) -> Iterator[Finding]:
    """What the type of a value cannot say."""
    yield ("http", "host"), values.host(config.http.host)
    yield ("store", "url"), values.store(config.store.url)
    yield ("links", "base_url"), values.short_base(config.links.base_url)
    yield ("currency",), values.currency(config.currency)
    for index, smsc in enumerate(config.smsc):
        at: Place = ("smsc", index)
        yield (*at, "name"), values.name(smsc.name)
        yield (*at, "host"), values.host(smsc.host)
        yield (*at, "system_id"), values.carried(smsc.system_id)
        yield (*at, "system_type"), values.carried(smsc.system_type)
        yield (*at, "submits_per_second"), values.rate(smsc.submits_per_second)
        yield (*at, "default_sender"), values.sender(smsc.default_sender)
        yield (*at, "dialect", "service_type"), values.carried(smsc.dialect.service_type)
        yield (*at, "dialect", "receipt_tz"), values.zone(smsc.dialect.receipt_tz)
        if secrets or isinstance(smsc.password, str):
            yield (*at, "password"), smsc.secret_problem()


def _look_across(config: Config, reader: Reader) -> None:
    """What single values cannot say."""
    names = [smsc.name for smsc in config.smsc]
    for index, smsc in enumerate(config.smsc):
        if smsc.name in names[:index]:
            reader.blame(("smsc", index, "name"), "is the name of another [[smsc]], too: give each its own")
        if smsc.inactivity_seconds <= smsc.enquire_link_seconds:
            sentence = f"must be longer than enquire_link_seconds, {smsc.enquire_link_seconds:g}"
            beside: Place = ("smsc", index, "enquire_link_seconds")
            reader.blame(("smsc", index, "inactivity_seconds"), sentence, beside=[beside])
    if len(names) > 1 and not config.route:
        reader.blame(("route",), "there are several [[smsc]] and no [[route]]: say which of them takes messages")
    known = ", ".join(name for name in names if name) or "none"
    for index, route in enumerate(config.route):
        if route.smsc not in names:
            sentence = f"there is no [[smsc]] {route.smsc!r}; those there are: {known}"
            named: list[Place] = [("smsc", number, "name") for number in range(len(names))]
            reader.blame(("route", index, "smsc"), sentence, beside=[("smsc",), *named])
    if config.limits.receipt_grace_seconds > config.store.receipt_days * DAY:
        sentence = "must not be longer than store.receipt_days: a receipt finds its message only for so long"
        reader.blame(("limits", "receipt_grace_seconds"), sentence, beside=[("store", "receipt_days")])
