"""What the lines of a plot stand for, and how people call them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chatbot.errors import NotFound
from chatbot.monitoring.views import Group, version_name
from store import prompts
from store.engine import Session
from store.hours import Kind
from store.records import Release, VersionLine

CHANNELS = {"chat": "Chat", "desk": "Desk", "api": "API"}


@dataclass(frozen=True, slots=True)
class Which:
    """A choice of kinds; None leaves that open."""

    channel: str | None = None
    prompt: str | None = None
    version: str | None = None
    model: str | None = None
    release_id: int | None = None

    def fits(self, kind: Kind) -> bool:
        """Whether a kind is one of these."""
        given = (self.channel, self.prompt, self.version, self.model, self.release_id)
        return all(want is None or want == is_ for want, is_ in zip(given, kind, strict=True))


@dataclass(frozen=True, slots=True)
class Names:
    """Versions by hash, releases by number, what production serves by prompt."""

    versions: Mapping[str, VersionLine]
    releases: Mapping[int, Release]
    live: Mapping[str, Release]

    def number(self, version: str) -> int | None:
        """A version's number among its prompt's; None where it is not known (any more)."""
        line = self.versions.get(version)
        return line.seq if line else None

    def version(self, prompt: str, version: str) -> str:
        """As people call a version: `support v13`."""
        return version_name(prompt, self.number(version))

    def share(self, prompt: str, version: str, release_id: int | None = None) -> str:
        """The share of new conversations that a release gives a version: `20 %`; "" for none.

        Without a release: the one that serves production now.
        """
        release = self.live.get(prompt) if release_id is None else self.releases.get(release_id)
        if release is None or version not in release.weights:
            return ""
        return f"{release.weights[version] / sum(release.weights.values()):.0%}".replace("%", " %")

    def served(self, prompt: str) -> str:
        """The version that most of production gets; "" where none is served."""
        release = self.live.get(prompt)
        return max(release.weights, key=release.weights.__getitem__) if release else ""

    def of(self, kind: Kind, group: Group) -> tuple[str, str]:
        """The key and the name of the line that a kind belongs to."""
        if group == "model":
            return f"model:{kind.model}", kind.model
        if group == "channel":
            return f"channel:{kind.channel}", CHANNELS.get(kind.channel, kind.channel)
        name = self.version(kind.prompt, kind.version)
        if group == "prompt":
            return f"prompt:{kind.version}:{kind.prompt}", name
        share = self.share(kind.prompt, kind.version, kind.release_id)
        release = self.releases.get(kind.release_id)
        since = f" since {release.created_at.day} {release.created_at:%b %H:%M}" if release else ""
        return f"arm:{kind.release_id}:{kind.version}:{kind.prompt}", _joined(name, share) + since


def names(session: Session, kinds: Iterable[Kind]) -> Names:
    """The names of all these kinds."""
    kinds = list(kinds)
    live = {
        prompt: release
        for (prompt, environment), release in prompts.live(session).items()
        if environment == "production"
    }
    versions = {kind.version for kind in kinds if kind.version}
    versions |= {sha for release in live.values() for sha in release.weights}
    releases = prompts.releases_by(session, {kind.release_id for kind in kinds})
    return Names(prompts.lines(session, versions), releases, live)


def which(key: str) -> Which:
    """The kinds that a line's key stands for; all of them for any other. Raises NotFound."""
    group, _, rest = key.partition(":")
    if group == "model" and rest:
        return Which(model=rest)
    if group == "channel" and rest:
        return Which(channel=rest)
    if group == "prompt" and ":" in rest:
        version, _, prompt = rest.partition(":")
        return Which(version=version, prompt=prompt)
    if group == "arm" and rest.count(":") >= 2:
        release, version, prompt = rest.split(":", 2)
        if release.isdecimal():
            return Which(version=version, prompt=prompt, release_id=int(release))
    raise NotFound


def _joined(name: str, share: str) -> str:
    return f"{name}, {share}" if share else name
