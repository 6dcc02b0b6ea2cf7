"""A clock that a test moves by hand, in the place of the machine's."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Stands still until `go` moves it."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def go(self, **by: float) -> None:
        """Move by days, hours, minutes or seconds."""
        self.moment += timedelta(**by)
