"""Checks the corpus: `python -m chatbot.learning.starter.lint`; prints problems, then its balance.

Looks for what a reader would not find by reading: duplicates, values from nowhere, slots
that nobody fills. Knows the form of the files; judges no wording.
"""

import argparse
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from chatbot.learning.starter.holdout import business
from chatbot.learning.starter.reading import CORPUS, TEXT_SKILLS, Corpus, Record, read
from chatbot.learning.starter.slots import GENERATORS, SLOT, slots

SKILLS = (
    *("answer", "multi", "memory", "lacking", "upset"),
    *("rewrite", "summary", "social", "outside"),
)
FIELDS = frozenset({"id", "skill", "passages", "thread", "asks", "instruction", "reply", "facts"})
SHINGLE = 4
"""Words of a shingle: two texts are near when most of their shingles are the same."""
NEAR = 0.75
"""Jaccard similarity of the sets of shingles from which on texts are near-duplicates."""
SHORT = 8
"""Words below which texts may well be alike: "hello there"."""
LEAST_SHARE = 0.02
"""Share of all situations that every skill must have."""

_LITERAL = re.compile(r"\d|@|https?:|www\.")
_BARE_PERCENT = re.compile(r"\{\{percent:\w+\}\}(?!\s?(?:%|per ?cent|percentage))")
_WORD = re.compile(r"[\w']+")


class Problem(NamedTuple):
    """What is wrong, and where: an id, and the text or the other id."""

    kind: str
    where: str
    detail: str


def problems(corpus: Corpus) -> list[Problem]:
    """Return everything that is wrong with the corpus."""
    passages = {passage["id"]: passage for passage in corpus.passages}
    found = list(_twice(corpus))
    for passage in corpus.passages:
        found += _texts(passage["id"], [passage["title"], passage["text"]])
    for record in corpus.records:
        if lacking := sorted(FIELDS - set(record)):
            found.append(Problem("fields", str(record.get("id")), ", ".join(lacking)))
            continue
        found += _form(record, passages)
        found += _record_texts(record)
        found += _from_nowhere(record, passages)
    found += _alike(corpus)
    return [*found, *_balance(corpus)]


def counts(corpus: Corpus) -> dict[str, dict[str, int]]:
    """Return situations and wordings by skill and by industry."""
    by_skill = Counter(record["skill"] for record in corpus.records)
    by_industry = Counter(business(record["id"]) for record in corpus.records)
    totals = {
        "passages": len(corpus.passages),
        "situations": len(corpus.records),
        "messages": sum(len(record["asks"]) for record in corpus.records),
    }
    return {
        "totals": totals,
        "skills": dict(by_skill),
        "industries": dict(sorted(by_industry.items())),
    }


def table(corpus: Corpus) -> str:
    """Return situations by industry and skill as a Markdown table, for the model card."""
    cells = Counter((business(r["id"]), r["skill"]) for r in corpus.records)
    lines = [f"| industry | {' | '.join(SKILLS)} | all |", "|-" * (len(SKILLS) + 2) + "|"]
    for name in sorted({name for name, _ in cells}):
        row = [cells[name, skill] for skill in SKILLS]
        lines.append(f"| {name} | {' | '.join(map(str, row))} | {sum(row)} |")
    totals = [sum(count for (_, s), count in cells.items() if s == skill) for skill in SKILLS]
    lines.append(f"| **all** | {' | '.join(map(str, totals))} | {sum(totals)} |")
    return "\n".join(lines)


def _twice(corpus: Corpus) -> Iterator[Problem]:
    for name, count in Counter(r.get("id") for r in (*corpus.passages, *corpus.records)).items():
        if count > 1:
            yield Problem("same id", str(name), f"{count} times")


def _form(record: Record, passages: Mapping[str, Record]) -> Iterator[Problem]:
    name, skill = record["id"], record["skill"]
    if skill not in SKILLS:
        yield Problem("skill", name, skill)
    for passage in record["passages"]:
        if passage not in passages:
            yield Problem("unknown passage", name, passage)
    if skill not in TEXT_SKILLS and not record["asks"]:
        yield Problem("no wording", name, "")
    if skill == "rewrite" and not record.get("draft"):
        yield Problem("no draft", name, "")
    if skill == "memory" and not record["thread"]:
        yield Problem("memory without thread", name, "")
    for fact in record["facts"]:
        if fact not in record["reply"]:
            yield Problem("fact not in reply", name, fact)


