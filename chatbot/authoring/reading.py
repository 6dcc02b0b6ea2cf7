"""The lists: prompts, versions, releases; and a version opened to be changed. Changes nothing."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import prompts
from chatbot.authoring import views
from chatbot.authoring.access import Parts, require_author
from chatbot.authoring.views import Draft, HistoryPage, PromptLine, ReleasePage, TestsState
from store import arms, testing
from store import prompts as rows
from store.engine import Session
from store.records import Person, PromptTests, PromptVersion, Release

DAYS = 30
"""How far back the list counts turns and thumbs."""
PAGE = 50


class Reading:
    """What authors look at."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._archive = parts.archive

    def list(self, person: Person) -> Sequence[PromptLine]:
        """Every prompt by name, archived ones too. Raises NotAllowed, StoreUnavailable."""
        with self._archive.main.reading() as session:
            require_author(session, person)
            return self._lines(session)

    def open(self, person: Person, prompt: str, version: str | None = None) -> Draft:
        """A version to change: its number, its hash or the beginning of that; None: the newest.

        Raises NotFound, NotAllowed.
        """
        with self._archive.main.reading() as session:
            require_author(session, person)
            row = rows.row(session, prompt)
            newest = rows.newest(session, prompt)
            found = newest if version is None else rows.version_of(session, prompt, version)
            live = _live(session, prompt)
            tests = testing.current_tests(session, prompt)
        return Draft(
            prompt=prompt,
            kind=found.kind,
            source=found.source,
            partials=found.partials,
            examples=found.examples,
            tests=tests.source if tests else None,
            tests_sha=tests.sha if tests else None,
            version=views.version(found, live),
            parent=newest.sha,
            versions=row.versions,
            cases=tests.cases if tests else 0,
            archived=row.archived,
        )

    def history(
        self, person: Person, prompt: str, *, before: int | None = None, limit: int = PAGE
    ) -> HistoryPage:
        """Versions, newest first. `before`: what the last page said. Raises NotFound, NotAllowed.

        It reads one page of rows, however many versions there are.
        """
        with self._archive.main.reading() as session:
            require_author(session, person)
            total = rows.row(session, prompt).versions
            found = rows.history(session, prompt, before=before, limit=limit)
            live = _live(session, prompt)
        last = found[-1].seq if found else 1
        return HistoryPage(
            tuple(views.version(one, live) for one in found), total, last if last > 1 else None
        )

    def releases(
        self, person: Person, prompt: str, *, before: int | None = None, limit: int = PAGE
    ) -> ReleasePage:
        """Releases, newest first. `before`: what the last page said.

        Raises NotFound, NotAllowed.
        """
        with self._archive.main.reading() as session:
            require_author(session, person)
            rows.row(session, prompt)
            found = rows.releases(session, prompt, before=before, limit=limit + 1)
            known = rows.lines(session, {sha for each in found for sha in each.weights})
            live = _live(session, prompt)
        page = found[:limit]
        return ReleasePage(
            tuple(views.release_line(each, known, live) for each in page),
            page[-1].id if len(found) > limit else None,
        )

    def version(self, person: Person, prompt: str, version: str) -> PromptVersion:
        """A version with its texts, by number, hash or its beginning.

        Raises NotFound, NotAllowed.
        """
        with self._archive.main.reading() as session:
            require_author(session, person)
            return rows.version_of(session, prompt, version)

    def _lines(self, session: Session) -> Sequence[PromptLine]:
        found, newest = rows.rows(session), rows.newest_lines(session)
        live = rows.live(session)
        known = rows.lines(session, {sha for each in live.values() for sha in each.weights})
        suites = testing.tests_states(session)
        ran = testing.newest_outcomes(session, _served(live))
        used = arms.usage(session, datetime.now(UTC) - timedelta(days=DAYS))
        lines = []
        for row in found:
            if row.name not in newest:
                continue
            last, usage = newest[row.name], used.get(row.name, arms.NOTHING)
            production = live.get((row.name, "production"))
            lines.append(
                PromptLine(
                    name=row.name,
                    kind=row.kind,
                    description=self._description(last.sha),
                    versions=row.versions,
                    newest=last.sha,
                    production=views.shares(production, known),
                    staging=views.shares(live.get((row.name, "staging")), known),
                    tests=_state(suites.get(row.name), production, ran),
                    thumbs_up=usage.up,
                    thumbs_down=usage.down,
                    turns=usage.turns,
                    changed_at=last.created_at,
                    changed_by=last.author,
                    archived=row.archived,
                )
            )
        return lines

    def _description(self, sha: str) -> str:
        try:
            return self.parts.releases.prompt(sha).description
        except prompts.PromptError:  # written for another version of the language
            return ""


def _live(session: Session, prompt: str) -> list[Release]:
    found = (rows.current_release(session, prompt, each) for each in rows.ENVIRONMENTS)
    return [release for release in found if release is not None]


def _served(live: Mapping[tuple[str, str], Release]) -> set[str]:
    return {
        sha
        for (_, environment), release in live.items()
        if environment == "production"
        for sha in release.weights
    }


def _state(
    tests: PromptTests | None, release: Release | None, ran: Iterable[testing.Outcome]
) -> TestsState:
    """The worst of the versions that production serves: one that did not run, else one failed."""
    if tests is None:
        return TestsState("none")
    versions = set(release.weights) if release else set()
    outcomes = [one for one in ran if one.version in versions and one.tests_sha == tests.sha]
    if not versions or {one.version for one in outcomes} != versions:
        return TestsState("not run", tests.cases)
    worst = min(outcomes, key=lambda one: one.passed / one.total)
    return TestsState(
        "passed" if worst.passed == worst.total else "failed",
        tests.cases,
        worst.passed,
        worst.total,
        worst.run,
        worst.at,
    )
