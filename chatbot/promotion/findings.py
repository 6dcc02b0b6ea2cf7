"""Which model is served and why, for the doctor. Opens no model and changes nothing."""

from collections.abc import Iterable

from chatbot import maintenance
from chatbot.backends.checkpoint import read_manifest, verify
from chatbot.backends.registry import Registry
from chatbot.errors import ChatbotError
from chatbot.machine import Finding
from chatbot.settings import Settings
from store import model_releases as rows
from store.model_releases import ModelMark, ModelRelease

_ADVICE = "Add it again, or: chatbot models rollback"


def look(settings: Settings) -> Iterable[Finding]:
    """The model that the name in CHATBOT_MODEL stands for."""
    if "@" in settings.model:
        yield _ok(f"{settings.model}, the version that CHATBOT_MODEL names.")
        return
    try:
        release, marks = _promoted(settings)
    except ChatbotError:  # told by what looks at the database
        found = "Not known: the database does not tell which model was promoted."
        yield Finding("served", "warn", found, "Mend the database, then look again.")
        return
    if release is None or release.by_setting:
        since = "" if release is None else f" since {release.created_at:%d %b %Y}"
        yield _ok(f"What CHATBOT_MODEL says, {settings.model}{since}: no other is promoted.")
        return
    try:
        hosted = (*settings.hosted, *maintenance.connected(settings))
        known = Registry(settings.models_folder, hosted, scripted=settings.scripted)
        info = known.resolve(release.model)
        manifest = read_manifest(info.path) if info.path else None
        if info.path and manifest:
            verify(info.path, manifest)
    except ChatbotError as error:
        yield Finding("served", "bad", f"{release.model} was promoted. {error}", _ADVICE)
        return
    yield _ok(_why(release))
    for mark in marks:
        yield Finding("served", "warn", f"{release.model}: {mark.reason}", "Train it anew.")


def _promoted(settings: Settings) -> tuple[ModelRelease | None, list[ModelMark]]:
    """What production's name stands for; None where no database of this version is there."""
    with maintenance.opened(settings) as database:
        if not maintenance.exists(database) or not database.schema().ok:
            return None, []
        with database.reading() as session:
            release = rows.current(session, settings.model, "production")
            return release, rows.marks(session, [release.model]) if release else []


def _why(release: ModelRelease) -> str:
    said = f": {release.reason}" if release.reason else "."
    against = f" Against the gate, because: {release.override}" if release.override else ""
    by = f"by {release.actor} on {release.created_at:%d %b %Y}"
    return f"{release.model}, promoted {by}{said}{against}"


def _ok(found: str) -> Finding:
    return Finding("served", "ok", found)
