"""What can go wrong with a store that is not a bug."""


class StoreUnavailable(Exception):
    """The transaction did not happen, or nobody can say whether it did: the disk is full, the server is gone."""


class NotStored(StoreUnavailable):
    """The transaction did not happen, and will not."""


class Unstorable(Exception):
    """The database refuses this very item, and would whenever it is tried: a character that it cannot hold, a value too
    long for an index. Nothing of the item is written; the text names the kind of error, and nothing of the item."""


class StoreInUse(Exception):
    """Another process serves from this store."""


class EpochEnded(Exception):
    """Another process began to serve from this store after this one: what this one has claimed is the other's to
    settle, and nothing that it asked for was written."""

    def __init__(
        self,
        sentence: str = "another process has taken over what this one served from, so this one ends; nothing is lost: "
        "what was accepted is stored, and what was submitted without an answer is settled by the other",
    ) -> None:
        super().__init__(sentence)


class StoreTooNew(Exception):
    """The tables were made by a newer version of this program."""
