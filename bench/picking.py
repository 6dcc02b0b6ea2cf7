"""How well the sentences that a reply rests on are picked, by ways of scoring them.

    python bench/picking.py [--every 8] [--json]

Asks the corpus of the starter: its situations say which values a reply carries, and the sentences
of their passages that hold those values are the right ones. The first table is the share of
questions for which the best k sentences hold all of them. The second is how well a score tells
questions that the passages answer (skill `answer`) from two kinds that they do not: `lacking` of
the corpus, where mostly a detail is missing, and the same questions with other passages of the
same industry. It is given as the area under the ROC curve, and as the share of the unanswered that
is told when 3 % of the answered may be refused. `trained` is a logistic regression on all scores
at once, cross-validated by industry; the line `held out` beside it is on industries that no fold
trains on. Takes every `--every`-th situation: with 8, some minutes of one core.
"""

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from zlib import crc32

import numpy as np
import torch
from _report import Report, options
from numpy.typing import NDArray

from chatbot.backends.encoder import Encoder, missing, open_encoder
from chatbot.learning import starter
from chatbot.learning.starter.slots import SLOT, Values
from chatbot.learning.starter.sources import json_lines
from chatbot.picking import sentences
from chatbot.picking.picks import MEANING
from chatbot.picking.words import likeness
from chatbot.settings import load

Scores = NDArray[np.float32]

CORPUS = Path(starter.__file__).parent / "corpus"
SKILLS = ("answer", "multi", "upset", "memory")
HELD_OUT = ("retail", "insurance", "telecom")
FOLDS = 4
MOST = 6
REFUSED = 0.03
_NEXT_CLAUSE = re.compile(
    r"[;?!]\s+|,?\s+(?:and|also|plus|but|or)\s+(?=(?:what|when|where|who|why|how|which|can|could|do"
    r"|does|is|are|will|would|should|i|my|we)\b)",
    re.IGNORECASE,
)


@dataclass
class Asked:
    """A question with its candidate sentences; `right` has a set of places for each value."""

    skill: str
    industry: str
    question: str
    earlier: list[str]
    found: list[tuple[int, str, str]]
    right: list[frozenset[int]]
    features: dict[str, Scores] = field(default_factory=dict)


WAYS: dict[str, Callable[[dict[str, Scores]], Scores]] = {
    "random": lambda f: f["random"],
    "words": lambda f: f["words"],
    "sentence": lambda f: f["sentence"],
    "title and sentence": lambda f: f["titled"],
    "and .3 title alone": lambda f: f["titled"] + 0.3 * f["title"],
    "and .3 neighbours": lambda f: f["titled"] + 0.3 * f["neighbours"],
    "nearest clause": lambda f: f["clause"],
    "question + clause": lambda f: f["titled"] + f["clause"],
    "thread and question": lambda f: f["thread"],
    "shipped: + words": lambda f: MEANING * f["thread"] + (1 - MEANING) * f["words"],
    "shipped + clause": lambda f: f["thread"] + f["clause"] + f["words"],
}


def main() -> int:
    """Measure, print, keep."""
    parser = options(__doc__)
    parser.add_argument("--every", type=int, default=8, help="take every so-manieth situation")
    given = parser.parse_args()
    report = Report("picking", as_json=given.json)
    encoder = open_encoder(load())
    if encoder is None:
        print(missing(load()), file=sys.stderr)
        return 1
    rng = Random(7)
    asked = list(_questions(given.every, rng))
    _measure(asked, encoder)
    told = [one for one in asked if one.skill in SKILLS and one.right]
    _coverage(report, told)
    _answerable(report, asked)
    report.finish()
    return 0


def _questions(every: int, rng: Random) -> Iterator[Asked]:
    passages, records = _corpus()
    for record in records:
        wanted = record["skill"] in (*SKILLS, "lacking")
        if not (wanted and record["passages"] and crc32(record["id"].encode()) % every == 0):
            continue
        industry = record["id"].rpartition("-")[0].rstrip("0123456789")
        yield _asked(record, record["skill"], industry, [passages[n] for n in record["passages"]])
        if record["skill"] == "answer":
            others = [
                passage
                for name, passage in passages.items()
                if name.startswith(industry) and name not in record["passages"]
            ]
            strange = rng.sample(others, len(record["passages"]))
            yield _asked(record, "strange", industry, strange)


