"""The one door of datasets: who may, and from sources to rows that nobody changes any more."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, cast

from chatbot.analysis import Analysis
from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.chain import OpenEncoder
from chatbot.errors import Conflict, NotAllowed, NotFound, Refused, StoreUnavailable
from chatbot.learning.dataset.asking import Asking
from chatbot.learning.dataset.building import Heap, Recipe, heap, take_all
from chatbot.learning.dataset.checking import Checking
from chatbot.learning.dataset.drafted import Drafted
from chatbot.learning.dataset.gathering import Gathering
from chatbot.learning.dataset.imports import read
from chatbot.learning.dataset.turns import Left, Turn
from chatbot.learning.dataset.views import (
    ORIGINS,
    SPLITS,
    Bad,
    Built,
    Checked,
    Dataset,
    Example,
    Kind,
    Origin,
    Split,
)
from chatbot.options import Masking, Options
from chatbot.releases import Releases
from chatbot.settings import Settings
from store import accounts, dataset_sources, datasets
from store.datasets import Line
from store.records import Person

if TYPE_CHECKING:
    from chatbot.backends.registry import Registry
    from store.engine import Session

Tell = Callable[[int, int], None]

MAY = ("reviewer", "admin")
PART = 500
"""Rows that are written at once, so that whoever waits to write gets their turn."""
LEAST_DISTANCE = 0.1
"""Share of words that an agent changed at least for a draft to be the worse of a pair."""
UNFINISHED = timedelta(days=1)
"""After which a build that never ended is cleared away."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")

NOT_A_NAME = (
    "A dataset's name has 1 to 80 small letters, figures, dots, hyphens and underscores, and "
    "begins with a letter or a figure."
)
ONLY = "Only reviewers and administrators use datasets. Ask an administrator for the role."
TAKEN = "There is a dataset named {name} already. Datasets never change: choose another name."
NOTHING = "There is nothing to learn from: no turn could be used."


