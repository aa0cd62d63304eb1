"""What the programs of the Python clients share: how they are asked, how they wait, and how they tell.

Runs in the environments of the clients, so it imports nothing but the standard library.
"""

import json
import sys
import time
from datetime import datetime

WITHIN = 30.0  # seconds that anything may take on a busy machine


def read():
    """What the test asks: url, key, name and password of an account, notify_url, long (hexadecimal), day (a day of
    the week) and the instants send_at, later, since and until."""
    asked = json.load(sys.stdin)
    for name in ("send_at", "later", "since", "until"):
        asked[name] = datetime.fromisoformat(asked[name])
    return asked


def collect(pull, count):
    """So many of what `pull` gives a list of, pulled as they come."""
    found, end = [], time.monotonic() + WITHIN
    while len(found) < count:
        if time.monotonic() > end:
            raise TimeoutError(f"{len(found)} of {count} in {WITHIN} s")
        found += pull()
        time.sleep(0.02)
    return found


def tell(told):
    """Print all that the client understood, by subject."""
    json.dump(told, sys.stdout)
