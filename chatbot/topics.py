"""What people write about: clusters of tickets and conversations, week by week.

    newest first messages ─▶ vectors (encoder, else words) ─▶ spherical k-means ─▶ names, weeks

Texts stay in the process; what is shown of them, names of topics included, is masked first.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chatbot.archive import Archive
from chatbot.errors import NotAllowed
from chatbot.masking import mask
from chatbot.picking.words import GRAMMAR, stems
from store import accounts, topic_texts
from store.records import Person
from store.topic_texts import FirstText

if TYPE_CHECKING:
    from chatbot.backends.encoder import Encoder

Rows = NDArray[np.float32]

MAY = ("agent", "reviewer", "author", "admin")
MOST_TEXTS = 5000
"""Texts that are looked at, the newest."""
READ = 500
"""Characters of a text that are compared."""
MOST_TOPICS = 24
ROUNDS = 25
"""Rounds of k-means at most."""
EXAMPLES = 5
SHOWN = 240
"""Characters of an example."""
NAMED_BY = 40
"""Texts nearest to a topic's middle whose words name it."""
VOCABULARY = 2000
"""Words by which texts are compared where there is no encoder, the most frequent."""
COMMON = 0.3
"""A word in a larger part of all texts is typical of nothing."""

_TAG = re.compile(r"⟨[^⟩]*⟩")
_WORD = re.compile(r"[^\W\d_]{3,}")
_SAY_NOTHING = """
    aber als auch auf bei bitte das dass dem den der des die ein eine einen er es für habe
    haben hat ich ihr ihre ihnen im in ist kann mein meine meiner mich mir mit nach nicht noch
    oder sich sie sind und uns von war was wie wir wird zu zum zur como con cuando del desde
    donde ella ese esta este ha hay he las los mas más mi muy nos para pero por que qué se si
    sin sobre son su sus también tengo una uno ya avec ce cette dans des elle est et je la le
    les ma mais mes mon ne nous ou où par pas plus pour que qui sur un une vous votre été her
    here his its now only than then too yes yet how hello dear team want get got would could
    please thanks thank since hallo hola bonjour guten tag liebe sehr geehrte damen herren
    gracias danke
"""
_SMALL = frozenset(_SAY_NOTHING.split())
"""Words that name no topic."""


@dataclass(frozen=True, slots=True)
class Example:
    """A masked text of a topic; `source` is `ticket` or `conversation`, `where` its id."""

    text: str
    where: str
    source: str


@dataclass(frozen=True, slots=True)
class Topic:
    """One cluster: named by its typical words; `weeks` counts texts by the week's Monday (UTC)."""

    name: str
    size: int
    weeks: tuple[tuple[date, int], ...]
    examples: tuple[Example, ...]


class Topics:
    """Groups what customers wrote. For agents, reviewers, authors and administrators."""

    def __init__(self, archive: Archive, open_encoder: "Callable[[], Encoder | None]") -> None:
        self._archive = archive
        self._open_encoder = open_encoder

    def clusters(self, person: Person, *, days: int = 90, channel: str = "") -> list[Topic]:
        """Topics of the last `days`, the largest first, of at most `MOST_TEXTS` texts.

        Takes seconds where thousands of texts are new to the encoder. Raises NotAllowed.
        """
        since = datetime.now(UTC) - timedelta(days=days)
        with self._archive.main.reading() as session:
            if not accounts.has_role(session, person.id, MAY):
                raise NotAllowed("Topics are for agents, reviewers, authors and administrators.")
            found = topic_texts.newest(session, since, channel, MOST_TEXTS)
        texts = [text for text in found if text.text.strip()]
        if not texts:
            return []
        rows = self._vectors([text.text[:READ] for text in texts])
        groups, middles = spherical(rows, wanted(len(texts)))
        every = _counts([text.text for text in texts])
        weeks = _mondays(texts)
        return [
            _topic([texts[at] for at in _nearest(rows, group, middle)], every, len(texts), weeks)
            for group, middle in zip(groups, middles, strict=True)
        ]

    def _vectors(self, texts: Sequence[str]) -> Rows:
        encoder = self._open_encoder()
        return encoder.encode(texts) if encoder is not None else by_words(texts)


def wanted(texts: int) -> int:
    """How many topics so many texts are grouped into."""
    return max(1, min(MOST_TOPICS, round(math.sqrt(texts))))


