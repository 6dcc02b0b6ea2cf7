"""What can be read but is hardly meant: lint's warnings about a whole draft.

Each check yields problems; those that look into messages are in habits.py. Knows no values.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping

from jinja2 import nodes

from prompts.errors import PromptError
from prompts.examples import SLOT
from prompts.format import Draft
from prompts.frontmatter import JSON, Path
from prompts.habits import habits
from prompts.problems import Problem, warning
from prompts.roles import Slot, Turn
from prompts.source import line_and_column

_WORD = re.compile(r"\w+")
_ALIKE = frozenset(
    "аеорсухіјѕһԁԛԝАВЕКМНОРСТУХЅІЈԌԜ"  # Cyrillic
    "οορνυΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"  # Greek
)
_HIDDEN = re.compile("[\u00ad\u034f\u115f\u1160\u180e\u3164\uffa0]")
_KEYS = re.compile(
    r"\b(?:sk-[A-Za-z0-9_-]{20,}|gh[pousr]_[A-Za-z0-9]{30,}|AKIA[0-9A-Z]{16}|"
    r"xox[baprs]-[A-Za-z0-9-]{10,}|glpat-[A-Za-z0-9_-]{20})\b|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
_OURS: Path = ("metadata", "chatbot")


def doubts(draft: Draft, partials: Mapping[str, str]) -> Iterator[Problem]:
    """Yield the warnings about a draft that was read with `partials`, in no order."""
    yield from _strange_text(draft)
    yield from _unused_partials(draft, partials)
    if draft.front.readable:
        for check in _CHECKS:
            yield from check(draft)
        yield from habits(draft)


def _at(draft: Draft, code: str, path: Path, message: str, hint: str = "") -> Problem:
    return warning(code, draft.front.error(path, message, hint))


# --- inputs ------------------------------------------------------------------------------------


def _undescribed(draft: Draft) -> Iterator[Problem]:
    if draft.fields.name and not draft.fields.description:
        what = "The prompt has no `description`."
        yield _at(draft, "no-description", ("name",), what, "Say in one sentence what it is for.")
    for path, spec in _entries(draft):
        if not spec.get("description"):
            what = f"`{spec['name']}` has no `description`."
            yield _at(draft, "no-description", path, what, "The form shows it beside the field.")


def _entries(draft: Draft) -> Iterator[tuple[Path, dict[str, JSON]]]:
    """Yield every declared input that could be read, and the place of its name."""
    sound = {spec.name for spec in draft.fields.inputs}
    entries = draft.front.values.get("inputs")
    for i, entry in enumerate(entries if isinstance(entries, list) else []):
        if isinstance(entry, dict) and entry.get("name") in sound:
            yield ("inputs", i, "name"), entry


def _unused(draft: Draft) -> Iterator[Problem]:
    used = _used_names(draft)
    for path, entry in _entries(draft):
        name = entry["name"]
        if name in used:
            continue
        if entry.get("kind") == "thread":
            yield _at(
                draft,
                "unused-thread",
                path,
                f"The thread `{name}` is never put in, so the model does not know what was said.",
                f"Write `{{{{ {name} }}}}` on a line of its own before `user:`.",
            )
        else:
            what = f"`{name}` is declared but not used."
            yield _at(draft, "unused-input", path, what, "Use it, or delete it.")


def _used_names(draft: Draft) -> set[str]:
    """Every name that the template loads; every word of it where parts could not be read."""
    used: set[str] = set()
    for part in draft.body.parts:
        if isinstance(part, Slot):
            used.add(part.name)
        else:
            used |= {one.name for one in part.body.find_all(nodes.Name) if one.ctx == "load"}
    if not draft.tree.whole:
        for text in (draft.source[draft.front.body :], *draft.tree.partials.values()):
            used.update(_WORD.findall(text))
    choosing = draft.fields.ours.examples
    return used | ({choosing.by} if choosing is not None and choosing.by else set())


# --- examples and output -----------------------------------------------------------------------


def _odd_examples(draft: Draft) -> Iterator[Problem]:
    choosing, count = draft.fields.ours.examples, len(draft.examples)
    shown = any(isinstance(part, Slot) and part.name == SLOT for part in draft.body.parts)
    path: Path = (*_OURS, "examples")
    if count and not shown:
        what = f"There are {count} examples, but none is shown."
        yield _at(
            draft, "unused-examples", path, what, "Write `{{ examples }}` on a line of its own."
        )
    elif choosing is not None and not shown:
        what = "Examples are declared but not shown."
        yield _at(
            draft, "unused-examples", path, what, "Write `{{ examples }}` on a line of its own."
        )
    elif shown and not count and SLOT not in draft.fields.declared:
        what = "There are no examples to show."
        yield _at(draft, "no-examples", path, what, "Add some, or delete `{{ examples }}`.")
    if choosing is None or not count:
        return
    if choosing.k is not None and choosing.k > count:
        what = f"`k` is {choosing.k}, but there are only {count} examples."
        yield _at(draft, "few-examples", (*path, "k"), what, "Add some, or ask for fewer.")
    elif choosing.select == "similar" and count <= (choosing.k or 3):
        what = f"There are only {count} examples, so all are shown and none is chosen."
        yield _at(draft, "few-examples", path, what, "Add some, or write `select: fixed`.")
    first: dict[str, int] = {}
    for number, example in enumerate(draft.examples, 1):
        before = first.setdefault(example.user, number)
        if before != number:
            what = f"The examples {before} and {number} say the same for the user."
            yield _at(draft, "same-example", path, what, "Delete one.")
            return


def _unasked_output(draft: Draft) -> Iterator[Problem]:
    output = draft.fields.ours.output
    if output is None:
        return
    texts = (draft.source[draft.front.body :], *draft.tree.partials.values())
    if not any("json" in text.lower() for text in texts):
        what = "The answer's form is given, but the text does not ask for JSON."
        hint = "Say so in the text: a model does not see `output`."
        yield _at(draft, "output-unasked", (*_OURS, "output"), what, hint)
    required, properties = output.get("required"), output.get("properties")
    if isinstance(required, list) and isinstance(properties, dict):
        for name in required:
            if name not in properties:
                what = f"`{name}` is required but is none of the `properties`."
                path = (*_OURS, "output", "required")
                yield _at(draft, "output-required", path, what, "Describe it, or delete it.")


# --- messages and text -------------------------------------------------------------------------


def _odd_order(draft: Draft) -> Iterator[Problem]:
    turns = [part for part in draft.body.parts if isinstance(part, Turn)]
    for number, part in enumerate(draft.body.parts):
        if not isinstance(part, Turn) or part.role != "system" or number == 0:
            continue
        error = draft.body.sources.error(
            part.mark,
            "A system message should come first, and be the only one.",
            "Many models take one, at the beginning. Put its text there.",
        )
        yield warning("late-system", error)
    if turns and turns[-1].role == "assistant" and draft.body.parts[-1] is turns[-1]:
        error = draft.body.sources.error(
            turns[-1].mark,
            "The last message is the assistant's own: the model goes on from it.",
            "Put `user:` after it if it should answer.",
        )
        yield warning("assistant-last", error)


def _unused_partials(draft: Draft, partials: Mapping[str, str]) -> Iterator[Problem]:
    if not draft.tree.whole:
        return
    for name in sorted(partials.keys() - draft.tree.partials.keys()):
        error = PromptError(
            f"The partial `{name}` is not used.", 1, 1, "Include it, or delete it.", partial=name
        )
        yield warning("unused-partial", error)


def _strange_text(draft: Draft) -> Iterator[Problem]:
    texts = [(None, draft.source), *draft.tree.partials.items()]
    for partial, text in texts:
        for found in _KEYS.finditer(text):
            what = "This looks like a secret key."
            yield _in_text(
                "secret", text, found.start(), what, "Delete it, and revoke it.", partial
            )
        if text.isascii():
            continue
        for found in _HIDDEN.finditer(text):
            what = f"An invisible character (U+{ord(found.group()):04X}) stands here."
            yield _in_text("invisible", text, found.start(), what, "Delete it.", partial)
        for found in _WORD.finditer(text):
            if not found.group().isascii():
                yield from _alike(text, found, partial)


def _alike(text: str, found: re.Match[str], partial: str | None) -> Iterator[Problem]:
    """Say which letter of a word only looks like those beside it."""
    word = found.group()
    odd = next((letter for letter in word if letter in _ALIKE), None)
    if odd is None or not any(letter.isascii() and letter.isalpha() for letter in word):
        return
    kind = unicodedata.name(odd).split()[0].capitalize()
    what = f"`{word}` mixes alphabets: its `{odd}` is {kind} (U+{ord(odd):04X})."
    start = found.start() + word.index(odd)
    yield _in_text("alike", text, start, what, "Type the word anew.", partial)


def _in_text(
    code: str, text: str, offset: int, message: str, hint: str, partial: str | None
) -> Problem:
    line, column = line_and_column(text, offset)
    return warning(code, PromptError(message, line, column, hint, partial=partial))


_CHECKS: tuple[Callable[[Draft], Iterator[Problem]], ...] = (
    _undescribed,
    _unused,
    _odd_examples,
    _unasked_output,
    _odd_order,
)
