"""The trace of an answer: the exact messages that were sent, rendered again and proved equal.

Nothing is stored twice: a trace keeps the prompt version, the values, which messages were the
history, and a hash over what was sent. Versions and message texts never change, so rendering them
again gives the same; the hash says so, or says that something changed behind them.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from chatbot.answering import history_of, values_of
from chatbot.archive import Archive
from chatbot.chain import Plan, Sent, render
from chatbot.errors import NotFound, PromptInvalid
from chatbot.knowledge import Knowledge
from chatbot.releases import Releases
from chatbot.sourcing import Json, as_values, for_person
from store import articles, messages
from store.records import Message, Person, Trace

CHANGED = "A message of the history has changed since, so this is not exactly what was sent."
GONE = "This source was changed or removed since, so it is not shown any more."
WITHHELD = "An internal source is not shown to you, so this is not all of what was sent."


@dataclass(frozen=True, slots=True)
class TraceView:
    """What was sent for an answer and what came of it. Times in seconds.

    `turn`: the answer's public id, or the draft's; lines of the log and spans name it.
    `messages` are as the person knows them. `masked`: how many values of each group left as tags
    instead; None where nothing is masked. `passages`: what the model got, see chatbot/sourcing.py.
    """

    turn: str
    messages: list[dict[str, str]]
    exact: bool
    model: str
    prompt: str
    version: int
    sha: str
    parameters: dict[str, Any]
    prompt_tokens: int | None
    reply_tokens: int | None
    first_s: float | None
    total_s: float | None
    error: str | None
    notes: list[str]
    masked: dict[str, int] | None
    passages: list[Json]


@dataclass(frozen=True, slots=True)
class Source:
    """A passage that an answer used, as its article has it now."""

    title: str
    heading: str
    text: str
    internal: bool


class Traces:
    """Reads traces within one person's scope."""

    def __init__(self, archive: Archive, releases: Releases) -> None:
        self._archive = archive
        self._releases = releases

    def of(self, person: Person, message: str) -> TraceView:
        """The trace of an answer (public id). Raises NotFound when it has none."""
        with self._archive.of(message).reading() as session:
            row, reply = messages.get(session, person.id, message)
            trace = messages.traces(session, [reply.id]).get(reply.id)
            if trace is None or trace.version is None or reply.parent_id is None:
                raise NotFound("There is no trace: nothing was sent, or its days are over.")
            history = messages.by_ids(session, row.id, trace.history_ids)
            [question] = messages.by_ids(session, row.id, [reply.parent_id])
        version = trace.version
        kept = trace.passages
        shown = for_person(kept, internal=Knowledge.may_see_internal(person))
        trace = replace(trace, passages=shown)
        sent = rendered(self._releases, trace, version, question, history, reply)
        exact = sent.rendered_hash == trace.rendered_hash
        return TraceView(
            turn=message,
            messages=sent.messages,
            exact=exact,
            model=trace.model,
            prompt=trace.prompt,
            version=self._releases.number(version),
            sha=version,
            parameters=trace.parameters,
            prompt_tokens=trace.prompt_tokens,
            reply_tokens=trace.reply_tokens,
            first_s=trace.first_token_s,
            total_s=trace.total_s,
            error=trace.error,
            notes=[*trace.notes, *([] if exact else [CHANGED if shown == kept else WITHHELD])],
            masked=trace.inputs.get("masked"),
            passages=shown,
        )

    def source(self, person: Person, message: str, number: int) -> Source:
        """The passage that an answer (public id) knew by this number.

        Raises NotFound: there is none, its article was changed or removed since, or is no longer
        this person's to see.
        """
        with self._archive.of(message).reading() as session:
            _, reply = messages.get(session, person.id, message)
            trace = messages.traces(session, [reply.id]).get(reply.id)
        kept = [one for one in (trace.passages if trace else []) if one["n"] == number]
        if not kept:
            raise NotFound(GONE)
        with self._archive.main.reading() as session:
            found = articles.passage(session, kept[0]["passage"])
            if found is None:
                raise NotFound(GONE)
            article, passage = articles.get(session, found[0]), found[1]
        internal = article.visibility != "public"
        if not Knowledge.may_see_internal(person) and (internal or not _is_valid(article)):
            raise NotFound(GONE)
        return Source(article.title, passage.heading, passage.text, internal)


def rendered(
    releases: Releases,
    trace: Trace,
    version: str,
    question: Message,
    history: list[Message],
    reply: Message,
) -> Sent:
    """The messages that a trace is of, rendered again by its version (sha).

    None are there where the rendering is refused, as it was then. Raises NotFound: no such version.
    """
    prompt = releases.prompt(version)
    values = values_of(prompt, question.content, trace.inputs["workspace"])
    if place := trace.inputs.get("place"):  # of a program's call
        values |= {place: question.content, **trace.inputs.get("values", {})}
    plan = Plan(
        prompt=prompt,
        values=values | as_values(prompt, trace.passages),
        history=history_of(history),
        continued=reply.content[: trace.inputs["continued"]],
        renderer=releases.renderer,
        chosen=tuple(trace.inputs["examples"]) if "examples" in trace.inputs else None,
    )
    sent = Sent(trace.model, "")
    try:
        sent.messages = render(plan).messages
    except PromptInvalid:
        # What was refused then is refused now: there is nothing that was sent to show.
        sent.messages = []
    return sent


def _is_valid(article: articles.Article) -> bool:
    """Whether chats may use an article today."""
    today = date.today()  # noqa: DTZ011  the company's own days, as in a search
    begun = article.valid_from is None or article.valid_from <= today
    return begun and (article.valid_until is None or today <= article.valid_until)
