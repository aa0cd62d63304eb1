"""What a plan comes to: the octets of the response and of the receipts of one submit_sm or data_sm."""

import msgspec

from heliograph.simulator.behaviour import GARBAGE, ID_BASES, Behaviour
from heliograph.simulator.commands import UDHI
from heliograph.simulator.dialects import DIALECTS, WORDS_QUOTED, Facts, carry
from heliograph.simulator.plan import INTERMEDIATE_BIT, Plan, wants_receipt
from heliograph.smpp.constants import RESPONSE, Tag
from heliograph.smpp.pdu import Pdu, encode
from heliograph.sms import udh

ON_ITS_WAY = {"word": "BUFFRED", "err": "027", "intermediate": True}  # absent subscriber, still tried


class Receipts(msgspec.Struct, frozen=True, gc=False):
    """Whole PDUs whose sequence_number is still to be set."""

    intermediate: list[bytes]
    final: list[bytes]


NONE = Receipts([], [])


def content_of(pdu: Pdu) -> bytes:
    """What a submit_sm or data_sm carries, UDH included."""
    octets: bytes = pdu.fields.get("short_message") or pdu.tlv(Tag.MESSAGE_PAYLOAD) or b""
    return octets


def response(pdu: Pdu, plan: Plan, message_id: str) -> bytes:
    """The octets of the answer; none at all where the plan leaves the request unanswered."""
    if not plan.answered:
        return b""
    if plan.garbage:
        return GARBAGE[plan.garbage](pdu.sequence)
    fields = {} if plan.status else {"message_id": message_id}
    return encode(Pdu(pdu.command | RESPONSE, plan.status, pdu.sequence, fields))


def receipts(pdu: Pdu, plan: Plan, behaviour: Behaviour, number: int, wall: float) -> Receipts:
    """The receipts of a request that was taken at `wall`, as far as it asks for them (§5.2.17). A request whose answer
    nobody can read has none, unless the receipt comes first."""
    told = plan.first or (plan.answered and not plan.garbage)
    registered_delivery = pdu.fields["registered_delivery"]
    if plan.status or not plan.receipt or not told:
        return NONE
    write = DIALECTS[plan.dialect]
    facts = facts_of(pdu, plan, behaviour, number, wall)
    intermediate, final = [], []
    if plan.intermediate and registered_delivery & INTERMEDIATE_BIT:
        intermediate.append(encode(write(msgspec.structs.replace(facts, **ON_ITS_WAY))))
    if wants_receipt(registered_delivery, plan.word):
        final = [encode(write(facts))] * (1 + plan.duplicates)
    return Receipts(intermediate, final)


def replies(pdu: Pdu, plan: Plan, number: int) -> list[bytes]:
    """The inbound message that is ordered, from the destination to the sender: a segment each, with its UDH where there
    are several. They are like receipts: whole PDUs whose sequence_number is still to be set."""
    if plan.status or not plan.reply:
        return []
    total, facts = plan.reply, facts_of(pdu, plan, Behaviour(), number, 0.0)
    if total == 1:
        return [encode(carry(facts, b"Hello back", esm_class=0))]
    headers = [udh.build([udh.concatenation(number, total, k, wide=False)]) for k in range(1, total + 1)]
    return [
        encode(carry(facts, header + f"Part {k} of {total}. ".encode(), esm_class=UDHI))
        for k, header in enumerate(headers, 1)
    ]


def facts_of(pdu: Pdu, plan: Plan, behaviour: Behaviour, number: int, wall: float) -> Facts:
    """What the receipts say; words are quoted from plain text alone."""
    fields = pdu.fields
    quoted = fields["data_coding"] == 0 and not fields["esm_class"] & UDHI
    return Facts(
        number=number,
        id=ID_BASES[behaviour.receipt_id_base or behaviour.id_base](number),
        word=plan.word,
        err=plan.err,
        submitted=wall,
        done=wall + plan.late + plan.delay,
        source=(fields["source_addr_ton"], fields["source_addr_npi"], fields["source_addr"]),
        destination=(fields["dest_addr_ton"], fields["dest_addr_npi"], fields["destination_addr"]),
        words=content_of(pdu)[:WORDS_QUOTED].decode("latin-1") if quoted else "",
    )
