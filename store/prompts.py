"""Prompt versions and releases. Both are only ever added; a rollback is a release too.

Knows nothing of the template language: a version is a text with a name and a hash.
"""

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import and_, func, select, union_all, update
from sqlalchemy.orm import Session

from store import models
from store.errors import Conflict, NotFound
from store.models import PromptVersion as VersionRow
from store.models import Release as ReleaseRow
from store.records import PromptRow, PromptVersion, Release, VersionLine
from store.rows import columns_of, insert_missing

_VERSION = columns_of(VersionRow, PromptVersion)
_LINE = columns_of(VersionRow, VersionLine)
_RELEASE = columns_of(ReleaseRow, Release)
_NUMBER = re.compile("[0-9]{1,5}")
_WHOLE = 64
_HASH = re.compile(f"[0-9a-f]{{6,{_WHOLE}}}")
"""What names a version of a prompt: its number, its hash or the beginning of that."""
_PROMPT = columns_of(models.Prompt, PromptRow)

ENVIRONMENTS = ("staging", "production")

_NEWEST = and_(VersionRow.prompt == models.Prompt.name, VersionRow.seq == models.Prompt.versions)
"""Every prompt with its newest version: one row by an index, however many versions there are."""


def save_version(
    session: Session,
    *,
    sha: str,
    prompt: str,
    kind: str,
    source: str,
    partials: dict[str, str],
    examples: list[Any] | None,
    author: str,
    note: str,
    parent: str | None,
) -> PromptVersion:
    """Keep a version under its hash; the same hash again returns what is kept.

    Raises `Conflict` when the hash belongs to another prompt, `UnstorableText`.
    """
    insert_missing(session, models.Prompt, {"name": prompt, "kind": kind, "versions": 0}, ["name"])
    counter = update(models.Prompt).where(models.Prompt.name == prompt)
    # Locks the prompt's row first, so that two authors get two numbers.
    seq = session.execute(
        counter.values(versions=models.Prompt.versions + 1).returning(models.Prompt.versions)
    ).scalar_one()
    known = _find_version(session, sha)
    if known is not None:
        session.execute(counter.values(versions=seq - 1))
        if known.prompt != prompt:
            raise Conflict(f"This version already belongs to the prompt {known.prompt}.")
        return known
    session.execute(counter.values(kind=kind))
    session.add(
        VersionRow(
            sha=sha,
            prompt=prompt,
            seq=seq,
            kind=kind,
            source=source,
            partials=partials,
            examples=examples,
            author=author,
            note=note,
            parent=parent,
        )
    )
    session.flush()
    return get_version(session, sha)


def get_version(session: Session, sha: str) -> PromptVersion:
    """Raises `NotFound`."""
    found = _find_version(session, sha)
    if found is None:
        raise NotFound("This prompt version")
    return found


def begin(session: Session, prompt: str, kind: str) -> PromptVersion | None:
    """The newest version of a prompt, None for a new one; nobody else can add one meanwhile."""
    insert_missing(session, models.Prompt, {"name": prompt, "kind": kind, "versions": 0}, ["name"])
    _hold(session, prompt)
    return _find_newest(session, prompt)


def lock(session: Session, prompt: str) -> PromptVersion:
    """The newest version of a prompt; nobody else can add one until the transaction ends.

    Raises `NotFound` for a prompt that has no version.
    """
    _hold(session, prompt)
    return newest(session, prompt)


def newest(session: Session, prompt: str) -> PromptVersion:
    """The newest version of a prompt. Raises `NotFound`."""
    found = _find_newest(session, prompt)
    if found is None:
        raise NotFound("This prompt")
    return found


def version_of(session: Session, prompt: str, wanted: str) -> PromptVersion:
    """A version of a prompt by its number (`3`), its hash or at least 6 characters of that.

    Raises `NotFound`, also for a beginning that several share.
    """
    query = select(*_VERSION).where(VersionRow.prompt == prompt)
    if _NUMBER.fullmatch(wanted):
        query = query.where(VersionRow.seq == int(wanted))
    elif _HASH.fullmatch(wanted):
        last = wanted + "f" * (_WHOLE - len(wanted))
        query = query.where(VersionRow.sha.between(wanted, last))
    else:
        raise NotFound("This prompt version")
    found = session.execute(query.limit(2)).all()
    if len(found) != 1:
        raise NotFound("This prompt version")
    return PromptVersion(*found[0])


