"""`heliograph send`: one message through a running gateway, and what became of it.

It is a client like any other: it knows the gateway by its URL and a key, and nothing else.
"""

from __future__ import annotations

import re
import time
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import urlencode, urlsplit

import msgspec
import typer

from heliograph.accounts.errors import Refused
from heliograph.cli.terminal import AsJson, complain, print_json, print_table

SOCKET_SECONDS: Final = 30.0
POLL_SECONDS: Final = 0.25
KEY: Final = re.compile(r"[!-~]+")  # what a header holds
URL: Final = re.compile(r"[!-~]+")  # other characters are written as IDNA and %-escapes
PENDING, DELIVERED = 1, 3  # groups of statuses
DataCoding = Annotated[
    int | None, typer.Option(min=0, max=255, help="data_coding of the octets; 0 unless given.", show_default=False)
]
EsmClass = Annotated[
    int | None, typer.Option(min=0, max=255, help="esm_class of the octets: 64 for a UDH.", show_default=False)
]


class Shape(msgspec.Struct, rename="camel", omit_defaults=True):
    """Public names as the API spells them; what is absent is left out."""


ShapeT = TypeVar("ShapeT", bound=Shape)


class To(Shape):
    to: str


class Binary(Shape):
    hex: str
    data_coding: int = 0
    esm_class: int = 0


class Message(Shape):
    destinations: list[To]
    binary: Binary | None = None
    text: str | None = None
    from_: str | None = msgspec.field(default=None, name="from")


class SendRequest(Shape):
    messages: list[Message]


class Status(Shape):
    group_id: int
    name: str
    description: str


class Sent(Shape):
    status: Status
    to: str | None = None
    message_id: str | None = None
    sms_count: int | None = None


class SendAnswer(Shape):
    messages: list[Sent]


class Fault(Shape):
    name: str
    description: str


class Report(Shape):
    message_id: str
    to: str
    done_at: str
    status: Status
    error: Fault


class Reports(Shape):
    results: list[Report]


class Problem(Shape):
    text: str
    validation_errors: dict[str, list[str]] = {}


class Envelope(Shape):
    service_exception: Problem


class ErrorAnswer(Shape):
    request_error: Envelope


class Query(Shape):
    message_id: str


