"""Saving: versions, test cases, new prompts, prompts taken in from elsewhere, off and on the lists.

Of two authors who began from one version the second is told, with the first one's text; nothing of
either is lost. What is saved was read and compiled in the sandbox before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import prompts
from chatbot.authoring import views
from chatbot.authoring.access import require_author
from chatbot.authoring.reading import Reading
from chatbot.authoring.views import Saved
from chatbot.errors import Conflict, PromptInvalid, Refused, VersionConflict
from chatbot.prompt_files import prompt_errors
from prompts.cases import Suite, read_cases
from store import prompts as rows
from store import testing
from store.engine import Session
from store.records import Person

if TYPE_CHECKING:
    from prompts.lint import Problem

NOTE = 1_000
"""Longest note of a version or a release, in characters."""

Examples = Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Incoming:
    """A version to save, with the test cases to go with it; `tests` None leaves those there are.

    `parent` and `tests_parent`: what the author knows to be the newest.
    """

    prompt: str
    source: str
    partials: Mapping[str, str]
    examples: Examples | None
    parent: str | None
    tests: str | None = None
    tests_parent: str | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    """An incoming version that was read: what it is, and what to mend in it."""

    incoming: Incoming
    prompt: prompts.Prompt
    warnings: tuple["Problem", ...]
    suite: Suite | None


class Writing(Reading):
    """What authors save."""

    def save(
        self,
        person: Person,
        prompt: str,
        source: str,
        partials: Mapping[str, str],
        examples: Examples | None,
        *,
        parent: str | None,
        note: str,
    ) -> Saved:
        """Save a version. `parent`: the newest one that the author knows; None: a new prompt.

        Raises:
            PromptInvalid: the text has errors; all of them are in its `problems`.
            VersionConflict: somebody saved another version meanwhile. Name theirs as the parent to
                save yours as the next one.
            Refused: the text names another prompt, or the note is too long.
            NotAllowed, StoreUnavailable.
        """
        incoming = Incoming(prompt, source, partials, examples, parent)
        [saved] = self.save_all(person, [incoming], note=note)
        return saved

    def save_all(
        self, person: Person, incoming: Sequence[Incoming], *, note: str
    ) -> Sequence[Saved]:
        """Save several versions and their tests, or none. Raises as `save` and `save_tests`."""
        with self._archive.main.reading() as session:
            require_author(session, person)
        note = note_of(note)
        read = []
        for one in sorted(incoming, key=lambda one: one.prompt):
            try:
                read.append(self._read(one))
            except PromptInvalid as error:
                name = f"{one.prompt}: " if len(incoming) > 1 else ""
                raise PromptInvalid(f"{name}{error}", error.problems) from error
        with self._archive.main.writing() as session:
            require_author(session, person)
            return [self._keep(session, person, one, note) for one in read]

    def save_tests(self, person: Person, prompt: str, source: str, *, parent: str | None) -> str:
        """Save the test cases of a prompt; return their hash. `parent`: that of the ones known.

        Raises PromptInvalid (with the line), Conflict (somebody changed them meanwhile), NotFound,
        NotAllowed, StoreUnavailable.
        """
        with self._archive.main.reading() as session:
            require_author(session, person)
        with prompt_errors():
            suite = read_cases(source)
        with self._archive.main.writing() as session:
            require_author(session, person)
            rows.lock(session, prompt)
            self._keep_tests(session, person, prompt, source, suite, parent)
        return suite.sha

    def archive(self, person: Person, prompt: str, *, archived: bool) -> None:
        """Take a prompt off the lists, or put it back. Conversations that use it go on.

        Raises Refused (new conversations begin with it), NotFound, NotAllowed.
        """
        if archived and prompt == self.parts.default_prompt:
            raise Refused(
                f"New conversations begin with {prompt}. Name another with CHATBOT_PROMPT first."
            )
        with self._archive.main.writing() as session:
            require_author(session, person)
            rows.archive(session, prompt, archived=archived)
            action = "prompt_archived" if archived else "prompt_restored"
            self._note(session, person, action, prompt)

    def _read(self, incoming: Incoming) -> _Read:
        """Look at a version in the sandbox. Raises PromptInvalid, Refused (another's name)."""
        sandbox, name = self.parts.sandbox, incoming.prompt
        texts = (incoming.source, incoming.partials, incoming.examples)
        with prompt_errors():
            problems = sandbox.lint(*texts)
            errors = [one for one in problems if one.severity == "error"]
            if errors:
                raise PromptInvalid(_sentence(errors[0], len(errors)), problems)
            read = sandbox.parse(*texts)
            suite = None if incoming.tests is None else read_cases(incoming.tests)
        if read.name != name:
            raise Refused(
                f"The text names the prompt {read.name}, not {name}. Change the name in its first "
                "lines, or save it as a prompt of its own."
            )
        return _Read(incoming, read, tuple(problems), suite)

    def _keep(self, session: Session, person: Person, found: _Read, note: str) -> Saved:
        incoming, read = found.incoming, found.prompt
        newest = rows.begin(session, incoming.prompt, read.kind)
        if newest is not None and newest.sha not in (incoming.parent, read.sha):
            raise VersionConflict(newest)
        saved = rows.save_version(
            session,
            sha=read.sha,
            prompt=incoming.prompt,
            kind=read.kind,
            source=read.source,
            partials=dict(read.partials),
            examples=[each.stored for each in read.examples] or None,
            author=person.name,
            note=note,
            parent=None if newest is None else newest.sha,
        )
        new = newest is None or saved.seq > newest.seq
        if new:
            self._note(session, person, "prompt_saved", incoming.prompt, version=saved.seq)
        if found.suite is not None and incoming.tests is not None:
            self._keep_tests(
                session, person, incoming.prompt, incoming.tests, found.suite, incoming.tests_parent
            )
        last = saved if new or newest is None else newest
        return Saved(views.version(saved), new, last.sha, found.warnings)

    def _keep_tests(
        self,
        session: Session,
        person: Person,
        prompt: str,
        source: str,
        suite: Suite,
        parent: str | None,
    ) -> None:
        """Save test cases, unless they are those of now. Raises Conflict."""
        current = testing.current_tests(session, prompt)
        if current is not None and current.source == source:
            return
        if current is not None and current.sha not in (parent, suite.sha):
            raise Conflict(
                f"{current.author} changed these tests meanwhile. Nothing was overwritten: "
                "keep your text, load theirs, and put the two together."
            )
        testing.save_tests(
            session,
            prompt=prompt,
            sha=suite.sha,
            source=source,
            cases=len(suite.cases),
            author=person.name,
        )
        self._note(session, person, "tests_saved", prompt, cases=len(suite.cases))

    def _note(
        self, session: Session, person: Person, action: str, prompt: str, **detail: str | int
    ) -> None:
        self.parts.audit.note_in(session, person, action, "prompt", prompt, **detail)


def note_of(text: str) -> str:
    """A note as it is kept. Raises Refused."""
    text = text.strip()
    if len(text) > NOTE:
        raise Refused(f"The note has {len(text):,} characters; {NOTE:,} are allowed.")
    return text


def _sentence(first: "Problem", number: int) -> str:
    """What is wrong first, and that there is more."""
    place = f"{first.partial}, " if first.partial else ""
    more = f" ({number - 1} more)" if number > 1 else ""
    return (
        f"{place}line {first.line}, column {first.column}: {first.message} {first.hint}".rstrip()
        + more
    )
