"""How quickly each model answers: medians over the newest answers. Knows no page."""

from collections import defaultdict
from dataclasses import dataclass
from statistics import median

from chatbot.archive import Archive
from store import speeds

LAST = 2_000
"""The newest answers, of all models together, that are looked at."""


@dataclass(frozen=True, slots=True)
class Speed:
    """A model in use. `first_s`: seconds to the first word; `tokens_s`: tokens a second after it.

    None where no answer tells it.
    """

    answers: int
    first_s: float | None
    tokens_s: float | None


class Speeds:
    """What the traces of one product tell."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def by_model(self) -> dict[str, Speed]:
        """The speed of every model (by its label) that answered lately."""
        with self._archive.main.reading() as session:
            found = speeds.newest(session, LAST)
        timed: dict[str, list[speeds.Timed]] = defaultdict(list)
        for one in found:
            timed[one.model].append(one)
        return {model: speed(answers) for model, answers in timed.items()}


def speed(answers: list[speeds.Timed]) -> Speed:
    """The medians of some answers."""
    firsts = [one.first_token_s for one in answers if one.first_token_s is not None]
    rates = [rate for one in answers if (rate := _rate(one)) is not None]
    return Speed(
        len(answers),
        median(firsts) if firsts else None,
        median(rates) if rates else None,
    )


def _rate(one: speeds.Timed) -> float | None:
    """Tokens a second from the first to the last; of one token there is nothing to measure."""
    if one.first_token_s is None or one.total_s is None or (one.reply_tokens or 0) < 2:
        return None
    writing = one.total_s - one.first_token_s
    return (one.reply_tokens - 1) / writing if one.reply_tokens and writing > 0 else None
