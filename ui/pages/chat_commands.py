"""What the Chat page can ask for, one method each. Shows nothing: pages/chat_stream.py does.

Ids come from the page and are not believed: every call below this one takes the person and finds
only what is theirs.
"""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from chatbot.bootstrap import Product
from chatbot.errors import NotFound
from chatbot.masking import masked_words
from chatbot.turn import Turn
from chatbot.views import Person
from ui.pages.chat_stream import MOST, STEP, ChatStream, Look
from ui.pages.commands import command
from ui.pages.search_commands import Name, SearchCommands

Json = dict[str, Any]
Id = Annotated[str, Field(min_length=1, max_length=64)]
Key = Annotated[str, Field(min_length=8, max_length=64)]

REASONS = ("Wrong fact", "Missing something", "Not what I asked", "Tone", "Too long")
BETTER_LIMIT = 20_000
NOTE_LIMIT = 500


class ChatCommands(SearchCommands):
    """The commands of one product."""

    def __init__(self, product: Product, stream: ChatStream) -> None:
        super().__init__(product)
        self._product = product
        self._stream = stream
        self._chat = product.chat

    # Start -----------------------------------------------------------------------------------

    @command
    def start(self, person: Person) -> Json:
        """What a fresh page needs to know: who asks, prompts, models and the empty page."""
        settings = self._product.settings
        return {
            "person": {"id": person.public_id, "name": person.name, "roles": list(person.roles)},
            "prompts": [
                {"name": one.name, "title": one.title, "about": one.description}
                for one in self._product.releases.choices("chat")
            ],
            "prompt": self._product.opening(),
            "questions": list(settings.start_questions),
            "reasons": list(REASONS),
            "message_limit": settings.message_limit,
            "temporary_minutes": settings.temporary_minutes,
            "local": local.label if (local := self._product.registry.at_home()) else None,
            **self.models(person),
        }

    @command
    def models(self, person: Person) -> Json:  # noqa: ARG002
        """Every model with where it runs and whether it is ready; the one that serves now."""
        registry = self._product.registry
        return {
            "model": registry.resolve().label,
            "models": [
                {
                    "label": one.label,
                    "where": one.where,
                    "about": one.description,
                    "state": (state := registry.state(one.label)).state,
                    "sentence": state.sentence,
                }
                for one in registry.list()
            ],
        }

    # What the tab looks at -----------------------------------------------------------------------

    @command
    async def look(
        self,
        person: Person,
        *,
        tab: Id,
        conversation: Id | None,
        number: int,
        at: Id | None = None,
        limit: Annotated[int, Field(ge=1, le=MOST)] = STEP,
    ) -> Json:
        """Show something else in a tab; `watching` is False when the tab must watch anew."""
        look = Look(conversation, at, limit, number)
        return {"watching": self._stream.look(person, tab, look)}

    @command
    async def leave(self, person: Person, *, tab: Id) -> Json:
        """End a tab's stream while nobody sees it."""
        self._stream.leave(person, tab)
        return {}

    # Turns ---------------------------------------------------------------------------------------

    @command
    async def send(
        self,
        person: Person,
        *,
        conversation: Id | None,
        text: str,
        key: Key,
        prompt: Name | None = None,
        model: Name | None = None,
        temporary: bool = False,
        at_home: bool = False,
    ) -> Json:
        """Ask. Answered once the question is saved; the same key again is the same turn."""
        turn = await self._chat.start_turn(
            person,
            conversation,
            text,
            key,
            prompt=prompt,
            model=model,
            temporary=temporary,
            at_home=at_home,
        )
        return _begun(turn)

    @command
    def leaving(
        self,
        person: Person,
        *,
        conversation: Id | None,
        text: str,
        prompt: Name | None = None,
        model: Name | None = None,
        whole: bool = False,
    ) -> Json:
        """What would leave this machine for a message; with `whole`, the messages themselves."""
        found = self._product.preview.of(person, conversation, text, prompt=prompt, model=model)
        return {
            "model": found.model,
            "leaves": found.leaves,
            "host": found.host,
            "count": len(found.messages),
            "masked": None if found.masked is None else masked_words(found.masked),
            "values": sum((found.masked or {}).values()),
            "groups": len(found.masked or {}),
            "messages": found.messages if whole else [],
        }

    @command
    async def again(
        self, person: Person, *, message: Id, key: Key, model: Name | None = None
    ) -> Json:
        """Answer a question once more."""
        return _begun(await self._chat.answer_again(person, message, key, model=model))

    @command
    async def go_on(self, person: Person, *, message: Id, key: Key) -> Json:
        """Continue an answer from where it ended."""
        return _begun(await self._chat.continue_answer(person, message, key))

    @command
    async def edit(self, person: Person, *, message: Id, text: str, key: Key, rerun: bool) -> Json:
        """Save another wording, and answer from there when `rerun`."""
        made = await self._chat.edit(person, message, text, key, rerun=rerun)
        return _begun(made) if isinstance(made, Turn) else {"message": made}

    @command
    async def stop(self, person: Person, *, message: Id) -> Json:
        """Stop an answer, or take back a question that waits."""
        await self._chat.stop(person, message)
        return {}

    @command
    async def save_again(self, person: Person, *, message: Id) -> Json:
        """Try once more to save an answer that the database did not take."""
        await self._chat.save_again(person, message)
        return {}

    # People --------------------------------------------------------------------------------------

    @command
    def ask_person(
        self,
        person: Person,
        *,
        conversation: Id,
        note: Annotated[str, Field(max_length=NOTE_LIMIT)] = "",
    ) -> Json:
        """Hand a conversation over to the desk: a person answers from now on."""
        self._product.desk.hand_over(person, conversation, reason=note.strip())
        return {}

    @command
    def ask_assistant(self, person: Person, *, conversation: Id) -> Json:
        """Let the assistant answer again."""
        self._product.desk.take_back(person, conversation)
        return {}

    # Conversations -------------------------------------------------------------------------------

    @command
    def rename(self, person: Person, *, conversation: Id, title: str) -> Json:
        """Give a conversation a title."""
        return {"title": self._conversations.rename(person, conversation, title)}

    @command
    def pin(self, person: Person, *, conversation: Id, pinned: bool) -> Json:
        """Pin a conversation to the top of the list, or take it off."""
        self._conversations.pin(person, conversation, pinned=pinned)
        return {}

    @command
    async def delete(self, person: Person, *, conversation: Id) -> Json:
        """Delete a conversation; `undelete` brings it back for a short while."""
        for turn in self._chat.running(person, conversation):
            await self._chat.stop(person, turn.reply)
        await asyncio.to_thread(self._conversations.delete, person, conversation)
        return {}

    @command
    def undelete(self, person: Person, *, conversation: Id) -> Json:
        """Bring a just deleted conversation back."""
        self._conversations.undelete(person, conversation)
        return {}

    @command
    def export(
        self, person: Person, *, conversation: Id, form: Literal["markdown", "json"]
    ) -> Json:
        """A conversation as a file."""
        name, text = self._conversations.export(person, conversation, form)
        return {"name": name, "text": text}

    @command
    def fork(self, person: Person, *, conversation: Id, message: Id | None = None) -> Json:
        """A new conversation with everything up to a message, or with the whole branch."""
        if message is None:
            shown = self._conversations.open(person, conversation, limit=1).messages
            if not shown:
                raise NotFound
            message = shown[-1].id
        return {"conversation": self._conversations.fork(person, message)}

    # Messages ------------------------------------------------------------------------------------

    @command
    def choose(self, person: Person, *, message: Id) -> Json:
        """Show this version and what followed it."""
        self._conversations.choose(person, message)
        return {}

    @command
    def delete_version(self, person: Person, *, message: Id) -> Json:
        """Delete a message and what follows it."""
        self._conversations.delete_version(person, message)
        return {}

    @command
    def feedback(
        self,
        person: Person,
        *,
        message: Id,
        rating: Literal[1, -1] | None,
        reasons: Sequence[Name] = (),
        better: Annotated[str, Field(max_length=BETTER_LIMIT)] | None = None,
    ) -> Json:
        """Keep a thumb with its reasons and a better answer, or take it back."""
        known = [reason for reason in REASONS if reason in reasons]
        self._conversations.feedback(person, message, rating=rating, reasons=known, better=better)
        return {}

    @command
    def trace(self, person: Person, *, message: Id) -> Json:
        """Exactly what was sent for an answer, and what came of it."""
        found = self._product.traces.of(person, message)
        return {
            "messages": found.messages,
            "exact": found.exact,
            "model": found.model,
            "prompt": found.prompt,
            "version": found.version,
            "sha": found.sha,
            "parameters": found.parameters,
            "prompt_tokens": found.prompt_tokens,
            "reply_tokens": found.reply_tokens,
            "first": found.first_s,
            "total": found.total_s,
            "error": found.error,
            "notes": found.notes,
            "masked": None if found.masked is None else masked_words(found.masked),
        }

    @command
    def source(
        self, person: Person, *, message: Id, number: Annotated[int, Field(ge=1, le=100)]
    ) -> Json:
        """A passage that an answer used, as it is now."""
        found = self._product.traces.source(person, message, number)
        return {"title": found.title, "heading": found.heading, "text": found.text}


def _begun(turn: Turn) -> Json:
    return {"conversation": turn.conversation, "message": turn.question, "reply": turn.reply}
