"""What would leave this machine for a draft, before it is asked for.

The same plan, budget and door as a real call's, so that what is shown is what leaves. Saves
nothing, counts no turn and asks no model.
"""

from collections.abc import Sequence

from chatbot.analysis import Said
from chatbot.backends.registry import Registry
from chatbot.chain import OpenEncoder, Renderer, Sent, budget, choose, no_encoder, render
from chatbot.drafting.asking import Wishes, asked, plan_of, searched
from chatbot.drafting.service import PROMPT
from chatbot.knowledge import Knowledge
from chatbot.preview import Leaving
from chatbot.releases import Releases
from store.records import Person


class Leaves:
    """Looks at drafts of one product before they are asked for."""

    def __init__(
        self,
        registry: Registry,
        releases: Releases,
        knowledge: Knowledge,
        *,
        workspace: str,
        encoder: OpenEncoder = no_encoder,
    ) -> None:
        self._registry = registry
        self._releases = releases
        self._knowledge = knowledge
        self._workspace = workspace
        self._encoder = encoder

    def of(
        self,
        person: Person,
        thread: Sequence[Said],
        *,
        model: str,
        agent: str = "",
        facts: Sequence[str] = (),
        tone: str = "neutral",
        subject: str = "",
    ) -> Leaving:
        """What `Drafting.draft` would send for the same thread now, in the likeliest version.

        Raises:
            EmptyText: no message of the thread is a customer's.
            UnknownModel, ModelUnavailable: the model cannot be asked.
            NotFound, PromptInvalid, ContextTooSmall: nothing would be sent.
        """
        info = self._registry.resolve(model or None)
        if info.where != "hosted":
            return Leaving(info.label, leaves=False, host="", messages=[], masked=None)
        opened, ready = asked(tuple(thread), subject), self._registry.open(info.label)
        served = self._releases.prompt(self._releases.served(PROMPT))
        sources = searched(self._knowledge, person, opened) or ()
        renderer: Renderer = self._releases.renderer
        wishes = Wishes(tone, tuple(facts), "", agent)
        plan = choose(
            plan_of(served, opened, sources, wishes, self._workspace, renderer), self._encoder
        )
        masked = ready.leaving(budget(render(plan), ready, Sent(info.label, info.where)))
        assert masked is not None  # noqa: S101  every hosted model has a door
        host = self._registry.host(info.label)
        return Leaving(info.label, True, host, masked.messages, masked.counts)
