"""Two models or prompt versions side by side on live questions, and votes.

    make   ─▶ two sides: a model and a prompt version each
    ask    ─▶ the question is kept, the order of the answers drawn where the comparison is blind
    answer ─▶ one of the two answers, streamed; its end is kept
    vote   ─▶ which was better; only now a blind comparison tells which is which

Win rates are shares of the decided votes with Wilson's interval (chatbot/tally.py); ties and "both
bad" are counted beside them. The counts are everybody's, a question and its answers are only the
person's who asked. Knows no page.
"""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import asdict

from chatbot.answering import values_of
from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.backends.cancel import CancelToken
from chatbot.backends.registry import Registry
from chatbot.comparing.views import (
    PLACES,
    Asked,
    Choice,
    Line,
    Place,
    Prompt,
    Side,
    Standing,
    Voted,
    answer_of,
    sides_of,
    standing_of,
    title_of,
    vote_of,
    voted_of,
    which_of,
)
from chatbot.errors import Conflict, EmptyText, NotAllowed, Refused, TextTooLong
from chatbot.knowledge import Knowledge
from chatbot.releases import Releases
from chatbot.settings import Settings
from chatbot.sourcing import Json, Sourcing, as_values
from chatbot.tally import Rate
from chatbot.workbench import Told, Workbench
from store import comparisons
from store import prompts as versions
from store.comparisons import Side as Which
from store.engine import Session
from store.records import Person

ROLES = ("author", "reviewer", "admin")
MOST = 100
"""Comparisons that the list holds."""
MINE = 50
"""Questions of one's own that a comparison shows."""
VERSIONS = 30
"""Versions of a prompt to choose from."""

SAME = "Both sides are the same. Choose another model, prompt or version for one of them."
WAITS = "Both answers have to be there before you can vote. Wait for them, or ask again."


