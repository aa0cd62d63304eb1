"""The national tables of the GSM alphabet, and the elements of a UDH that choose them (TS 23.038 §6.2.1.2, Annex A).

A single shift adds characters behind ESC, so that each of them takes two septets; a locking shift puts another
default table in place, where its characters take one. Both stand in the UDH of every segment, and data_coding
says nothing of them. Spanish has a single shift only. A phone that does not know a table shows the default one;
so does `tables` with the identifiers that are not here: 4 to 13, the languages of India, and reserved ones.
"""

from collections.abc import Iterable
from itertools import product
from typing import Final

from heliograph.sms import gsm7, udh

SINGLE_SHIFT: Final = 0x24
LOCKING_SHIFT: Final = 0x25

TURKISH: Final = 1
SPANISH: Final = 2
PORTUGUESE: Final = 3

# Beside the default extension table, §A.2: each single shift table has all of it.
SINGLE: Final[dict[int, dict[int, str]]] = {
    TURKISH: {0x47: "Ğ", 0x49: "İ", 0x53: "Ş", 0x63: "ç", 0x67: "ğ", 0x69: "ı", 0x73: "ş"},
    SPANISH: {
        0x09: "ç",
        0x41: "Á",
        0x49: "Í",
        0x4F: "Ó",
        0x55: "Ú",
        0x61: "á",
        0x69: "í",
        0x6F: "ó",
        0x75: "ú",
    },
    PORTUGUESE: {
        0x05: "ê",
        0x09: "ç",
        0x0B: "Ô",
        0x0C: "ô",
        0x0E: "Á",
        0x0F: "á",
        0x12: "Φ",
        0x13: "Γ",
        0x15: "Ω",
        0x16: "Π",
        0x17: "Ψ",
        0x18: "Σ",
        0x19: "Θ",
        0x1F: "Ê",
        0x41: "À",
        0x49: "Í",
        0x4F: "Ó",
        0x55: "Ú",
        0x5B: "Ã",
        0x5C: "Õ",
        0x61: "Â",
        0x69: "í",
        0x6F: "ó",
        0x75: "ú",
        0x7B: "ã",
        0x7C: "õ",
        0x7F: "â",
    },
}

# §A.3.
LOCKING: Final[dict[int, str]] = {
    TURKISH: (
        "@£$¥€éùıòÇ\nĞğ\rÅå"
        "Δ_ΦΓΛΩΠΨΣΘΞ\x1bŞşßÉ"
        " !\"#¤%&'()*+,-./"
        "0123456789:;<=>?"
        "İABCDEFGHIJKLMNO"
        "PQRSTUVWXYZÄÖÑÜ§"
        "çabcdefghijklmno"
        "pqrstuvwxyzäöñüà"
    ),
    PORTUGUESE: (
        "@£$¥êéúíóç\nÔô\rÁá"
        "Δ_ªÇÀ∞^\\€Ó|\x1bÂâÊÉ"
        " !\"#º%&'()*+,-./"
        "0123456789:;<=>?"
        "ÍABCDEFGHIJKLMNO"
        "PQRSTUVWXYZÃÕÚÜ§"
        "~abcdefghijklmno"
        "pqrstuvwxyzãõ`üà"
    ),
}

_DEFAULTS: Final = {0: gsm7.DEFAULT} | LOCKING
_EXTENSIONS: Final = {0: gsm7.EXTENSION} | {identifier: gsm7.EXTENSION | own for identifier, own in SINGLE.items()}
_TABLES: Final = {
    (single, locking): gsm7.Tables(_DEFAULTS[locking], _EXTENSIONS[single])
    for single, locking in product(_EXTENSIONS, _DEFAULTS)
}


def tables(single: int, locking: int) -> gsm7.Tables:
    """The tables that a phone uses with these identifiers, 0..255: 0 is none, and unknown ones are as none."""
    return _TABLES[single if single in SINGLE else 0, locking if locking in LOCKING else 0]


def shifts(single: int, locking: int) -> tuple[udh.Element, ...]:
    """The elements that announce these tables; none for 0."""
    wanted = ((SINGLE_SHIFT, single), (LOCKING_SHIFT, locking))
    return tuple(udh.Element(element, bytes((identifier,))) for element, identifier in wanted if identifier)


def announced(elements: Iterable[udh.Element]) -> gsm7.Tables:
    """The tables that the elements of a UDH choose.

    Of an element that is there twice the last one counts (TS 23.040 §9.2.3.24); one of another length than a single
    octet says nothing.
    """
    chosen = {element.identifier: element.data[0] for element in elements if len(element.data) == 1}
    return tables(chosen.get(SINGLE_SHIFT, 0), chosen.get(LOCKING_SHIFT, 0))
