"""Rows with an approved reply → how good a model's answer to each is: no fault, or which.

A row is `{"messages": [{"role", "content"}, …]}`, the last message being the approved reply, as
training data is written. With an `"answer"` that one is judged and no model is asked. Judged as the
held-out rows of a dataset are (learning/evaluate/own_judging.py).
"""

import asyncio
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chatbot.backends.base import ChatModel
from chatbot.backends.cancel import CancelToken
from chatbot.backends.encoder import Encoder
from chatbot.batch.files import stored
from chatbot.batch.working import Row, Work
from chatbot.errors import Refused
from chatbot.learning.evaluate.own import own_cases, plan_of
from chatbot.learning.evaluate.own_judging import Judged, judge
from chatbot.learning.evaluate.running import Answer, answered
from store.evaluations import HeldOut

NOT_UNDERSTOOD = (
    'A row is {"messages": [{"role": "user", "content": "…"}, {"role": "assistant", …}]}: what was '
    "asked, then the approved reply."
)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class _Message(_Strict):
    role: Literal["system", "user", "assistant"]
    content: str


class _Row(_Strict):
    messages: Annotated[tuple[_Message, ...], Field(min_length=2, max_length=10_000, strict=False)]
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """What a file of results says. `right` and `similarity` are means over those judged, 0 to 1.

    `faults`: how many answers have each. Both means are None where nothing was judged.
    """

    rows: int
    judged: int
    failed: int
    right: float | None
    similarity: float | None
    faults: dict[str, int]


def judging(model: ChatModel, encoder: Encoder | None) -> Work:
    """The work of an evaluation. Without an encoder likeness is told by words in common."""

    async def work(row: Row) -> Row:
        given = _read(row)
        *asked, reply = (one.model_dump() for one in given.messages)
        [case] = own_cases([HeldOut(0, 0, "", "", asked, reply["content"])], seed=0)
        said = Answer(given.answer or "")
        if given.answer is None:
            said = await answered(model, plan_of(case), lambda: encoder, CancelToken())
        [found] = await asyncio.to_thread(judge, [case], [said], encoder)
        return _told(found, said, model.label if given.answer is None else None)

    return work


def figures(results: Path) -> Figures:
    """The figures of a file of results, read from its beginning to its end. Raises Refused."""
    rows, right, likeness, faults = 0, 0, 0.0, Counter[str]()
    failed = 0
    for one in stored(results):
        rows += 1
        if "error" in one:
            failed += 1
            continue
        right += one["right"]
        likeness += one["similarity"]
        faults.update(one["faults"])
    judged = rows - failed
    return Figures(
        rows=rows,
        judged=judged,
        failed=failed,
        right=right / judged if judged else None,
        similarity=round(likeness / judged, 4) if judged else None,
        faults=dict(faults.most_common()),
    )


def _read(row: Row) -> _Row:
    try:
        given = _Row.model_validate(row)
    except ValidationError:
        raise Refused(NOT_UNDERSTOOD) from None
    if [one.role for one in given.messages[-2:]] != ["user", "assistant"]:
        raise Refused(NOT_UNDERSTOOD)
    return given


def _told(found: Judged, said: Answer, model: str | None) -> dict[str, Any]:
    return {
        "right": found.right,
        "faults": list(found.faults),
        "similarity": found.similarity,
        "kept": found.kept,
        "facts": found.facts,
        "invented": list(found.invented),
        "answer": said.text,
        "finish": said.finish,
        "model": model,
    }
