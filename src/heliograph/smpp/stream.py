"""A TCP stream cut into PDUs, wherever the network cut it.

Nothing is allocated from a length that was not checked, and an incomplete PDU costs nothing to wait for, however
slowly its octets come.
"""

HEADER_SIZE = 16


class Stream:
    """What came in and makes no whole PDU yet. `broken` says why the stream is lost; then nothing more is cut."""

    def __init__(self, max_pdu: int) -> None:
        self.broken: str | None = None
        self.waiting_since: float | None = None  # first octet of the PDU that is not complete
        self._max_pdu = max_pdu
        self._rest = bytearray()
        self._needed = 4  # octets that `_rest` must have before looking at it is worth while

    def cut(self, data: bytes, now: float) -> list[bytes]:
        """The whole PDUs that these octets complete, in order: 16 <= command_length <= max_pdu (§3.2)."""
        rest = self._rest
        if rest:
            rest += data
            if len(rest) < self._needed:
                return []
            data = bytes(rest)
            rest.clear()
        found: list[bytes] = []
        at, end, needed = 0, len(data), 4
        while end - at >= 4:
            needed = int.from_bytes(data[at : at + 4], "big")
            if not HEADER_SIZE <= needed <= self._max_pdu:
                self.broken = f"command_length {needed}"
                return found
            if end - at < needed:
                break
            found.append(data[at : at + needed])
            at += needed
            needed = 4
        self._keep(data[at:], needed, now, fresh=at > 0)
        return found

    def _keep(self, rest: bytes, needed: int, now: float, *, fresh: bool) -> None:
        self._rest += rest
        self._needed = needed
        if not rest:
            self.waiting_since = None
        elif fresh or self.waiting_since is None:
            self.waiting_since = now
