"""The one door of analysis: text → language, mood, intent, entities; thread → card."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from chatbot.analysis import cards, entities, moods
from chatbot.analysis.languages import language_of
from chatbot.analysis.views import Card, Entity, Intent, Item, Mood, Quote, Said
from chatbot.errors import BackendError
from chatbot.picking import sentences

if TYPE_CHECKING:
    from chatbot.backends.encoder import Encoder
    from chatbot.backends.heads import Heads
    from chatbot.backends.tagging import Rows

log = logging.getLogger(__name__)

OpenEncoder = Callable[[], "Encoder | None"]

SHIPPED = Path(__file__).parent / "heads"
NAMES = ("sentiment", "intent", "entities")
READS = "en"
"""The language that the shipped heads were trained on."""

REMEMBERED = 8192
"""Readings that are kept, the least recently used forgotten first."""

MOST_SENTENCES = 12
"""Sentences of a message whose moods are compared to find the words that show it."""


class Analysis:
    """Reads texts by rules and by heads on the sentence encoder. May be shared by threads."""

    def __init__(self, open_encoder: OpenEncoder, own: Path | None = None) -> None:
        """`own` may hold a folder for each of `NAMES`, which goes before the shipped head."""
        self._open_encoder = open_encoder
        self._folders = (SHIPPED,) if own is None else (own, SHIPPED)
        self._lock = threading.Lock()
        self._opened: Heads | None = None
        self._why_not: str | None = None
        self._known: OrderedDict[tuple[str, str], Rows] = OrderedDict()

    def why_not(self) -> str:
        """The sentence that says why no head is used, for people; empty where one is."""
        self._heads()
        return self._why_not or ""

    def language(self, text: str) -> str:
        """ISO 639-1, "" when too short to tell."""
        return language_of(text)

    def mood(self, text: str) -> Mood | None:
        """How the writer feels; None for a text without words.

        By the head in English, in other languages and without the encoder by words.
        """
        if not any(map(str.isalpha, text)):
            return None
        language = language_of(text)
        rows = self._said("sentiment", text) if language in (READS, "") else None
        said = None if rows is None else float(rows[0])
        return moods.mood_of(text, language or READS, said)

    def intent(self, text: str) -> Intent | None:
        """What the writer wants; None when nothing fits, in a language other than English, or
        without the encoder."""
        if language_of(text) not in (READS, ""):
            return None
        rows, heads = self._said("intent", text), self._heads()
        if rows is None or heads is None:
            return None
        about = heads.about("intent")
        best = int(rows.argmax())
        if float(rows[best]) < about.threshold:
            return None
        sure = float(np.exp(rows[best] - np.logaddexp.reduce(rows)))
        return Intent(about.labels[best], round(sure, 3))

    def entities(self, text: str) -> list[Entity]:
        """What the text names, in order; they never overlap. Names need the encoder."""
        names: list[Entity] = []
        heads = self._heads()
        if heads is not None and language_of(text) in (READS, ""):
            for start, piece in entities.pieces(text):
                names += self._names(start, piece, heads)
        return entities.merged(text, entities.exact(text), names)

    def people(self, text: str) -> list[str]:
        """The names of people that a head finds in a text, in order; none without the encoder."""
        if self.why_not():
            return []
        found = (one.text for one in self.entities(text) if one.kind == "person")
        return [name for name in found if name[:1].isupper()]

    def card(self, thread: Sequence[Said]) -> Card:
        """The thread at a glance, each item with the words it comes from."""
        lines = cards.lines_of(thread)
        wants, done, left = cards.items(thread, lines)
        self._read_ahead(thread, lines, wants)
        read = [number for number, _ in lines]
        named = [
            (number, entity) for number in read for entity in self.entities(thread[number].text)
        ]
        theirs = [number for number in read if thread[number].role == "customer"]
        if not theirs:
            return Card(done=tuple(done), open=tuple(left), facts=tuple(cards.facts(named)))
        last = theirs[-1]
        mood, before = self._moods(thread, theirs)
        return Card(
            wants=tuple(wants),
            done=tuple(done),
            open=tuple(left),
            mood=mood,
            mood_before=before,
            mood_from=self._shown(thread, last, mood),
            intent=self._intent_of(thread[last].text, wants),
            facts=tuple(cards.facts(named)),
            language=language_of(" ".join(thread[number].text for number in theirs[-3:])),
        )

    def _moods(
        self, thread: Sequence[Said], theirs: Sequence[int]
    ) -> tuple[Mood | None, Mood | None]:
        """The mood of the last message, and the newest one before that was another."""
        found = [self.mood(thread[number].text) for number in theirs[-4:]]
        felt = [mood for mood in found if mood is not None]
        if not felt:
            return None, None
        earlier = [mood for mood in felt[:-1] if mood.word != felt[-1].word]
        return felt[-1], earlier[-1] if earlier else None

    def _shown(self, thread: Sequence[Said], last: int, mood: Mood | None) -> Quote | None:
        """The sentence that shows the mood best; None for a neutral one."""
        said = sentences(thread[last].text)[:MOST_SENTENCES]
        if mood is None or mood.word == "neutral" or not said:
            return None
        felt = [(self.mood(one.text), one) for one in said]
        scored = [(one.score, sentence) for one, sentence in felt if one is not None]
        if not scored:
            return None
        ends = min if mood.score < 0 else max
        best = ends(scored, key=lambda pair: pair[0])[1]
        return Quote(last, best.start, best.end)

    def _intent_of(self, last: str, wants: Sequence[Item]) -> Intent | None:
        """The surest intent of what is wanted, sentence by sentence, and of the last message."""
        found = [self.intent(text) for text in (*(item.text for item in wants), last)]
        sure = [intent for intent in found if intent is not None]
        return max(sure, key=lambda intent: intent.score, default=None)

    def _names(self, start: int, piece: str, heads: "Heads") -> list[Entity]:
        from chatbot.backends.tagging import words_of

        rows = self._said("entities", piece)
        if rows is None:
            return []
        return entities.named(start, words_of(piece), rows, heads.about("entities").labels)

    def _said(self, name: str, text: str) -> "Rows | None":
        """What a head says of a text; None without the head, or of a text without words."""
        self._read([text], [name])
        with self._lock:
            return self._known.get((name, text))

    def _read(self, texts: Sequence[str], names: Sequence[str]) -> None:
        """Let these heads read texts together, which is faster than one by one, and remember."""
        heads = self._heads()
        there = [name for name in names if heads is not None and name in heads.names]
        with self._lock:
            known = {
                key for text in texts for name in there if (key := (name, text)) in self._known
            }
            for key in known:
                self._known.move_to_end(key)
        new = sorted({text for text in texts if text.strip()}, key=len)
        new = [text for text in new if any((name, text) not in known for name in there)]
        if heads is None or not new:
            return
        found = heads.read(new, there)
        with self._lock:
            for name, rows in found.items():
                self._known |= {(name, text): row for text, row in zip(new, rows, strict=True)}
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)

    def _read_ahead(
        self, thread: Sequence[Said], lines: cards.Lines, wants: Sequence[Item]
    ) -> None:
        """All that a card asks of the heads, in a few batches."""
        english = {at for at, _ in lines if language_of(thread[at].text) in (READS, "")}
        theirs = [at for at, _ in lines if thread[at].role == "customer" and at in english]
        self._read([thread[at].text for at in theirs[-4:]], NAMES)
        pieces = [piece for at in english for _, piece in entities.pieces(thread[at].text)]
        self._read(pieces, ["entities"])
        last = dict(lines)[theirs[-1]] if theirs else []
        self._read([one.text for one in last[:MOST_SENTENCES]], ["sentiment"])
        self._read([item.text for item in wants], ["intent"])

    def _heads(self) -> "Heads | None":
        """The heads, opened at the first text; None, and why, where they cannot be used."""
        with self._lock:
            if self._why_not is None:
                try:
                    self._opened = self._open()
                    self._why_not = "" if self._opened else "There is no sentence encoder."
                except BackendError as error:
                    self._why_not = str(error)
                    _log_once(self._why_not)
            return self._opened

    def _open(self) -> "Heads | None":
        """Raises ModelUnavailable, ModelCorrupt."""
        encoder = self._open_encoder()
        if encoder is None:
            return None
        from chatbot.backends.heads import ABOUT, Heads

        heads = Heads(encoder)
        for name in NAMES:
            for folder in self._folders:
                if name not in heads.names and (folder / name / ABOUT).is_file():
                    _add(heads, name, folder / name)
        return heads


def _add(heads: "Heads", name: str, folder: Path) -> None:
    """Open a head; one that cannot be used is told and done without."""
    try:
        heads.add(name, folder)
    except BackendError as error:
        _log_once(str(error))


@cache
def _log_once(sentence: str) -> None:
    log.warning("%s", sentence)
