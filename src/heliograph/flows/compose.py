"""A claimed message becomes submit_sm: always the same octets for the same message, reference and part."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from heliograph.flows.job import Job
from heliograph.smpp.pdu import Pdu
from heliograph.sms.segments import Part, cut
from heliograph.smsc.dialect import Segment, to_submit_sm
from heliograph.smsc.pool import Place
from heliograph.store.claiming import Candidate


def pair_of(candidate: Candidate) -> int:
    """Sender and recipient as one number; two pairs that share it only share a counter of references."""
    text = f"{candidate.sender}\0{candidate.recipient}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest()) >> 1


def parts_of(candidate: Candidate, reference: int, place: Place) -> list[Part]:
    """The segments of a message, as this SMSC is to have them."""
    c, wide = candidate, place.smsc.dialect.wide_reference
    return cut(c.body, c.data_coding, c.esm_class, reference=reference if wide else reference & 0xFF, wide=wide)


def pdus_of(tokens: Sequence[tuple[Job, int]], place: Place, now: int) -> list[Pdu]:
    """The submit_sm of these parts, in order."""
    pdus = []
    cuts: dict[int, list[Part]] = {}
    for job, number in tokens:
        c = job.candidate
        parts = cuts.get(c.key)
        if parts is None:
            parts = cuts[c.key] = parts_of(c, job.reference or 0, place)
        part = parts[number - 1]
        segment = Segment(
            sender=c.sender or place.smsc.default_sender,
            recipient=c.recipient,
            data_coding=c.data_coding,
            esm_class=part.esm_class,
            user_data=part.user_data,
            validity=(c.expires_at - now) // 1000,
            expires_at=c.expires_at,
            intermediate=c.intermediate,
        )
        pdus.append(to_submit_sm(segment, place.smsc.dialect, without_validity=bool(job.without_validity)))
    return pdus