class Datasets:
    """Builds, checks and reads datasets. Blocking; may be shared by threads."""

    def __init__(
        self,
        archive: Archive,
        audit: Audit,
        releases: Releases,
        options: Options,
        registry: "Registry",
        settings: Settings,
        analysis: Analysis,
        encoder: OpenEncoder,
    ) -> None:
        self._archive = archive
        self._audit = audit
        self._options = options
        self._home = settings.home_folder
        self._workspace = settings.workspace
        self._named = analysis.people
        drafted = Drafted(registry, releases, settings.workspace, encoder)
        self._gathering = Gathering(archive, releases, drafted, settings.workspace)
        self._asking = Asking(releases, settings)
        self._checking = Checking(registry)

    # Building ------------------------------------------------------------------------------------

    def build(
        self,
        person: Person,
        name: str,
        *,
        since: datetime | None = None,
        sources: Sequence[Origin] = ORIGINS,
        files: Sequence[Path] = (),
        least_distance: float = LEAST_DISTANCE,
        balance: int | None = None,
        seed: int = 0,
        held_out: float = 0.1,
        validation: float = 0.1,
        prompt: str | None = None,
        unfounded: bool = False,
        tell: Tell | None = None,
        dry: bool = False,
    ) -> Built:
        """Make a dataset of what was reviewed and sent since then, and of files.

        `least_distance`: share of words that an agent changed at least for the draft to be the
        worse of a pair. `balance`: most rows of one label to learn from. `held_out`, `validation`:
        shares of conversations. `prompt`: what questions of files are asked with. `unfounded`
        keeps replies with personal values that stand nowhere before. `tell` hears how many turns
        were read, then how many rows of how many are written. `dry` writes nothing.

        Raises:
            NotAllowed: the person is neither a reviewer nor an administrator.
            Conflict: the name is taken.
            Refused: a setting or a file cannot be used, or no turn can.
            StoreUnavailable: also when the disk is full.
        """
        recipe = Recipe(
            since,
            tuple(sources),
            tuple(files),
            least_distance,
            balance,
            seed,
            held_out,
            validation,
            prompt,
            unfounded,
        )
        self._admit(person, name)
        recipe.check()
        return self._made(person, name, recipe, tell or _say_nothing, dry=dry)

    def _made(self, person: Person, name: str, recipe: Recipe, tell: Tell, *, dry: bool) -> Built:
        rules = self._options.get(Masking).always(self._workspace)
        with heap(self._home, rules, self._named, recipe) as made:
            take_all(self._found(recipe), made, tell)
            if dry:
                rows = [(r.split, r.source, r.label, r.rejected is not None) for r in made.rows()]
                return Built(None, made.card(rows), tuple(made.bad))
            if not made.kept:
                raise Refused(_nothing(made))
            stored = self._store(person, name, made, tell)
        return Built(stored, stored.card, tuple(made.bad))

    def _admit(self, person: Person, name: str) -> None:
        with self._archive.main.reading() as session:
            _require(session, person)
            if not _NAME.fullmatch(name):
                raise Refused(NOT_A_NAME)
            if datasets.find(session, name) is not None:
                raise Conflict(TAKEN.format(name=name))

    def _found(self, recipe: Recipe) -> Iterator[Turn | Left | Bad]:
        """Everything that may be learned from: what was judged, what was sent, then files."""
        judged = {"verdict", "correction"} & set(recipe.sources)
        if judged:
            yield from self._gathering.judged(recipe.sources, recipe.since)
        if "reply" in recipe.sources:
            yield from self._gathering.sent(
                recipe.since, recipe.least_distance, unjudged=bool(judged)
            )
        ask = self._asking.by(recipe.prompt)
        for path in recipe.files:
            yield from read(path, ask)

    def _store(self, person: Person, name: str, made: Heap, tell: Tell) -> Dataset:
        """Write the rows part by part, then give them their name."""
        with self._archive.main.writing() as session:
            datasets.sweep(session, datetime.now(UTC) - UNFINISHED)
            dataset_id = datasets.begin(session, settings=made.recipe.told(), actor=person.name)
        try:
            written = 0
            rows = made.rows()
            while part := list(islice(rows, PART)):
                with self._archive.main.writing() as session:
                    datasets.add(session, dataset_id, _there(session, part))
                written += len(part)
                tell(written, len(made.kept))
            with self._archive.main.writing() as session:
                _require(session, person)
                stored = datasets.finish(session, dataset_id, name=name, card=made.card())
                self._audit.note_in(
                    session, person, "dataset_built", "dataset", name, rows=stored.rows
                )
        except BaseException:
            with self._archive.main.writing() as session:
                datasets.drop(session, dataset_id)
            raise
        return _seen(stored)

    # Looking -------------------------------------------------------------------------------------

    def check(self, person: Person, name: str | Path, *, model: str | None = None) -> Checked:
        """What to look at before a dataset, or a file (a Path), is learned from.

        `model`: whose length counts; None is the one that serves.

        Raises NotAllowed, NotFound, Refused (the file cannot be read), UnknownModel,
        ModelUnavailable.
        """
        rules = self._options.get(Masking).always(self._workspace)
        with self._archive.main.reading() as session:
            _require(session, person)
        if isinstance(name, Path):
            return self._checking.file(read(name, self._asking.by(None)), rules, model)
        one = self.get(person, name)
        return self._checking.dataset(one, self.rows(person, name), rules, model)

    def list(self, person: Person) -> "list[Dataset]":
        """All datasets, the newest first. Raises NotAllowed."""
        with self._archive.main.reading() as session:
            _require(session, person)
            return [_seen(one) for one in datasets.every(session)]

    def get(self, person: Person, name: str) -> Dataset:
        """A dataset by its name or public id. Raises NotAllowed, NotFound."""
        with self._archive.main.reading() as session:
            _require(session, person)
            return _seen(_one(session, name))

    def rows(
        self,
        person: Person,
        name: str,
        split: Split | None = None,
        kind: Kind = "supervised",
    ) -> Iterator[Example]:
        """The rows in their order; of kind `preference` those with a worse reply alone.

        Raises NotAllowed, NotFound.
        """
        with self._archive.main.reading() as session:
            _require(session, person)
            dataset_id = _one(session, name).id
        return self._each(dataset_id, split, preference=kind == "preference")

    def remove(self, person: Person, name: str) -> None:
        """Remove a dataset for good; runs and models made with it stay, and are still marked.

        Raises NotAllowed, NotFound.
        """
        with self._archive.main.writing() as session:
            _require(session, person)
            one = _one(session, name)
            datasets.remove(session, one)
            self._audit.note_in(session, person, "dataset_removed", "dataset", one.name)

    def write(self, name: str, folder: Path) -> None:
        """Write train.jsonl, validation.jsonl and test.jsonl, for a run that may read them.

        Raises NotFound, StoreUnavailable (also when the disk is full).
        """
        with self._archive.main.reading() as session:
            dataset_id = _one(session, name).id
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for split in SPLITS:
                _write(folder / f"{split}.jsonl", self._each(dataset_id, split))
        except OSError as error:
            raise StoreUnavailable(
                f"The dataset cannot be written to {folder}: {error.strerror}."
            ) from error

    def export(self, person: Person, name: str, out: Path, *, split: Split | None = None) -> int:
        """Write its rows for a person, all parts into a folder or one into a file; how many.

        Raises NotAllowed, NotFound, StoreUnavailable.
        """
        one = self.get(person, name)
        self._audit.note(person, "exported", "dataset", one.name)
        if split is None:
            self.write(one.name, out)
            return one.rows
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            _write(out, self.rows(person, name, split))
        except OSError as error:
            raise StoreUnavailable(f"{out} cannot be written: {error.strerror}.") from error
        return one.splits[split]

    def _each(
        self, dataset_id: int, split: Split | None, *, preference: bool = False
    ) -> Iterator[Example]:
        after = 0
        while True:
            with self._archive.main.reading() as session:
                page = datasets.lines(
                    session, dataset_id, split=split, preference=preference, after=after
                )
            if not page:
                return
            yield from map(_example, page)
            after = page[-1].number


