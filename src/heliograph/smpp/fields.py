"""Every PDU of SMPP 3.4 as a row of fields, in the order of the wire: FIELDS.

Rule 1: a PDU is described by its row and by nothing else. A new PDU is a new row; there is no code per PDU.
Rule 2: lengths and counts (sm_length, number_of_dests, no_unsuccess) are no fields. They follow from what they count.
"""

from enum import Enum, auto
from typing import Any, NamedTuple

from heliograph.smpp.constants import Command


class Kind(Enum):
    """How a field stands on the wire, §3.1."""

    TEXT = auto()  # C-octet string, `str` of latin-1 characters
    TIME = auto()  # C-octet string, empty or exactly sixteen characters
    OCTET = auto()  # `int`, 0..255
    MESSAGE = auto()  # one octet of length, then `bytes`; the last field of its PDU
    DESTINATIONS = auto()  # §4.5.1.1, `list` of addresses and names of distribution lists
    UNSUCCESS = auto()  # §4.5.2.1, `list` of refused addresses


class Field(NamedTuple):
    """One field; `size` is the most octets its value takes, the final NUL of a C-octet string included."""

    name: str
    kind: Kind
    size: int = 1

    @property
    def default(self) -> Any:
        """What stands on the wire when nobody sets the field."""
        return DEFAULTS[self.kind]()


DEFAULTS: dict[Kind, type[str | int | bytes | list[Any]]] = {
    Kind.TEXT: str,
    Kind.TIME: str,
    Kind.OCTET: int,
    Kind.MESSAGE: bytes,
    Kind.DESTINATIONS: list,
    Kind.UNSUCCESS: list,
}


def text(name: str, size: int) -> Field:
    return Field(name, Kind.TEXT, size)


def octets(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, Kind.OCTET) for name in names)


def address(side: str, name: str, size: int = 21) -> tuple[Field, ...]:
    return (*octets(f"{side}_addr_ton", f"{side}_addr_npi"), text(name, size))


SYSTEM_ID = text("system_id", 16)
PASSWORD = text("password", 9)
SERVICE_TYPE = text("service_type", 6)
MESSAGE_ID = text("message_id", 65)
SCHEDULE = Field("schedule_delivery_time", Kind.TIME, 17)
VALIDITY = Field("validity_period", Kind.TIME, 17)
SHORT_MESSAGE = Field("short_message", Kind.MESSAGE, 254)
SOURCE = address("source", "source_addr")
DESTINATION = address("dest", "destination_addr")

BIND = (
    SYSTEM_ID,
    PASSWORD,
    text("system_type", 13),
    *octets("interface_version", "addr_ton", "addr_npi"),
    text("address_range", 41),
)
CONTENT = (
    *octets("esm_class", "protocol_id", "priority_flag"),
    SCHEDULE,
    VALIDITY,
    *octets("registered_delivery", "replace_if_present_flag", "data_coding", "sm_default_msg_id"),
    SHORT_MESSAGE,
)
MESSAGE = (SERVICE_TYPE, *SOURCE, *DESTINATION, *CONTENT)

FIELDS: dict[int, tuple[Field, ...]] = {
    Command.BIND_TRANSMITTER: BIND,  # §4.1.1
    Command.BIND_TRANSMITTER_RESP: (SYSTEM_ID,),
    Command.BIND_RECEIVER: BIND,  # §4.1.3
    Command.BIND_RECEIVER_RESP: (SYSTEM_ID,),
    Command.BIND_TRANSCEIVER: BIND,  # §4.1.5
    Command.BIND_TRANSCEIVER_RESP: (SYSTEM_ID,),
    Command.OUTBIND: (SYSTEM_ID, PASSWORD),  # §4.1.7
    Command.UNBIND: (),  # §4.2
    Command.UNBIND_RESP: (),
    Command.GENERIC_NACK: (),  # §4.3
    Command.SUBMIT_SM: MESSAGE,  # §4.4
    Command.SUBMIT_SM_RESP: (MESSAGE_ID,),
    Command.SUBMIT_MULTI: (SERVICE_TYPE, *SOURCE, Field("dest_addresses", Kind.DESTINATIONS, 254), *CONTENT),  # §4.5
    Command.SUBMIT_MULTI_RESP: (MESSAGE_ID, Field("unsuccess_smes", Kind.UNSUCCESS, 255)),
    Command.DELIVER_SM: MESSAGE,  # §4.6
    Command.DELIVER_SM_RESP: (MESSAGE_ID,),
    Command.DATA_SM: (  # §4.7
        SERVICE_TYPE,
        *address("source", "source_addr", 65),
        *address("dest", "destination_addr", 65),
        *octets("esm_class", "registered_delivery", "data_coding"),
    ),
    Command.DATA_SM_RESP: (MESSAGE_ID,),
    Command.QUERY_SM: (MESSAGE_ID, *SOURCE),  # §4.8
    Command.QUERY_SM_RESP: (
        MESSAGE_ID,
        Field("final_date", Kind.TIME, 17),
        *octets("message_state", "error_code"),
    ),
    Command.CANCEL_SM: (SERVICE_TYPE, MESSAGE_ID, *SOURCE, *DESTINATION),  # §4.9
    Command.CANCEL_SM_RESP: (),
    Command.REPLACE_SM: (  # §4.10
        MESSAGE_ID,
        *SOURCE,
        SCHEDULE,
        VALIDITY,
        *octets("registered_delivery", "sm_default_msg_id"),
        SHORT_MESSAGE,
    ),
    Command.REPLACE_SM_RESP: (),
    Command.ENQUIRE_LINK: (),  # §4.11
    Command.ENQUIRE_LINK_RESP: (),
    Command.ALERT_NOTIFICATION: (  # §4.12
        *address("source", "source_addr", 65),
        *address("esme", "esme_addr", 65),
    ),
}
