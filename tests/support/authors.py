"""The room where authors work, without models and pages: quicker to make than a whole product."""

from dataclasses import dataclass

from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.authoring import Authoring, Parts
from chatbot.gate import Gates
from chatbot.releases import Releases
from store import accounts
from store.records import Person

MODEL = "scripted@1"


@dataclass(frozen=True, slots=True)
class Workroom:
    """Services on one database, by the names that a product gives them."""

    archive: Archive
    audit: Audit
    releases: Releases
    authoring: Authoring

    def person(self) -> Person:
        """Who is at the machine's terminal: an administrator."""
        with self.archive.main.writing() as session:
            return accounts.ensure_local_person(session, "Iris")


def workroom(database, sandbox, *, library=True) -> Workroom:
    """A room with the built-in prompts, or an empty one."""
    archive = Archive(database)
    releases = Releases(archive, sandbox.serve)
    if library:
        releases.publish_library()
    audit = Audit(archive)
    gates = Gates(archive, releases, sandbox, lambda: MODEL, _no_attacks)
    parts = Parts(archive, audit, releases, sandbox, gates, lambda: MODEL, "assistant")
    return Workroom(archive, audit, releases, Authoring(parts))


def _no_attacks(prompt):
    raise LookupError(f"{prompt.name} sets a bar for attacks; a workroom knows none")
