"""The one door of drafting: a thread → a draft; a text → the same text in other words."""

import asyncio
import hashlib
import logging
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from chatbot.allowance import Allowance
from chatbot.analysis import Analysis, Said
from chatbot.answering import storable
from chatbot.archive import Archive
from chatbot.backends.cancel import CancelToken
from chatbot.backends.registry import Registry
from chatbot.chain import OpenEncoder, Piece, Plan, no_encoder
from chatbot.drafting import checking, quoting, reworks, small
from chatbot.drafting.asking import (
    Asked,
    Wishes,
    asked,
    changing,
    plan_of,
    searched,
    varied,
)
from chatbot.drafting.citing import cite
from chatbot.drafting.ending import LANGUAGES, Given, Written, ended
from chatbot.drafting.exact import keep
from chatbot.drafting.lacking import without_line
from chatbot.drafting.views import Check, Draft, ReworkTold, Source, Told, Want
from chatbot.drafting.writing import Served, Watch, Writer
from chatbot.errors import EmptyText, Refused
from chatbot.grounding import SURE
from chatbot.picking import pick
from chatbot.picking.words import stems
from chatbot.releases import Releases
from store.records import Person

if TYPE_CHECKING:
    from chatbot.backends.base import ChatModel
    from chatbot.knowledge import Knowledge

log = logging.getLogger(__name__)

PROMPT = "support-draft"
VARIANTS = 3
"""Drafts of one thread that differ."""
ASKING = 3
"""Words of a subject from which on a message asks for something that articles should hold."""

NOTHING_TO_REWORK = "There is no text yet. Write or draft one, then change it."
CUT_OFF = "The model broke off, so your text stays as it was. Try again, or select a shorter part."
NO_LANGUAGE = "Say which language the text should be translated into."
NO_INSTRUCTION = "Say what should change, such as “offer a call on Monday”."
SEARCH_BROKE = "The knowledge base could not be searched, so the draft has no sources."
UNCHANGED = "The model left the text as it was."


