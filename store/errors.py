"""What can go wrong in the database, as errors that hold no stored text.

StoreError
├── NotFound        no such thing, or not yours: the two are not told apart
├── Conflict        it contradicts what is stored
├── UnstorableText  a text that not every database can keep exactly
├── Unavailable     the database did not take it: locked, full, lost, other
└── SchemaMismatch  code and tables are of different versions
"""

from typing import Final, Literal

Reason = Literal["locked", "full", "lost", "other"]

_SENTENCES: Final[dict[Reason, str]] = {
    "locked": "The database is busy with other work. Try again in a moment.",
    "full": "The disk of the database is full. Free some space, then try again.",
    "lost": "The database cannot be reached. Check that it is there and running.",
    "other": "The database refused the work. Run `chatbot doctor` to see why.",
}


class StoreError(Exception):
    """Base of every error that leaves this package."""


class NotFound(StoreError):
    """The thing does not exist, was deleted, or belongs to someone else."""

    def __init__(self, what: str = "It") -> None:
        super().__init__(f"{what} does not exist, or it is not yours.")


class Conflict(StoreError):
    """The change contradicts what is stored; nothing was written."""


class UnstorableText(StoreError):
    """The text cannot be kept exactly. `reason` is a phrase that names what is wrong with it."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The text {reason}. Remove that part and try again.")
        self.reason = reason


class Unavailable(StoreError):
    """The database did not do it; nothing was acknowledged. `detail` is the driver's code."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(_SENTENCES[reason] + (f" ({detail})" if detail else ""))
        self.reason: Reason = reason
        self.detail = detail


class SchemaMismatch(StoreError):
    """The tables are older or newer than this program; it must not read or write them."""