class Comparing:
    """Comparisons for authors, reviewers and administrators; safe to share."""

    def __init__(
        self,
        archive: Archive,
        audit: Audit,
        registry: Registry,
        releases: Releases,
        knowledge: Knowledge,
        workbench: Workbench,
        settings: Settings,
    ) -> None:
        self._archive = archive
        self._audit = audit
        self._registry = registry
        self._releases = releases
        self._sourcing = Sourcing(knowledge)
        self._workbench = workbench
        self._workspace = settings.workspace
        self._message_limit = settings.message_limit

    # Comparisons ---------------------------------------------------------------------------------

    def prompts(self, person: Person) -> list[Prompt]:
        """The published prompts that talk, with their versions. Raises NotAllowed."""
        _admit(person)
        found = []
        for one in self._releases.choices("chat"):
            live = self._releases.served(one.name)
            with self._archive.main.reading() as session:
                lines = versions.history(session, one.name, limit=VERSIONS)
            found.append(Prompt(one.name, one.title, live, tuple(lines)))
        return found

    def make(
        self,
        person: Person,
        left: tuple[str, str, str],
        right: tuple[str, str, str],
        *,
        blind: bool,
    ) -> Standing:
        """A new comparison of two sides: model, prompt, and version (sha, a number, or empty).

        An empty version is the one in production, an empty model the default.

        Raises NotAllowed, UnknownModel, NotFound (no such prompt), Refused (both are the same).
        """
        _admit(person)
        sides = self._side(*left), self._side(*right)
        if sides[0] == sides[1]:
            raise Refused(SAME)
        with self._archive.main.writing() as session:
            made = comparisons.make(
                session,
                title=title_of(*sides),
                left=asdict(sides[0]),
                right=asdict(sides[1]),
                blind=blind,
                actor=person.name,
                user_id=person.id,
            )
            self._audit.note_in(
                session, person, "comparison_made", "comparison", made.public_id, blind=blind
            )
        return standing_of(made, {})

    def standings(self, person: Person) -> list[Standing]:
        """The newest comparisons and how they stand, newest first. Raises NotAllowed."""
        _admit(person)
        with self._archive.main.reading() as session:
            return self._standings(session)

    def get(self, person: Person, comparison: str) -> Standing:
        """How a comparison (public id) stands. Raises NotAllowed, NotFound."""
        _admit(person)
        with self._archive.main.reading() as session:
            found = comparisons.get(session, comparison)
            counted = comparisons.counts(session, [found.id])
        return standing_of(found, counted.get(found.id, {}))

    def remove(self, person: Person, comparison: str) -> None:
        """Remove a comparison with its questions and votes: an administrator, or who made it.

        Raises NotAllowed, NotFound.
        """
        _admit(person)
        with self._archive.main.writing() as session:
            found = comparisons.get(session, comparison)
            if "admin" not in person.roles and found.user_id != person.id:
                raise NotAllowed("Only who made a comparison, or an administrator, removes it.")
            comparisons.remove(session, found.id)
            self._audit.note_in(
                session, person, "comparison_removed", "comparison", found.public_id
            )

    def table(self, person: Person) -> list[Line]:
        """Every side over the newest comparisons, the most decided votes first."""
        _admit(person)
        with self._archive.main.reading() as session:
            found = self._standings(session)
        sums: dict[Side, list[int]] = {}
        for one in found:
            won, decided = one.left_wins.hits, one.left_wins.count
            for side, hits in ((one.left, won), (one.right, decided - won)):
                add = (hits, decided, one.ties, one.both_bad)
                sums[side] = [a + b for a, b in zip(sums.get(side, [0] * 4), add, strict=True)]
        lines = [
            Line(side, Rate(hits, count), ties, bad)
            for side, (hits, count, ties, bad) in sums.items()
        ]
        return sorted(lines, key=lambda one: (-one.wins.count, -one.wins.share, one.side.label))

    def _standings(self, session: Session) -> list[Standing]:
        found = comparisons.newest(session, limit=MOST)
        counted = comparisons.counts(session, [one.id for one in found])
        return [standing_of(one, counted.get(one.id, {})) for one in found]

    def side(self, person: Person, model: str, prompt: str, version: str) -> Side:
        """A side by its names, as for `make`. Raises what that raises."""
        _admit(person)
        return self._side(model, prompt, version)

    def _side(self, model: str, prompt: str, version: str) -> Side:
        label = self._registry.resolve(model or None).label
        if not version:
            version = self._releases.served(prompt)
        with self._archive.main.reading() as session:
            found = versions.version_of(session, prompt, version)
        if found.kind != "chat":
            raise Refused(f"{prompt} takes no question. Choose a prompt that talks.")
        return Side(label, found.prompt, found.sha, found.seq)

    # Questions -----------------------------------------------------------------------------------

    def ask(self, person: Person, comparison: str, question: str) -> Asked:
        """Keep a question for both sides; `answer` then gives the answer of each.

        Raises NotAllowed, NotFound, EmptyText, TextTooLong, UnstorableText.
        """
        _admit(person)
        text = question.strip()
        if not text:
            raise EmptyText
        if len(text) > self._message_limit:
            raise TextTooLong
        with self._archive.main.writing() as session:
            found = comparisons.get(session, comparison)
            swapped = found.blind and secrets.randbelow(2) == 1
            row = comparisons.ask(session, found.id, person.id, question=text, swapped=swapped)
        sides = sides_of(found, row)
        hosts = {self._registry.host(one.model) for one in sides} - {""}
        return Asked(row.public_id, text, None if found.blind else sides, tuple(sorted(hosts)))

    async def answer(
        self, person: Person, asked: str, place: Place, cancel: CancelToken
    ) -> AsyncGenerator[Told, None]:
        """Stream one of the two answers to a question (public id), then its figures.

        A blind comparison's figures name no model. Raises what `Workbench.run` raises, NotAllowed,
        NotFound, Conflict where this answer is there.
        """
        found, row, side = await asyncio.to_thread(self.waiting, person, asked, place)
        prompt = await asyncio.to_thread(self._releases.prompt, side.version)
        sourced = await asyncio.to_thread(self._sourcing.find, person, prompt, row.question, ())
        values = values_of(prompt, row.question, self._workspace) | sourced.values(prompt)
        pieces = self._workbench.run(person, prompt, values, side.model, cancel)
        text = ""
        async with aclosing(pieces):
            async for one in pieces:
                text += one.text
                if one.ended is None:
                    yield one
                    continue
                which: Which = which_of(row, place)
                seconds = float(one.ended["total_s"])
                await asyncio.to_thread(self._keep, row.id, which, text, seconds)
                yield Told("", {"status": one.ended["status"]} if found.blind else one.ended)

    async def again(
        self,
        person: Person,
        side: Side,
        question: str,
        history: Sequence[Mapping[str, str]],
        passages: Sequence[Json],
        cancel: CancelToken,
    ) -> AsyncGenerator[Told, None]:
        """Answer a question of a stored turn once more, after the messages before it.

        `passages`: those that the turn had, as its trace keeps them. Nothing is stored. Raises what
        `Workbench.run` raises, NotAllowed.
        """
        _admit(person)
        prompt = await asyncio.to_thread(self._releases.prompt, side.version)
        values = values_of(prompt, question, self._workspace) | as_values(prompt, passages)
        if prompt.thread_input is not None:
            values[prompt.thread_input.name] = [dict(one) for one in history]
        async with aclosing(
            self._workbench.run(person, prompt, values, side.model, cancel)
        ) as pieces:
            async for one in pieces:
                yield one

    def waiting(
        self, person: Person, asked: str, place: Place
    ) -> tuple[comparisons.Comparison, comparisons.Asked, Side]:
        """A question that waits for this answer, and who gives it.

        Raises NotAllowed, NotFound, Conflict where the answer is there.
        """
        _admit(person)
        with self._archive.main.reading() as session:
            found, row = comparisons.asked(session, asked, person.id)
        if answer_of(row, which_of(row, place))[1] is not None:
            raise Conflict("This answer is there already. Reload the page to see it.")
        return found, row, sides_of(found, row)[PLACES.index(place)]

    def _keep(self, asked: int, which: Which, text: str, seconds: float) -> None:
        with self._archive.main.writing() as session:
            comparisons.answered(session, asked, which, text, seconds)

    def vote(self, person: Person, asked: str, choice: Choice) -> Voted:
        """Say which answer to one's question (public id) was better; tells which is which.

        Raises NotAllowed, NotFound, Refused (an answer is missing), Conflict (voted before).
        """
        _admit(person)
        with self._archive.main.writing() as session:
            found, row = comparisons.asked(session, asked, person.id)
            if row.left_s is None or row.right_s is None:
                raise Refused(WAITS)
            comparisons.vote(session, row.id, vote_of(row, choice))
            found, row = comparisons.asked(session, asked, person.id)
        return voted_of(found, row)

    def mine(self, person: Person, comparison: str) -> list[Voted]:
        """One's own questions of a comparison (public id) that have a vote, newest first.

        Raises NotAllowed, NotFound.
        """
        _admit(person)
        with self._archive.main.reading() as session:
            found = comparisons.get(session, comparison)
            rows = comparisons.of_person(session, found.id, person.id, limit=MINE)
        return [voted_of(found, row) for row in rows]


def _admit(person: Person) -> None:
    if not set(ROLES) & set(person.roles):
        raise NotAllowed
