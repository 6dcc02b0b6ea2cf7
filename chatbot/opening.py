"""Which prompt a new conversation begins with, where the person chose none."""

from chatbot.errors import NotFound
from chatbot.knowledge import Knowledge
from chatbot.releases import Releases
from chatbot.settings import Settings

FROM_ARTICLES = "support"
"""The built-in prompt that answers from articles."""


class Opening:
    """Called for each new conversation. Blocking; may be shared by threads."""

    def __init__(self, settings: Settings, knowledge: Knowledge, releases: Releases) -> None:
        self._prompt = settings.prompt
        self._set = "prompt" in settings.model_fields_set
        self._knowledge = knowledge
        self._releases = releases

    def __call__(self) -> str:
        """The setting's prompt; where nobody set it and there are articles, the one that reads
        them. Raises StoreUnavailable.
        """
        if self._set or self._knowledge.empty():
            return self._prompt
        try:
            self._releases.current(FROM_ARTICLES)
        except NotFound:  # an author put it away
            return self._prompt
        return FROM_ARTICLES
