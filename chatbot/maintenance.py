"""What the `db` and `prompts` commands do: the database kept in order, templates looked at.

Needs the database or the templates alone: no model, no chain, no wiring of the whole product, so
these commands start at once and work when the rest does not.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import prompts
from chatbot.archive import told
from chatbot.errors import NotFound, PromptInvalid, StoreUnavailable
from chatbot.settings import Settings
from store import accounts
from store import backup as copies
from store import errors as store_errors
from store.engine import Database


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """A database and whether this version can use it. `where` holds no password.

    `reason` says why it keeps its journal so; `problem` what to do, empty when there is none.
    """

    where: str
    exists: bool
    ok: bool
    current: str | None
    head: str
    library: str
    journal: str
    reason: str
    problem: str

    def in_words(self) -> str:
        """One line for people."""
        schema = f"schema {self.current or 'none'}"
        return f"{schema}, {self.library}, journal {self.journal}" if self.exists else "not there"


def check_database(settings: Settings) -> DatabaseState:
    """Look at the database; makes and changes nothing. Raises StoreUnavailable."""
    with _database(settings) as database:
        return _state(database)


def administrators(settings: Settings) -> int | None:
    """How many administrators can log in; None where no database of this version is there.

    Raises StoreUnavailable.
    """
    with _database(settings) as database:
        if not _exists(database) or not database.schema().ok:
            return None
        with database.reading() as session:
            return len(accounts.administrators(session))


def upgrade(settings: Settings) -> DatabaseState:
    """Make the database or bring its tables to this version; other processes wait.

    Raises StoreUnavailable, SchemaMismatch.
    """
    settings.home_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _database(settings) as database:
        database.upgrade()
        return _state(database)


def backup(settings: Settings, file: Path) -> int:
    """Write a consistent copy, also while others write. Returns its size in bytes.

    Raises:
        ChatbotError: the file is there already or cannot be written.
        StoreUnavailable, SchemaMismatch: there is no database to copy, or it does not answer.
    """
    with _database(settings) as database:
        copies.backup(database, file)
    return file.stat().st_size


def restore(settings: Settings, file: Path) -> DatabaseState:
    """Fill an empty database from a backup of either kind, and bring it to this version.

    Raises:
        ChatbotError: the database is not empty, or the file is no whole backup.
        StoreUnavailable, SchemaMismatch: the database does not answer; the backup is too new.
    """
    settings.home_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with told():
        copies.restore(settings.database, file)
    return check_database(settings)


@contextmanager
def _database(settings: Settings) -> Iterator[Database]:
    with told():
        database = Database(settings.database)
        folder = database.path.parent if database.path else settings.home_folder
        if folder != settings.home_folder and not folder.is_dir():
            raise StoreUnavailable(f"There is no folder {folder} for the database. Make it first.")
        try:
            yield database
        finally:
            database.close()


def _exists(database: Database) -> bool:
    return database.path is None or database.path.exists()


def _state(database: Database) -> DatabaseState:
    exists = _exists(database)
    schema = database.schema()
    facts = database.facts() if exists else None
    problem = ""
    try:
        database.require_schema()
    except store_errors.SchemaMismatch as error:
        problem = str(error) if exists else "There is no database yet. Run `chatbot db upgrade`."
    return DatabaseState(
        where=database.url.render_as_string(hide_password=True),
        exists=exists,
        ok=schema.ok,
        current=schema.current,
        head=schema.head,
        library=f"{facts.dialect} {facts.library}" if facts else "",
        journal=facts.journal if facts else "",
        reason=facts.reason if facts else "",
        problem=problem,
    )


@dataclass(frozen=True, slots=True)
class PromptLine:
    """A prompt in a list. `version` is the hash of everything it is made of."""

    name: str
    kind: str
    description: str
    version: str
    inputs: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class PromptCheck:
    """The result of reading one prompt. `line` and `column` count from 1."""

    prompt: str
    ok: bool
    message: str = ""
    hint: str = ""
    line: int | None = None
    column: int | None = None

    def in_words(self) -> str:
        """One line for people."""
        if self.ok:
            return "in order"
        place = f"{self.line}:{self.column}: " if self.line else ""
        return f"{place}{self.message} {self.hint}".rstrip()


@dataclass(frozen=True, slots=True)
class Rendering:
    """A prompt's exact messages for some values."""

    prompt: str
    version: str
    messages: Sequence[Mapping[str, str]]


def prompt_list() -> list[PromptLine]:
    """The built-in prompts, by name. Raises PromptInvalid when one of them cannot be read."""
    with _prompt_errors():
        library = prompts.library()
    return [
        PromptLine(
            name=prompt.name,
            kind=prompt.kind,
            description=prompt.description,
            version=prompt.sha,
            inputs=[
                {"name": item.name, "kind": item.kind, "required": item.required}
                for item in prompt.inputs
            ],
        )
        for _, prompt in sorted(library.items())
    ]


def prompt_check(names: Sequence[str]) -> list[PromptCheck]:
    """Read prompts, by name or file, and say what is wrong; no names means all built-in ones.

    Raises NotFound for a name that is neither.
    """
    return [_check(name) for name in names or prompts.library_names()]


def _check(name: str) -> PromptCheck:
    try:
        _read(name)
    except prompts.PromptError as error:
        return PromptCheck(
            name,
            ok=False,
            message=error.message,
            hint=error.hint or "",
            line=error.line,
            column=error.column,
        )
    return PromptCheck(name, ok=True)


def prompt_render(name: str, values: Mapping[str, Any]) -> Rendering:
    """The messages a prompt makes of `values`; texts stand for JSON where an input is no text.

    Raises NotFound, or PromptInvalid with a sentence that names the place or the input.
    """
    with _prompt_errors():
        prompt = _read(name)
        kinds = {item.name: item.kind for item in prompt.inputs}
        given = {key: _typed(kinds.get(key), value) for key, value in values.items()}
        messages = prompts.render(prompt, given)
    return Rendering(prompt.name, prompt.sha, messages)


def _typed(kind: str | None, value: Any) -> Any:
    if not isinstance(value, str) or kind not in ("number", "boolean", "thread", "passages"):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value  # the renderer says which kind it wants instead


def _read(name: str) -> prompts.Prompt:
    """A built-in prompt by name, else a file with the partials beside it, else the built-in ones.

    Raises PromptError, NotFound.
    """
    built_in = prompts.library()
    if name in built_in:
        return built_in[name]
    file = Path(name)
    try:
        source = file.read_bytes()
    except OSError:
        known = ", ".join(built_in)
        raise NotFound(f"There is no prompt or file named {name}. Built in are: {known}.") from None
    partials = {key: text for one in built_in.values() for key, text in one.partials.items()}
    for folder in (file.parent.parent / "partials", file.parent / "partials"):
        partials |= {f"partials/{path.name}": _partial(path) for path in folder.glob("*.j2")}
    return prompts.parse(source, partials)


def _partial(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        raise prompts.PromptError(
            "This is not UTF-8 text.", hint="Save the file as UTF-8.", partial=str(path)
        ) from None


@contextmanager
def _prompt_errors() -> Iterator[None]:
    try:
        yield
    except prompts.PromptError as error:
        raise PromptInvalid(str(error)) from error