def versions(session: Session, prompt: str) -> list[PromptVersion]:
    """All versions of a prompt with their texts, newest first."""
    query = select(*_VERSION).where(VersionRow.prompt == prompt).order_by(VersionRow.seq.desc())
    return [PromptVersion(*row) for row in session.execute(query)]


def history(
    session: Session, prompt: str, *, before: int | None = None, limit: int = 50
) -> list[VersionLine]:
    """Versions without their texts, newest first. `before`: the number of the last one had."""
    query = select(*_LINE).where(VersionRow.prompt == prompt)
    if before is not None:
        query = query.where(VersionRow.seq < before)
    found = session.execute(query.order_by(VersionRow.seq.desc()).limit(limit))
    return [VersionLine(*row) for row in found]


def lines(session: Session, shas: Iterable[str]) -> dict[str, VersionLine]:
    """These versions without their texts, by hash; unknown ones are left out."""
    found = session.execute(select(*_LINE).where(VersionRow.sha.in_(set(shas))))
    return {row.sha: VersionLine(*row) for row in found}


def publish(
    session: Session,
    *,
    prompt: str,
    environment: str,
    weights: dict[str, int],
    actor: str,
    reason: str,
    run: str | None = None,
    override: str = "",
) -> Release:
    """Serve these versions from now on, each `sha` by its weight (a positive integer).

    `run`: public id of the test run behind it; `override`: why, where the gate was closed. Raises
    `Conflict` for no weights, a weight below 1 or an unknown environment, `NotFound` for a version
    that this prompt does not have.
    """
    if not weights or any(weight < 1 for weight in weights.values()):
        raise Conflict("A release needs at least one version, each with a weight of 1 or more.")
    lock(session, prompt)
    own = select(func.count()).where(VersionRow.prompt == prompt, VersionRow.sha.in_(weights))
    if session.execute(own).scalar_one() != len(weights):
        raise NotFound("A version of this release")
    replaced = current_release(session, prompt, environment)
    return _add_release(
        session,
        prompt=prompt,
        environment=environment,
        weights=weights,
        actor=actor,
        reason=reason,
        previous=None if replaced is None else replaced.id,
        run=run,
        override=override,
    )


def roll_back(session: Session, to: Release, *, actor: str, reason: str) -> Release:
    """Serve again what an earlier release served; rolling back once more goes on behind that."""
    return _add_release(
        session,
        prompt=to.prompt,
        environment=to.environment,
        weights=to.weights,
        actor=actor,
        reason=reason,
        previous=to.previous,
        run=to.run,
        override="",
    )


def current_release(session: Session, prompt: str, environment: str) -> Release | None:
    """What this environment serves now, or None when nothing was ever published there."""
    query = select(*_RELEASE).where(
        ReleaseRow.prompt == prompt, ReleaseRow.environment == environment
    )
    found = session.execute(query.order_by(ReleaseRow.id.desc()).limit(1)).one_or_none()
    return None if found is None else Release(*found)


def release(session: Session, release_id: int) -> Release:
    """Raises `NotFound`."""
    found = session.execute(select(*_RELEASE).where(ReleaseRow.id == release_id)).one_or_none()
    if found is None:
        raise NotFound("This release")
    return Release(*found)


def release_of(session: Session, prompt: str, environment: str, public_id: str) -> Release:
    """A release of this prompt to this environment. Raises `NotFound`."""
    own = (ReleaseRow.prompt == prompt, ReleaseRow.environment == environment)
    query = select(*_RELEASE).where(*own, ReleaseRow.public_id == public_id)
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound("This release")
    return Release(*found)


def release_by(session: Session, public_id: str) -> Release:
    """A release of whatever prompt and environment. Raises `NotFound`."""
    query = select(*_RELEASE).where(ReleaseRow.public_id == public_id)
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound("This release")
    return Release(*found)


