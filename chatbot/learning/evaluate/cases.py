"""The questions out of our own corpus, held out of training, as the product would send them.

Knows corpus, walls (starter/holdout.py) and prompts; knows nothing of models or judges.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import cycle
from random import Random
from typing import Any, Literal

from chatbot.learning.starter import holdout, rendering
from chatbot.learning.starter.reading import TEXT_SKILLS, Record, corpus
from chatbot.learning.starter.situations import ROLES, limits
from chatbot.learning.starter.slots import SLOT, Values, slots

Wall = Literal["industry", "passage", "wording", "astray", "outside", "intent"]
Message = dict[str, str]

ANSWERABLE = ("answer", "multi", "memory", "upset")
SKILLS = (*ANSWERABLE, "lacking", *TEXT_SKILLS, "answer", "social", "outside", "lacking", "memory")
"""In which a sample is drawn, in turn: rare skills are drawn oftener than they occur."""

WALLS: tuple[Wall, ...] = ("industry", "passage", "industry", "wording", "industry")
ASTRAY_PASSAGES = 2


@dataclass(frozen=True, slots=True)
class Case:
    """One question to a model, and all that judges need.

    It is asked by a built-in `prompt`, after `thread`; `passages` (title, text) are its
    sources. `messages` are what that prompt sends, whole passages in it. `reference` is a good
    reply; `facts` are the values that it must carry, `remembered` those of them that stand in
    earlier turns alone. `pool` and `topics` say which references it is compared with, and which
    topics of the pool are right ones.
    """

    id: str
    wall: Wall
    skill: str
    prompt: str
    question: str
    reference: str = ""
    passages: tuple[tuple[str, str], ...] = ()
    thread: tuple[Message, ...] = ()
    facts: tuple[str, ...] = ()
    remembered: frozenset[str] = frozenset()
    pool: str = ""
    topics: frozenset[str] = frozenset()
    messages: tuple[Message, ...] = field(init=False)
    context: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        sent = rendering.messages(self.prompt, **self.values, history=list(self.thread))
        object.__setattr__(self, "messages", tuple(sent))
        object.__setattr__(self, "context", tuple(m["content"] for m in self.messages))

    @property
    def values(self) -> dict[str, Any]:
        """The values of the prompt, the thread apart."""
        found = [{"title": title, "text": text} for title, text in self.passages]
        return {"question": self.question} | ({"passages": found} if found else {})


@dataclass(frozen=True, slots=True)
class Reference:
    """A good reply of a pool, and the topics that it is about."""

    text: str
    topics: frozenset[str]


@cache
def passages() -> Mapping[str, Record]:
    """Return every passage of the corpus by its id."""
    return {passage["id"]: passage for passage in corpus().passages}


def corpus_cases(count: int | None, seed: int) -> list[Case]:
    """Return a sample of the held-out situations; all of them in all wordings for None."""
    heaps: dict[tuple[Wall, str], list[tuple[Record, str]]] = defaultdict(list)
    for record in corpus().records:
        wall = _wall(record)
        if wall is not None:
            heaps[wall, record["skill"]] += ((record, ask) for ask in _asks(record))
    if count is None:
        chosen = [(wall, *one) for (wall, _), heap in heaps.items() for one in heap]
    else:
        chosen = list(_in_turn(heaps, count, Random(seed)))  # noqa: S311 (a sample, no secret)
    return [_case(wall, record, ask, seed) for wall, record, ask in chosen]


def astray_cases(count: int | None, seed: int) -> list[Case]:
    """Return answerable questions whose passages were taken away or are about something else."""
    rng = Random(f"astray/{seed}")  # noqa: S311
    found = [r for r in corpus().records if holdout.held_out_industry(r) and r["skill"] == "answer"]
    found = [record for record in found if not record["thread"]]
    chosen = found if count is None else rng.sample(found, min(count, len(found)))
    return [_astray(record, number, rng) for number, record in enumerate(chosen)]


@cache
def references(pool: str) -> tuple[Reference, ...]:
    """Return the replies of the situations of a pool, with the passages they rest on."""
    return tuple(
        Reference(_filled(record, record["reply"]), needed(record))
        for record in corpus().records
        if record["skill"] in (*ANSWERABLE, "lacking") and _pool(record) == pool
    )


def needed(record: Record) -> frozenset[str]:
    """Return the passages that a reply rests on: those whose values it says, else the first."""
    said = slots(record["reply"])
    names = record["passages"]
    used = [name for name in names if said & slots(passages()[name]["text"])]
    return frozenset(used or names[:1])


def _wall(record: Record) -> Wall | None:
    if holdout.held_out_industry(record):
        return "industry"
    if holdout.held_out_passage(record):
        return "passage"
    return "wording" if holdout.held_out_asks(record) else None


def _asks(record: Record) -> Sequence[str]:
    return ("",) if record["skill"] in TEXT_SKILLS else holdout.held_out_asks(record)


def _in_turn(
    heaps: Mapping[tuple[Wall, str], list[tuple[Record, str]]], count: int, rng: Random
) -> Iterator[tuple[Wall, Record, str]]:
    """Draw one of each wall and skill in turn, each situation once, until there are enough."""
    waiting = {key: rng.sample(heap, len(heap)) for key, heap in heaps.items()}
    drawn: set[str] = set()
    walls = cycle(WALLS)
    while len(drawn) < count and any(waiting.values()):
        wall = next(walls)
        for skill in SKILLS:
            heap = waiting.get((wall, skill), [])
            while heap and heap[-1][0]["id"] in drawn:
                heap.pop()
            if heap and len(drawn) < count:
                record, ask = heap.pop()
                drawn.add(record["id"])
                yield wall, record, ask


def _case(wall: Wall, record: Record, ask: str, seed: int) -> Case:
    rng = Random(f"{seed}/{record['id']}/{ask}")  # noqa: S311
    fill = Values(rng).fill
    given = [
        (fill(passages()[name]["title"]), fill(passages()[name]["text"]))
        for name in rng.sample(record["passages"], len(record["passages"]))
    ]
    thread = [{"role": ROLES[t["role"]], "content": fill(t["text"])} for t in record["thread"]]
    if record["skill"] in TEXT_SKILLS:
        ask, thread = _text_work(record, thread), []
        if slots(record["reply"]) <= slots(ask, *(t["text"] for t in record["thread"])):
            given = []
    question = fill(ask)
    bare = record["skill"] in TEXT_SKILLS and not given
    facts = [fact for fact in record["facts"] if SLOT.fullmatch(fact)]
    earlier = slots(*(turn["text"] for turn in record["thread"])) - slots(ask)
    on_topic = record["skill"] in ANSWERABLE and record["passages"]
    return Case(
        id=record["id"],
        wall=wall,
        skill=record["skill"],
        prompt="assistant" if bare else "support",
        question=question,
        reference=fill(record["reply"]),
        passages=tuple(given),
        thread=tuple(thread),
        facts=tuple(fill(fact) for fact in facts),
        remembered=frozenset(fill(fact) for fact in facts if fact in earlier and thread),
        pool=_pool(record) if on_topic else "",
        topics=needed(record),
    )


def _text_work(record: Record, thread: Sequence[Message]) -> str:
    """Return the request and the text of a rewrite or summary, as a person would type them."""
    if record["skill"] == "rewrite":
        return f"{rendering.REWRITE_REQUESTS[0]} {record['instruction']}\n\n{record['draft']}"
    names = {"user": "Customer", "assistant": "Agent"}
    lines = [f"{names[turn['role']]}: {turn['content']}" for turn in thread]
    return f"{rendering.SUMMARY_REQUESTS[0]}\n\n" + "\n".join(lines)


def _astray(record: Record, number: int, rng: Random) -> Case:
    """Every second one gets no passage, the others two of other topics."""
    fill = Values(rng).fill
    own = holdout.business(record["id"])
    others = [
        p
        for name, p in passages().items()
        if holdout.business(name) == own and name not in record["passages"]
    ]
    found = rng.sample(others, ASTRAY_PASSAGES) if number % 2 else []
    given = [(fill(p["title"]), fill(p["text"])) for p in found]
    question = fill(rng.choice(record["asks"]))
    return Case(
        id=f"{record['id']} astray",
        wall="astray",
        skill="lacking",
        prompt="support",
        question=question,
        reference=rng.choice(limits()["no source"]),
        passages=tuple(given),
    )


def _filled(record: Record, text: str) -> str:
    return Values(Random(record["id"])).fill(text)  # noqa: S311


def _pool(record: Record) -> str:
    """Return what a reply is compared within: an industry, or all that a wall holds out."""
    wall = _wall(record)
    return holdout.business(record["id"]) if wall == "industry" else wall or ""
