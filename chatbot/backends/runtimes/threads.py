"""How many processor threads a short step is worth: one or all, by what steps took lately.

On idle cores a second thread gains up to a fifth; on busy ones each waits for the other at every
layer and a step takes several times as long. Neither is known beforehand and both may change, so
the other choice is tried now and then, more rarely the longer it has lost. Knows nothing of torch.
"""

from dataclasses import dataclass

FIRST_TRIAL, RAREST_TRIAL = 8, 128
"""Steps before the other choice is tried, at first and at most."""

_TRIAL = 2
"""Steps of a trial: the first wakes threads up and does not count."""

_BETTER = 0.9
"""The other must take less than this share of the time to be chosen."""


@dataclass(slots=True)
class _Record:
    threads: int
    average: float = 0.0
    until_trial: int = FIRST_TRIAL
    pause: int = FIRST_TRIAL
    trial: int = 0


class Threads:
    """Chooses between one thread and `most`, for each number of rows by itself."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.latest = 1
        """What was faster when it was last tried, for any number of rows: a new one begins so."""
        self._records: dict[int, _Record] = {}

    def choose(self, rows: int) -> int:
        """The threads for the next step of so many rows."""
        record = self._records.setdefault(rows, _Record(threads=self.latest))
        return self._other(record) if record.trial else record.threads

    def took(self, rows: int, seconds: float) -> None:
        """Tell how long the step took that was chosen last for so many rows."""
        record = self._records[rows]
        if record.trial:
            self._tried(record, seconds)
            return
        weight = 0.2 if record.average else 1.0
        record.average += weight * (seconds - record.average)
        record.until_trial -= 1
        if record.until_trial <= 0 and self._most > 1:
            record.trial = _TRIAL

    def _tried(self, record: _Record, seconds: float) -> None:
        record.trial -= 1
        if record.trial:
            return
        if seconds < record.average * _BETTER:
            record.threads, record.average = self._other(record), seconds
            record.pause, self.latest = FIRST_TRIAL, record.threads
        else:
            record.pause = min(record.pause * 2, RAREST_TRIAL)
        record.until_trial = record.pause

    def _other(self, record: _Record) -> int:
        return self._most if record.threads == 1 else 1
