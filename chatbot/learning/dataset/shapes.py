"""What one object of a file says: the shapes of OpenAI, ShareGPT, preference pairs and our own.

Knows plain values only. What does not fit raises `Wrong` with a few words that name it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chatbot.answering import storable
from chatbot.errors import ChatbotError
from chatbot.learning.dataset.turns import Asked, Message, Turn, hashed

LONGEST_REPLY = 20_000
"""Characters of an answer; one that is longer is no answer of a conversation."""
LONGEST = 400_000
"""Characters of all texts of a turn."""
MOST_MESSAGES = 400

_ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "customer": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "model": "assistant",
    "bot": "assistant",
    "agent": "assistant",
}
_HASH = re.compile(r"[0-9a-f]{16,64}")
_SLOT = re.compile(r"\{\{\s*([^{}\n]{1,60}?)\s*\}\}")
_TYPES = (
    ("email", r"e-?mail"),
    ("phone", r"phone|hotline|mobile|fax"),
    ("tracking", r"track\w* (?:number|code|id)|shipment (?:number|id)"),
    ("order", r"(?:order|purchase) (?:number|no|id|code)"),
    ("code", r"(?:invoice|ticket|case|booking|reservation|reference) (?:number|no|id|code)"),
    ("account", r"(?:account|customer|client|card) (?:number|no|id)|iban"),
    ("url", r"url|link|web ?address|web ?page address"),
    ("amount", r"amount|price|refund sum|fee|currency|total"),
    ("date", r"date|day of"),
    ("span", r"hours|availability"),
    ("time", r"time"),
    ("address", r"(?:street|shipping|delivery|billing|home|postal) address|city|zip|post ?code"),
    ("company", r"(?:company|store|shop|website|business) name"),
    ("name", r"(?:first|last|full|customer|client|agent|person|account)? ?name|salutation"),
    ("percent", r"percent(?:age)?"),
)
"""What a placeholder's words call for, the first that fits; others are told in their own words."""


class Wrong(ValueError):
    """Says in a few words what is wrong with an object."""


Ask = Callable[[str, str], Asked]
"""Question and context → the messages that a prompt makes of them. Raises ChatbotError."""


def turns_of(found: Mapping[str, Any], ask: Ask) -> list[Turn]:
    """The turns of one object. Raises Wrong."""
    if "chosen" in found or "preferred_output" in found:
        turns = [_preference(found, ask)]
    elif "conversations" in found:
        turns = _each(_messages(found["conversations"], "from", "value", found.get("system")))
    elif "messages" in found and "reply" in found:
        turns = [_ours(found)]
    elif "messages" in found:
        turns = _each(_messages(found["messages"], "role", "content"))
    elif any(name in found for name in _QUESTIONS):
        turns = [_asked(found, ask)]
    else:
        raise Wrong(
            "the object has neither messages, conversations, chosen and rejected, nor question "
            "and answer"
        )
    talk, label = _talk(found), _label(found)
    for turn in turns:
        turn.talk = talk or turn.talk
        turn.label = label
        _finish(turn)
    return turns


_QUESTIONS = ("question", "instruction")
_ANSWERS = ("answer", "response")


def _asked(found: Mapping[str, Any], ask: Ask) -> Turn:
    question = _first(found, _QUESTIONS, "question")
    reply = _first(found, _ANSWERS, "answer")
    rejected = found.get("rejected")
    context = _text(found["context"], "context") if found.get("context") else ""
    return _rendered(question, context, reply, rejected, ask)


def _rendered(question: str, context: str, reply: str, rejected: Any, ask: Ask) -> Turn:
    if not question.strip():
        raise Wrong("the question is empty")
    worse = None if rejected is None else _text(rejected, "rejected answer")
    talk = hashed("asked", question.strip())
    question, context, reply, other = _tagged([question, context, reply, worse or ""])
    try:
        asked = ask(question, context)
    except ChatbotError as error:
        raise Wrong(str(error)) from error
    made = Turn("import", talk, asked.messages, reply, None if worse is None else other)
    made.prompt, made.version = asked.prompt, asked.version
    return made


def _ours(found: Mapping[str, Any]) -> Turn:
    messages = _messages(found["messages"], "role", "content")
    rejected = found.get("rejected")
    worse = None if rejected is None else _text(rejected, "rejected answer")
    return Turn("import", _told(messages), messages, _text(found["reply"], "answer"), worse)


def _preference(found: Mapping[str, Any], ask: Ask) -> Turn:
    """TRL's shapes (`prompt` as text or messages, or none), and OpenAI's `preferred_output`."""
    given = found.get("input")
    inside = given.get("messages") if isinstance(given, Mapping) else None
    prompt = found.get("messages") or inside or found.get("prompt")
    chosen = found.get("chosen", found.get("preferred_output"))
    rejected = found.get("rejected", found.get("non_preferred_output"))
    if rejected is None:
        raise Wrong("there is no rejected answer")
    if isinstance(prompt, str):
        reply, worse = _last(chosen, "chosen answer"), _last(rejected, "rejected answer")
        return _rendered(prompt, "", reply, worse, ask)
    if prompt is None:
        if not isinstance(chosen, list) or len(chosen) < 2:
            raise Wrong("there is no prompt: neither messages nor prompt")
        prompt = chosen[:-1]
    messages = _messages(prompt, "role", "content")
    reply, worse = _last(chosen, "chosen answer"), _last(rejected, "rejected answer")
    return Turn("import", _told(messages), messages, reply, worse)


