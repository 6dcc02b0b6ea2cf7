"""The one door of datasets."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from chatbot.archive import Archive
from chatbot.audit import Audit
from chatbot.chain import OpenEncoder, no_encoder
from chatbot.learning.dataset.views import (
    ORIGINS,
    Built,
    Checked,
    Dataset,
    Example,
    Kind,
    Origin,
    Split,
)
from chatbot.options import Options
from chatbot.releases import Releases
from chatbot.settings import Settings
from store.records import Person

if TYPE_CHECKING:
    from chatbot.backends.registry import Registry

Tell = Callable[[int, int], None]


class Datasets:
    """Builds, checks and reads datasets. Blocking; may be shared by threads."""

    def __init__(
        self,
        archive: Archive,
        audit: Audit,
        releases: Releases,
        options: Options,
        registry: "Registry",
        settings: Settings,
        encoder: OpenEncoder = no_encoder,
    ) -> None:
        self._archive = archive
        self._audit = audit
        self._releases = releases
        self._options = options
        self._registry = registry
        self._settings = settings
        self._encoder = encoder

    def build(
        self,
        person: Person,
        name: str,
        *,
        since: datetime | None = None,
        sources: Sequence[Origin] = ORIGINS,
        files: Sequence[Path] = (),
        least_distance: float = 0.1,
        balance: int | None = None,
        seed: int = 0,
        held_out: float = 0.1,
        validation: float = 0.1,
        tell: Tell | None = None,
        dry: bool = False,
    ) -> Built:
        """Make a dataset of what was reviewed and sent since then, and of files."""
        raise NotImplementedError

    def check(self, person: Person, name: str | Path, *, model: str | None = None) -> Checked:
        """What to look at before a dataset, or a file, is learned from."""
        raise NotImplementedError

    def list(self, person: Person) -> list[Dataset]:
        """All datasets, the newest first."""
        raise NotImplementedError

    def get(self, person: Person, name: str) -> Dataset:
        """A dataset by its name or public id."""
        raise NotImplementedError

    def rows(
        self,
        person: Person,
        name: str,
        split: Split | None = None,
        kind: Kind = "supervised",
    ) -> Iterator[Example]:
        """The rows in their order; of kind `preference` those with a worse reply alone."""
        raise NotImplementedError

    def remove(self, person: Person, name: str) -> None:
        """Remove a dataset for good."""
        raise NotImplementedError

    def write(self, name: str, folder: Path) -> None:
        """Write train.jsonl, validation.jsonl and test.jsonl, for a run that may read them."""
        raise NotImplementedError
