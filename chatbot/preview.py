"""What would leave this machine for a question, before it is asked.

    Preview.of ─▶ plan_of ─▶ render | budget (chatbot.chain) ─▶ the model's own door (`leaving`)

The same functions as a real call's, so that what is shown is what leaves, byte for byte. Saves
nothing and asks no model. Knows nothing of turns or pages.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chatbot.answering import HISTORY, history_of, plan_of
from chatbot.archive import Archive
from chatbot.backends.registry import Registry
from chatbot.chain import OpenEncoder, Sent, budget, choose, no_encoder, render
from chatbot.errors import TextTooLong
from chatbot.releases import Releases, heaviest, weighted
from chatbot.sourcing import Sourcing
from store import conversations, messages
from store.records import Message, Person


@dataclass(frozen=True, slots=True)
class Leaving:
    """What leaves for a model, and whereto.

    `leaves` False: it answers on this machine and `messages` is empty. `masked`: how many values of
    each group are hidden; None where the model's masking is off.
    """

    model: str
    leaves: bool
    host: str
    messages: list[dict[str, str]]
    masked: Mapping[str, int] | None


class Preview:
    """Previews within one person's scope. `prompt` and `model` are those of a new conversation."""

    def __init__(
        self,
        archive: Archive,
        registry: Registry,
        releases: Releases,
        sourcing: Sourcing,
        *,
        workspace: str,
        opening: Callable[[], str],
        message_limit: int,
        encoder: OpenEncoder = no_encoder,
    ) -> None:
        self._archive = archive
        self._registry = registry
        self._releases = releases
        self._sourcing = sourcing
        self._workspace = workspace
        self._opening = opening
        self._message_limit = message_limit
        self._encoder = encoder

    def of(
        self,
        person: Person,
        conversation: str | None,
        text: str,
        *,
        prompt: str | None = None,
        model: str | None = None,
    ) -> Leaving:
        """What `Chat.start_turn` would send for the same arguments now.

        Where the prompt of a new conversation has several versions in service, the likeliest is
        shown. An answer that is still being written is not yet part of the history.

        Raises:
            NotFound: no such conversation of this person, or no such prompt.
            UnknownModel, ModelUnavailable: the model cannot be asked.
            PromptInvalid, ContextTooSmall, TextTooLong: nothing would be sent.
        """
        if len(text) > self._message_limit:
            raise TextTooLong
        path: list[Message] = []
        version, chosen = None, model
        if conversation is not None:
            with self._archive.of(conversation).reading() as session:
                row = conversations.get(session, person.id, conversation)
                if row.head_id:
                    path = messages.path(session, row.head_id, limit=HISTORY)
            chosen = model or row.model
            version = None if prompt and prompt != row.prompt else row.version
        info = self._registry.resolve(chosen)
        if info.where != "hosted":
            return Leaving(info.label, leaves=False, host="", messages=[], masked=None)
        if version is None:
            release = self._releases.current(prompt or self._opening())
            version = (
                weighted(release.weights, conversation)
                if conversation
                else heaviest(release.weights)
            )
        opened = self._registry.open(info.label)
        asked, renderer = self._releases.prompt(version), self._releases.renderer
        sourced = self._sourcing.find(person, asked, text, history_of(path))
        plan = plan_of(asked, text, path, self._workspace, renderer, sourced=sourced)
        plan = choose(plan, self._encoder)
        masked = opened.leaving(budget(render(plan), opened, Sent(info.label, info.where)))
        assert masked is not None  # noqa: S101  every hosted model has a door
        host = self._registry.host(info.label)
        return Leaving(info.label, True, host, masked.messages, masked.counts)
