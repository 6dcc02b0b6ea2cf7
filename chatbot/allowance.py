"""How many turns a person may begin: in a minute, in a day, and at the same time.

Counted where the turn is written, in its own transaction: in the database, so all processes count
together and a restart forgets nothing; for temporary conversations in memory, apart from the rest.
What an administrator set is obeyed within seconds. Knows nothing of what is asked.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from chatbot.accounts.tries import in_words
from chatbot.errors import TooManyTurns
from chatbot.options import Limits, Options
from store import turns
from store.engine import Session
from store.records import Person

SOON = 5
"""Seconds after which an answer that is being written may have ended."""
UNLIMITED = Limits(turns_per_minute=0, turns_per_day=0, running_turns=0)


class Allowance:
    """The limits of one process. Safe to share between threads.

    `local_person` (id) is the one person of `solo`, who has no limits until somebody sets them. A
    program has those of its key, which count in the place of these.
    """

    def __init__(self, options: Options, local_person: int) -> None:
        self._options = options
        self._local_person = local_person

    def of(self, person: Person) -> Limits:
        """What a person may use now. Raises StoreUnavailable."""
        if person.program:
            return UNLIMITED
        alone = person.id == self._local_person
        return self._options.get(Limits, UNLIMITED if alone else None)


def take(session: Session, person: Person, limits: Limits, ended: Callable[[str], bool]) -> None:
    """Count a turn that this transaction begins.

    Turns of the same person wait for one another here, so none slips past a limit. `ended` tells
    of an answer (public id) that nobody writes any more, though its end is not saved yet.

    Raises TooManyTurns: roll back, then nothing was counted.
    """
    if limits == UNLIMITED:
        return
    at = datetime.now(UTC)
    counted = turns.count(session, person.id, at)
    minute_left = counted.minute_from + turns.MINUTE - at
    day_left = counted.day_from + turns.DAY - at
    _refuse(limits.turns_per_day, counted.day_turns, "a day", day_left)
    _refuse(limits.turns_per_minute, counted.minute_turns, "a minute", minute_left)
    if limits.running_turns:
        running = sum(not ended(one) for one in turns.streaming(session, person.id))
        if running >= limits.running_turns:
            raise TooManyTurns(
                f"{running:,} of your answers are being written or wait. "
                "When one has ended, or you stopped one, you can go on.",
                SOON,
            )


def _refuse(most: int, counted: int, time: str, left: timedelta) -> None:
    if most and counted > most:
        seconds = max(1, -int(-left.total_seconds() // 1))
        questions = f"{most:,} question{'s' * (most != 1)}"
        raise TooManyTurns(
            f"You have asked {questions} within {time}, as many as are allowed here. "
            f"You can go on in {in_words(seconds)}.",
            seconds,
        )
