"""Reads the public data sets that the starter may learn from; knows nothing of models.

Every source yields documents: a plain text, or a chat as a list of messages. Only sets
whose licence allows training a shipped model are named here (see the model card).
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from random import Random
from typing import Any

Chat = list[dict[str, str]]
Document = str | Chat

PASSAGE_CHARACTERS = 1600
SHORT_REPLY = 420

# What Bitext's placeholders become: words that promise no value.
PLACEHOLDERS = {
    "Customer Support Phone Number": "our support line",
    "Support Phone Number": "our support line",
    "Customer Support Availability": "opening hours",
    "Customer Support Hours": "opening hours",
    "Customer Support Email": "our e-mail address",
    "Customer Support Email Address": "our e-mail address",
    "Live Chat": "live chat",
    "Website Name": "our website",
    "Website URL": "our website",
    "Company Name": "our company",
}
ORDER_PLACEHOLDER = re.compile(r"\{\{[^}]*(Number|ID)( Anonymized)?\}\}")
PLACEHOLDER = re.compile(r"\{\{([^}]*)\}\}")


def json_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of a JSON Lines file."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def as_chat(turns: Iterable[dict[str, Any]], assistant: str) -> Chat:
    """Turn speaker turns into a chat; neighbouring turns of one speaker become one."""
    chat: Chat = []
    for turn in turns:
        role = "assistant" if turn["speaker"] == assistant else "user"
        text = turn["text"].strip()
        if chat and chat[-1]["role"] == role:
            chat[-1]["content"] += " " + text
        elif text:
            chat.append({"role": role, "content": text})
    return chat


def sgd(data: Path) -> Iterator[Document]:
    """Yield task dialogues of Schema-Guided Dialogue (CC BY-SA 4.0)."""
    for record in json_lines(data / "sgd" / "train.jsonl"):
        yield as_chat(record["turns"], "agent")


def taskmaster(data: Path) -> Iterator[Document]:
    """Yield coffee orders of Taskmaster-4 (CC BY 4.0)."""
    for record in json_lines(data / "taskmaster4" / "all.jsonl"):
        yield as_chat(record["turns"], "agent")


def topical_chat(data: Path) -> Iterator[Document]:
    """Yield human small talk of Topical-Chat (CDLA-Sharing 1.0)."""
    for path in sorted((data / "topical_chat").glob("*.jsonl")):
        for record in json_lines(path):
            yield as_chat(record["turns"], "agent_2")


def _bitext_reply(text: str, order: str | None) -> str | None:
    """Return a Bitext reply in words that promise no value, or None when it cannot be said."""
    text = text.replace("\r\n", "\n")
    if ORDER_PLACEHOLDER.search(text):
        for name in ("Customer Support Phone Number", "Support Phone Number"):
            text = text.replace("{{" + name + "}}", PLACEHOLDERS[name])
        if order is None and ORDER_PLACEHOLDER.search(text):
            return None
        text = ORDER_PLACEHOLDER.sub(order or "", text)
    return PLACEHOLDER.sub(lambda m: PLACEHOLDERS.get(m.group(1), m.group(1)), text).strip()


def bitext(data: Path) -> Iterator[Document]:
    """Yield support questions and replies of Bitext (CDLA-Sharing 1.0)."""
    for record in json_lines(data / "bitext_support" / "all.jsonl"):
        entity = record.get("entity") or {}
        reply = _bitext_reply(record["response"], entity.get("text_at"))
        if reply:
            question = {"role": "user", "content": record["instruction"]}
            yield [question, {"role": "assistant", "content": reply}]


def bitext_short(data: Path) -> Iterator[Document]:
    """Yield those of Bitext's pairs whose reply is short."""
    for chat in bitext(data):
        if len(chat[1]["content"]) <= SHORT_REPLY:  # type: ignore[index]
            yield chat


def _pieces(text: str) -> Iterator[str]:
    """Cut a long text at paragraphs into pieces that fit one window."""
    piece = ""
    for paragraph in re.split(r"\n{2,}", text):
        if piece and len(piece) + len(paragraph) > PASSAGE_CHARACTERS:
            yield piece
            piece = ""
        piece = f"{piece}\n\n{paragraph.strip()}".strip()
    if piece:
        yield piece


def handbook(data: Path) -> Iterator[Document]:
    """Yield pages of the 18F handbook (CC0)."""
    for record in json_lines(data / "kb_18f_handbook" / "documents.jsonl"):
        yield from _pieces(record["text"])


def web(data: Path) -> Iterator[Document]:
    """Yield web pages of the C4 sample (ODC-BY)."""
    for record in json_lines(data / "text_small" / "c4_demo.jsonl"):
        yield from _pieces(record["text"].replace("\n", "\n\n"))


def encyclopedia(data: Path) -> Iterator[Document]:
    """Yield openings and stretches of Wikipedia articles (CC BY-SA)."""
    with (data / "text_small" / "wiki_demo.txt").open(encoding="utf-8") as lines:
        for article in lines:
            sentences = article.strip().split(". ")
            for start in range(0, len(sentences), 10):
                yield ". ".join(sentences[start : start + 10])


PUBLIC: dict[str, Callable[[Path], Iterator[Document]]] = {
    "sgd": sgd,
    "taskmaster": taskmaster,
    "topical_chat": topical_chat,
    "bitext": bitext,
    "bitext_short": bitext_short,
    "handbook": handbook,
    "web": web,
    "encyclopedia": encyclopedia,
}


def sample(documents: Iterable[Document], passes: float, rng: Random) -> list[Document]:
    """Return the documents `passes` times over; a fraction is a fresh random part."""
    all_of_them = list(documents)
    whole = int(passes)
    part = round((passes - whole) * len(all_of_them))
    return all_of_them * whole + rng.sample(all_of_them, part)