class Gateway:
    """A gateway from outside. Everything raises Refused, with the next step."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"App {key}", "Content-Type": "application/json"}

    def send(self, request: SendRequest) -> bytes:
        """The answer to a send, as it came."""
        return self._ask("/sms/1/binary/advanced", msgspec.json.encode(request))

    def report(self, message_id: str) -> bytes:
        """The report of a message, if there is one: it is given once."""
        return self._ask(f"/sms/1/reports?{urlencode(msgspec.to_builtins(Query(message_id)))}")

    def _ask(self, path: str, body: bytes | None = None) -> bytes:
        from http.client import HTTPException
        from urllib.error import HTTPError, URLError
        from urllib.request import Request, urlopen

        request = Request(self._url + path, body, self._headers)
        try:
            with urlopen(request, timeout=SOCKET_SECONDS) as answer:
                octets: bytes = answer.read()
                return octets
        except HTTPError as error:
            with error:
                raise Refused(_refusal(error.code, error.read())) from None
        except HTTPException as error:
            raise Refused(
                f"what answers at {self._url} is no gateway ({type(error).__name__}): is --url right?"
            ) from None
        except (URLError, OSError) as error:
            problem = getattr(error, "reason", error)
            said = getattr(problem, "strerror", None) or problem
            raise Refused(
                f"no gateway answers at {self._url} ({said}): start one with `heliograph serve`, or name its URL "
                "with --url or HELIOGRAPH_URL"
            ) from None


def send(
    to: Annotated[list[str], typer.Option("--to", help="A recipient's number; may be given again.")],
    key: Annotated[
        str,
        typer.Option("--key", envvar="HELIOGRAPH_KEY", help="A key of `heliograph key create`.", show_default=False),
    ],
    text: Annotated[str | None, typer.Option("--text", help="The text.", show_default=False)] = None,
    hex_: Annotated[
        str | None, typer.Option("--hex", help="Octets instead, as hexadecimal.", show_default=False)
    ] = None,
    sender: Annotated[str | None, typer.Option("--from", help="The sender.", show_default=False)] = None,
    data_coding: DataCoding = None,
    esm_class: EsmClass = None,
    url: Annotated[str, typer.Option("--url", envvar="HELIOGRAPH_URL", help="The gateway.")] = "http://127.0.0.1:8080",
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the reports.")] = False,
    timeout: Annotated[float, typer.Option(min=0, help="How long to wait for them, in seconds.")] = 60.0,
    as_json: AsJson = False,
) -> None:
    """Send a message through a running gateway.

    A text goes out in the GSM alphabet where it can, else in UCS2: the gateway sees to that.

    The exit status is 1 when a recipient is refused, and with --wait also when
    a message is not delivered in time.

    \b
    Examples:
        heliograph send --to 41793026727 --text "Hello" --wait
        heliograph send --to 41793026727 --hex "48 69" --data-coding 4
        heliograph send --to 41793026727 --to 41793026731 --text Hello --json
    """
    if not _is_url(url):
        raise typer.BadParameter("must be a URL such as http://127.0.0.1:8080", param_hint="--url")
    if not KEY.fullmatch(key):
        raise typer.BadParameter("is no key: `heliograph key create ACCOUNT` makes one", param_hint="--key")
    gateway = Gateway(url, key)
    octets = gateway.send(SendRequest([_message(to, sender, hex_, text, data_coding, esm_class)]))
    answer = _read(octets, SendAnswer)
    reports = _follow(gateway, answer, timeout) if wait else []
    if as_json:
        _print_documents(octets, reports, wait)
    else:
        _print_tables(answer, [report for one in reports for report in _read(one, Reports).results], wait)
    if not _is_fine(answer, reports, wait):
        raise typer.Exit(1)


def _is_url(url: str) -> bool:
    """Whether a client can ask there: http or https, with a host and, if any, a port that is one."""
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and bool(URL.fullmatch(url))
        )
    except ValueError:
        return False


def _message(
    to: list[str],
    sender: str | None,
    hex_: str | None,
    text: str | None,
    data_coding: int | None,
    esm_class: int | None,
) -> Message:
    if (hex_ is None) == (text is None):
        raise typer.BadParameter("give either --text or --hex")
    destinations = [To(number) for number in to]
    if hex_ is not None:
        return Message(destinations, Binary(hex_, data_coding or 0, esm_class or 0), from_=sender)
    if data_coding is not None or esm_class is not None:
        raise typer.BadParameter("--data-coding and --esm-class go with --hex: a text has its own")
    try:
        (text or "").encode()
    except UnicodeEncodeError:
        raise typer.BadParameter("is not in the encoding of this terminal", param_hint="--text") from None
    return Message(destinations, text=text, from_=sender)


def _follow(gateway: Gateway, answer: SendAnswer, timeout: float) -> list[bytes]:
    """The report of every accepted message, as they come; those that are late are left out."""
    waiting = [one.message_id for one in answer.messages if one.message_id and one.status.group_id == PENDING]
    until, reports = time.monotonic() + timeout, []
    while waiting:
        for message_id in list(waiting):
            octets = gateway.report(message_id)
            if _read(octets, Reports).results:
                waiting.remove(message_id)
                reports.append(octets)
        if not waiting or time.monotonic() >= until:
            break
        time.sleep(POLL_SECONDS)
    for message_id in waiting:
        complain(f"no report of {message_id} within {timeout:g} s: wait longer with --timeout; the message lives on")
    return reports


def _is_fine(answer: SendAnswer, reports: list[bytes], wait: bool) -> bool:
    if any(one.status.group_id not in (PENDING, DELIVERED) for one in answer.messages):
        return False
    groups = [report.status.group_id for octets in reports for report in _read(octets, Reports).results]
    return not wait or (len(reports) == len(answer.messages) and set(groups) == {DELIVERED})


def _print_documents(octets: bytes, reports: list[bytes], wait: bool) -> None:
    document: dict[str, Any] = msgspec.json.decode(octets)
    if wait:
        document["reports"] = [report for one in reports for report in msgspec.json.decode(one)["results"]]
    print_json(document)


def _print_tables(answer: SendAnswer, reports: list[Report], wait: bool) -> None:
    columns = ("to", "message", "status", "segments", "description")
    rows = [(one.to, one.message_id, one.status.name, one.sms_count, one.status.description) for one in answer.messages]
    print_table(columns, rows)
    if wait and reports:
        print()
        columns = ("to", "message", "report", "error", "done")
        print_table(
            columns, [(one.to, one.message_id, one.status.name, one.error.name, one.done_at) for one in reports]
        )


def _refusal(status: int, octets: bytes) -> str:
    try:
        problem = msgspec.json.decode(octets, type=ErrorAnswer).request_error.service_exception
    except msgspec.MsgspecError:
        return f"the server answered {status}, and not as a gateway does: is --url right?"
    if status == 401:
        return "the gateway does not know this key: `heliograph key create ACCOUNT` makes one"
    fields = (f"{path}: {sentence}" for path, all_ in problem.validation_errors.items() for sentence in all_)
    return "\n".join((f"the gateway refused the request ({status}): {problem.text}", *fields))


def _read(octets: bytes, shape: type[ShapeT]) -> ShapeT:
    try:
        return msgspec.json.decode(octets, type=shape)
    except msgspec.MsgspecError as error:
        raise Refused(f"what answers is not a gateway ({error}): is --url right?") from None
