"""A thread → its card: wants, done, open questions, facts, each with the words it comes from.

Extractive: every item is a slice of a message, chosen by rules of form and place. No model is
asked and nothing is rewritten, so nothing can be made up.
"""

from collections.abc import Callable, Sequence

from chatbot.analysis import sayings
from chatbot.analysis.views import Entity, Item, Quote, Said
from chatbot.picking import Sentence, sentences

MOST = 3
"""Items of a kind, facts apart."""
MOST_FACTS = 12
LONGEST = 240
"""Characters of an item; a longer sentence is shown up to there, its quote names it all."""
READ = 40
"""Messages of a thread that are read, the newest."""

Lines = list[tuple[int, list[Sentence]]]

_KINDS = (
    "order tracking booking invoice ticket iban account card last4 product organisation amount "
    "day moment weekday month phone email person place"
)
_FIRST = tuple(_KINDS.split())
"""Kinds of facts in the order of their use to an agent; others follow."""


def lines_of(thread: Sequence[Said]) -> Lines:
    """The sentences of the newest messages, with the message's place in the thread."""
    start = max(0, len(thread) - READ)
    return [(number, sentences(thread[number].text)) for number in range(start, len(thread))]


def items(thread: Sequence[Said], lines: Lines) -> tuple[list[Item], list[Item], list[Item]]:
    """What is wanted, done and open, in this order."""
    wanted = _wanted(thread, lines)
    taken = {item.quote for item in wanted}
    done = _some(lines, lambda _, one: sayings.reports(one), newest=True)
    done = [item for item in done if item.quote not in taken]
    left = _open(thread, lines)
    return wanted, done, [item for item in left if item.quote not in taken][-MOST:]


def _wanted(thread: Sequence[Said], lines: Lines) -> list[Item]:
    """Wishes of the customer, the newest; else their newest question; else what they say."""
    customer = [(at, said) for at, said in lines if thread[at].role == "customer"]
    wishes = _some(customer, lambda _, one: sayings.wants(one), newest=True)
    if wishes:
        return wishes
    questions = _some(customer, lambda _, one: sayings.asks(one), newest=True)
    if questions:
        return questions[-1:]
    return _some(customer[-1:], lambda _, one: not sayings.greets(one))[:1]


def _open(thread: Sequence[Said], lines: Lines) -> list[Item]:
    """Questions behind which the other side has not written."""
    behind = {
        "customer": max((at for at, _ in lines if thread[at].role != "customer"), default=-1),
        "desk": max((at for at, _ in lines if thread[at].role == "customer"), default=-1),
    }

    def is_open(at: int, sentence: str) -> bool:
        side = "customer" if thread[at].role == "customer" else "desk"
        return at > behind[side] and sayings.asks(sentence)

    return _some(lines, is_open, most=2 * MOST)


def _some(
    lines: Lines, fits: Callable[[int, str], bool], *, newest: bool = False, most: int = MOST
) -> list[Item]:
    """Sentences that fit, in order; of too many the newest or the first are kept."""
    found = [_item(at, one) for at, said in lines for one in said if fits(at, one.text.strip())]
    return found[-most:] if newest else found[:most]


def _item(message: int, sentence: Sentence) -> Item:
    text = " ".join(sentence.text.split())
    shown = text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"
    return Item(shown, Quote(message, sentence.start, sentence.end))


def facts(named: Sequence[tuple[int, Entity]]) -> list[Item]:
    """Each thing that the thread names once, the most useful kinds first, the newest mention."""
    newest: dict[tuple[str, str], Item] = {}
    for message, entity in named:
        key = (entity.kind, entity.value or entity.text.casefold())
        quote = Quote(message, entity.start, entity.end)
        newest[key] = Item(entity.text, quote, entity.kind)
    order = {kind: number for number, kind in enumerate(_FIRST)}
    ranked = sorted(newest.values(), key=lambda item: order.get(item.kind, len(order)))
    return ranked[:MOST_FACTS]
