"""What the Models page can ask for, one method each. For reviewers and administrators.

Texts to look at come in, numbers go out; neither is stored or logged. Long looks are works: begun
here, followed by the page.
"""

import asyncio
from typing import Annotated, Any

import gradio as gr
from pydantic import Field

from chatbot.backends import card
from chatbot.backends.registry import ModelInfo
from chatbot.bootstrap import Product
from chatbot.documents import LARGEST
from chatbot.errors import ChatbotError
from chatbot.learning.inside import service
from chatbot.views import Person
from ui.guard import admit, caller
from ui.pages import markdown, models_view
from ui.pages.commands import command
from ui.pages.knowledge_uploads import PIECE, Uploads
from ui.pages.models_connect_commands import ModelsConnectCommands
from ui.pages.models_evaluating import Evaluating
from ui.pages.models_release_commands import ModelsReleaseCommands, standing
from ui.pages.models_run_commands import ModelsRunCommands
from ui.pages.search_commands import Name, SearchCommands
from ui.pages.works import Works

Json = dict[str, Any]
Text = Annotated[str, Field(max_length=100_000)]

NOWHERE: Json = {"stage": "", "score": None, "evaluation": None, "from": None, "marks": []}
"""Of a model that nobody trained here and nobody promoted."""
SEES = ("admin", "reviewer")
"""Who sees models, datasets, runs and evaluations; the tab Compare opens to authors too."""


class ModelsCommands(
    SearchCommands, ModelsRunCommands, ModelsReleaseCommands, ModelsConnectCommands
):
    """The commands of one product."""

    def __init__(
        self, product: Product, works: Works, uploads: Uploads, evaluating: Evaluating
    ) -> None:
        super().__init__(product)
        self._product = product
        self._works = works
        self._uploads = uploads
        self._evaluating = evaluating

    # The registry --------------------------------------------------------------------------------

    @command
    def start(self, person: Person) -> Json:
        """What a fresh page needs to know."""
        settings = self._product.settings
        return {
            "person": {"id": person.public_id, "name": person.name, "roles": list(person.roles)},
            "prompts": [one.name for one in self._product.releases.choices("chat")],
            "prompt": settings.prompt,
            "model": self._product.registry.resolve().label,
            "folder": str(settings.models_folder),
            "limits": {
                "tokens": service.MOST_TOKENS,
                "attended": service.MOST_ATTENDED,
                "written": service.MOST_WRITTEN,
            },
            "counts": self.counts(person),
            "files": {"piece": PIECE, "largest": LARGEST},
            "may_promote": "admin" in person.roles,
            **self.models(person),
        }

    @command
    def models(self, person: Person) -> Json:
        """Every model with its facts and its state, and what is wrong with folders beside them."""
        registry, speeds = self._product.registry, self._product.speeds.by_model()
        stood = standing(self._product, person)
        servers = {one.label: one.base_url or one.provider for one in registry.hosted()}
        connected = {one.label for one in self._product.connecting.records()}
        return {
            "models": [
                self._model(info, servers.get(info.label, ""))
                | {"connected": info.label in connected}
                | models_view.speed(speeds.get(info.label))
                | stood.get(info.label, NOWHERE)
                for info in registry.list()
            ],
            "problems": list(registry.problems()),
        }

    def _model(self, info: ModelInfo, server: str) -> Json:
        registry = self._product.registry
        state, runtime = registry.state(info.label), registry.runtime(info.label)
        return models_view.model(info, card.facts(info), state, runtime, server)

    @command
    def counts(self, person: Person) -> Json:
        """How many things the tabs hold."""
        product = self._product
        return {
            "datasets": len(product.datasets.list(person)),
            "runs": len(product.runs.list(person)),
            "evaluations": len(product.evaluations.list(person)),
        }

    # Looking inside ------------------------------------------------------------------------------

    @command
    async def tokens(self, person: Person, *, model: Name, text: Text) -> Json:
        """Begin to cut a text into tokens."""
        look = self._product.inside.tokens
        return self._works.begin(person, lambda work: models_view.tokens(look(model, text, work)))

    @command
    async def answer(
        self, person: Person, *, model: Name, prompt: Name, question: Text, text: Text
    ) -> Json:
        """Begin to judge an answer, or to let the model write one where `text` is empty."""
        look = self._product.inside.answer
        return self._works.begin(
            person,
            lambda work: models_view.answer(look(model, prompt, question, text, work)),
        )

    @command
    async def attention(self, person: Person, *, model: Name, text: Text, layer: int) -> Json:
        """Begin to compute the attention of one layer."""
        look = self._product.inside.attention
        return self._works.begin(
            person, lambda work: models_view.attention(look(model, text, layer, work))
        )

    @command
    async def follow(self, person: Person, *, work: Name) -> Json:
        """How far a look is, or what it gave."""
        return await self._works.follow(person, work)

    @command
    async def stop(self, person: Person, *, work: Name) -> Json:
        """End a look early."""
        self._works.stop(person, work)
        return {}

    # The card, which Gradio draws ----------------------------------------------------------------

    async def card(self, event: gr.EventData, request: gr.Request) -> str:
        """The Markdown of a model's card; a sentence where there is none or something fails."""
        given = event._data  # noqa: SLF001  Gradio offers an event's data only here
        label = given.get("model") if isinstance(given, dict) else None
        try:
            person = await asyncio.to_thread(caller, self._product, request)
            admit(person, SEES)
            info = self._product.registry.resolve(label if isinstance(label, str) else "")
            text = await asyncio.to_thread(card.card_text, info)
        except ChatbotError as error:
            text = str(error)
        return markdown.rich(text)