def by_words(texts: Sequence[str]) -> Rows:
    """Vectors of length one by the rarer words that texts share; zero where there are none."""
    said = [Counter(stems(text)) for text in texts]
    counts = Counter(stem for words in said for stem in words)
    kept = [stem for stem, count in counts.most_common(VOCABULARY) if count > 1]
    number = {stem: at for at, stem in enumerate(kept)}
    rows = np.zeros((len(texts), max(1, len(kept))), np.float32)
    for row, words in zip(rows, said, strict=True):
        for stem, times in words.items():
            if stem in number:
                row[number[stem]] = (1 + math.log(times)) * math.log(len(texts) / counts[stem] + 1)
    return _unit(rows)


def spherical(rows: Rows, topics: int) -> tuple[list[list[int]], list[Rows]]:
    """Groups of rows of length one, the largest first, and their middles; the same every time.

    k-means by cosine: Dhillon and Modha 2001. It begins with rows far from those before.
    """
    middles = _begin(rows, min(topics, len(rows)))
    chosen = np.full(len(rows), -1)
    for _ in range(ROUNDS):
        nearest = (rows @ middles.T).argmax(1)
        if (nearest == chosen).all():
            break
        chosen = nearest
        for at in range(len(middles)):
            if (chosen == at).any():
                middles[at] = _unit(rows[chosen == at].mean(0, keepdims=True))[0]
    groups = [np.flatnonzero(chosen == at).tolist() for at in range(len(middles))]
    order = sorted((at for at in range(len(groups)) if groups[at]), key=lambda at: -len(groups[at]))
    return [groups[at] for at in order], [middles[at] for at in order]


def _begin(rows: Rows, topics: int) -> Rows:
    """Rows to begin with, each drawn by how far it is from those before (k-means++)."""
    drawn = np.random.default_rng(0)
    picked = [int((rows @ rows.mean(0)).argmax())]
    far = 1 - rows @ rows[picked[0]]
    while len(picked) < topics and far.clip(0).sum() > 1e-6:
        chances = far.clip(0).astype(np.float64) ** 2
        picked.append(int(drawn.choice(len(rows), p=chances / chances.sum())))
        far = np.minimum(far, 1 - rows @ rows[picked[-1]])
    return rows[picked].copy()


def _unit(rows: Rows) -> Rows:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    whole: Rows = (rows / np.maximum(length, 1e-9)).astype(np.float32)
    return whole


def _nearest(rows: Rows, group: Sequence[int], middle: Rows) -> list[int]:
    """The rows of a group, the most typical first."""
    likeness = rows[list(group)] @ middle
    return [group[at] for at in np.argsort(-likeness, kind="stable")]


def _topic(
    texts: Sequence[FirstText], every: Counter[str], whole: int, weeks: Sequence[date]
) -> Topic:
    hidden = [_masked(text.text) for text in texts[:NAMED_BY]]
    counts = Counter(_monday(text.at) for text in texts)
    examples = (
        Example(_short(said), text.id, text.source)
        for said, text in zip(hidden[:EXAMPLES], texts, strict=False)
    )
    name = _name(hidden, every, whole)
    return Topic(name, len(texts), tuple((week, counts[week]) for week in weeks), tuple(examples))


def _masked(text: str) -> str:
    return mask([{"role": "user", "content": text}]).messages[-1]["content"]


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= SHOWN else flat[: SHOWN - 1].rstrip() + "…"


def _name(hidden: Sequence[str], every: Counter[str], whole: int) -> str:
    """The three words that stand in more of these texts than elsewhere."""
    here = _counts([_TAG.sub(" ", text) for text in hidden])
    fewest = 1 if len(hidden) < 3 else 2
    scored = {
        word: count / len(hidden) * math.log(1 + whole / every[word])
        for word, count in here.items()
        if count >= fewest and (every[word] <= COMMON * whole or whole < 10) and every[word]
    }
    best = sorted(scored, key=lambda word: (-scored[word], word))[:3]
    return ", ".join(best).capitalize() or "Other"


def _counts(texts: Sequence[str]) -> Counter[str]:
    """In how many texts each word stands, small words left out."""
    found: Counter[str] = Counter()
    for text in texts:
        words = {match[0].lower() for match in _WORD.finditer(text)}
        found.update(words - _SMALL - GRAMMAR)
    return found


def _monday(at: datetime) -> date:
    day = at.astimezone(UTC).date()
    return day - timedelta(days=day.weekday())


def _mondays(texts: Sequence[FirstText]) -> list[date]:
    """Every week from the first text's to the last one's."""
    first, last = _monday(min(text.at for text in texts)), _monday(max(text.at for text in texts))
    return [first + timedelta(weeks=week) for week in range((last - first).days // 7 + 1)]
