"""What reviewers can ask of the Review page: the queue, an item, verdicts, and a turn run again.

The review's service asks for the role again and finds items itself: no id is believed. Texts of
conversations and corrections go to it, and are neither logged nor kept here.
"""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from chatbot.bootstrap import Product
from chatbot.drafting import changes, distance
from chatbot.errors import Refused, UnknownModel
from chatbot.review import TAGS, Filters, Item
from chatbot.views import Person
from ui.pages import review_view
from ui.pages.commands import command
from ui.pages.prompts_runs import Runs
from ui.pages.search_commands import Name, SearchCommands

Json = dict[str, Any]
ItemId = Annotated[str, Field(min_length=1, max_length=200)]
"""Something of the workspace's: every reviewer may open it."""
Items = Annotated[list[ItemId], Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(max_length=100_000)]
Line = Annotated[str, Field(max_length=2_000)]
Tag = Annotated[str, Field(min_length=1, max_length=60)]
Tags = Annotated[list[Tag], Field(max_length=20)]
Limit = Annotated[int, Field(ge=1, le=200)]
Rating = Literal[-1, 0, 1]
Which = Literal["open", "done"]

REVIEWED_DAYS = 30
"""Days that "reviewed" of an empty queue and the agreement look back."""
NO_QUESTION = "The question of this answer is not shown here, so nothing can be asked again."
DAY = "Give a day as 2026-11-30."


class FilterForm(BaseModel):
    """The filters as the page sends them; what is left out asks for nothing."""

    model_config = ConfigDict(strict=True, extra="forbid")

    rating: Rating | None = None
    flagged: bool | None = None
    tag: Name = ""
    model: Name = ""
    prompt: Name = ""
    number: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    kind: Literal["", "answer", "reply"] = ""
    least_distance: Annotated[float, Field(ge=0, le=1)] | None = None
    mood: Name = ""
    topic: Name = ""
    since: Annotated[str, Field(max_length=10)] = ""
    until: Annotated[str, Field(max_length=10)] = ""
    second: bool | None = None
    verdict: Rating | None = None

    def filters(self) -> Filters:
        """As the service takes them; a day counts whole, in UTC. Raises Refused."""
        given = self.model_dump(exclude={"since", "until"})
        since, until = _day(self.since), _day(self.until)
        return Filters(since=since, until=until + timedelta(days=1) if until else None, **given)


