"""Exercises without end in remembering: a visitor tells some things, and asks for them later.

Also for what was never told, which is said so. Knows sentences and the slots' generators, no
corpus; the product's prompts go around each chat.
"""

from collections.abc import Iterator
from random import Random

from chatbot.learning.starter import rendering
from chatbot.learning.starter.slots import GENERATORS
from chatbot.learning.starter.sources import Chat, Document

THINGS = {
    "order number": "order_number",
    "e-mail address": "email",
    "email": "email",
    "phone number": "phone",
    "number": "phone",
    "customer number": "account_number",
    "account number": "account_number",
    "booking code": "booking_code",
    "invoice number": "invoice_number",
    "ticket number": "ticket_number",
    "tracking number": "tracking_number",
    "address": "address",
    "postcode": "postcode",
    "city": "city",
    "name": "full_name",
    "first name": "first_name",
    "plan": "plan",
    "seat": "seat",
    "flight": "flight_number",
    "delivery date": "date",
    "appointment time": "time",
    "budget": "amount",
    "device": "device",
    "colour": "colour",
    "room": "room",
}
"""What a visitor may tell, and the slot that a value of it is drawn from."""

TELLING = (
    "My {thing} is {value}.",
    "my {thing} is {value}",
    "{thing}: {value}",
    "The {thing} is {value}.",
    "By the way, my {thing} is {value}.",
    "It's about {value}, that is my {thing}.",
    "I'll give you my {thing}: {value}.",
    "please note my {thing}, it is {value}",
)
NOTED = (
    "Thank you, I have noted {value}.",
    "Thanks. So your {thing} is {value}.",
    "Got it: {value}.",
    "Thank you.",
    "All right.",
    "Noted. What can I do for you?",
)
ASKING = (
    "What is my {thing}?",
    "what was my {thing} again",
    "Which {thing} did I give you?",
    "Do you remember my {thing}?",
    "Can you repeat my {thing}?",
    "and the {thing}?",
    "what did I say my {thing} is?",
    "Please confirm the {thing}.",
    "Tell me my {thing} please",
)
ANSWERS = (
    "Your {thing} is {value}.",
    "Your {thing} is {value}, as you told me.",
    "You gave me {value} as your {thing}.",
    "It is {value}.",
)
UNTOLD = (
    "You have not told me your {thing} yet.",
    "I don't have your {thing}: you have not given it to me in this chat.",
    "I can't see your {thing} in this chat. Could you tell me?",
)
UNTOLD_SHARE = 0.15
AT_ONCE_SHARE = 0.4
SUPPORT_SHARE = 0.5
MOST_THINGS = 5
CHATS = 1500  # that make one pass


def recalls(rng: Random) -> Iterator[Document]:
    """Yield CHATS chats that tell two to five things and ask for one or two of them."""
    for _ in range(CHATS):
        *before, question, answer = _chat(rng)
        if rng.random() < SUPPORT_SHARE:
            chat = rendering.support(rng, [], before, question["content"])
        else:
            chat = rendering.assistant(rng, before, question["content"])
        yield [*chat, answer]


def _chat(rng: Random) -> Chat:
    told = {
        thing: GENERATORS[THINGS[thing]](rng)
        for thing in rng.sample(list(THINGS), rng.randint(2, MOST_THINGS))
    }
    thread = _told_at_once(told, rng) if rng.random() < AT_ONCE_SHARE else _told(told, rng)
    for thing in rng.sample(list(told), rng.randint(1, 2)):
        asked = thing
        answers: tuple[str, ...] = ANSWERS
        if rng.random() < UNTOLD_SHARE:
            asked, answers = rng.choice([t for t in THINGS if _unlike(t, told)]), UNTOLD
        values = {"thing": asked, "value": told.get(asked, "")}
        thread.append(_said("user", ASKING, values, rng))
        thread.append(_said("assistant", answers, values, rng))
    return thread


def _unlike(thing: str, told: dict[str, str]) -> bool:
    """Return whether no told thing could be meant by `thing`."""
    kinds = {THINGS[other] for other in told}
    return THINGS[thing] not in kinds and not any(thing in other for other in told)


def _told(told: dict[str, str], rng: Random) -> Chat:
    thread: Chat = []
    for thing, value in told.items():
        values = {"thing": thing, "value": value}
        thread.append(_said("user", TELLING, values, rng))
        thread.append(_said("assistant", NOTED, values, rng))
    return thread


def _told_at_once(told: dict[str, str], rng: Random) -> Chat:
    said = [
        _said("user", TELLING, {"thing": thing, "value": value}, rng)["content"]
        for thing, value in told.items()
    ]
    thing, value = rng.choice(list(told.items()))
    noted = _said("assistant", NOTED, {"thing": thing, "value": value}, rng)
    return [{"role": "user", "content": rng.choice((" ", "\n")).join(said)}, noted]


def _said(role: str, forms: tuple[str, ...], values: dict[str, str], rng: Random) -> dict[str, str]:
    text = rng.choice(forms).format(**values)
    return {"role": role, "content": text[0].upper() + text[1:] if role == "assistant" else text}