def _last(given: Any, what: str) -> str:
    """An answer that is a text, or the last of a list of messages."""
    if not isinstance(given, list):
        return _text(given, what)
    last = given[-1] if given and isinstance(given[-1], Mapping) else {}
    if _ROLES.get(str(last.get("role"))) != "assistant":
        raise Wrong(f"the {what} does not end with an assistant's message")
    return _text(last.get("content"), what)


def _each(messages: list[Message]) -> list[Turn]:
    """A turn for each answer of a conversation."""
    ends = [at for at, one in enumerate(messages) if one["role"] == "assistant"]
    if not ends:
        raise Wrong("there is no answer: no message is an assistant's")
    if messages[-1]["role"] != "assistant":
        raise Wrong("the last message is not an assistant's, so it has no answer")
    return [Turn("import", _told(messages), messages[:at], messages[at]["content"]) for at in ends]


def _messages(given: Any, role: str, content: str, system: Any = None) -> list[Message]:
    """Messages with our roles; what one side wrote in several is joined, as in a chat."""
    if not isinstance(given, list) or not given:
        raise Wrong("the list of messages is empty or none")
    if len(given) > MOST_MESSAGES:
        raise Wrong(f"it has {len(given):,} messages; the most is {MOST_MESSAGES}")
    found: list[Message] = []
    if system:
        found.append({"role": "system", "content": _text(system, "system message")})
    for number, one in enumerate(given, 1):
        if not isinstance(one, Mapping):
            raise Wrong(f"message {number} is no object")
        said = one.get(role)
        known = _ROLES.get(said.casefold()) if isinstance(said, str) else None
        if known is None:
            raise Wrong(
                f"message {number} has the role {said!r:.40}; known are system, user and assistant"
            )
        text = _text(one.get(content), f"message {number}")
        if found and found[-1]["role"] == known:
            found[-1]["content"] += f"\n\n{text}"
        elif known == "system" and found:
            raise Wrong(f"message {number} is a system message behind others")
        else:
            found.append({"role": known, "content": text})
    first = next((one for one in found if one["role"] != "system"), None)
    if first is None or first["role"] != "user":
        raise Wrong("it does not begin with a question of a user")
    return found


def _finish(turn: Turn) -> None:
    """Check what every turn must have, and tag its placeholders. Raises Wrong."""
    if not turn.messages or turn.messages[-1]["role"] != "user":
        raise Wrong("the last message before the answer is not a user's")
    texts = [*(one["content"] for one in turn.messages), turn.reply, turn.rejected or ""]
    if any(not text.strip() for text in texts[: len(turn.messages)]):
        raise Wrong("a message is empty")
    if not turn.reply.strip():
        raise Wrong("the answer is empty")
    for text in (turn.reply, turn.rejected or ""):
        if len(text) > LONGEST_REPLY:
            raise Wrong(f"the answer has {len(text):,} characters; the most is {LONGEST_REPLY:,}")
    if (length := sum(map(len, texts))) > LONGEST:
        raise Wrong(f"it has {length:,} characters in all; the most is {LONGEST:,}")
    if any(storable(text) != text for text in (*texts, turn.label)):
        raise Wrong("it holds a character that cannot be stored (NUL or a broken one)")
    *said, reply, rejected = _tagged(texts)
    turn.messages = [one | {"content": text} for one, text in zip(turn.messages, said, strict=True)]
    turn.reply = reply.strip()
    turn.rejected = rejected.strip() or None
    if turn.rejected == turn.reply:
        turn.rejected = None


def _tagged(texts: Sequence[str]) -> list[str]:
    """The texts with a tag for each placeholder such as {{Order Number}}, the same for the same.

    One that names no kind of value ({{Live Chat}}) stays as its words.
    """
    tags: dict[str, str] = {}
    counts: dict[str, int] = {}
    for slot in dict.fromkeys(match[1] for text in texts for match in _SLOT.finditer(text)):
        kind = next((name for name, words in _TYPES if _is_about(slot, words)), "")
        counts[kind] = counts.get(kind, 0) + 1
        # Numbers above those of typed tags, so that the two are never taken for one another.
        tags[slot] = f"⟨{kind} {1000 + counts[kind]}⟩" if kind else slot
    return [_SLOT.sub(lambda match: tags[match[1]], text) for text in texts]


def _is_about(slot: str, words: str) -> bool:
    return re.search(rf"\b(?:{words})\b", slot, re.IGNORECASE) is not None


def _text(given: Any, what: str) -> str:
    """A text; of parts (OpenAI's lists) those that are text. Raises Wrong."""
    if isinstance(given, list):
        parts = [one.get("text") if isinstance(one, Mapping) else None for one in given]
        if parts and all(isinstance(part, str) for part in parts):
            return "\n".join(str(part) for part in parts)
        raise Wrong(f"the {what} holds something other than text")
    if not isinstance(given, str):
        raise Wrong(f"the {what} is no text" if given is not None else f"the {what} is missing")
    return given


def _first(found: Mapping[str, Any], names: Sequence[str], what: str) -> str:
    return _text(next((found[name] for name in names if name in found), None), what)


def _told(messages: Sequence[Message]) -> str:
    """The conversation by its first question: its later turns begin with the same."""
    first = next(one["content"] for one in messages if one["role"] == "user")
    return hashed("asked", first.strip())


def _talk(found: Mapping[str, Any]) -> str:
    given = next((found[name] for name in _TALKS if found.get(name)), None)
    if not isinstance(given, str | int):
        return ""
    return given if isinstance(given, str) and _HASH.fullmatch(given) else hashed("import", given)


_TALKS = ("talk", "conversation", "conversation_id")


def _label(found: Mapping[str, Any]) -> str:
    given = next((found[name] for name in ("label", "intent", "topic") if found.get(name)), "")
    return given.strip()[:100] if isinstance(given, str) else ""
