"""One numbering of tags for everything that an item shows, and the way back for corrections.

A reviewer reads and writes tags such as ⟨phone 1⟩. What a tag stands for is found anew when a
correction comes back; the seal of the view that it was written in says whether it is still the
same, since a thread may have gone on meanwhile.
"""

from collections.abc import Sequence

from chatbot.errors import Conflict
from chatbot.masking import Hidden, Rules, hide, masked_words
from chatbot.review.key import Key
from chatbot.review.views import Span
from chatbot.values import TAG
from chatbot.values.loose import LOOSE

MOVED_ON = (
    "What the tags stand for has changed since this was opened. Copy your text, open it again, "
    "then save."
)


class Veil:
    """Collects texts, then hides them all at once: `text` gives each back by its number."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._hidden: Hidden | None = None

    def add(self, *texts: str) -> int:
        """Take texts in; the number of the first."""
        self._texts += texts
        return len(self._texts) - len(texts)

    def drop(self, rules: Rules, people: Sequence[str]) -> None:
        """Hide what was taken in. `people`: names that are known."""
        self._hidden = hide(self._texts, rules, people)

    @property
    def hidden(self) -> Hidden:
        """All texts with their tags."""
        if self._hidden is None:
            raise RuntimeError("nothing is hidden yet")
        return self._hidden

    def text(self, number: int) -> str:
        """A text, masked."""
        return self.hidden.texts[number]

    def words(self) -> str:
        """What is hidden, in words: "1 name, 2 phone numbers"."""
        return masked_words(self.hidden.counts)

    def seal(self, key: Key) -> str:
        """What `restored` is to be given with a text that was written in this view."""
        table = self.hidden.tags.table()
        return ";".join(f"{tag[1:-1]}={key.seal(tag, value)}" for tag, value in table.items())

    def restored(self, text: str, seal: str | None, key: Key) -> str:
        """A text with its tags swapped back. `seal` None: it was written just now.

        Raises Conflict when a tag in it does not stand for what it stood for in that view.
        """
        if seal is not None:
            was = dict(each.split("=", 1) for each in seal.split(";") if "=" in each)
            table = self.hidden.tags.table()
            for match in LOOSE.finditer(text):
                name = f"{match['type'].lower()} {int(match['number'])}"
                value = table.get(f"⟨{name}⟩")
                now = None if value is None else key.seal(f"⟨{name}⟩", value)
                if was.get(name) != now:
                    raise Conflict(MOVED_ON)
        return self.hidden.show(text)


def spans(masked: str) -> tuple[Span, ...]:
    """Where the tags of a masked text stand."""
    return tuple(Span(*found.span(), found["type"]) for found in TAG.finditer(masked))
