"""How the heads that ship were made: public sets → one labelled file a task, held-out rows apart.

Reads a folder laid out as the project's public data (vader_gt, wnut17, …) and writes JSON Lines
that `chatbot train classifier` takes. Which sets, their sources and licences are in
chatbot/analysis/heads/README.md. Sets that may only be evaluated with are never learned from.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

Row = dict[str, Any]

HELD = 5
"""Every so manieth row of a set without a split of its own is held out, the last of five."""

WIKIGOLD = {"PER": "person", "LOC": "location", "ORG": "corporation|group", "MISC": "?"}
"""wikigold's kinds in the words of wnut17, whose kinds are finer; MISC may be anything."""

VADER = ("movieReviewSnippets", "tweets")
"""More snippets graded by the same 20 raters: in the source package of vaderSentiment 3.3.2. Every
other one is used, and the snippets of the shop's own kind twice, which takes half the time."""
STRONG = 1.5 / 4
"""Words of the lexicon that are learned from have at least this score."""


def lines(path: Path) -> Iterator[Row]:
    """The rows of a JSON Lines file."""
    with path.open(encoding="utf-8") as opened:
        yield from (json.loads(line) for line in opened if line.strip())


def write(path: Path, rows: Iterable[Row]) -> Path:
    """Write rows as JSON Lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as opened:
        opened.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return path


def split(rows: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    """Rows to learn from, and every fifth, held out."""
    whole = list(rows)
    learn = [row for number, row in enumerate(whole) if number % HELD != HELD - 1]
    return learn, whole[HELD - 1 :: HELD]


def sentiment(data: Path, more: Path | None) -> tuple[list[Row], list[Row]]:
    """Graded snippets; `more` is the folder hutto_ICWSM_2014 with snippets and the lexicon."""
    rows = lines(data / "vader_gt" / "amazonReviewSnippets.jsonl")
    graded = ({"text": row["text"], "label": row["score"] / 4} for row in rows)
    learn, held = split(graded)
    if more is not None:
        learn *= 2
        for name in VADER:
            learn += list(_graded(more / f"{name}_GroundTruth.txt", 1, 2))[::2]
        words = _graded(more / "vader_sentiment_lexicon.txt", 1, 0)
        learn += [row for row in words if abs(row["label"]) >= STRONG]
    return learn, held


def _graded(path: Path, score: int, text: int) -> Iterator[Row]:
    """Rows of a file whose fields stand between tabs: a text and its score from -4 to 4."""
    with path.open(encoding="latin-1") as opened:
        for line in opened:
            fields = line.rstrip("\n").split("\t")
            if len(fields) > max(score, text) and fields[text].strip():
                yield {"text": fields[text], "label": float(fields[score]) / 4}


def names(data: Path) -> tuple[list[Row], list[Row]]:
    """Words with tags: wnut17 and wikigold to learn from, wnut17's development rows held out."""
    learn = list(lines(data / "wnut17" / "train.jsonl"))
    for row in lines(data / "ner_wikigold_btc" / "wikigold.jsonl"):
        tags = [_renamed(tag) for tag in row["tags"]]
        learn.append({"tokens": row["tokens"], "tags": tags})
    return learn, list(lines(data / "wnut17" / "dev.jsonl"))


def _renamed(tag: str) -> str:
    part, _, kind = tag.partition("-")
    return f"{part}-{WIKIGOLD[kind]}" if kind else tag


def clinc(data: Path) -> tuple[list[Row], list[Row]]:
    """150 intents and what fits none, by the set's own split."""
    folder = data / "clinc150"
    none = [{"text": row["text"], "intent": ""} for row in lines(folder / "oos_train.jsonl")]
    missed = [{"text": row["text"], "intent": ""} for row in lines(folder / "oos_val.jsonl")]
    return [*lines(folder / "train.jsonl"), *none * 4], [*lines(folder / "val.jsonl"), *missed]


def banking(data: Path) -> tuple[list[Row], list[Row]]:
    """77 intents of a bank's customers; a fifth of the training rows is held out."""
    return split(lines(data / "banking77" / "train.jsonl"))


def support(data: Path, corpus: Path) -> tuple[list[Row], list[Row]]:
    """27 wishes of customers, and small talk or other matters that fit none of them."""
    folder = data / "bitext_support"
    asked = {
        row["instruction"]: row["intent"]
        for name in ("all", "canned_replies")
        for row in lines(folder / f"{name}.jsonl")
    }
    none = [row["text"] for row in lines(data / "clinc150" / "train.jsonl") if row["intent"] in FAR]
    learn, held = split(_named(asked.items()))
    far = dict.fromkeys([*none[::4], *_outside(corpus)], "")
    more, missed = split(_named(far.items()))
    return learn + more, held + missed


def _named(pairs: Iterable[tuple[str, str]]) -> Iterator[Row]:
    return ({"text": text, "intent": intent} for text, intent in sorted(pairs))


def _outside(corpus: Path) -> Iterator[str]:
    """What our own corpus asks beside a company's business; with slots left out."""
    for path in sorted(corpus.glob("*.records.jsonl")):
        for row in lines(path):
            if row["skill"] in ("social", "outside"):
                yield from (ask for ask in row["asks"] if "{{" not in ask)


_FAR = """
    alarm are_you_a_bot calculator calories change_ai_name change_speed change_volume cook_time
    date definition directions distance do_you_have_pets fun_fact flip_coin food_last gas goodbye
    greeting how_old_are_you ingredient_substitution ingredients_list insurance maybe
    meal_suggestion meaning_of_life measurement_conversion mpg music_likeness next_holiday next_song
    no nutrition_info oil_change_how oil_change_when play_music recipe repeat roll_dice
    schedule_maintenance smart_home spelling tell_joke text thank_you time timer timezone
    tire_change tire_pressure todo_list traffic translate weather what_are_your_hobbies
    what_can_i_ask_you what_is_your_name what_song where_are_you_from whisper_mode
    who_do_you_work_for who_made_you yes
"""
FAR = frozenset(_FAR.split())
"""Intents of clinc150 that are no customer's wish."""

SETS: dict[str, Callable[[Path], tuple[list[Row], list[Row]]]] = {
    "names": names,
    "clinc150": clinc,
    "banking77": banking,
}
