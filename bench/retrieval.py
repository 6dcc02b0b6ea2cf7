"""How well and how fast articles are found, through the product's own search.

    python bench/retrieval.py [--every 1] [--database URL] [--json]
    python bench/retrieval.py --scale 100000 [--database URL]
    python bench/retrieval.py --pages 1000

The first asks two sets of shared/data (or CHATBOT_TEST_DATA): stackfaq (a question put in other
words → its entry among 125) and doc2dial (the last three turns of a talk → its document among
273). It prints hit@1, hit@5 and MRR of words alone, of meaning alone and of both; of both also on
the even and on the odd questions apart: the weight was chosen on the even ones. Then how
many questions of a set that its articles answer count as answered (`is_fitting`), and how many of
other people's questions (clinc150, out of scope, and banking77) do not.

`--scale` makes so many passages of the texts of doc2dial and the handbook, every fifth word
another, with random vectors, and times whole searches with the last three turns of doc2dial.
`--pages` imports pages of the handbook, over again as often as it takes, then computes some
vectors, and prints the time and the most memory.
"""

import os
import random
import re
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import chatbot  # noqa: F401  before NumPy, for which it sets the threads

# isort: split
import numpy as np
from _labelled import lines
from _report import Report, options, percentile

from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.backends.encoder import open_encoder
from chatbot.documents import Parsed, Section, cut, read_folder
from chatbot.knowledge import Hit, Knowledge
from chatbot.knowledge.searching import name_of
from chatbot.knowledge.views import By
from chatbot.settings import load
from store import accounts, articles, passages
from store.articles import Content, Piece
from store.engine import Database
from store.records import Person

