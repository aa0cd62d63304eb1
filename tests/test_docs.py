"""What a reader may write or see is documented, what is documented is there, and the examples are right."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from msgspec import inspect
from prometheus_client.parser import text_string_to_metric_families
from typer.main import get_command

from api.asked import parse_send
from heliograph.accounts.scopes import SCOPES
from heliograph.accounts.settings import RULES
from heliograph.admin.endpoints import ENDPOINTS as ADMIN
from heliograph.api.endpoints import ENDPOINTS
from heliograph.cli.main import app
from heliograph.config import Config, parse
from heliograph.flows import accept, judge
from heliograph.observe import Watch, render_metrics
from heliograph.simulator.commands import COMMANDS as ORDERS
from heliograph.simulator.dialects import DIALECTS
from heliograph.smpp.constants import RetryClass, Status
from heliograph.smpp.receipt import MEANINGS
from heliograph.sms import address, gsm7, national, segments, verdict
from heliograph.sms.codes import ERROR, STATUS
from heliograph.sms.text import LANGUAGES
from heliograph.sms.transliteration import TRANSLITERATIONS, transliterate
from heliograph.store.accepting import DUPLICATE_ID
from heliograph.store.limiting import FLOODING, NOT_ENOUGH_CREDITS
from heliograph.store.settling import Sent
from heliograph.web import openapi
from heliograph.web.errors import TABLE
from heliograph.web.limits import Limits
from heliograph.webhooks.formats import FORMATS

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.joinpath("docs").rglob("*.md")])
REFERENCE = ROOT / "docs" / "reference"
NOW = 1_795_000_000_000  # UTC milliseconds
ROW = re.compile(r"^\| `([^`]+)` \|(.*)\|$", re.MULTILINE)
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
# Where checkouts and home folders are; a program's own places (/var/lib, /etc) are what readers have, too.
DEVELOPERS = re.compile(r"(?<![\w.])/(?:home|root|Users|work|tmp|mnt|private)/|\b[A-Z]:\\", re.ASCII)


class Example(NamedTuple):
    """A block of code in a page."""

    page: Path
    language: str
    text: str


def name_of(value: Any) -> str:
    return str(value.relative_to(ROOT)) if isinstance(value, Path) else f"{name_of(value.page)}: {value.text[:24]!r}"


@cache
def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def prose(page: Path) -> str:
    return BLOCK.sub("", read(page))


def section(page: Path, heading: str) -> str:
    """What stands below a heading, up to the next one of its rank or a higher one."""
    rank = heading.partition(" ")[0]
    found = re.search(rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{len(rank)}}} |\Z)", read(page), re.MULTILINE | re.DOTALL)
    assert found is not None, f"{page.name} has no {heading!r}"
    return found[1]


def examples(*languages: str) -> list[Example]:
    blocks = [Example(page, *found.groups()) for page in PAGES for found in BLOCK.finditer(read(page))]
    return [block for block in blocks if block.language in languages]


# The configuration.


def tables() -> Iterator[tuple[str, Any]]:
    """Every table of the configuration: the heading that documents it, and its type."""
    yield "## The file itself", inspect.type_info(Config)
    yield from tables_below(inspect.type_info(Config), "")


def tables_below(kind: Any, path: str) -> Iterator[tuple[str, Any]]:
    for field in kind.fields:
        many = isinstance(field.type, inspect.ListType)
        inner = bare(field.type.item_type if many else field.type)
        if isinstance(inner, inspect.StructType):
            name = f"{path}{field.name}"
            yield f"## `[[{name}]]`" if many else f"## `[{name}]`", inner
            yield from tables_below(inner, f"{name}.")


def bare(kind: Any) -> Any:
    return kind.type if isinstance(kind, inspect.Metadata) else kind


def default_of(field: Any) -> str:
    if field.required:
        return "required"
    if isinstance(bare(field.type), inspect.StructType):
        return "a table"
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    return "absent" if value is None else f"`{json.dumps(value)}`"


@pytest.mark.parametrize(("heading", "kind"), list(tables()), ids=lambda value: value if isinstance(value, str) else "")
def test_every_field_of_the_configuration_is_documented_with_its_default(heading: str, kind: Any) -> None:
    rows = ROW.findall(section(REFERENCE / "configuration.md", heading))

    documented = {name: cells.split("|")[0].strip() for name, cells in rows}

    assert documented == {field.name: default_of(field) for field in kind.fields}


def range_of(kind: Any) -> str:
    """How the range of a number, or the length of a text, is documented; empty where there is none."""
    kind = bare(kind)
    if isinstance(kind, inspect.UnionType):
        return next(filter(None, map(range_of, kind.types)), "")
    if isinstance(kind, inspect.DictType):
        return range_of(kind.value_type)
    if isinstance(kind, inspect.IntType | inspect.FloatType):
        return f"up to {kind.le:,}" if kind.ge is None else f"{kind.ge:,} to {kind.le:,}"
    longest = kind.max_length if isinstance(kind, inspect.StrType) else None
    return "" if longest is None else f"{'1' if kind.min_length else 'up'} to {longest}"


@pytest.mark.parametrize(("heading", "kind"), list(tables()), ids=lambda value: value if isinstance(value, str) else "")
def test_every_range_of_the_configuration_is_documented(heading: str, kind: Any) -> None:
    units = {name: cells.split("|")[1] for name, cells in ROW.findall(section(REFERENCE / "configuration.md", heading))}

    lacking = [
        f"{field.name}: {range_of(field.type)}"
        for field in kind.fields
        if range_of(field.type) not in units[field.name]
    ]

    assert not lacking


@pytest.mark.parametrize("example", examples("toml"), ids=name_of)
def test_a_configuration_in_the_docs_is_one(example: Example) -> None:
    parse(example.text)


# Metrics.


def metrics() -> dict[str, tuple[str, set[str]]]:
    """Every metric of a gateway in which everything has happened: its kind and its labels."""
    watch = Watch()
    watch.accepted([1], [52])
    watch.submitted("north", [(1, 1)])
    watch.sent([Sent(1, 1, "north", None, 1)])
    watch.refused("north", "ESME_RSYSERR")
    watch.received([], 1, 1, 1, 1)
    link = {"smsc": "north", "link": "north/1", "bound": True, "claimed": 1}
    families = text_string_to_metric_families(render_metrics(watch, lambda: [link]).decode())
    return {sample.name: (family.type, {*sample.labels}) for family in families for sample in family.samples}


def test_every_metric_is_documented_with_its_kind_and_its_labels() -> None:
    rows = ROW.findall(section(REFERENCE / "metrics.md", "# Metrics"))
    cells = {name: rest.split("|") for name, rest in rows if name.startswith("heliograph_")}

    documented = {
        name: (kind.strip(), set(re.findall(r"`(\w+)`", labels))) for name, (kind, labels, _) in cells.items()
    }

    assert documented == metrics()


# Commands.


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    subcommands = command.list_commands(None) if hasattr(command, "list_commands") else []
    if not subcommands:
        yield path, command
    for name in subcommands:
        yield from commands(command.get_command(None, name), (*path, name))


COMMANDS = dict(commands(get_command(app)))
EVERYWHERE = {"--config", "-c", "--json"}


def options(command: Any) -> set[str]:
    return {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}


@pytest.mark.parametrize("path", list(COMMANDS), ids=" ".join)
def test_every_command_is_documented_with_its_options_and_an_example(path: tuple[str, ...]) -> None:
    text = section(REFERENCE / "cli.md", f"## {path[0]}")
    named = {name for name in options(COMMANDS[path]) if name.startswith("-")} - EVERYWHERE
    called = [block for _, block in BLOCK.findall(text) if f"heliograph {' '.join(path)}" in block]

    assert not {name for name in named if not re.search(rf"`{name}`", text)}
    assert called


def test_the_options_that_many_commands_have_are_documented_once() -> None:
    head = section(REFERENCE / "cli.md", "# Commands")

    assert not {name for name in EVERYWHERE if f"`{name}`" not in head}


def test_every_scope_is_documented_with_what_it_opens() -> None:
    rows = dict(ROW.findall(section(REFERENCE / "cli.md", "## key")))

    assert {name: rows.get(name, "").strip() for name in SCOPES} == SCOPES


def calls() -> list[Example]:
    """Every call of our command in the examples of the docs."""
    lines = [(block.page, line) for block in examples("sh") for line in block.text.splitlines()]
    found = [(page, re.search(r"(?:^|\$\()heliograph ([^)]*)", line)) for page, line in lines]
    inline = [(page, call) for page in PAGES for call in re.finditer(r"`heliograph ([a-z][^`]*)`", prose(page))]
    return [Example(page, "sh", call[1]) for page, call in (*found, *inline) if call is not None]


@pytest.mark.parametrize("call", calls(), ids=name_of)
def test_a_call_in_the_docs_names_a_command_and_options_that_there_are(call: Example) -> None:
    words = shlex.split(call.text)
    names = [path for path in (tuple(words[:2]), tuple(words[:1])) if path in COMMANDS]
    written = {word.partition("=")[0] for word in words if word.startswith("-")}

    if names:
        assert written <= options(COMMANDS[names[0]])
    else:  # a group, or the options of all commands
        assert words[0] in {path[0] for path in COMMANDS} and len(words) == 1 or written == {"--version"}


def test_every_order_and_dialect_of_the_simulated_smsc_is_documented() -> None:
    orders = read(ROOT / "docs" / "howto" / "test-with-the-simulated-smsc.md")
    flags = section(REFERENCE / "cli.md", "## smsc")

    assert not [word for word in ORDERS if not re.search(rf"`{word}[=`]", orders)]
    assert not [name for name in DIALECTS if not re.search(rf"[ ,]{name}[,.]", flags)]


# The API.


def names_in(kind: Any) -> set[str]:
    kind = bare(kind)
    if isinstance(kind, inspect.UnionType):
        return set().union(*map(names_in, kind.types))
    if isinstance(kind, inspect.ListType):
        return names_in(kind.item_type)
    if isinstance(kind, inspect.StructType):
        return {field.encode_name for field in kind.fields}.union(*(names_in(field.type) for field in kind.fields))
    return set()


def test_every_path_parameter_and_field_of_the_api_is_documented() -> None:
    page = read(REFERENCE / "api.md")
    paths = openapi.document(ENDPOINTS)["paths"]
    names = set[str]().union(*[names_in(row.body.type) for row in ENDPOINTS if row.body is not None])
    queries = {query["name"] for path in paths.values() for row in path.values() for query in row.get("parameters", ())}

    assert not [path for path in paths if path not in page]
    assert not [name for name in names | queries if not re.search(rf"[`.]{name}`", page)]
    assert not [media for _, media in FORMATS if f"`{media}`" not in page]


def test_every_path_parameter_and_field_of_the_admin_api_is_documented() -> None:
    page = read(REFERENCE / "admin.md")
    shapes = [row.reply for row in ADMIN] + [row.body.shape for row in ADMIN if row.body is not None]
    names = set[str]().union(*[names_in(inspect.type_info(shape)) for shape in shapes if shape is not None])

    assert not [f"{row.method} {row.path}" for row in ADMIN if f"`{row.method} {row.path}`" not in page]
    assert not [name for name in names if not re.search(rf"[`.]{name}`", page)]
    assert not [query.name for row in ADMIN for query in row.query if f"`{query.name}`" not in page]
    assert not [name for name, rule in RULES.items() if rule.sentence not in page]


@pytest.mark.parametrize("refusal", sorted(set(TABLE.values()), key=str), ids=lambda refusal: refusal.message_id)
def test_every_refused_request_is_documented(refusal: Any) -> None:
    rows = section(REFERENCE / "api.md", "## Refused requests")

    assert f"| {refusal.status} | `{refusal.message_id}` |" in rows


def requests() -> list[Example]:
    whole = [example for example in examples("json") if '"destinations"' in example.text]
    posts = [
        example._replace(text=body)
        for example in examples("sh")
        for body in re.findall(r"-d '(.*?)'", example.text, re.DOTALL)
        if '"destinations"' in body
    ]
    return whole + posts


@pytest.mark.parametrize("example", [block for block in examples("sh") if " -d '" in block.text], ids=name_of)
def test_a_body_in_the_docs_goes_out_with_its_media_type(example: Example) -> None:
    calls = [call for call in re.split(r"^curl ", example.text, flags=re.MULTILINE) if " -d '" in call]

    assert all('-H "Content-Type: application/json"' in call for call in calls)


@pytest.mark.parametrize("example", requests(), ids=name_of)
def test_a_request_in_the_docs_is_accepted(example: Example) -> None:
    limits = Limits(allow_private_networks=True)

    kind = "v3" if '"content"' in example.text else "v1"
    submission = parse_send(example.text.encode(), "application/json", limits, NOW, kind)

    assert submission.drafts


@pytest.mark.parametrize("example", examples("json"), ids=name_of)
def test_json_in_the_docs_is_json(example: Example) -> None:
    json.loads(example.text)


@pytest.mark.parametrize("example", examples("python"), ids=name_of)
def test_python_in_the_docs_can_be_compiled(example: Example) -> None:
    compile(example.text, str(example.page), "exec")


# Texts.

TEXTS_PAGE = REFERENCE / "text.md"


def test_every_language_is_documented_with_the_letters_it_adds() -> None:
    rows = dict(ROW.findall(section(TEXTS_PAGE, "## Languages")))
    tables = {"TR": national.TURKISH, "ES": national.SPANISH, "PT": national.PORTUGUESE}

    assert rows.keys() == LANGUAGES
    for language, table in tables.items():
        single, locking = (set(cell.split()) for cell in re.split(r"(?<!\\)\|", rows[language]))
        added = {letter for letter in national.SINGLE[table].values() if not gsm7.is_encodable(letter)}
        default = zip(national.LOCKING.get(table, gsm7.DEFAULT), gsm7.DEFAULT, strict=True)
        assert added <= single
        assert {own for own, plain in default if own != plain} <= {letter[-1] for letter in locking}


def test_every_transliteration_is_documented_with_an_example_that_is_right() -> None:
    rows = dict(ROW.findall(section(TEXTS_PAGE, "## Transliterations")))

    assert rows.keys() == TRANSLITERATIONS
    for name, cells in rows.items():
        _, _, text, said = (cell.strip() for cell in cells.split("|"))
        assert transliterate(text, name) == said


# Statuses and errors.

ERRORS_PAGE = REFERENCE / "errors-and-statuses.md"


def identified(heading: str) -> list[tuple[int, str]]:
    found = re.findall(r"^\| (\d+) \| `(\w+)` \|", section(ERRORS_PAGE, heading), re.MULTILINE)
    return [(int(id_), name) for id_, name in found]


@pytest.mark.parametrize(
    "heading", ["## Statuses of accepted messages", "## Refused at acceptance", "## Final reports"]
)
def test_a_documented_status_has_the_name_that_programs_compare(heading: str) -> None:
    documented = identified(heading)

    assert documented
    assert documented == [(id_, STATUS[id_].name) for id_, _ in documented]


def test_every_status_and_error_that_the_gateway_gives_by_itself_is_documented() -> None:
    refusals = {address.MISSING_TO, address.INVALID_RECIPIENT, address.PREFIX_MISSING, address.INVALID_SENDER}
    refusals |= {segments.INVALID_UDH, segments.MESSAGE_TOO_LONG, DUPLICATE_ID, accept.NO_ROUTE}
    refusals |= {judge.SENDER_BLOCKED, judge.RECIPIENT_BLOCKED, NOT_ENOUGH_CREDITS[0], FLOODING[0]}
    rejections = [status for status in Status if status.status_id is not None and status]
    outcomes = {meaning.status_id for meaning in MEANINGS.values() if meaning.final} | {
        verdict.DELIVERED_TO_OPERATOR,
        verdict.NOT_SENT,
    }
    outcomes |= {status.status_id for status in rejections if status.status_id is not None}
    errors = {meaning.error_id for meaning in MEANINGS.values()} | {status.error_id for status in rejections}

    assert {id_ for id_, _ in identified("## Refused at acceptance")} == refusals
    assert {id_ for id_, _ in identified("## Final reports")} == outcomes
    assert {id_ for id_, _ in identified("## Errors")} >= errors
    assert identified("## Errors") == [(id_, ERROR[id_].name) for id_, _ in identified("## Errors")]


@pytest.mark.parametrize("kind", ["throttle", "retry", "retry-few", "fix-once", "session"])
def test_what_a_command_status_leads_to_is_documented(kind: str) -> None:
    text = section(ERRORS_PAGE, "## What a refused submit_sm leads to")

    [row] = re.findall(rf"^\| {kind} \|.*\|(.*)\|$", text, re.MULTILINE)

    assert set(re.findall(r"`(ESME_\w+)`", row)) == {s.name for s in Status if s.retry_class is RetryClass(kind)}


# The life of a message.


def places() -> list[tuple[str, str]]:
    """Every module and name that the pictures of a message's life lead through."""
    found = []
    for picture in BLOCK.finditer(section(ROOT / "docs" / "architecture.md", "## The life of one message")):
        for module, names in re.findall(r"^([a-z]+\.[a-z]+) +([^\s,]+(?:, [^\s,]+)*)", picture[2], re.MULTILINE):
            owner = ""
            for name in names.split(", "):
                owner, _, rest = (owner + name if name.startswith(".") else name).partition(".")
                found.append((module, f"{owner}.{rest}".rstrip(".")))
    return found


