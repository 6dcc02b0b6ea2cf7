"""What doors see of prompts: plain frozen values. Asks nothing and decides nothing.

Versions are named by their hash (`sha`) and, for people, by their number (`seq`, from 1).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from store.records import PromptVersion, Release, VersionLine

if TYPE_CHECKING:
    from prompts.lint import Problem

Environment = Literal["staging", "production"]


@dataclass(frozen=True, slots=True)
class Share:
    """A version in a release. `percent` of new conversations take it, rounded."""

    sha: str
    seq: int
    weight: int
    percent: int


@dataclass(frozen=True, slots=True)
class Badge:
    """Where a version is live, and its share there in percent."""

    environment: str
    percent: int


@dataclass(frozen=True, slots=True)
class TestsState:
    """How the tests of what production serves stand, by its newest complete run.

    `none`: there are no cases; `not run`: none ran on this version with these tests. `passed` of
    `total` cells passed, under every model that was tried; `run` is its public id.
    """

    state: Literal["none", "not run", "passed", "failed"]
    cases: int = 0
    passed: int = 0
    total: int = 0
    run: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PromptLine:
    """A prompt in the list. Thumbs and turns are those of the last 30 days."""

    name: str
    kind: str
    description: str
    versions: int
    newest: str
    production: tuple[Share, ...]
    staging: tuple[Share, ...]
    tests: TestsState
    thumbs_up: int
    thumbs_down: int
    turns: int
    changed_at: datetime
    changed_by: str
    archived: bool


@dataclass(frozen=True, slots=True)
class Version:
    """A version in the history."""

    sha: str
    seq: int
    kind: str
    author: str
    note: str
    parent: str | None
    created_at: datetime
    badges: tuple[Badge, ...] = ()


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Versions, newest first. `before`: what to ask the next page with; None at the end."""

    versions: tuple[Version, ...]
    total: int
    before: int | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A version opened to be changed. `parent` is what to name when it is saved: the newest one.

    A prompt that is not saved yet (new or taken in) has no version and no parent. `notes` say what
    could not be taken in; `cases` counts the saved test cases.
    """

    prompt: str
    kind: str
    source: str
    partials: Mapping[str, str]
    examples: Sequence[Mapping[str, str]] | None
    tests: str | None
    tests_sha: str | None
    version: Version | None
    parent: str | None
    versions: int
    cases: int = 0
    archived: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Saved:
    """What was saved. `new` False: the same text was a version before.

    `parent` is what to name with the next save; `warnings` are what to mend, by place.
    """

    version: Version
    new: bool
    parent: str
    warnings: tuple["Problem", ...] = ()


@dataclass(frozen=True, slots=True)
class ReleaseLine:
    """A release in the list. `live`: served now. `override`: why, where the gate was closed."""

    id: str
    environment: str
    shares: tuple[Share, ...]
    actor: str
    note: str
    override: str
    run: str | None
    created_at: datetime
    live: bool


@dataclass(frozen=True, slots=True)
class ReleasePage:
    """Releases, newest first. `before`: what to ask the next page with; None at the end."""

    releases: tuple[ReleaseLine, ...]
    before: int | None


def shares(release: Release | None, known: Mapping[str, VersionLine]) -> tuple[Share, ...]:
    """The versions of a release, the largest share first; () where nothing was released."""
    if release is None:
        return ()
    total = sum(release.weights.values())
    made = (
        Share(sha, known[sha].seq, weight, round(100 * weight / total))
        for sha, weight in release.weights.items()
    )
    return tuple(sorted(made, key=lambda share: (-share.weight, share.seq)))


def badges(sha: str, live: Iterable[Release]) -> tuple[Badge, ...]:
    """Where a version is live, production first."""
    found = (
        Badge(each.environment, round(100 * each.weights[sha] / sum(each.weights.values())))
        for each in live
        if sha in each.weights
    )
    return tuple(sorted(found, key=lambda badge: badge.environment))


def version(found: VersionLine | PromptVersion, live: Iterable[Release] = ()) -> Version:
    """A version as the history shows it."""
    return Version(
        sha=found.sha,
        seq=found.seq,
        kind=found.kind,
        author=found.author,
        note=found.note,
        parent=found.parent,
        created_at=found.created_at,
        badges=badges(found.sha, live),
    )


def release_line(
    found: Release, known: Mapping[str, VersionLine], live: Iterable[Release]
) -> ReleaseLine:
    """A release as the list shows it."""
    return ReleaseLine(
        id=found.public_id,
        environment=found.environment,
        shares=shares(found, known),
        actor=found.actor,
        note=found.reason,
        override=found.override,
        run=found.run,
        created_at=found.created_at,
        live=any(each.id == found.id for each in live),
    )