class ReviewCommands(SearchCommands):
    """The commands of one product."""

    def __init__(self, product: Product, runs: Runs) -> None:
        super().__init__(product)
        self._product = product
        self._review = product.review
        self._runs = runs

    @command
    def start(self, person: Person) -> Json:
        """What a fresh page needs to know."""
        registry = self._product.registry
        return {
            "person": {"id": person.public_id, "name": person.name, "roles": list(person.roles)},
            "choices": review_view.choices(self._review.choices(person)),
            "tags": list(TAGS),
            "models": [
                {"label": one.label, "where": one.where, "host": registry.host(one.label)}
                for one in registry.list()
            ],
            "days": REVIEWED_DAYS,
        }

    # The queue -----------------------------------------------------------------------------------

    @command
    def queue(
        self,
        person: Person,
        *,
        which: Which,
        filters: FilterForm,
        text: Name = "",
        limit: Limit = 50,
        after: Name = "",
    ) -> Json:
        """Items that pass the filters; `after` is what the page before gave as `more`."""
        found = self._review.queue(
            person,
            which=which,
            filters=filters.filters(),
            text=text,
            limit=limit,
            after=after or None,
        )
        return review_view.queue(found)

    @command
    def choices(self, person: Person) -> Json:
        """What there is to filter by."""
        return {"choices": review_view.choices(self._review.choices(person))}

    @command
    def bulk(
        self,
        person: Person,
        *,
        items: Items,
        rating: Rating | None = None,
        tag: Annotated[str, Field(max_length=60)] = "",
        second: bool | None = None,
    ) -> Json:
        """Judge several at once, tag them, or ask a second opinion of them."""
        done = self._review.bulk(person, items, rating=rating, tag=tag, second=second)
        return {"done": done}

    @command
    def figures(self, person: Person) -> Json:
        """How much was reviewed of late, and how far reviewers agree."""
        since = datetime.now(UTC) - timedelta(days=REVIEWED_DAYS)
        found = self._review.agreement(person, REVIEWED_DAYS)
        return {
            "reviewed": self._review.reviewed(person, since),
            "agreement": review_view.agreement(found),
        }

    # An item -------------------------------------------------------------------------------------

    @command
    def open(self, person: Person, *, item: ItemId) -> Json:
        """An item with its thread, trace, verdicts and comments; takes it for a while."""
        found = self._review.open(person, item)
        return {"item": review_view.item(found, self._context(found.row.model))}

    def _context(self, model: str) -> int:
        try:
            return self._product.registry.resolve(model).context if model else 0
        except UnknownModel:
            return 0

    @command
    def take_over(self, person: Person, *, item: ItemId) -> Json:
        """Take an item that a colleague has open."""
        self._review.take_over(person, item)
        return {}

    @command
    def judge(
        self,
        person: Person,
        *,
        item: ItemId,
        rating: Rating,
        text: Text | None,
        tags: Tags,
        note: Line,
        use: bool,
        seen: Annotated[str, Field(max_length=2_000_000)],
        filters: FilterForm,
    ) -> Json:
        """Keep one's verdict; tells which item that passes the filters is next."""
        following = self._review.judge(
            person,
            item,
            rating=rating,
            text=text,
            tags=tags,
            note=note,
            use=use,
            seen=seen or None,
            filters=filters.filters(),
        )
        return {"next": following.id if following else None}

    @command
    def changes(self, person: Person, *, before: Text, after: Text) -> Json:  # noqa: ARG002
        """What differs between two texts, by words, and how far they are apart (0 to 1)."""
        tokens = changes(before, after)
        return {"tokens": review_view.tokens(tokens), "distance": distance(before, after)}

    @command
    def flag(self, person: Person, *, item: ItemId, note: Line = "") -> Json:
        """Flag an item."""
        return {"item": self._review.flag(person, item, note)}

    @command
    def unflag(self, person: Person, *, item: ItemId) -> Json:
        """Take a flag away."""
        self._review.unflag(person, item)
        return {}

    @command
    def second(self, person: Person, *, item: ItemId, on: bool) -> Json:
        """Ask a second opinion, or no longer."""
        self._review.ask_second(person, item, on)
        return {}

    @command
    def comment(self, person: Person, *, item: ItemId, text: Line) -> Json:
        """Say something to the others who judge an item."""
        return {"comment": review_view.comment(self._review.comment(person, item, text))}

    # Run again with… -----------------------------------------------------------------------------

    @command
    def versions(self, person: Person) -> Json:
        """Prompts and their versions to run a turn again with."""
        return {"prompts": review_view.versions(self._product.comparing.prompts(person))}

    @command
    async def again(
        self, person: Person, *, item: ItemId, model: Name, prompt: Name, version: Name
    ) -> Json:
        """Begin to answer an item's question once more, as it is shown: masked."""
        found = await asyncio.to_thread(self._review.open, person, item)
        question, history = question_of(found)
        passages = found.trace.passages if found.trace else []
        comparing = self._product.comparing
        side = await asyncio.to_thread(comparing.side, person, model, prompt, version)
        return self._runs.begin(
            person,
            lambda cancel: comparing.again(person, side, question, history, passages, cancel),
        )

    @command
    async def follow(self, person: Person, *, work: Name, have: int) -> Json:
        """What was written after the first `have` characters."""
        return await self._runs.follow(person, work, have)

    @command
    async def stop(self, person: Person, *, work: Name) -> Json:
        """End an answer early."""
        self._runs.stop(person, work)
        return {}


def _day(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise Refused(DAY) from None
    return datetime(found.year, found.month, found.day, tzinfo=UTC)


def question_of(found: Item) -> tuple[str, list[dict[str, str]]]:
    """What the judged answer was an answer to, and the messages before that, of two sides in turn.

    Raises Refused: the question is not part of what is shown.
    """
    said: list[dict[str, str]] = []
    for one in found.thread:
        if one.judged:
            break
        role = "user" if one.role == "customer" else "assistant"
        if said and said[-1]["role"] == role:
            said[-1]["content"] += f"\n\n{one.text}"
        else:
            said.append({"role": role, "content": one.text})
    if not said or said[-1]["role"] != "user":
        raise Refused(NO_QUESTION)
    return said[-1]["content"], said[:-1]