def _corpus() -> tuple[dict[str, dict[str, str]], list[dict[str, Any]]]:
    passages = [one for path in sorted(CORPUS.glob("*.passages.jsonl")) for one in json_lines(path)]
    records = [one for path in sorted(CORPUS.glob("*.records.jsonl")) for one in json_lines(path)]
    return {passage["id"]: passage for passage in passages}, records


def _asked(record: dict[str, Any], skill: str, industry: str, passages: Sequence[Any]) -> Asked:
    fill = Values(Random(record["id"])).fill
    raw, found = [], []
    for number, passage in enumerate(passages):
        for sentence in sentences(passage["text"]):
            raw.append(sentence.text)
            found.append((number, fill(passage["title"]), fill(sentence.text)))
    right = [
        frozenset(at for at, text in enumerate(raw) if fact in text)
        for fact in record["facts"]
        if SLOT.fullmatch(fact)
    ]
    earlier = [fill(turn["text"]) for turn in record["thread"] if turn["role"] == "customer"]
    question = fill(record["asks"][0])
    return Asked(skill, industry, question, earlier, found, [places for places in right if places])


def _measure(asked: Sequence[Asked], encoder: Encoder) -> None:
    """Fill in the features of all questions; texts are encoded in one go, sorted by length."""
    texts = [text for one in asked for text in _texts(one)]
    vectors = encoder.encode(texts)
    at = 0
    for number, one in enumerate(asked):
        size = len(_texts(one))
        _fill(one, vectors[at : at + size], number)
        at += size


def _texts(one: Asked) -> list[str]:
    titled = [f"{title}. {text}" for _, title, text in one.found]
    plain = [text for _, _, text in one.found]
    titles = [title for _, title, _ in one.found]
    asked = [one.question, " ".join([*one.earlier, one.question])]
    return [*titled, *plain, *titles, *asked, *_clauses(one.question)]


def _clauses(question: str) -> list[str]:
    parts = [part for cut in sentences(question) for part in _NEXT_CLAUSE.split(cut.text)]
    return [part for part in parts if len(part.split()) > 2] or [question]


def _fill(one: Asked, rows: Scores, number: int) -> None:
    size = len(one.found)
    titled, plain, titles = rows[:size], rows[size : 2 * size], rows[2 * size : 3 * size]
    question, thread, clauses = rows[3 * size], rows[3 * size + 1], rows[3 * size + 2 :]
    scores = titled @ question
    beside = [
        [scores[at] for at in (here - 1, here + 1) if _same(one, here, at)] for here in range(size)
    ]
    one.features = {
        "random": np.random.default_rng(number).random(size, np.float32),
        "words": np.array(
            likeness(one.question, [f"{title}. {text}" for _, title, text in one.found]),
            np.float32,
        ),
        "sentence": plain @ question,
        "titled": scores,
        "title": titles @ question,
        "thread": titled @ thread,
        "clause": (titled @ clauses.T).max(1),
        "neighbours": np.array([np.mean(near or [0]) for near in beside], np.float32),
    }


def _same(one: Asked, here: int, there: int) -> bool:
    return 0 <= there < len(one.found) and one.found[here][0] == one.found[there][0]


def _coverage(report: Report, told: Sequence[Asked]) -> None:
    mean = np.mean([len(one.found) for one in told])
    report.say(f"\n{len(told)} questions, {mean:.1f} sentences each: all values in the best k")
    heads = "".join(f"{k:7}" for k in range(1, MOST + 1)) + "  k=4:" + " ".join(SKILLS)
    report.say(f"{'':22}{heads}")
    trained = _trained(told, lambda one: np.stack(_columns(one), 1), _labels)
    scored = {name: [way(one.features) for one in told] for name, way in WAYS.items()}
    scored["trained"] = trained
    kept = [at for at, one in enumerate(told) if one.industry in HELD_OUT]
    for name, scores in scored.items():
        _line(report, name, told, scores)
    for name in ("shipped: + words", "trained"):
        some = [scored[name][at] for at in kept]
        _line(report, f"{name[:8]}, held out", [told[at] for at in kept], some)


def _line(report: Report, name: str, told: Sequence[Asked], scores: Sequence[Scores]) -> None:
    shares = [_covered(told, scores, k) for k in range(1, MOST + 1)]
    by_skill = []
    for skill in SKILLS:
        some = [at for at, one in enumerate(told) if one.skill == skill]
        by_skill.append(_covered([told[at] for at in some], [scores[at] for at in some], 4))
    report.figures[f"coverage, {name}"] = [round(share, 3) for share in shares]
    report.say(f"{name:22}" + "".join(f"{share:7.3f}" for share in (*shares, *by_skill)))


