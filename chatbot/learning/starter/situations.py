"""The project's own texts as chats: support situations and small talk.

Knows the corpus files beside this module and the rendering; slots are filled with
values drawn afresh at every use.
"""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from random import Random

from chatbot.learning.starter import exercises, holdout, relay, rendering
from chatbot.learning.starter.reading import TEXT_SKILLS, Record, corpus
from chatbot.learning.starter.slots import SLOT, Values
from chatbot.learning.starter.sources import Chat, Document, json_lines
from chatbot.picking import sentences

HERE = Path(__file__).parent
ROLES = {"customer": "user", "agent": "assistant"}
MOST_PASSAGES = 4
MOST_COMPANIONS = 3
NARROWED_SHARE = 0.8
OTHERS_SHARE = 0.4
SUPPORT_SHARE = 0.5
UNTOUCHED_SHARE = 0.5
TYPO_LENGTH = 12  # characters, from which on a text gets a slip of the fingers
OPENERS = ("hey, ", "hi, ", "please ", "ok, ", "so, ", "and ", "um, ", "hello, ", "Tell me, ")
SMALL_TALK_IN_SUPPORT = 0.15
EARLIER_SHARE = 0.35
EARLIER_MESSAGES = 6
OPENING = (15, 160)  # characters of an opening that a visitor might type
Fill = Callable[[str], str]


@cache
def _records() -> tuple[Record, ...]:
    """Return the situations to learn from, each with the wordings to learn."""
    return tuple(
        {**record, "asks": list(holdout.training_asks(record))}
        for record in corpus().records
        if not holdout.held_out(record)
    )


@cache
def _passages() -> dict[str, Record]:
    found = (p for p in corpus().passages if not holdout.is_held_out(p["id"]))
    return {passage["id"]: passage for passage in found}


@cache
def _small_talk() -> tuple[Record, ...]:
    paths = sorted((HERE / "talk").glob("*.jsonl"))
    return tuple(record for path in paths for record in json_lines(path))


@cache
def limits() -> dict[str, list[str]]:
    """Return the hand-written honest replies by what they answer."""
    return {record["for"]: record["replies"] for record in json_lines(HERE / "limits.jsonl")}


def phrases() -> dict[str, list[str]]:
    """Return what the model says around the sentences that it passes on, for its manifest."""
    openings = (text.strip() for texts in relay.OPENINGS.values() for text in texts)
    return {
        "openings": sorted({*openings} - {""}),
        "closings": sorted({text.strip() for text in relay.CLOSINGS} - {""}),
        "limits": limits()["no source"],
        "greetings": [text.strip() for text in relay.WARM],
    }


def passages(rng: Random) -> Iterator[Document]:
    """Yield every passage of the corpus as a plain text."""
    for record in _passages().values():
        fill = Values(rng).fill
        yield f"{record['title']}\n\n{fill(record['text'])}"


def conversations(rng: Random) -> Iterator[Document]:
    """Yield every situation as a bare chat, its passages before it, for language learning."""
    for record in _records():
        fill = Values(rng).fill
        chat: Chat = []
        texts = [_passages()[name]["text"] for name in record["passages"]]
        if texts:
            chat.append({"role": "system", "content": "\n\n".join(fill(text) for text in texts)})
        chat += _thread(record, fill)
        question = _question(record, rng, fill)
        chat.append({"role": "user", "content": question})
        chat.append({"role": "assistant", "content": fill(record["reply"])})
        yield chat


def situations(rng: Random) -> Iterator[Document]:
    """Yield every situation as the product would send it, in one of its wordings.

    Situations about the same passages follow each other in one chat, as a customer's
    questions do; each reply is learned.
    """
    waiting = {record["id"]: record for record in rng.sample(_records(), len(_records()))}
    while waiting:
        record = waiting.pop(next(iter(waiting)))
        if record["skill"] in TEXT_SKILLS:
            yield _text_work(record, rng)
            continue
        more = _companions(record, waiting, rng)
        yield _visit([record, *more], rng)


def _companions(record: Record, waiting: dict[str, Record], rng: Random) -> list[Record]:
    """Take out of `waiting` situations that can follow `record` in one chat."""
    about = set(record["passages"])
    near = [
        other
        for other in waiting.values()
        if other["skill"] not in TEXT_SKILLS
        and not other["thread"]
        and about & set(other["passages"])
        and len(about | set(other["passages"])) <= MOST_PASSAGES
    ]
    chosen = rng.sample(near, min(len(near), rng.randint(0, MOST_COMPANIONS)))
    for other in chosen:
        del waiting[other["id"]]
    return chosen


def _visit(records: list[Record], rng: Random) -> Chat:
    """Return one chat in which these situations come one after the other."""
    fill = Values(rng).fill
    names = {name: None for record in records for name in record["passages"]}
    given = [_passages()[name] for name in names]
    thread = _thread(records[0], fill)
    wanted: set[str] = set()
    for record in records:
        said = _said(record, given, rng)
        wanted |= set(relay.sources(record, given))
        thread.append({"role": "user", "content": roughen(_question(record, rng, fill), rng)})
        thread.append({"role": "assistant", "content": fill(said)})
    *thread, question, reply = thread
    if rng.random() < NARROWED_SHARE:
        given = _narrowed(given, wanted, rng)
    filled = [{"title": fill(p["title"]), "text": fill(p["text"])} for p in given]
    rng.shuffle(filled)
    return [*rendering.support(rng, filled, thread, question["content"]), reply]


