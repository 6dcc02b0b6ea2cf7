"""Prompts in a folder under git, and the database: pulled and pushed, three ways.

    FOLDER/support/prompt.prompty  tests.yaml  examples.jsonl
    FOLDER/partials/*.j2           what several prompts include; where their texts differ, in theirs
    FOLDER/prompts.lock.json       what both sides had when they last agreed

What changed on one side only goes to the other. What changed on both stops everything, and names
the prompts; nothing is half done. The database keeps every version, the folder's history is git's,
so `force` loses nothing on the way in, and only uncommitted files on the way out.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import prompts
from chatbot import prompt_files
from chatbot.authoring import BAD_NAME, NAME, Authoring, Draft, Incoming
from chatbot.errors import Conflict, NotFound, PromptInvalid, Refused
from chatbot.prompt_files import EXAMPLES, PROMPT, TESTS, Files
from prompts.examples import taken, written
from store.records import Person

LOCK = "prompts.lock.json"
FORMAT = 1

Action = Literal["written", "saved", "same", "changed here", "changed there", "conflict"]
_EVEN = ("written", "saved", "same")
"""What leaves both sides the same."""


@dataclass(frozen=True, slots=True)
class Step:
    """What is done about a prompt. `version`: its number in the database, None where it is new."""

    prompt: str
    action: Action
    version: int | None


@dataclass(frozen=True, slots=True)
class Agreed:
    """What both sides had: the version, and hashes of its files and of the text of its tests.

    `partials` are those that the version includes.
    """

    version: str
    files: str
    tests: str
    partials: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _There:
    """A prompt in the database: its newest version, and the files that it comes to."""

    draft: Draft
    files: Files

    @property
    def agreed(self) -> Agreed:
        names = tuple(sorted(self.files.partials))
        files = _hash(self.files, names)
        return Agreed(self.draft.parent or "", files, _sha(self.files.tests or ""), names)


class ExchangeFolder:
    """Moves prompts between folders and the database."""

    def __init__(self, authoring: Authoring) -> None:
        self._authoring = authoring

    def pull(
        self,
        person: Person,
        folder: Path,
        names: Sequence[str] = (),
        *,
        force: bool = False,
        dry_run: bool = False,
    ) -> list[Step]:
        """Write what changed in the database into the folder. No names: every prompt.

        `force` writes over what changed on both sides; `dry_run` only tells.

        Raises Conflict (it names the prompts), NotFound, PromptInvalid, Refused (the folder cannot
        be used), NotAllowed; nothing was written.
        """
        agreed, there = _read_lock(folder), self._there(person, names)
        steps = [
            Step(
                name,
                _pulled(_here(folder, name), one, agreed.get(name), force=force),
                one.draft.versions,
            )
            for name, one in there.items()
        ]
        _stop(steps, "with pull writes over the files")
        if not dry_run:
            write = {step.prompt: there[step.prompt] for step in steps if step.action == "written"}
            known = {
                step.prompt: there[step.prompt].agreed for step in steps if step.action in _EVEN
            }
            _write(folder, _placed(folder, write), agreed | known)
        return steps

    def push(
        self,
        person: Person,
        folder: Path,
        names: Sequence[str] = (),
        *,
        note: str = "",
        force: bool = False,
        dry_run: bool = False,
    ) -> list[Step]:
        """Save what changed in the folder as versions. No names: every prompt in the folder.

        Nothing is published. `force` saves over what changed on both sides; theirs stays a version.

        Raises Conflict (it names the prompts), NotFound, PromptInvalid, Refused, NotAllowed;
        nothing was saved.
        """
        agreed, there = _read_lock(folder), self._there(person, ())
        steps, incoming = [], []
        for name in names or _folders(folder):
            here, one = _here(folder, name), there.get(name)
            if here is None:
                raise NotFound(f"There is no {folder / name / PROMPT}.")
            step = Step(
                name,
                _pushed(here, one, agreed.get(name), force=force),
                one.draft.versions if one else None,
            )
            steps.append(step)
            if step.action == "saved":
                incoming.append(_incoming(name, here, one))
        _stop(steps, "saves the files as the next versions; nothing in the database is lost")
        if dry_run:
            return steps
        if incoming:
            self._authoring.save_all(person, incoming, note=note)
        even = [step.prompt for step in steps if step.action in _EVEN]
        now = self._there(person, even) if even else {}
        _write(folder, {}, agreed | {name: one.agreed for name, one in now.items()})
        return [
            Step(step.prompt, step.action, now[step.prompt].draft.versions)
            if step.prompt in now
            else step
            for step in steps
        ]

    def _there(self, person: Person, names: Sequence[str]) -> dict[str, _There]:
        """These prompts in the database, or all that are not archived. Raises NotFound."""
        wanted = names or [one.name for one in self._authoring.list(person) if not one.archived]
        return {name: _of(self._authoring.open(person, name)) for name in wanted}


def _of(draft: Draft) -> _There:
    with prompt_files.prompt_errors():
        examples = written(taken(draft.examples)) if draft.examples else None
    return _There(draft, Files(draft.source, dict(draft.partials), examples, draft.tests))


def _here(folder: Path, name: str) -> Files | None:
    """A prompt in the folder, None where it is not there. Raises Refused, PromptInvalid."""
    if not NAME.fullmatch(name):
        raise Refused(BAD_NAME)
    if (folder / name).is_symlink():
        raise Refused(f"{folder / name} is a link. Put the folder itself there.")
    try:
        return prompt_files.read(folder / name / PROMPT)
    except NotFound:
        return None
    except prompts.PromptError as error:
        raise PromptInvalid(f"{name}: {error}") from error


def _folders(folder: Path) -> list[str]:
    """The names of the prompts in the folder. Raises NotFound."""
    if not folder.is_dir():
        raise NotFound(f"There is no folder {folder}.")
    names = (path.name for path in folder.iterdir() if (path / PROMPT).exists())
    return sorted(name for name in names if NAME.fullmatch(name))


# Which way ---------------------------------------------------------------------------------------


def _pulled(here: Files | None, there: _There, agreed: Agreed | None, *, force: bool) -> Action:
    if here is None:
        return "written"
    if _same(here, there):
        return "same" if here.tests is not None or there.files.tests is None else "written"
    if not _changed_here(here, agreed):
        return "written"
    if not _changed_there(there, agreed):
        return "changed here"
    return "written" if force else "conflict"


def _pushed(here: Files, there: _There | None, agreed: Agreed | None, *, force: bool) -> Action:
    if there is None:
        return "saved"
    if _same(here, there):
        return "same"
    if not _changed_here(here, agreed):
        return "changed there"
    return "saved" if force or not _changed_there(there, agreed) else "conflict"


def _same(here: Files, there: _There) -> bool:
    tests = here.tests in (None, there.files.tests)
    return tests and _hash(here, there.files.partials) == there.agreed.files


def _changed_here(here: Files, agreed: Agreed | None) -> bool:
    if agreed is None:
        return True
    tests = here.tests is not None and _sha(here.tests) != agreed.tests
    return tests or _hash(here, agreed.partials) != agreed.files


def _changed_there(there: _There, agreed: Agreed | None) -> bool:
    now = there.agreed
    return agreed is None or (now.version, now.tests) != (agreed.version, agreed.tests)


def _stop(steps: Sequence[Step], forced: str) -> None:
    """Raises Conflict where a prompt changed on both sides."""
    names = [step.prompt for step in steps if step.action == "conflict"]
    if names:
        raise Conflict(
            f"Changed here and in the database: {', '.join(names)}. Nothing was done. Put the two "
            f"together in the files and push them with --force. (--force {forced}.)"
        )


def _incoming(name: str, here: Files, there: _There | None) -> Incoming:
    draft = there.draft if there else None
    try:
        examples = here.stored()
    except prompts.PromptError as error:
        raise PromptInvalid(f"{name}: {error}") from error
    return Incoming(
        name,
        here.source,
        here.partials,
        examples,
        parent=draft.parent if draft else None,
        tests=here.tests,
        tests_parent=draft.tests_sha if draft else None,
    )


def _hash(files: Files, partials: Iterable[str]) -> str:
    """Of all that makes a version, with these of the partials."""
    used = {name: files.partials.get(name) for name in sorted(partials)}
    return _sha(json.dumps([files.source, used, files.examples], ensure_ascii=False))


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# Files -------------------------------------------------------------------------------------------


def _placed(folder: Path, write: Mapping[str, _There]) -> dict[Path, str | None]:
    """The text of each file to write; None: it is to go.

    A partial lies where all share it, unless a prompt that is not written here includes it with
    another text: then it lies with the prompt.
    """
    texts: dict[Path, str | None] = {}
    for name, one in write.items():
        texts[folder / name / PROMPT] = one.files.source
        texts[folder / name / EXAMPLES] = one.files.examples
        if one.files.tests is not None:
            texts[folder / name / TESTS] = one.files.tests
    shared = _shared(folder, write)
    for name, one in write.items():
        for partial, text in one.files.partials.items():
            own = folder / name / partial
            texts[own] = None if shared[partial] == text else text
    used = {partial for one in write.values() for partial in one.files.partials}
    return texts | {folder / partial: shared[partial] for partial in used}


def _shared(folder: Path, write: Mapping[str, _There]) -> dict[str, str]:
    """The text that each partial has in the folder of all."""
    others = (
        [_here(folder, name) for name in _folders(folder) if name not in write]
        if (folder.is_dir())
        else []
    )
    found = {}
    for partial in {partial for one in write.values() for partial in one.files.partials}:
        present = prompt_files.optional(folder / partial)
        if present is not None and any(here and _includes(here, partial) for here in others):
            found[partial] = present
            continue
        wanted = Counter(
            one.files.partials[partial] for one in write.values() if partial in one.files.partials
        )
        found[partial] = wanted.most_common(1)[0][0]
    return found


def _includes(here: Files, partial: str) -> bool:
    return any(partial in text for text in (here.source, *here.partials.values()))


def _write(folder: Path, texts: Mapping[Path, str | None], agreed: Mapping[str, Agreed]) -> None:
    """Put all files in their places, the lock last. Raises Refused; then nothing was written."""
    known = {name: asdict(agreed[name]) for name in sorted(agreed)}
    lock = json.dumps({"format": FORMAT, "prompts": known}, indent=2, ensure_ascii=False)
    wanted = {**texts, folder / LOCK: lock + "\n"}
    parts: dict[Path, Path] = {}
    try:
        for path, text in wanted.items():
            _refuse_links(folder, path)
            if text is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                parts[path] = path.with_name(path.name + ".part")
                parts[path].write_text(text, "utf-8", newline="\n")
        for path in wanted:
            if path in parts:
                parts[path].replace(path)
            else:
                path.unlink(missing_ok=True)
    except OSError as error:
        raise Refused(f"{error.filename} cannot be written: {error.strerror}.") from None
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def _refuse_links(folder: Path, path: Path) -> None:
    for one in (path, *path.parents):
        if one == folder:
            return
        if one.is_symlink():
            raise Refused(f"{one} is a link. Put the file itself there.")


def _read_lock(folder: Path) -> dict[str, Agreed]:
    """What both sides had, by prompt; nothing where the folder is new. Raises Refused."""
    file = folder / LOCK
    try:
        text = prompt_files.optional(file)
        found: Any = {"format": FORMAT, "prompts": {}} if text is None else json.loads(text)
        known: Any = found["prompts"] if found["format"] == FORMAT else None
        return {
            name: Agreed(**{**one, "partials": tuple(one["partials"])})
            for name, one in known.items()
        }
    except (ValueError, TypeError, KeyError, AttributeError, prompts.PromptError):
        raise Refused(
            f"{file} cannot be read. Take it as one side of git has it, or remove it: then every "
            "difference counts as a conflict."
        ) from None
