"""Readers and writers of PDU bodies, compiled once from the rows of FIELDS.

Every message passes here several times, and a loop over the fields costs more than the work it does. So each row
becomes the function that somebody with patience would have written by hand. `read(octets, text)` takes a whole PDU,
as octets and as latin-1 text, and gives the fields and where they end; `write(fields)` gives the octets of a body.
"""

from collections.abc import Callable, Mapping
from typing import Any

from heliograph.smpp.constants import Status
from heliograph.smpp.fields import Field, Kind

Read = Callable[[bytes, str], tuple[dict[str, Any], int]]
Write = Callable[[Mapping[str, Any]], bytes]

HEADER_SIZE = 16
DEST_ADDRESS, DEST_LIST = 1, 2  # dest_flag, §5.2.25
ADDRESS_SIZE = 21  # octets of an address or of a distribution list's name, with the NUL


class PduError(Exception):
    """A PDU that cannot be written; `index` is its place in the batch it came with, where it came with one."""

    def __init__(self, reason: str, index: int = 0) -> None:
        super().__init__(reason)
        self.index = index


class Malformed(Exception):
    """A body that makes no sense; `status` is what to answer."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def compile_row(name: str, row: tuple[Field, ...]) -> tuple[Read, Write]:
    """The reader and the writer of one row; the reader raises Malformed, IndexError or ValueError on a bad body."""
    source = "\n".join([*_reader(row), *_writer(row)])
    defaults = {field.name: field.default for field in row}
    names: dict[str, Any] = {
        "read_destinations": read_destinations,
        "write_destinations": write_destinations,
        "read_unsuccess": read_unsuccess,
        "write_unsuccess": write_unsuccess,
        "Malformed": Malformed,
        "complete": lambda fields: _complete(fields, defaults),
        "check": lambda fields: check(row, fields),
    }
    exec(compile(source, f"<{name}>", "exec"), names)  # noqa: S102 - the source is made above, from our own table
    return names["read"], names["write"]


def check(row: tuple[Field, ...], fields: Mapping[str, Any]) -> None:
    """Raise a PduError that names the field whose value does not fit (§3.1: never cut a value to its field)."""
    for name, kind, size in row:
        value = fields[name]
        if kind in (Kind.TEXT, Kind.TIME):
            _check_text(name, value, size)
            if kind is Kind.TIME and len(value) not in (0, 16):
                raise PduError(f"{name}: a time has sixteen characters or none, not {len(value)}")
        elif kind is Kind.OCTET and value not in range(256):
            raise PduError(f"{name}: {value!r} is not one octet")
        elif kind is Kind.MESSAGE and len(value) > size:
            raise PduError(f"{name}: {len(value)} octets, at most {size} fit")


def _check_text(name: str, value: str, size: int) -> None:
    if len(value) >= size:
        raise PduError(f"{name}: {len(value)} characters, at most {size - 1} fit")
    if "\0" in value:
        raise PduError(f"{name}: a NUL inside a C-octet string")


def _complete(fields: Mapping[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    completed = {**defaults, **fields}
    if len(completed) != len(defaults):
        raise PduError(f"no such field: {', '.join(sorted(completed.keys() - defaults.keys()))}")
    return completed


def _reader(row: tuple[Field, ...]) -> list[str]:
    lines = ["def read(octets, text):", f"    at = {HEADER_SIZE}"]
    values = []
    ahead = 0  # octets between `at` and the field, known when the reader is made
    for number, (name, kind, _) in enumerate(row):
        place = f"at + {ahead}" if ahead else "at"
        if kind is Kind.OCTET:
            values.append(f"{name!r}: v{number}")
            lines.append(f"    v{number} = octets[{place}]")
            ahead += 1
            continue
        values.append(f"{name!r}: v{number}")
        lines += [line.format(v=f"v{number}", place=place) for line in READS[kind]]
        ahead = AHEAD[kind]
    lines.append(f"    return {{{', '.join(values)}}}, {f'at + {ahead}' if ahead else 'at'}")
    return lines


_READ_TEXT = ["    start = {place}", "    at = text.index('\\0', start)", "    {v} = text[start:at]"]
READS: dict[Kind, list[str]] = {
    Kind.TEXT: _READ_TEXT,
    Kind.TIME: _READ_TEXT,
    Kind.MESSAGE: [
        "    start = {place} + 1",
        "    at = start + octets[start - 1]",
        f"    if at > len(octets): raise Malformed({int(Status.ESME_RINVMSGLEN)})",
        "    {v} = octets[start:at]",
    ],
    Kind.DESTINATIONS: ["    {v}, at = read_destinations(octets, text, {place})"],
    Kind.UNSUCCESS: ["    {v}, at = read_unsuccess(octets, text, {place})"],
}
AHEAD = {Kind.TEXT: 1, Kind.TIME: 1, Kind.MESSAGE: 0, Kind.DESTINATIONS: 0, Kind.UNSUCCESS: 0}  # a text's NUL


def _writer(row: tuple[Field, ...]) -> list[str]:
    lines = ["def write(fields):", f"    if len(fields) != {len(row)}: fields = complete(fields)"]
    form, values, bounds, texts, tail = "", [], [], [], ""
    for number, (name, kind, size) in enumerate(row):
        v = f"v{number}"
        lines.append(f"    {v} = fields[{name!r}]")
        form += FORMS[kind]
        values.append(WRITES[kind].format(v=v))
        if kind in (Kind.TEXT, Kind.TIME):
            texts.append(v)
            bounds.append(f"len({v}) >= {size}" if kind is Kind.TEXT else f"len({v}) not in (0, 16)")
        elif kind is Kind.MESSAGE:
            bounds.append(f"len({v}) > {size}")
            tail = f" + {v}"
    if texts:
        bounds.append(f"'\\0' in {' + '.join(texts)}")
    if bounds:
        lines.append(f"    if {' or '.join(bounds)}: check(fields)")
    lines.append(f"    return ({form!r} % ({''.join(f'{value}, ' for value in values)})).encode('latin-1'){tail}")
    return lines


FORMS = {
    Kind.TEXT: "%s\0",
    Kind.TIME: "%s\0",
    Kind.OCTET: "%c",
    Kind.MESSAGE: "%c",
    Kind.DESTINATIONS: "%s",
    Kind.UNSUCCESS: "%s",
}
WRITES = {
    Kind.TEXT: "{v}",
    Kind.TIME: "{v}",
    Kind.OCTET: "{v}",
    Kind.MESSAGE: "len({v})",
    Kind.DESTINATIONS: "write_destinations({v})",
    Kind.UNSUCCESS: "write_unsuccess({v})",
}


def read_destinations(octets: bytes, text: str, at: int) -> tuple[list[dict[str, Any]], int]:
    """number_of_dests and that many destinations from `at` on, and where they end (§4.5.1.1)."""
    found: list[dict[str, Any]] = []
    at += 1
    for _ in range(octets[at - 1]):
        flag = octets[at]
        if flag == DEST_ADDRESS:
            destination, at = _read_address(octets, text, at + 1)
            found.append({"dest_flag": flag, **destination})
        elif flag == DEST_LIST:
            end = text.index("\0", at + 1)
            found.append({"dest_flag": flag, "dl_name": text[at + 1 : end]})
            at = end + 1
        else:
            raise Malformed(Status.ESME_RINVDESTFLAG)
    return found, at


def write_destinations(destinations: list[dict[str, Any]]) -> str:
    """1..254 of `{dest_flag: 1, dest_addr_ton, dest_addr_npi, destination_addr}` or `{dest_flag: 2, dl_name}`."""
    if not 0 < len(destinations) <= 254:
        raise PduError(f"dest_addresses: {len(destinations)} destinations, 1 to 254 fit")
    written = chr(len(destinations))
    for each in destinations:
        if each["dest_flag"] == DEST_ADDRESS:
            written += f"\x01{_write_address(each)}"
        else:
            _check_text("dl_name", each["dl_name"], ADDRESS_SIZE)
            written += f"\x02{each['dl_name']}\0"
    return written


def read_unsuccess(octets: bytes, text: str, at: int) -> tuple[list[dict[str, Any]], int]:
    """no_unsuccess and that many refused addresses from `at` on, and where they end (§4.5.2.1)."""
    found: list[dict[str, Any]] = []
    at += 1
    for _ in range(octets[at - 1]):
        destination, at = _read_address(octets, text, at)
        if at + 4 > len(octets):
            raise Malformed(Status.ESME_RINVCMDLEN)
        found.append({**destination, "error_status_code": int.from_bytes(octets[at : at + 4], "big")})
        at += 4
    return found, at


def write_unsuccess(refused: list[dict[str, Any]]) -> str:
    """0..255 refused addresses, each `{dest_addr_ton, dest_addr_npi, destination_addr, error_status_code}`."""
    if len(refused) > 255:
        raise PduError(f"unsuccess_smes: {len(refused)} addresses, at most 255 fit")
    codes = [each["error_status_code"].to_bytes(4, "big").decode("latin-1") for each in refused]
    return chr(len(refused)) + "".join(_write_address(each) + code for each, code in zip(refused, codes, strict=True))


def _read_address(octets: bytes, text: str, at: int) -> tuple[dict[str, Any], int]:
    end = text.index("\0", at + 2)
    address = {"dest_addr_ton": octets[at], "dest_addr_npi": octets[at + 1], "destination_addr": text[at + 2 : end]}
    return address, end + 1


def _write_address(each: dict[str, Any]) -> str:
    _check_text("destination_addr", each["destination_addr"], ADDRESS_SIZE)
    return f"{chr(each['dest_addr_ton'])}{chr(each['dest_addr_npi'])}{each['destination_addr']}\0"
