"""How one SMSC speaks: every known deviation as a field, and the translation that reads them.

Rule 1: a field's default is what the specification says.
Rule 2: nothing here, or anywhere, asks for an SMSC by its name.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Base = Literal["text", "dec", "hex"]
Octet = Annotated[int, Meta(ge=0, le=255)]


class Dialect(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every deviation of an SMSC that is known, each with the standard as its default."""

    resp_id_base: Annotated[Base, Meta(description="How submit_sm_resp writes its message_id.")] = "text"
    text_id_base: Annotated[Base, Meta(description="How the text of a receipt (`id:`) writes the same id.")] = "text"
    tlv_id_base: Annotated[Base, Meta(description="How receipted_message_id (0x001E) writes the same id.")] = "text"
    receipts_without_flag: Annotated[
        bool,
        Meta(description="Take a deliver_sm without the receipt bits in esm_class for a receipt when its text is one."),
    ] = False
    acceptd_final: Annotated[
        bool, Meta(description="Take ACCEPTD for the end: the message is DELIVERED_TO_OPERATOR.")
    ] = False
    err_is_gsm: Annotated[bool, Meta(description="`err:` holds GSM (MAP) error numbers.")] = False
    err_map: Annotated[
        dict[str, int], Meta(description="What an `err:` of this SMSC means: its text, and the error id to report.")
    ] = msgspec.field(default_factory=dict)
    trust_done_date: Annotated[
        bool, Meta(description="Report the receipt's `done date` as doneAt, not the time of its arrival.")
    ] = False
    receipt_tz: Annotated[str, Meta(description="The time zone of dates in receipts, by its IANA name.")] = "UTC"
    wide_reference: Annotated[
        bool, Meta(description="Number long messages with 16-bit references (IE 08) instead of 8-bit ones (IE 00).")
    ] = False
    validity_format: Annotated[
        Literal["relative", "absolute", "none"], Meta(description="How validity_period is written.")
    ] = "relative"
    mode_bits: Annotated[
        int, Meta(ge=0, le=3, description="Messaging mode (esm_class bits 1-0) where the customer gave none.")
    ] = 0
    service_type: Annotated[str, Meta(max_length=5, description="service_type of every submit_sm.")] = ""
    protocol_id: Annotated[Octet, Meta(description="protocol_id of every submit_sm.")] = 0
    source_ton: Annotated[
        Octet | None, Meta(description="TON of every sender, instead of the one its form implies.")
    ] = None
    source_npi: Annotated[
        Octet | None, Meta(description="NPI of every sender, instead of the one its form implies.")
    ] = None
    dest_ton: Annotated[Octet, Meta(description="TON of every recipient.")] = 1
    dest_npi: Annotated[Octet, Meta(description="NPI of every recipient.")] = 1
    intermediate: Annotated[
        bool, Meta(description="Ask for intermediate notifications where the customer wants them.")
    ] = True