@pytest.mark.parametrize(("module", "name"), places())
def test_what_a_message_passes_through_is_where_the_picture_says(module: str, name: str) -> None:
    attrgetter(name)(import_module(f"heliograph.{module}"))


# All pages.


def anchors(page: Path) -> set[str]:
    """What a link may name in a page: its headings as they are addressed on the web, and its own marks."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return slugs | set(re.findall(r'<a id="([^"]+)">', read(page)))


def linked(page: Path) -> Iterator[tuple[Path, str]]:
    for link in LINK.findall(prose(page)):
        if not re.match(r"[a-z]+:", link):
            path, _, anchor = link.partition("#")
            yield (page.parent / path).resolve() if path else page, anchor


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_what_a_page_links_to_is_there(page: Path) -> None:
    links = list(linked(page))

    assert not [str(target) for target, _ in links if not target.exists()]
    assert not [f"{target.name}#{anchor}" for target, anchor in links if anchor and anchor not in anchors(target)]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_page_names_a_path_of_a_developers_machine(page: Path) -> None:
    assert not DEVELOPERS.findall(read(page))


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]

    while waiting:
        page = waiting.pop()
        reached.add(page)
        waiting += [target for target, _ in linked(page) if target.suffix == ".md" and target not in reached]

    assert reached == set(PAGES)
