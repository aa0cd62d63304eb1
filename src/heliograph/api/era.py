"""The generations of this API: how the sends of each are answered and reported, as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from heliograph.sms.codes import STATUS
from heliograph.webhooks.formats import STATUS_JSON, status_json

_SENT_ON: Final = STATUS_JSON[7]
_WAITS: Final = STATUS_JSON[26]
_TAKEN: Final = status_json(STATUS[26], STATUS[7].description)


@dataclass(frozen=True, slots=True, kw_only=True)
class Era:
    """One row.

    sent_on, held: the status of a message that leaves now, and of one that waits.
    counts: every message that leaves now is answered with its number of segments; else texts are, for those who ask.
    always_bulk: the answer names the bulk, also of one message without a sendAt.
    clips: ids that are too long are cut; else they are bad fields.
    entity: the longest entityId and applicationId, in characters.
    reports: the generation of reports its customers read, a key of webhooks.formats.
    """

    sent_on: msgspec.Raw
    held: msgspec.Raw
    counts: bool
    always_bulk: bool
    clips: bool = True
    entity: int = 66
    reports: str = "v1"


FIRST: Final = Era(sent_on=_SENT_ON, held=_WAITS, counts=True, always_bulk=False)
FIRST_MULTI: Final = Era(sent_on=_SENT_ON, held=_WAITS, counts=True, always_bulk=True)
SECOND: Final = Era(sent_on=_TAKEN, held=_TAKEN, counts=False, always_bulk=True)
THIRD: Final = Era(sent_on=_TAKEN, held=_TAKEN, counts=False, always_bulk=True, clips=False, entity=255, reports="v3")