def _covered(told: Sequence[Asked], scores: Sequence[Scores], k: int) -> float:
    hits = 0
    for one, score in zip(told, scores, strict=True):
        best = set(np.argsort(-score, kind="stable")[:k].tolist())
        hits += all(best & places for places in one.right)
    return hits / max(len(told), 1)


def _answerable(report: Report, asked: Sequence[Asked]) -> None:
    report.say(f"\n{'':22}     lacking          strange passages   (AUC, told at 3 % refused)")
    answered = [one for one in asked if one.skill == "answer"]
    unanswered = {kind: [o for o in asked if o.skill == kind] for kind in ("lacking", "strange")}
    for name, way in WAYS.items():
        row = []
        for others in unanswered.values():
            row += _told_apart(
                [way(one.features).max() for one in answered],
                [way(one.features).max() for one in others],
            )
        _apart_line(report, name, row)
    row = []
    for others in unanswered.values():
        both = [*answered, *others]
        scores = _trained(both, _bests, lambda one: np.array([one.skill == "answer"], np.float32))
        flat = [float(score[0]) for score in scores]
        row += _told_apart(flat[: len(answered)], flat[len(answered) :])
    _apart_line(report, "trained", row)
    shipped = [float(WAYS["shipped: + words"](one.features).max()) for one in answered]
    report.say("")
    report.add(
        "shipped score that 3 % of the answered stay under", float(np.quantile(shipped, REFUSED))
    )


def _apart_line(report: Report, name: str, row: Sequence[float]) -> None:
    report.figures[f"answerable, {name}"] = [round(share, 3) for share in row]
    report.say(f"{name:22}{row[0]:10.3f}{row[1]:8.3f}{row[2]:12.3f}{row[3]:8.3f}")


def _told_apart(high: Sequence[float], low: Sequence[float]) -> list[float]:
    """The area under the ROC curve (Hanley and McNeil 1982), and the share told at REFUSED."""
    above, below = np.array(high), np.array(low)
    area = (above[:, None] > below).mean() + (above[:, None] == below).mean() / 2
    return [float(area), float((below < np.quantile(above, REFUSED)).mean())]


def _columns(one: Asked) -> list[Scores]:
    scores = [score for name, score in one.features.items() if name != "random"]
    return [*scores, *(score - score.max() for score in scores)]


def _bests(one: Asked) -> Scores:
    """No count of passages or sentences, and no length: those would tell how we wrote them."""
    scores = [score for name, score in one.features.items() if name != "random"]
    return np.array([[part for s in scores for part in np.sort(s)[[-1, -2]]]], np.float32)


def _labels(one: Asked) -> Scores:
    return np.array([any(at in p for p in one.right) for at in range(len(one.found))], np.float32)


def _trained(
    asked: Sequence[Asked],
    columns: Callable[[Asked], Scores],
    labels: Callable[[Asked], Scores],
) -> list[Scores]:
    """Scores by a regression that saw no question of the same industry."""
    industries = sorted({one.industry for one in asked} - {*HELD_OUT})
    fold = {name: number % FOLDS for number, name in enumerate(industries)}
    scores: dict[int, Scores] = {}
    for number in (*range(FOLDS), None):
        rest = [one for one in asked if fold.get(one.industry) not in (number, None)]
        rest_x = np.concatenate([columns(one) for one in rest])
        predict = _regression(rest_x, np.concatenate([labels(one) for one in rest]))
        for at, one in enumerate(asked):
            if fold.get(one.industry) == number:
                scores[at] = predict(columns(one))
    return [scores[at] for at in range(len(asked))]


def _regression(x: Scores, y: Scores) -> Callable[[Scores], Scores]:
    """Logistic regression with a small penalty on large weights."""
    mean, spread = x.mean(0), x.std(0) + 1e-6
    inputs, truth = torch.tensor((x - mean) / spread), torch.tensor(y)
    weights = torch.zeros(x.shape[1] + 1, requires_grad=True)
    search = torch.optim.LBFGS([weights], max_iter=80, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        search.zero_grad()
        guess = inputs @ weights[1:] + weights[0]
        value = torch.nn.functional.binary_cross_entropy_with_logits(guess, truth)
        value = value + 1e-3 * (weights[1:] ** 2).sum()
        value.backward()
        return value

    search.step(loss)
    learned = weights.detach().numpy()
    return lambda some: ((some - mean) / spread) @ learned[1:] + learned[0]


if __name__ == "__main__":
    sys.exit(main())
