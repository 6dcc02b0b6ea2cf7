"""Prompt versions and releases. Both are only ever added; a rollback is a release too.

Knows nothing of the template language: a version is a text with a name and a hash.
"""

from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from store import models
from store.errors import Conflict, NotFound
from store.models import PromptVersion as VersionRow
from store.models import Release as ReleaseRow
from store.records import PromptVersion, Release
from store.rows import columns_of, insert_missing

_VERSION = columns_of(VersionRow, PromptVersion)
_RELEASE = columns_of(ReleaseRow, Release)


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


def versions(session: Session, prompt: str) -> list[PromptVersion]:
    """All versions of a prompt, newest first."""
    query = select(*_VERSION).where(VersionRow.prompt == prompt).order_by(VersionRow.seq.desc())
    return [PromptVersion(*row) for row in session.execute(query)]


def publish(
    session: Session,
    *,
    prompt: str,
    environment: str,
    weights: dict[str, int],
    actor: str,
    reason: str,
) -> Release:
    """Serve these versions from now on, each `sha` by its weight (a positive integer).

    Raises `Conflict` for no weights, a weight below 1 or an unknown environment, `NotFound` for a
    version that this prompt does not have.
    """
    if not weights or any(weight < 1 for weight in weights.values()):
        raise Conflict("A release needs at least one version, each with a weight of 1 or more.")
    own = select(func.count()).where(VersionRow.prompt == prompt, VersionRow.sha.in_(weights))
    if session.execute(own).scalar_one() != len(weights):
        raise NotFound("A version of this release")
    row = ReleaseRow(
        prompt=prompt, environment=environment, weights=weights, actor=actor, reason=reason
    )
    session.add(row)
    session.flush()
    return release(session, row.id)


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


def prompts(session: Session) -> list[tuple[str, str, Release | None]]:
    """Every prompt by name: its name, kind and what production serves."""
    names = session.execute(select(models.Prompt.name, models.Prompt.kind).order_by("name")).all()
    return [(name, kind, current_release(session, name, "production")) for name, kind in names]


def _find_version(session: Session, sha: str) -> PromptVersion | None:
    found = session.execute(select(*_VERSION).where(VersionRow.sha == sha)).one_or_none()
    return None if found is None else PromptVersion(*found)
