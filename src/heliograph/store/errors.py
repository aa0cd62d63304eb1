"""What can go wrong with a store that is not a bug."""


class StoreUnavailable(Exception):
    """The transaction did not happen, or nobody can say whether it did: the disk is full, the server is gone."""


class StoreInUse(Exception):
    """Another process serves from this store."""


class StoreTooNew(Exception):
    """The tables were made by a newer version of this program."""
