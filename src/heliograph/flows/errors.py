"""Why a flow does not do what a customer asks for."""

from __future__ import annotations


class Overloaded(Exception):
    """Nothing of the request was stored: a 503 with Retry-After.

    `retry_after` is in whole seconds, 1 and more; the exception's text is a sentence for the operator's log.
    """

    def __init__(self, sentence: str, retry_after: int = 1) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class Unconfirmed(Exception):
    """Nobody knows whether the request was stored, or will be: a 503 with Retry-After, as above."""

    def __init__(self, sentence: str, retry_after: int = 1) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class KeyReused(Exception):
    """An Idempotency-Key came with another request than before: a 422. The exception's text is for the customer."""


class NoSuchBulk(Exception):
    """The account has no such bulk, or it is over and cannot be asked for this any more: a 404."""


class NoSuchMessage(Exception):
    """The account tracks no such message, or none any more: a 404."""


class BulkConflict(Exception):
    """A bulk cannot be changed like this: a 400. The exception's text is a sentence for the customer."""