class Drafting:
    """Writes drafts. Nothing of them is stored here; safe to share between people.

    Its doors decide who may ask; passages are those that the person may see.
    """

    def __init__(
        self,
        archive: Archive,
        registry: Registry,
        releases: Releases,
        knowledge: "Knowledge",
        analysis: Analysis,
        allowance: Allowance,
        *,
        workspace: str,
        encoder: OpenEncoder = no_encoder,
    ) -> None:
        self._releases = releases
        self._knowledge = knowledge
        self._analysis = analysis
        self._workspace = workspace
        self._encoder = encoder
        self._writer = Writer(archive, registry, releases, allowance, encoder)

    # Drafts --------------------------------------------------------------------------------------

    async def draft(
        self,
        person: Person,
        thread: Sequence[Said],
        cancel: CancelToken,
        *,
        tone: str = "neutral",
        facts: Sequence[str] = (),
        instruction: str = "",
        agent: str = "",
        model: str | None = None,
        prompt: str = PROMPT,
        variant: int = 0,
        subject: str = "",
    ) -> AsyncGenerator[Told, None]:
        """Stream a draft of the reply that a thread waits for: sources, pieces, the end.

        `agent` signs it. `subject` is the ticket's: searched along, and not shown to models.
        `variant` from 0: others begin with other sources and are drawn anew. The text of the end
        replaces the pieces. It counts as a turn of the person's.

        Raises:
            EmptyText: no message of the thread is a customer's.
            NotFound, UnknownModel, PromptInvalid, ContextTooSmall: nothing was asked.
            TooManyTurns: the person's allowance is used up.
            BackendError: the model did not answer, or broke off.
        """
        watch, thread = Watch(), tuple(thread)
        opened = asked(thread, subject)
        wishes = Wishes(tone, tuple(facts), instruction, agent)
        ready = await self._writer.model(model)
        served = await asyncio.to_thread(self._writer.served, prompt, _about(thread))
        await self._writer.count(person)
        sources, notes = await asyncio.to_thread(self._sources, person, opened, variant)
        yield Told(sources=sources)
        said: list[str] = []
        pieces = self._pieces(served, opened, sources, wishes, ready, cancel, watch, variant)
        async with aclosing(pieces):
            async for piece in pieces:
                said.append(storable(piece))
                if piece:
                    yield Told(text=said[-1])
        text = "".join(said)
        written = Written(
            text=text,
            language=self._analysis.language(text),
            quotes=ready.quotes,
            label=ready.label,
            status=watch.status(cancel),
            first_s=watch.first_s,
            total_s=watch.total_s,
            notes=(*watch.notes, *notes),
        )
        yield Told(
            ended=await asyncio.to_thread(
                self._ended, written, thread, opened, sources, wishes, served
            )
        )

    async def _pieces(
        self,
        served: Served,
        opened: Asked,
        sources: tuple[Source, ...],
        wishes: Wishes,
        ready: "ChatModel",
        cancel: CancelToken,
        watch: Watch,
        variant: int,
    ) -> AsyncGenerator[str, None]:
        """What the model writes; by rule where one that only quotes has nothing to quote."""
        if ready.quotes and not sources:
            text = small.without_sources(thanks=opened.is_thanks)
            watch.took(Piece(text, "stop"))
            yield text
            return
        plan = plan_of(
            served.prompt, opened, sources, wishes, self._workspace, self._releases.renderer
        )
        if ready.quotes:
            plan = await asyncio.to_thread(self._narrowed, plan, opened, sources, variant)
        else:
            plan = varied(plan, variant % VARIANTS)
        async with aclosing(self._writer.stream(plan, ready, cancel, watch)) as pieces:
            async for piece in pieces:
                yield piece

    def _sources(
        self, person: Person, thread: Asked, variant: int
    ) -> tuple[tuple[Source, ...], tuple[str, ...]]:
        """The passages for a thread, and a note where they could not be searched."""
        try:
            sources = searched(self._knowledge, person, thread)
            if sources == () and not variant and len(stems(thread.question)) >= ASKING:
                self._knowledge.lacked(thread.question, "desk")
        except Exception as error:  # noqa: BLE001  a draft without sources is better than none
            # The exception's text may quote the question, so only its type is logged.
            log.error("a search for a draft broke: %s", type(error).__name__)  # noqa: TRY400
            return (), (SEARCH_BROKE,)
        return sources or (), ()

    def _narrowed(self, plan: Plan, thread: Asked, sources: Sequence[Source], variant: int) -> Plan:
        """The plan with the sentences that a small model is to quote, in place of passages."""
        spec = plan.prompt.passages_input
        if spec is None or not sources:
            return plan
        found = quoting.ranked(self._encoder(), thread.question, thread.hints, sources)
        picked = quoting.chosen(found, variant % VARIANTS)
        values = dict(plan.values) | {spec.name: quoting.passages(picked, sources)}
        parameters = dict(plan.prompt.parameters) | {"max_tokens": quoting.LONGEST}
        return replace(plan, values=values, prompt=replace(plan.prompt, parameters=parameters))

    def _ended(
        self,
        written: Written,
        thread: Sequence[Said],
        opened: Asked,
        sources: tuple[Source, ...],
        wishes: Wishes,
        served: Served,
    ) -> Draft:
        language = self._analysis.language(opened.question)
        mood = self._analysis.mood(opened.question)
        given = Given(
            thread,
            opened,
            sources,
            wishes,
            language,
            known=(self._workspace,),
            unhappy=mood is not None and mood.word in ("angry", "unhappy"),
        )
        return ended(written, given, served, foreign=self._is_foreign(written.text, sources))

    def _is_foreign(self, text: str, sources: Sequence[Source]) -> bool:
        """Whether a text is in another language than every source."""
        language = self._analysis.language(text)
        theirs = {one.language or self._analysis.language(one.text) for one in sources} - {""}
        return bool(language and theirs and language not in theirs)

    # The same text in other words ----------------------------------------------------------------

    async def rework(
        self,
        person: Person,
        text: str,
        cancel: CancelToken,
        *,
        want: Want,
        selection: tuple[int, int] | None = None,
        language: str = "",
        model: str | None = None,
    ) -> AsyncGenerator[ReworkTold, None]:
        """Stream a text, or its selected part, in other words; then the whole new text.

        `selection`: from which character to which. `language`: for `translate`, a name or code.
        One that is stopped ends without a new text.

        Raises:
            EmptyText, Refused: there is nothing to change, or the model cannot do it.
            ValuesChanged: numbers, links or names came out otherwise; the text stays.
            What `draft` raises of models.
        """
        first, last = _part(text, selection)
        part = text[first:last]
        if want == "translate" and not language.strip():
            raise Refused(NO_LANGUAGE)
        ready = await self._writer.model(model)
        if ready.quotes:
            new = await asyncio.to_thread(small.rework, part, want, ready.label)
            notes = [small.RULED.format(label=ready.label)]
            yield ReworkTold(text=new)
        else:
            served = await asyncio.to_thread(
                self._writer.served, reworks.prompt_for(want), _digest(part)
            )
            asked_for = LANGUAGES.get(language.strip().lower(), language.strip())
            plan = reworks.plan_of(served, part, want, asked_for, self._releases.renderer)
            watch, said = Watch(), list[str]()
            await self._writer.count(person)
            async with aclosing(self._writer.stream(plan, ready, cancel, watch)) as pieces:
                async for piece in pieces:
                    said.append(storable(piece))
                    yield ReworkTold(text=said[-1])
            if watch.status(cancel) == "stopped":
                return
            new = _whole("".join(said), part, watch, cancel)
            notes = list(watch.notes)
        await asyncio.to_thread(keep, part, new, translated=want == "translate")
        notes += [UNCHANGED] if new == part else []
        yield ReworkTold(
            ended=text[:first] + new + text[last:], model=ready.label, notes=tuple(notes)
        )

    async def refine(
        self,
        person: Person,
        thread: Sequence[Said],
        text: str,
        instruction: str,
        sources: Sequence[Source],
        cancel: CancelToken,
        *,
        facts: Sequence[str] = (),
        model: str | None = None,
        prompt: str = PROMPT,
    ) -> AsyncGenerator[ReworkTold, None]:
        """Stream a text changed as an instruction says; then the whole new text, cited.

        Raises as `rework` does; values may change, and `check` marks those from nowhere.
        """
        if not text.strip():
            raise EmptyText(NOTHING_TO_REWORK)
        if not instruction.strip():
            raise Refused(NO_INSTRUCTION)
        ready = await self._writer.model(model)
        said = checking.said_in(thread, [*facts, instruction])
        if ready.quotes:
            new = await asyncio.to_thread(self._inserted, text, instruction, sources, ready)
            yield ReworkTold(text=new)
            notes: tuple[str, ...] = (small.RULED.format(label=ready.label),)
        else:
            opened = asked(thread)
            served = await asyncio.to_thread(self._writer.served, prompt, _about(thread))
            wishes = Wishes(facts=tuple(facts))
            plan = plan_of(
                served.prompt, opened, sources, wishes, self._workspace, self._releases.renderer
            )
            plan = changing(plan, opened.question, text, instruction)
            watch, told = Watch(), list[str]()
            await self._writer.count(person)
            async with aclosing(self._writer.stream(plan, ready, cancel, watch)) as pieces:
                async for piece in pieces:
                    told.append(storable(piece))
                    yield ReworkTold(text=told[-1])
            if watch.status(cancel) == "stopped":
                return
            new, _ = without_line(_whole("".join(told), text, watch, cancel))
            notes = watch.notes
        foreign = await asyncio.to_thread(self._is_foreign, new, sources)
        new = await asyncio.to_thread(cite, new, sources, said, foreign=foreign)
        notes += (UNCHANGED,) if new == text else ()
        yield ReworkTold(ended=new, model=ready.label, notes=notes)

    def _inserted(
        self, text: str, instruction: str, sources: Sequence[Source], model: "ChatModel"
    ) -> str:
        """The text with the sentence of its sources that fits an instruction best."""
        passages = [{"title": one.label, "text": one.text} for one in sources]
        picked = pick(self._encoder(), instruction, passages, most=3).sentences
        fitting = [one for one in picked if one.score >= SURE and one.sentence.text not in text]
        if not fitting:
            raise Refused(small.NOTHING_FITS.format(label=model.label))
        return small.insert(text, fitting[0].sentence.text)

    # Looking ------------------------------------------------------------------------------------

    def check(
        self,
        text: str,
        thread: Sequence[Said],
        sources: Sequence[Source],
        facts: Sequence[str] = (),
        confirmed: Collection[str] = (),
    ) -> Check:
        """What a person should look at before a text is sent. Quick; asks no model.

        `confirmed`: values, as written, that somebody has vouched for.
        """
        foreign = self._is_foreign(text, sources)
        known = (self._workspace,)
        return checking.check(text, thread, sources, facts, confirmed, foreign=foreign, known=known)


def _part(text: str, selection: tuple[int, int] | None) -> tuple[int, int]:
    """The part to change, without the white space around it. Raises EmptyText."""
    first, last = selection if selection and selection[0] < selection[1] else (0, len(text))
    first, last = max(0, first), min(len(text), last)
    part = text[first:last]
    if not part.strip():
        raise EmptyText(NOTHING_TO_REWORK)
    return first + len(part) - len(part.lstrip()), last - len(part) + len(part.rstrip())


def _whole(answer: str, text: str, watch: Watch, cancel: CancelToken) -> str:
    """The whole new text. Raises Refused: it was cut off or is empty."""
    new = reworks.clean(answer, text)
    if not new or watch.status(cancel) != "complete":
        raise Refused(CUT_OFF)
    return new


def _about(thread: Sequence[Said]) -> str:
    """What chooses the version that serves a thread: its first message, so that it stays."""
    return _digest(thread[0].text if thread else "")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
