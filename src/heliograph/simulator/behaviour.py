"""What a simulated SMSC does, right and wrong: one frozen value whose defaults are a well-behaved SMSC.

Every field is a flag of `heliograph smsc`, and its description is that flag's help.
"""

from collections.abc import Callable
from typing import Annotated, Any, get_type_hints

import msgspec
from msgspec import Meta

from heliograph.simulator.dialects import DIALECTS, WORD

# How an id is written, from the number that it is.
ID_BASES: dict[str, Callable[[int], str]] = {
    "text": lambda number: f"{number:016x}",
    "dec": str,
    "hex": lambda number: f"{number:X}",
    "padded": lambda number: f"{number:023d}",
    "uuid": lambda number: f"{number >> 32:08x}-{number >> 16 & 0xFFFF:04x}-4000-8000-{number & 0xFFFF:012x}",
}

# What stands in the place of a submit_sm_resp, from its sequence_number.
GARBAGE: dict[str, Callable[[int], bytes]] = {
    "length": lambda sequence: bytes([0, 0, 0, 8, 0x80, 0, 0, 4]),
    "nack": lambda sequence: bytes([0, 0, 0, 16, 0x80, 0, 0, 0, 0, 0, 0, 3]) + sequence.to_bytes(4, "big"),
    "nack-length": lambda sequence: bytes([0, 0, 0, 16, 0x80, 0, 0, 0, 0, 0, 0, 2]) + sequence.to_bytes(4, "big"),
    "body": lambda sequence: bytes([0, 0, 0, 18, 0x80, 0, 0, 4, 0, 0, 0, 0]) + sequence.to_bytes(4, "big") + b"ab",
    "stranger": lambda sequence: bytes([0, 0, 0, 16, 0x80, 0, 0, 4, 0, 0, 0, 0]) + (0x7FFFFFFF).to_bytes(4, "big"),
    "noise": lambda sequence: b"HTTP/1.1 400 Bad Request\r\n\r\n",
}

Text = Annotated[str, Meta(max_length=64)]
Status = Annotated[int, Meta(ge=0, le=0xFFFFFFFF)]
Count = Annotated[int, Meta(ge=0)]
Seconds = Annotated[float, Meta(ge=0)]
Rate = Annotated[float, Meta(ge=0, le=1)]


