"""What `prompts list`, `check` and `render` do: prompts of the database or of files, looked at.

Needs the database and the sandbox alone: no model, no chain, no wiring of the whole product, so
these commands start at once and work when the rest does not. Changes nothing.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import prompts
from chatbot import prompt_files
from chatbot.errors import NotFound
from chatbot.maintenance import exists, opened
from chatbot.prompt_files import prompt_errors
from chatbot.settings import Settings
from store import prompts as rows
from store.engine import Session
from store.records import PromptVersion, Release, VersionLine


@dataclass(frozen=True, slots=True)
class Live:
    """A version in an environment: its number and hash, and the share that it serves in percent."""

    seq: int
    sha: str
    percent: int


@dataclass(frozen=True, slots=True)
class PromptLine:
    """A prompt in a list. `version` is the hash of what production serves most, else the newest.

    `versions` counts them; 0 where no database is there and the prompt is the built-in one.
    """

    name: str
    kind: str
    description: str
    version: str
    inputs: Sequence[Mapping[str, Any]]
    versions: int = 0
    production: Sequence[Live] = ()
    staging: Sequence[Live] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """One thing to mend in a prompt. `line` and `column` count from 1."""

    severity: str
    message: str
    hint: str
    line: int
    column: int
    partial: str | None

    def in_words(self) -> str:
        """One line for people."""
        place = f"{self.partial}, " if self.partial else ""
        return f"{place}{self.line}:{self.column}: {self.severity}: {self.message} {self.hint}"


@dataclass(frozen=True, slots=True)
class PromptCheck:
    """What there is to mend in a prompt; the first error once more in fields of its own."""

    prompt: str
    ok: bool
    message: str = ""
    hint: str = ""
    line: int | None = None
    column: int | None = None
    problems: Sequence[Found] = ()


@dataclass(frozen=True, slots=True)
class Rendering:
    """A prompt's exact messages for some values."""

    prompt: str
    version: str
    messages: Sequence[Mapping[str, str]]


class Templates:
    """Prompts for commands that start at once: of the database where there is one, of files."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sandbox = prompt_files.sandbox_of(settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._sandbox.close()

    def list(self) -> Sequence[PromptLine]:
        """Every prompt that is not archived, by name; the built-in ones without a database.

        Raises StoreUnavailable, PromptInvalid when a built-in one cannot be read.
        """
        with prompt_errors(), self._rows() as session:
            if session is None:
                return [_line(prompt) for _, prompt in sorted(prompts.library().items())]
            return _stored_lines(session)

    def check(self, names: Sequence[str]) -> Sequence[PromptCheck]:
        """What is to be mended, by name or file; no names means every prompt.

        Raises NotFound for a name that is neither, Refused for a file that cannot be read.
        """
        return [self._check(name) for name in names or [line.name for line in self.list()]]

    def render(self, name: str, values: Mapping[str, Any]) -> Rendering:
        """The messages a prompt makes of `values`; texts stand for JSON where an input is no text.

        Raises NotFound, or PromptInvalid with a sentence that names the place or the input.
        """
        with prompt_errors():
            prompt = self._sandbox.parse(*self._texts(name))
            kinds = {item.name: item.kind for item in prompt.inputs}
            given = {key: _typed(kinds.get(key), value) for key, value in values.items()}
            return Rendering(prompt.name, prompt.sha, self._sandbox.render(prompt, given))

    def _check(self, name: str) -> PromptCheck:
        try:
            problems = self._sandbox.lint(*self._texts(name))
        except prompts.PromptError as error:
            line, column = error.line or 1, error.column or 1
            found = Found("error", error.message, error.hint, line, column, error.partial)
            return _checked(name, [found])
        return _checked(
            name,
            [
                Found(one.severity, one.message, one.hint, one.line, one.column, one.partial)
                for one in problems
                if not (one.code == "unused-partial" and Path(name).exists())  # others may use it
            ],
        )

    def _texts(
        self, name: str
    ) -> tuple[str, Mapping[str, str], Sequence[Mapping[str, str]] | None]:
        """Source, partials and examples: of the database by name, else of a file.

        Raises NotFound, Refused, PromptError.
        """
        with self._rows() as session:
            known = [row.name for row in rows.rows(session)] if session else []
            if session and name in known:
                row = rows.newest(session, name)
                return row.source, row.partials, row.examples
        built_in = prompts.library().get(name)
        if not known and built_in is not None:
            examples = [one.stored for one in built_in.examples]
            return built_in.source, built_in.partials, examples or None
        try:
            found = prompt_files.read(Path(name))
        except NotFound:
            raise NotFound(
                f"There is no prompt or file named {name}. `chatbot prompts list` lists prompts."
            ) from None
        return found.source, found.partials, found.stored()

    @contextmanager
    def _rows(self) -> Iterator[Session | None]:
        """The database, or None where none of this version is there yet."""
        with opened(self._settings) as database:
            if not exists(database) or not database.schema().ok:
                yield None
                return
            with database.reading() as session:
                yield session


def prompt_list(settings: Settings) -> Sequence[PromptLine]:
    """See `Templates.list`."""
    with Templates(settings) as templates:
        return templates.list()


def _stored_lines(session: Session) -> list[PromptLine]:
    newest, live = rows.newest_lines(session), rows.live(session)
    known = rows.lines(session, {sha for each in live.values() for sha in each.weights})
    lines = []
    for row in rows.rows(session):
        if row.archived or row.name not in newest:
            continue
        production = _live(live.get((row.name, "production")), known)
        staging = _live(live.get((row.name, "staging")), known)
        version = rows.get_version(
            session, production[0].sha if production else newest[row.name].sha
        )
        prompt = prompts.parse(version.source, version.partials, version.examples)
        line = replace(_line(prompt), versions=row.versions, production=production, staging=staging)
        lines.append(line)
    return lines


def _stored_line(version: PromptVersion) -> PromptLine:
    """A stored version in a list, also one that was written for another version of this."""
    try:
        return _line(prompts.parse(version.source, version.partials, version.examples))
    except prompts.PromptError:
        return PromptLine(version.prompt, version.kind, "", version.sha, [])


def _live(release: Release | None, known: Mapping[str, VersionLine]) -> tuple[Live, ...]:
    if release is None:
        return ()
    total = sum(release.weights.values())
    found = (
        Live(known[sha].seq, sha, round(100 * weight / total))
        for sha, weight in release.weights.items()
    )
    return tuple(sorted(found, key=lambda one: (-one.percent, one.seq)))


def _line(prompt: prompts.Prompt) -> PromptLine:
    return PromptLine(
        name=prompt.name,
        kind=prompt.kind,
        description=prompt.description,
        version=prompt.sha,
        inputs=[
            {"name": item.name, "kind": item.kind, "required": item.required}
            for item in prompt.inputs
        ],
    )


def _checked(name: str, problems: Sequence[Found]) -> PromptCheck:
    errors = [one for one in problems if one.severity == "error"]
    if not errors:
        return PromptCheck(name, ok=True, problems=problems)
    first = errors[0]
    return PromptCheck(name, False, first.message, first.hint, first.line, first.column, problems)


def _typed(kind: str | None, value: Any) -> Any:
    if not isinstance(value, str) or kind not in ("number", "boolean", "thread", "passages"):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value  # the renderer says which kind it wants instead
