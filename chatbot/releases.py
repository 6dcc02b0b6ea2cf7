"""Which prompt version serves: built-in prompts published, a version picked for a conversation.

Knows prompts and their rows; nothing of turns or models. Publishing by people, tests and gates come
on top of the same append-only releases.
"""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

import prompts
from chatbot.archive import Archive
from chatbot.chain import Renderer
from chatbot.errors import NotFound
from chatbot.prompt_files import prompt_errors
from prompts.cases import read_cases
from store import prompts as rows
from store import testing
from store.engine import Session
from store.records import PromptVersion, Release

log = logging.getLogger(__name__)

PRODUCTION = "production"
BUILT_IN = "built-in"
GRADER = "grader"
"""The prompt that `llm-rubric` asks: nobody's tool."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A prompt that a person may choose."""

    name: str
    title: str
    description: str
    kind: str


class Releases:
    """Prompt versions in use. Versions never change, so parsed ones are kept.

    `renderer` is what turns them into messages wherever somebody waits for an answer.
    """

    def __init__(self, archive: Archive, renderer: Renderer = prompts.render) -> None:
        self._archive = archive
        self.renderer = renderer
        self._parsed = lru_cache(maxsize=256)(self._parse)
        self._rows = lru_cache(maxsize=1024)(self._row)

    def publish_library(self) -> int:
        """Save the built-in prompts as versions and release those that nobody has taken over.

        A prompt that somebody released stays as it is, and so do test cases that somebody wrote.
        Returns how many releases were made: none when nothing changed since the last start.
        """
        library = prompts.library()
        with self._archive.main.writing() as session:
            made = sum(_publish(session, prompt) for prompt in library.values())
            for name in library:
                _save_tests(session, name, prompts.library_tests(name))
        return made

    def choices(self, kind: str = "chat") -> list[Choice]:
        """Published prompts of a kind, by name; those that can be read."""
        with self._archive.main.reading() as session:
            published = [
                (name, release) for name, of, release in rows.prompts(session) if of == kind
            ]
        made = [self._choice(name, kind, release) for name, release in published if release]
        return [choice for choice in made if choice is not None]

    def _choice(self, name: str, kind: str, release: Release) -> Choice | None:
        """What people choose; None where the text was written for another version of this."""
        try:
            prompt = self.prompt(heaviest(release.weights))
        except prompts.PromptError:
            log.warning("the prompt %s cannot be read; check it", name)
            return None
        return Choice(name, prompt.title or _title(name), prompt.description, kind)

    def current(self, prompt: str) -> Release:
        """The release of a prompt that serves production now. Raises NotFound, if archived too."""
        with self._archive.main.reading() as session:
            release = rows.current_release(session, prompt, PRODUCTION)
            gone = release is not None and rows.row(session, prompt).archived
        if release is None or gone:
            raise NotFound(f"No prompt named {prompt} is published.")
        return release

    def served(self, prompt: str) -> str:
        """The version (sha) that production serves most. Raises NotFound, as `current`."""
        return heaviest(self.current(prompt).weights)

    def prompt(self, version: str) -> prompts.Prompt:
        """The parsed prompt of a version (sha). Raises NotFound."""
        return self._parsed(version)

    def warm(self, release: Release) -> None:
        """Read the versions of a release, so that later use needs no database.

        Raises PromptInvalid for a text that was written for another version of this program.
        """
        with prompt_errors():
            for version in release.weights:
                self.prompt(version)

    def number(self, version: str) -> int:
        """Which version of its prompt it is, counted from 1. Raises NotFound."""
        return self._rows(version).seq

    def _row(self, version: str) -> PromptVersion:
        with self._archive.main.reading() as session:
            return rows.get_version(session, version)

    def _parse(self, version: str) -> prompts.Prompt:
        row = self._rows(version)
        return prompts.parse(row.source, row.partials, row.examples)


def heaviest(weights: Mapping[str, int]) -> str:
    """The version that serves most new conversations."""
    return max(weights, key=lambda sha: (weights[sha], sha))


def weighted(weights: dict[str, int], conversation: str) -> str:
    """The version that serves a conversation (public id): by weight, and always the same one."""
    total = sum(weights.values())
    digest = hashlib.sha256(conversation.encode()).digest()
    point = int.from_bytes(digest[:8], "big") % total
    for version, weight in sorted(weights.items()):
        if point < weight:
            return version
        point -= weight
    raise AssertionError("unreachable: the point lies under the sum of the weights")


def _publish(session: Session, prompt: prompts.Prompt) -> bool:
    current = rows.current_release(session, prompt.name, PRODUCTION)
    if current is not None and (current.actor != BUILT_IN or prompt.sha in current.weights):
        return False
    rows.save_version(
        session,
        sha=prompt.sha,
        prompt=prompt.name,
        kind=prompt.kind,
        source=prompt.source,
        partials=dict(prompt.partials),
        examples=[example.stored for example in prompt.examples] or None,
        author=BUILT_IN,
        note="Comes with the product",
        parent=None if current is None else heaviest(current.weights),
    )
    rows.publish(
        session,
        prompt=prompt.name,
        environment=PRODUCTION,
        weights={prompt.sha: 1},
        actor=BUILT_IN,
        reason="Comes with the product",
    )
    return True


def _save_tests(session: Session, prompt: str, source: str | None) -> None:
    """Keep the test cases that come with a prompt, unless somebody changed them."""
    if source is None:
        return
    current = testing.current_tests(session, prompt)
    if current is not None and (current.source == source or current.author != BUILT_IN):
        return
    suite = _shipped(source)
    testing.save_tests(
        session,
        prompt=prompt,
        sha=suite.sha,
        source=source,
        cases=len(suite.cases),
        author=BUILT_IN,
    )


_shipped = cache(read_cases)
"""The shipped cases, read once in a process however many databases it opens."""


def _title(name: str) -> str:
    return name.replace("-", " ").capitalize()
