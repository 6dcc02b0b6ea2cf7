"""Files of what a filter leaves of the queue, written as they are read: any number of items."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from chatbot.audit import require_admin
from chatbot.errors import Refused
from chatbot.review import shapes
from chatbot.review.examples import Example, example
from chatbot.review.judging import Judging
from chatbot.review.lists import EVERY, page_of
from chatbot.review.parts import require
from chatbot.review.views import SHAPES, Filters, Shape, State, Which
from store import review_subjects, review_verdicts
from store.engine import Session
from store.errors import NotFound as NotStored
from store.records import Person

PAGE = 100
"""Items that are read at a time."""
HISTORY = 20
"""Messages before an answer that are exported with it."""


class Exporting(Judging):
    """Writes files."""

    def export(
        self,
        person: Person,
        filters: Filters,
        shape: Shape,
        out: Path | BinaryIO,
        *,
        masked: bool = True,
        which: Which | None = None,
        text: str = "",
    ) -> int:
        """Write the items that the filters fit, newest first; how many rows the file has.

        `which`: open or judged ones, None for both; `text`: words as in the queue. `out`: a new
        file, which appears when it is whole, or a stream. It is in the audit. Only an administrator
        who is a reviewer gets texts with their real values (`masked` False).

        Raises:
            Refused: no such shape, a library is missing, or the file cannot be written.
            NotAllowed: also when the role is taken away meanwhile.
            StoreUnavailable.
        """
        if shape not in SHAPES:
            raise Refused(f"There is no shape {shape!r}. Choose one of: {', '.join(SHAPES)}.")
        shapes.ready(shape)
        self._parts.key.ready(person)
        with self._archive.main.writing() as session:
            self._admit(session, person, masked=masked)
            self._parts.audit.note_in(
                session, person, "review_exported", "review", "", shape=shape, masked=masked
            )
        states = EVERY if which is None else (which,)
        examples = self._examples(person, filters, states, text, masked=masked)
        if not isinstance(out, Path):
            return shapes.write(examples, shape, out)
        with _appearing(out) as file:
            return shapes.write(examples, shape, file)

    def _examples(
        self, person: Person, filters: Filters, states: Sequence[State], text: str, *, masked: bool
    ) -> Iterator[Example]:
        below: int | None = None
        while True:
            with self._archive.main.reading() as session:
                self._admit(session, person, masked=masked)
                page = page_of(session, filters, states, text, below, PAGE)
                ids = [each.id for each in page.items]
                verdicts = review_verdicts.of_items(session, ids)
                found = []
                for item in page.items:
                    try:
                        about = review_subjects.subject(session, item, limit=HISTORY)
                    except NotStored:
                        continue  # removed meanwhile
                    found.append((item, about, verdicts.get(item.id, [])))
            for item, about, said in found:
                yield example(self._parts, item, about, said, masked=masked)
            if page.last is None:
                return
            below = page.last

    def _admit(self, session: Session, person: Person, *, masked: bool) -> None:
        require(session, person)
        if not masked:
            require_admin(session, person)


@contextmanager
def _appearing(path: Path) -> Iterator[BinaryIO]:
    """A file that only this user may read, and that appears when it is whole."""
    if path.exists():
        raise Refused(f"{path.name} is there already. Choose another name.")
    part = path.with_name(f"{path.name}.part")
    try:
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)
        with part.open("wb") as file:
            yield file
        part.replace(path)
    except OSError as error:
        raise Refused(f"The file cannot be written to {path}: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)