def _require(session: "Session", person: Person) -> None:
    """Let pass who is a reviewer or an administrator now. Raises NotAllowed."""
    if not accounts.has_role(session, person.id, MAY):
        raise NotAllowed(ONLY)


def _there(session: "Session", part: Sequence[Line]) -> "list[Line]":
    """Those whose message or reply is still there: somebody may have been forgotten meanwhile."""
    said = [one.message_id for one in part if one.message_id is not None]
    sent = [one.reply_id for one in part if one.reply_id is not None]
    messages = dataset_sources.there(session, "messages", said) | {None}
    replies = dataset_sources.there(session, "replies", sent) | {None}
    return [one for one in part if one.message_id in messages and one.reply_id in replies]


def _one(session: "Session", name: str) -> datasets.Dataset:
    found = datasets.find(session, name)
    if found is None:
        raise NotFound(f"There is no dataset named {name:.80}. `chatbot dataset list` shows them.")
    return found


def _nothing(made: Heap) -> str:
    why = [f"{count:,} {reason}" for reason, count in made.removed.most_common(3)]
    if made.bad:
        first = made.bad[0]
        why.append(
            f"{made.bad_count:,} bad lines, the first {first.file}:{first.line}: {first.reason}"
        )
    return f"{NOTHING} Left out: {'; '.join(why)}." if why else NOTHING


def _seen(one: datasets.Dataset) -> Dataset:
    counts = one.card["counts"]
    return Dataset(
        id=one.public_id,
        name=one.name,
        sha=one.sha,
        first_sha=one.first_sha,
        changed=one.changed,
        rows=one.rows,
        preference=counts["preference"],
        splits={split: counts["split"].get(split, 0) for split in SPLITS},
        settings=one.settings,
        card=one.card,
        actor=one.actor,
        created_at=one.created_at,
    )


def _example(line: Line) -> Example:
    return Example(
        number=line.number,
        split=cast("Split", line.split),
        source=cast("Origin", line.source),
        talk=line.talk,
        messages=tuple(line.messages),
        reply=line.reply,
        rejected=line.rejected,
        prompt=line.prompt,
        version=line.version,
        label=line.label,
    )


def _write(path: Path, examples: Iterator[Example]) -> None:
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        part.chmod(0o600)
        for one in examples:
            file.write(json.dumps(one.line(), ensure_ascii=False) + "\n")
    part.replace(path)


def _say_nothing(_done: int, _of: int) -> None:
    pass