class Behaviour(msgspec.Struct, frozen=True, kw_only=True):
    """How the simulated SMSC behaves. ValueError for a name that is in no table, or a value out of its range."""

    system_id: Annotated[
        str | None, Meta(description="The only system_id that may bind; others get ESME_RINVSYSID. Any, if absent.")
    ] = None
    password: Annotated[str | None, Meta(description="Its password; others get ESME_RINVPASWD. Any, if absent.")] = None
    bind_status: Annotated[Status, Meta(description="Refuse every bind with this command_status.")] = 0
    max_binds: Annotated[Count, Meta(description="The most binds of a system_id; then ESME_RALYBND. 0: no limit.")] = 0
    interface_version: Annotated[
        int, Meta(ge=0, le=255, description="sc_interface_version in the bind_resp; up to 0x33 it is left out.")
    ] = 0x34
    enquire_after: Annotated[
        Seconds, Meta(description="Seconds of silence until the SMSC sends enquire_link. 0: never.")
    ] = 30.0
    ignore_enquire: Annotated[bool, Meta(description="Leave every enquire_link unanswered.")] = False
    window: Annotated[int, Meta(ge=1, description="The most receipts that wait for their deliver_sm_resp, a link.")] = (
        500
    )
    redeliver_after: Annotated[
        Seconds, Meta(description="Seconds until a receipt is sent again that was refused as a passing trouble.")
    ] = 1.0

    id_base: Annotated[Text, Meta(description=f"How submit_sm_resp writes the message_id: {', '.join(ID_BASES)}.")] = (
        "text"
    )
    receipt_id_base: Annotated[Text, Meta(description="How receipts write it, if they differ: the same names.")] = ""
    resp_delay: Annotated[Seconds, Meta(description="Seconds from submit_sm to submit_sm_resp.")] = 0.0
    no_answer: Annotated[bool, Meta(description="Never answer a submit_sm.")] = False
    refuse_status: Annotated[
        Status, Meta(description="The command_status of refusals by refuse-every and refuse-rate.")
    ] = 0x08
    refuse_every: Annotated[Count, Meta(description="Refuse every k-th submit_sm. 0: none.")] = 0
    refuse_rate: Annotated[Rate, Meta(description="Refuse this share of all submit_sm, 0 to 1.")] = 0.0
    throttle: Annotated[
        Count, Meta(description="The most submit_sm a second, all links together; then ESME_RTHROTTLED. 0: no limit.")
    ] = 0
    drop_after: Annotated[Count, Meta(description="Drop a link instead of answering its N-th submit_sm. 0: never.")] = 0
    garbage_every: Annotated[Count, Meta(description="Answer every k-th submit_sm with garbage. 0: none.")] = 0
    garbage: Annotated[Text, Meta(description=f"Which garbage: {', '.join(GARBAGE)}.")] = "length"

    receipts: Annotated[bool, Meta(description="Send the receipts that registered_delivery asks for.")] = True
    receipt_delay: Annotated[Seconds, Meta(description="Seconds from submit_sm_resp to the receipt.")] = 0.1
    receipts_first: Annotated[bool, Meta(description="Send the receipt before the submit_sm_resp.")] = False
    dialect: Annotated[Text, Meta(description=f"How receipts are written: {', '.join(DIALECTS)}.")] = "standard"
    state: Annotated[
        str,
        Meta(
            pattern=f"^{WORD}$",
            description="The state in receipts: DELIVRD, UNDELIV, EXPIRED, REJECTD, DELETED, UNKNOWN, ACCEPTD …, "
            "or any word in capitals.",
        ),
    ] = "DELIVRD"
    err: Annotated[str, Meta(pattern="^[0-9A-Za-z]{0,4}$", description="The err of receipts.")] = "000"
    intermediate: Annotated[
        bool, Meta(description="Send an intermediate notification first, where the submit_sm asks for it.")
    ] = False
    duplicates: Annotated[Count, Meta(description="How many more times every receipt is sent.")] = 0
    seed: Annotated[int, Meta(description="Where the chance of refuse-rate begins; the same seed, the same run.")] = 1

    def __post_init__(self) -> None:
        for field, table in TABLES.items():
            name = getattr(self, field)
            if name not in table:
                raise ValueError(f"{field}: there is no {name!r}, only {', '.join(filter(None, table))}")
        for field, kind in KINDS.items():
            try:
                msgspec.convert(getattr(self, field), kind)
            except msgspec.ValidationError as error:
                raise ValueError(f"{field}: {FORMS.get(field, error)}") from error

    @property
    def plain(self) -> bool:
        """Whether every submit_sm is accepted at once and its receipt is the typical one: nothing has to be planned."""
        standard = Behaviour()
        return all(getattr(self, field) == getattr(standard, field) for field in PLANNED)


TABLES: dict[str, Any] = {
    "dialect": DIALECTS,
    "id_base": ID_BASES,
    "receipt_id_base": {"": None} | ID_BASES,
    "garbage": GARBAGE,
}

# What msgspec would say with a regular expression.
FORMS: dict[str, str] = {
    "state": "must be 1 to 16 capitals, digits, - and _, a capital first",
    "err": "must be up to 4 letters and digits",
}

# The fields that make a submit_sm something to think about; the others are settled once for all of them.
PLANNED = (
    *("resp_delay", "no_answer", "refuse_every", "refuse_rate", "throttle", "drop_after", "garbage_every"),
    *("receipts_first", "dialect", "intermediate", "duplicates"),
)

KINDS: dict[str, Any] = get_type_hints(Behaviour, include_extras=True)
