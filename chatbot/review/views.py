"""What the review shows: frozen values with masked texts. Knows nothing of rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from chatbot.drafting import Token
from chatbot.tracing import TraceView
from store.review_records import Filters as Filters
from store.review_records import Kind as Kind
from store.review_records import State as State

Which = Literal["open", "done"]
Shape = Literal["openai", "sharegpt", "preference", "csv", "parquet"]

SHAPES: tuple[Shape, ...] = ("openai", "sharegpt", "preference", "csv", "parquet")

TAGS = ("incomplete", "wrong fact", "invented", "tone", "knowledge missing")
"""Tags that are always offered; a reviewer may write others."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the queue. `title` is masked; `customer` is a pseudonym such as "7F2Q".

    `chip`: the one thing that brought it here, in a word or two ("missing something", "flagged",
    "edited 0.62"). `taken`: the name of whoever judges it just now, "" when nobody else does.
    """

    id: str
    title: str
    customer: str
    kind: Kind
    at: datetime
    chip: str
    state: State
    rating: int
    flagged: bool
    distance: float | None
    mood: str
    topic: str
    model: str
    prompt: str
    number: int | None
    tags: tuple[str, ...]
    verdict: int | None
    second: bool
    split: bool
    taken: str


@dataclass(frozen=True, slots=True)
class Queue:
    """A page. `open` and `done` count the whole queue; `found` what the filters leave of `which`.

    `found` is None where words were looked for. `more`: give it as `after` for the next page; with
    words a page may be short, or empty, and yet have more behind it.
    """

    rows: list[Row]
    open: int
    done: int
    found: int | None
    more: str | None


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to filter by: each list holds what occurs, in order."""

    models: list[str]
    prompts: list[str]
    numbers: list[int]
    tags: list[str]
    moods: list[str]
    topics: list[str]


@dataclass(frozen=True, slots=True)
class Span:
    """Where a tag stands in a masked text, offsets in characters; `kind` as `name`, `phone`."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Line:
    """A message of the thread, masked. `id`: public id, as `flag` takes it.

    `judged`: the one that the verdict is about. `rating`: the thumb of whoever asked.
    """

    id: str
    role: Literal["customer", "assistant", "agent"]
    at: datetime
    text: str
    masks: tuple[Span, ...]
    judged: bool = False
    rating: int = 0


@dataclass(frozen=True, slots=True)
class Opinion:
    """A verdict. `text`: the corrected answer, masked; None where it stays as it was.

    `reviewer`: a name, "" of somebody who left. `changes`: the way from the answer to `text`;
    `distance`: how far that is, 0 to 1.
    """

    id: str
    reviewer: str
    own: bool
    rating: int
    text: str | None
    tags: tuple[str, ...]
    note: str
    use: bool
    at: datetime
    changes: tuple[Token, ...] = ()
    distance: float = 0.0


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody said of an item to the others who judge it."""

    id: str
    author: str
    own: bool
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Item:
    """One item with all that a reviewer sees; every text is masked by one numbering.

    `answer`: what the model wrote. `sent`: what the agent sent instead, of a reply. `better`: how
    the chatter would have worded it. `changes`: from `answer` to `sent`, of a reply. `opinions`:
    one's own, and those of others once one has judged; `others`: how many others judged.
    `seen`: to be given to `judge`, which then knows what the tags stood for. `recorded`: the
    sentence that says that this view is in the audit. `trace` is None where nothing is known.
    """

    row: Row
    thread: Sequence[Line]
    has_earlier: bool
    answer: str
    answer_masks: tuple[Span, ...]
    sent: str | None
    sent_masks: tuple[Span, ...]
    better: str
    changes: tuple[Token, ...]
    reasons: tuple[str, ...]
    flag_note: str
    trace: TraceView | None
    masked: str
    own: Opinion | None
    opinions: tuple[Opinion, ...]
    others: int
    comments: tuple[Comment, ...]
    taken: str
    taken_until: datetime | None
    seen: str
    recorded: str


@dataclass(frozen=True, slots=True)
class Note:
    """What a reviewer tells a prompt's author: a judgement of an answer, without the answer."""

    at: datetime
    rating: int
    tags: tuple[str, ...]
    note: str
    model: str
    number: int | None
    corrected: bool


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far reviewers agree where two judged the same, skipped ones left out.

    `share`: of `pairs`, judged alike. `kappa`: Cohen's, which takes chance away: 1 is perfect, 0 no
    better than chance; None where there is nothing to compute it from.
    """

    pairs: int
    share: float | None
    kappa: float | None
    days: int