def releases(
    session: Session, prompt: str, *, before: int | None = None, limit: int = 50
) -> list[Release]:
    """The releases of a prompt, newest first. `before`: the id of the last one already had."""
    query = select(*_RELEASE).where(ReleaseRow.prompt == prompt)
    if before is not None:
        query = query.where(ReleaseRow.id < before)
    found = session.execute(query.order_by(ReleaseRow.id.desc()).limit(limit))
    return [Release(*row) for row in found]


def releases_by(session: Session, ids: Iterable[int]) -> dict[int, Release]:
    """These releases by their internal numbers; unknown ones are left out."""
    found = session.execute(select(*_RELEASE).where(ReleaseRow.id.in_(set(ids))))
    return {row.id: Release(*row) for row in found}


def live(session: Session) -> dict[tuple[str, str], Release]:
    """What every environment serves now, by prompt and environment."""
    found = session.execute(select(*_RELEASE).where(ReleaseRow.id.in_(_live_ids())))
    return {(row.prompt, row.environment): Release(*row) for row in found}


def _live_ids() -> Any:
    """The newest release of each prompt and environment: two index lookups a prompt."""
    newest_ids = [
        select(
            select(func.max(ReleaseRow.id))
            .where(ReleaseRow.prompt == models.Prompt.name, ReleaseRow.environment == environment)
            .correlate(models.Prompt)
            .scalar_subquery()
        ).select_from(models.Prompt)
        for environment in ENVIRONMENTS
    ]
    return union_all(*newest_ids)


def prompts(session: Session) -> list[tuple[str, str, Release | None]]:
    """Every prompt that is not archived, by name: name, kind and what production serves."""
    serving = live(session)
    return [
        (row.name, row.kind, serving.get((row.name, "production")))
        for row in rows(session)
        if not row.archived
    ]


def rows(session: Session) -> list[PromptRow]:
    """Every prompt by name, archived ones too."""
    return [PromptRow(*row) for row in session.execute(select(*_PROMPT).order_by("name"))]


def row(session: Session, prompt: str) -> PromptRow:
    """Raises `NotFound`."""
    found = session.execute(select(*_PROMPT).where(models.Prompt.name == prompt)).one_or_none()
    if found is None:
        raise NotFound("This prompt")
    return PromptRow(*found)


def newest_lines(session: Session) -> dict[str, VersionLine]:
    """The newest version of every prompt without its texts, by the prompt's name."""
    # Each looked up by itself: SQLite would rather read every version and ask for its prompt.
    own = select(VersionRow.id).where(_NEWEST).correlate(models.Prompt).scalar_subquery()
    ids = select(own).select_from(models.Prompt)
    found = session.execute(select(*_LINE).where(VersionRow.id.in_(ids)))
    return {row.prompt: VersionLine(*row) for row in found}


def archive(session: Session, prompt: str, *, archived: bool) -> None:
    """Take a prompt off the lists, or put it back. Raises `NotFound`."""
    change = update(models.Prompt).where(models.Prompt.name == prompt).values(archived=archived)
    if session.execute(change.returning(models.Prompt.name)).one_or_none() is None:
        raise NotFound("This prompt")


def _find_version(session: Session, sha: str) -> PromptVersion | None:
    found = session.execute(select(*_VERSION).where(VersionRow.sha == sha)).one_or_none()
    return None if found is None else PromptVersion(*found)


def _find_newest(session: Session, prompt: str) -> PromptVersion | None:
    query = select(*_VERSION).join(models.Prompt, _NEWEST).where(models.Prompt.name == prompt)
    found = session.execute(query).one_or_none()
    return None if found is None else PromptVersion(*found)


def _hold(session: Session, prompt: str) -> None:
    """Let others who want to add a version wait until this transaction ends."""
    held = update(models.Prompt).where(models.Prompt.name == prompt)
    session.execute(held.values(versions=models.Prompt.versions))


def _add_release(session: Session, **values: Any) -> Release:
    row = ReleaseRow(**values)
    session.add(row)
    session.flush()
    return release(session, row.id)
