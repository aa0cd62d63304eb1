"""What a process that lives long asks of Python and of the system."""

from __future__ import annotations

import gc
import resource

YOUNG = 50_000  # objects more than were let go, before the young ones are looked through
MIDDLE, OLD = 20, 50  # rounds of the younger generation before the next older one is
DESCRIPTORS = 65_536  # sockets and files


def relax_collector() -> None:
    """Once, when everything that stays has been made: Python's collector of cycles looks through none of that again.

    As it comes it looks through the young objects after every 700 of them, which here are never cycles: at 10,000
    messages a second that was a tenth of the event loop, and looking through the old ones stopped it for up to 30 ms.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)


def allow_descriptors() -> None:
    """As many open sockets as the system lets a process have without asking: most begin with 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