def _said(record: Record, passages: list[Record], rng: Random) -> str:
    """Return what the model learns to say: sources passed on, or an honest lack of them."""
    passed_on = relay.reply(record, passages, rng)
    if passed_on is not None:
        return passed_on
    if record["skill"] == "lacking":
        return rng.choice(limits()["no source"])
    return str(record["reply"])


def _narrowed(passages: list[Record], wanted: set[str], rng: Random) -> list[Record]:
    """Cut passages down to the wanted sentences and some others.

    So the product gives a small model its sources: picked sentences, seldom whole pages.
    """
    narrowed: list[Record] = []
    for passage in passages:
        kept = [
            one.text
            for one in sentences(passage["text"])
            if one.text in wanted or rng.random() < OTHERS_SHARE
        ]
        if kept:
            narrowed.append({**passage, "text": " ".join(kept)})
    return narrowed or passages


def _text_work(record: Record, rng: Random) -> Chat:
    fill = Values(rng).fill
    chat = rendering.assistant(rng, [], _question(record, rng, fill))
    if record["skill"] == "summary":
        reworked = relay.summary(record["thread"])
    elif SLOT.search(record["instruction"]):
        reworked = record["reply"]
    else:
        reworked = relay.rewriting(record["instruction"], record["draft"], rng)
    return [*chat, {"role": "assistant", "content": fill(reworked)}]


def quotations(rng: Random) -> Iterator[Document]:
    """Yield exercises in quoting the corpus's passages."""
    texts = []
    for record in _passages().values():
        fill = Values(rng).fill
        texts.append(f"{record['title']}: {fill(record['text'])}")
    rng.shuffle(texts)
    yield from exercises.quotations(texts, rng)


def sourceless(rng: Random) -> Iterator[Document]:
    """Yield questions whose sources were not found: the reply says that it lacks them."""
    for record in _records():
        if record["skill"] == "answer" and not record["thread"]:
            question = _question(record, rng, Values(rng).fill)
            yield _unsourced(rng, question, limits()["no source"])


def small_talk(rng: Random) -> Iterator[Document]:
    """Yield every wording of the hand-written small talk once, with one of its replies.

    Some come after another exchange, so that a change of subject is nothing new.
    """
    openings = [record for record in _small_talk() if not record["thread"]]
    for record in _small_talk():
        for ask in record["asks"]:
            thread: Chat = []
            alone = record["topic"] == "memory"
            while not alone and rng.random() < EARLIER_SHARE and len(thread) < EARLIER_MESSAGES:
                earlier = rng.choice(openings)
                thread += _exchange(earlier, rng.choice(earlier["asks"]), rng)
            *said, question, reply = _exchange(record, ask, rng)
            thread += said
            if rng.random() < SMALL_TALK_IN_SUPPORT:
                chat = rendering.support(rng, [], thread, question["content"])
            else:
                chat = rendering.assistant(rng, thread, question["content"])
            yield [*chat, reply]


def roughen(text: str, rng: Random) -> str:
    """Return a question as somebody in a hurry would type it; half of them stay as they are."""
    if rng.random() < UNTOUCHED_SHARE or not any(map(str.isalpha, text)):
        return text
    if rng.random() < 0.5:
        text = text.lower() if rng.random() < 0.7 else text.capitalize()
    if rng.random() < 0.4:
        text = text.rstrip("?!.") + rng.choice(("", "", "?", "!", "."))
    if rng.random() < 0.25:
        text = rng.choice(OPENERS) + text
    if len(text) > TYPO_LENGTH and rng.random() < 0.25:
        at = rng.randrange(1, len(text) - 2)
        text = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text


def _exchange(record: Record, ask: str, rng: Random) -> Chat:
    fill = Values(rng).fill
    return [
        *_turns(record["thread"], fill),
        {"role": "user", "content": roughen(fill(ask), rng)},
        {"role": "assistant", "content": fill(rng.choice(record["replies"]))},
    ]


def unknowns(data: Path, rng: Random) -> Iterator[Document]:
    """Yield openings out of Topical-Chat about anything at all, with a modest reply."""
    for path in sorted((data / "topical_chat").glob("*.jsonl")):
        for record in json_lines(path):
            said = rng.choice(record["turns"])["text"].strip()
            if OPENING[0] <= len(said) <= OPENING[1]:
                kind = "unknown question" if "?" in said else "unknown statement"
                chat = rendering.assistant(rng, [], said)
                yield [*chat, {"role": "assistant", "content": rng.choice(limits()[kind])}]


def _unsourced(rng: Random, question: str, replies: list[str]) -> Chat:
    if rng.random() < SUPPORT_SHARE:
        chat = rendering.support(rng, [], [], question)
    else:
        chat = rendering.assistant(rng, [], question)
    return [*chat, {"role": "assistant", "content": rng.choice(replies)}]


def _turns(thread: list[dict[str, str]], fill: Fill) -> Chat:
    return [{"role": ROLES[t["role"]], "content": fill(t["text"])} for t in thread]


def _thread(record: Record, fill: Fill) -> Chat:
    return [] if record["skill"] == "summary" else _turns(record["thread"], fill)


def _question(record: Record, rng: Random, fill: Fill) -> str:
    if record["skill"] == "summary":
        lines = [f"{t['role'].capitalize()}: {fill(t['text'])}" for t in record["thread"]]
        request = rng.choice(rendering.SUMMARY_REQUESTS)
        return f"{request}\n\n" + "\n".join(lines)
    if record["skill"] == "rewrite":
        request = rng.choice(rendering.REWRITE_REQUESTS)
        return f"{request} {fill(record['instruction'])}\n\n{fill(record['draft'])}"
    return fill(rng.choice(record["asks"]))