def _texts(name: str, texts: Iterable[str]) -> Iterator[Problem]:
    for text in texts:
        for kind, _ in SLOT.findall(text):
            if kind not in GENERATORS:
                yield Problem("unknown slot", name, kind)
        bare = SLOT.sub("", text)
        if "{" in bare or "}" in bare:
            yield Problem("broken slot", name, text)
        if _LITERAL.search(bare):
            yield Problem("literal value", name, text)
        if _BARE_PERCENT.search(text):
            yield Problem("percent without sign", name, text)


def _record_texts(record: Record) -> Iterator[Problem]:
    """What customers type may hold figures ("2 questions"); what agents say may not."""
    agent = [turn["text"] for turn in record["thread"] if turn["role"] == "agent"]
    yield from _texts(record["id"], [record["reply"], *agent])
    said = [turn["text"] for turn in record["thread"] if turn["role"] != "agent"]
    for problem in _texts(record["id"], [*record["asks"], *said]):
        if problem.kind in ("unknown slot", "broken slot"):
            yield problem


def _from_nowhere(record: Record, passages: Mapping[str, Record]) -> Iterator[Problem]:
    """A slot of the reply must stand in what the model sees, whichever wording is drawn."""
    seen = [turn["text"] for turn in record["thread"]]
    seen += [record.get("draft") or "", record["instruction"] or ""]
    found = [passages[name] for name in record["passages"] if name in passages]
    seen += [passage[key] for passage in found for key in ("title", "text")]
    in_all = set.intersection(*map(slots, record["asks"])) if record["asks"] else set()
    lost = slots(record["reply"]) - in_all.union(*map(slots, seen))
    if lost:
        yield Problem("value from nowhere", record["id"], ", ".join(sorted(lost)))


def _alike(corpus: Corpus) -> Iterator[Problem]:
    """Yield texts of the same kind that say the same in nearly the same words."""
    kinds: dict[str, list[tuple[str, str]]] = defaultdict(list)
    kinds["passage"] = [(passage["id"], passage["text"]) for passage in corpus.passages]
    for record in corpus.records:
        kinds["reply"].append((record["id"], record.get("reply", "")))
        kinds["wording"] += [(record["id"], ask) for ask in record.get("asks", ())]
    for kind, texts in kinds.items():
        yield from _near(kind, texts)


def _near(kind: str, texts: Sequence[tuple[str, str]]) -> Iterator[Problem]:
    """Compare each text with those before it that share a shingle with it."""
    holders: dict[tuple[str, ...], list[int]] = defaultdict(list)
    seen: list[set[tuple[str, ...]]] = []
    for number, (name, text) in enumerate(texts):
        words = [word.lower() for word in _WORD.findall(SLOT.sub("slot", text))]
        starts = range(len(words) - SHINGLE + 1) if len(words) >= SHORT else range(0)
        shingles = {tuple(words[at : at + SHINGLE]) for at in starts}
        shared = Counter(other for one in shingles for other in holders[one])
        for other, both in shared.items():
            if both / len(shingles | seen[other]) >= NEAR:
                yield Problem(f"near-duplicate {kind}", name, f"{texts[other][0]}: {text}")
        for one in shingles:
            holders[one].append(number)
        seen.append(shingles)


def _balance(corpus: Corpus) -> Iterator[Problem]:
    by_skill = Counter(record.get("skill") for record in corpus.records)
    for skill in SKILLS:
        if by_skill[skill] < LEAST_SHARE * len(corpus.records):
            yield Problem("too few", skill, f"{by_skill[skill]} of {len(corpus.records)}")


def main(arguments: list[str] | None = None) -> int:
    """Print the report; return 0 when there is no problem, else 1."""
    parser = argparse.ArgumentParser(
        prog="python -m chatbot.learning.starter.lint", description="Check the starter's corpus."
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--table", action="store_true", help="print the Markdown table alone")
    parser.add_argument("--folder", type=Path, default=CORPUS, help="folder of the corpus")
    options = parser.parse_args(arguments)
    try:
        corpus = read(options.folder)
    except ValueError as error:
        sys.stderr.write(f"A line of the corpus is no JSON: {error}.\n")
        return 1
    found = problems(corpus)
    if options.json:
        report = {**counts(corpus), "problems": [one._asdict() for one in found]}
        sys.stdout.write(json.dumps(report, ensure_ascii=False, indent=2) + "\n")
        return 1 if found else 0
    if not options.table:
        for one in found:
            sys.stdout.write(f"{one.kind}: {one.where}: {one.detail}\n")
        totals = counts(corpus)["totals"]
        sys.stdout.write(", ".join(f"{count} {name}" for name, count in totals.items()) + "\n\n")
    sys.stdout.write(table(corpus) + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
