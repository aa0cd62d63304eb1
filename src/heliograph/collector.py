"""Python's collector of cycles, set for a process that lives long and makes hundreds of thousands of objects a second.

As it comes it looks through the young objects after every 700 of them, which here are never cycles: at 10,000 messages
a second that was a tenth of the event loop, and looking through the old ones stopped it for up to 30 ms.
"""

from __future__ import annotations

import gc

YOUNG = 50_000  # objects more than were let go, before the young ones are looked through
MIDDLE, OLD = 20, 50  # rounds of the younger generation before the next older one is


def relax() -> None:
    """Once, when everything that stays has been made: none of that is looked through again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