DATA = Path(os.environ.get("CHATBOT_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
INSIDE = 100  # passages of an article that is made up
DEEP = 200  # passages of a result in which a document is looked for
WAYS: tuple[By, ...] = ("words", "meaning", "both")


@dataclass
class Bench:
    """A product's knowledge over a database of its own."""

    database: Database
    archive: Archive
    knowledge: Knowledge
    person: Person


@dataclass(frozen=True)
class Query:
    """A question with what was said before it, and the source of the right article."""

    question: str
    earlier: tuple[str, ...]
    right: str


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--every", type=int, default=1, help="ask every n-th question")
    parser.add_argument("--scale", type=int, default=0, help="passages to search in")
    parser.add_argument("--pages", type=int, default=0, help="pages to import")
    parser.add_argument("--database", default="", help="an empty database; else SQLite in a folder")
    given = parser.parse_args()
    name = "retrieval_scale" if given.scale else "retrieval_pages" if given.pages else "retrieval"
    report = Report(name, as_json=given.json)
    with tempfile.TemporaryDirectory(prefix="chatbot-retrieval-") as folder:
        url = given.database or f"sqlite:///{folder}/chatbot.db"
        if given.scale:
            scale(report, _bench(url), given.scale)
        elif given.pages:
            pages(report, _bench(url), Path(folder) / "pages", given.pages)
        else:
            quality(report, _bench(url), given.every)
    report.finish()


def quality(report: Report, bench: Bench, every: int) -> None:
    """Both sets, each way."""
    sets: dict[str, tuple[list[Parsed], list[Query]]] = {
        "stackfaq": (list(_stackfaq()), list(_stackfaq_queries())),
        "doc2dial": (list(_doc2dial()), list(_doc2dial_queries())),
    }
    for name, (documents, queries) in sets.items():
        bench.knowledge.clear("bench/")
        bench.knowledge.add(bench.person, documents, visibility="public")
        bench.knowledge.embed(_progress(f"{name}, vectors"))
        sources = {row.id: row.source for row in _rows(bench)}
        asked = queries[::every]
        for way in WAYS:
            ranks = [_rank(bench, each, sources, way) for each in asked]
            _tell(report, f"{name}, {way}", ranks)
            if way == "both":
                _tell(report, f"{name}, both, even questions", ranks[::2])
                _tell(report, f"{name}, both, odd questions", ranks[1::2])
        _fitting(report, bench, name, asked)


def _tell(report: Report, name: str, ranks: Sequence[int]) -> None:
    found = np.array(ranks)
    report.add(f"{name}: hit@1", float(np.mean(found == 1)))
    report.add(f"{name}: hit@5", float(np.mean((found >= 1) & (found <= 5))))
    report.add(f"{name}: MRR", float(np.mean(np.where(found > 0, 1 / np.maximum(found, 1), 0))))


def _rank(bench: Bench, query: Query, sources: dict[str, str], way: By) -> int:
    """Which place the right document has; 0 when it is not among the passages looked at."""
    hits = bench.knowledge.search(query.question, earlier=query.earlier, most=DEEP, by=way)
    order = dict.fromkeys(sources[hit.article] for hit in hits)
    return next((place for place, source in enumerate(order, 1) if source == query.right), 0)


def _fitting(report: Report, bench: Bench, name: str, asked: Sequence[Query]) -> None:
    foreign = [*_said("clinc150/oos_val.jsonl"), *_said("banking77/train.jsonl")[::40]]
    for way in ("both", "words"):
        ours = [_found(bench, each.question, each.earlier, way) for each in asked[::3]]
        theirs = [_found(bench, question, (), way) for question in foreign]
        yes = np.mean([bench.knowledge.is_fitting(hits) for hits in ours])
        no = np.mean([not bench.knowledge.is_fitting(hits) for hits in theirs])
        report.add(f"{name}, {way}: own questions that fit", float(yes))
        report.add(f"{name}, {way}: foreign questions that do not", float(no))


def _found(bench: Bench, question: str, earlier: Sequence[str], way: By) -> list[Hit]:
    return bench.knowledge.search(question, earlier=earlier, most=1, by=way)


def scale(report: Report, bench: Bench, count: int) -> None:
    """Times searches among so many passages."""
    encoder = open_encoder(load())
    if encoder is None:
        sys.exit("No encoder: there is nothing to measure.")
    began = time.perf_counter()
    _fill(bench, count, name_of(encoder), encoder.width)
    report.add("seconds to fill the database", time.perf_counter() - began, "s")
    queries = list(_doc2dial_queries())
    random.Random(0).shuffle(queries)
    encoder.encode(["warm"])
    began = time.perf_counter()
    bench.knowledge.search("warm", most=1)
    report.add("first search, which reads all vectors", time.perf_counter() - began, "s")
    times = []
    for query in queries[:300]:
        began = time.perf_counter()
        bench.knowledge.search(query.question, earlier=query.earlier, internal=True)
        times.append((time.perf_counter() - began) * 1000)
    began = time.perf_counter()
    for query in queries[300:400]:
        encoder.encode(["\n".join([*query.earlier, query.question])])
    report.add("of which the question's vector, mean", (time.perf_counter() - began) * 10, "ms")
    report.add("search, median", percentile(times, 0.5), "ms")
    report.bound("search, p95", percentile(times, 0.95), 60, "ms")
    report.add("most memory", _most_memory(), "MB")


def pages(report: Report, bench: Bench, folder: Path, count: int) -> None:
    """Imports so many pages."""
    folder.mkdir()
    handbook = [each for each in lines(DATA / "kb_18f_handbook/documents.jsonl") if each["text"]]
    for number in range(count):
        page = handbook[number % len(handbook)]
        name = re.sub(r"\W+", "-", str(page["id"]))
        (folder / f"{number:05d}-{name}.md").write_text(page["text"], encoding="utf-8")
    began = time.perf_counter()
    added = bench.knowledge.add(bench.person, read_folder(folder), _progress("import"))
    report.add("pages imported", added.new, "", f"{len(added.refused)} refused")
    report.add("seconds to import", time.perf_counter() - began, "s")
    report.add("passages", bench.knowledge.state().passages)
    report.add("most memory after the import", _most_memory(), "MB")
    began, done = time.perf_counter(), [0]

    def tell(now: int, _of: int) -> None:
        done[0] = now

    some = bench.knowledge.embed(tell, lambda: done[0] >= 512)
    report.add("passages a second, vectors", some / (time.perf_counter() - began))
    report.bound("most memory with vectors", _most_memory(), 1500, "MB")


def _bench(url: str) -> Bench:
    database = Database(url)
    database.upgrade()
    archive = Archive(database)
    with archive.main.writing() as session:
        person = accounts.ensure_local_person(session, "Bench")
    encoder = cache(lambda: open_encoder(load()))
    return Bench(database, archive, Knowledge(archive, Audit(archive), encoder), person)


def _rows(bench: Bench) -> Iterator[Any]:
    after = None
    while True:
        found = bench.knowledge.articles(bench.person, limit=500, after=after)
        yield from found.rows
        if found.after is None:
            return
        after = found.after


def _stackfaq() -> Iterator[Parsed]:
    for each in lines(DATA / "stackfaq/faq.jsonl"):
        text = "\n\n".join(each["answers"])
        yield Parsed(each["question"], (Section((), text),), source=f"bench/{each['id']}")


def _stackfaq_queries() -> Iterator[Query]:
    for each in lines(DATA / "stackfaq/queries.jsonl"):
        yield Query(each["query"], (), f"bench/{each['faq_id']}")


def _doc2dial() -> Iterator[Parsed]:
    """The documents by their names; what follows "#" tells apart those of one name."""
    for each in lines(DATA / "doc2dial_val/documents.jsonl"):
        title = str(each["id"]).rsplit("#", 1)[0]
        yield Parsed(title, (Section((), each["text"]),), source=f"bench/{each['id']}")


def _doc2dial_queries() -> Iterator[Query]:
    for each in lines(DATA / "doc2dial_val/val.jsonl"):
        last = [turn.split(":", 1)[1] for turn in each["dialogue_latest_first"][:3]]
        yield Query(last[0], tuple(reversed(last[1:])), f"bench/{each['doc_id']}")


def _said(name: str) -> list[str]:
    return [str(each.get("text") or each.get("query")) for each in lines(DATA / name)]


def _fill(bench: Bench, count: int, encoder: str, width: int) -> None:
    """A hundred passages an article, every fifth word of another passage, and random vectors."""
    chance = random.Random(0)
    vectors = np.random.default_rng(0)
    texts = [each["text"] for each in lines(DATA / "doc2dial_val/documents.jsonl")]
    texts += [each["text"] for each in lines(DATA / "kb_18f_handbook/documents.jsonl")]
    base = [one for text in texts for one in cut(Parsed("", (Section((), text),)))]
    words = [word for one in base for word in one.text.split()]
    tell = _progress("filling")
    for number in range(count // INSIDE):
        pieces = [_varied(chance, chance.choice(base).text, words) for _ in range(INSIDE)]
        content = Content(f"Article {number}", (), "internal" if number % 5 == 0 else "public",
                          language="en")  # fmt: skip
        with bench.archive.main.writing() as session:
            made = articles.create(session, content, pieces, sha="", author_id=None)
            ids = [one.id for one in articles.pieces_of(session, made)]
            rows = vectors.standard_normal((len(ids) + 1, width)).astype("f4")
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            passages.put_vectors(session, "passage", encoder, dict(zip(ids, rows, strict=False)))
            passages.put_vectors(session, "article", encoder, {made.id: rows[-1]})
        tell(number + 1, count // INSIDE)


def _varied(chance: random.Random, text: str, words: list[str]) -> Piece:
    mixed = [chance.choice(words) if chance.random() < 0.2 else word for word in text.split()]
    return Piece("", " ".join(mixed), 0, len(mixed))


def _progress(name: str) -> Callable[[int, int], None]:
    last = [time.monotonic()]

    def tell(done: int, of: int) -> None:
        if time.monotonic() - last[0] > 10:
            last[0] = time.monotonic()
            print(f"{name}: {done} of {of or '?'}", file=sys.stderr, flush=True)

    return tell


def _most_memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
