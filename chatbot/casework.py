"""Test cases one at a time, for people who write no YAML: what a form shows, and what it changes.

The file stays the truth: a change is made in its text (prompts/suite_text.py) and saved as authors
save it, so all that can be wrong with it is found in one place. Knows no page and no model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chatbot.authoring import Authoring
from chatbot.errors import Conflict, NotFound, PromptInvalid
from prompts import PromptError, suite_text
from prompts.asserting import Assertion
from prompts.cases import Case, read_cases
from store.records import Person

LONGEST = 2_000
"""Characters of a value that a result shows; the whole of it stands in the form."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of assertion as a form offers it.

    `takes`: what stands in its value: none, text, texts, json or range. `limit`: what its threshold
    means; empty where it has none.
    """

    type: str
    words: str
    takes: str = "text"
    limit: str = ""


KINDS: tuple[Kind, ...] = (
    Kind("icontains", "contains, in any case"),
    Kind("not-icontains", "does not contain, in any case"),
    Kind("contains", "contains exactly"),
    Kind("not-contains", "does not contain exactly"),
    Kind("icontains-any", "contains one of, in any case", "texts"),
    Kind("not-icontains-any", "contains none of, in any case", "texts"),
    Kind("icontains-all", "contains all of, in any case", "texts"),
    Kind("contains-any", "contains exactly one of", "texts"),
    Kind("contains-all", "contains exactly all of", "texts"),
    Kind("starts-with", "starts with"),
    Kind("not-starts-with", "does not start with"),
    Kind("equals", "equals"),
    Kind("not-equals", "does not equal"),
    Kind("regex", "matches the pattern"),
    Kind("not-regex", "does not match the pattern"),
    Kind("is-json", "is JSON, of a schema", "json"),
    Kind("contains-json", "contains JSON, of a schema", "json"),
    Kind("similar", "means about the same as", limit="At least, 0 to 1"),
    Kind("levenshtein", "is nearly the text", limit="Edits at most"),
    Kind("word-count", "has this many words", "range"),
    Kind("length", "has this many characters", "range"),
    Kind("is-refusal", "says that it has no answer", "none"),
    Kind("not-is-refusal", "does not say that it has no answer", "none"),
    Kind("declines", "declines", "none"),
    Kind("not-declines", "does not decline", "none"),
    Kind("leaks-prompt", "repeats the system message", "none", "Words in a row"),
    Kind("not-leaks-prompt", "does not repeat the system message", "none", "Words in a row"),
    Kind("llm-rubric", "satisfies, says a grader", limit="At least, 0 to 1"),
    Kind("latency", "comes within", "none", "Milliseconds"),
    Kind("tokens", "has so many tokens at most", "none", "Tokens"),
    Kind("cost", "costs at most", "none", "Cost"),
    Kind("prompt-icontains", "the messages contain, in any case"),
    Kind("prompt-contains", "the messages contain exactly"),
    Kind("not-prompt-contains", "the messages do not contain exactly"),
    Kind("prompt-regex", "the messages match the pattern"),
    Kind("prompt-tokens", "the messages have so many tokens at most", "none", "Tokens"),
)
"""Every type that a form offers, the commonest first. A file may hold the others too."""

_WORDS = {kind.type: kind.words for kind in KINDS}


@dataclass(frozen=True, slots=True)
class Sheet:
    """The cases of a prompt. `problem`: why they cannot be read; there are none then.

    `written` are the cases as their file has them, in the same order.
    """

    source: str
    sha: str | None
    cases: tuple[Case, ...] = ()
    written: tuple[Mapping[str, Any], ...] = ()
    problem: str = ""

    def case(self, at: int) -> Case:
        """The case at a place, counted from 0. Raises NotFound."""
        if not 0 <= at < len(self.cases):
            raise NotFound
        return self.cases[at]


class Casework:
    """The cases of prompts, for authors and administrators."""

    def __init__(self, authoring: Authoring) -> None:
        self._authoring = authoring

    def sheet(self, person: Person, prompt: str) -> Sheet:
        """The cases that a prompt has now. Raises NotFound, NotAllowed."""
        draft = self._authoring.open(person, prompt)
        if draft.tests is None:
            return Sheet("", None)
        try:
            cases = read_cases(draft.tests).cases
            return Sheet(
                draft.tests, draft.tests_sha, cases, tuple(suite_text.written(draft.tests))
            )
        except PromptError as error:
            return Sheet(draft.tests, draft.tests_sha, problem=str(error))

    def put(
        self,
        person: Person,
        prompt: str,
        at: int | None,
        case: Mapping[str, Any],
        *,
        parent: str | None,
    ) -> str:
        """Save a case in the place of another, counted from 0, or (None) after the last.

        Returns the hash of the tests. Raises PromptInvalid (what is wrong with it), Conflict
        (somebody changed the tests meanwhile), NotFound, NotAllowed.
        """
        return self._change(person, prompt, parent, lambda text: suite_text.put(text, at, case))

    def drop(self, person: Person, prompt: str, at: int, *, parent: str | None) -> str:
        """Take a case out. Returns and raises what `put` does."""
        return self._change(person, prompt, parent, lambda text: suite_text.drop(text, at))

    def _change(self, person: Person, prompt: str, parent: str | None, change: Any) -> str:
        sheet = self.sheet(person, prompt)
        if sheet.sha != parent:
            raise Conflict(
                "Somebody changed these tests meanwhile. Copy what you wrote, then open it again."
            )
        try:
            text = change(sheet.source)
        except PromptError as error:
            raise PromptInvalid(str(error)) from error
        except IndexError:
            raise NotFound from None
        return self._authoring.save_tests(person, prompt, text, parent=parent)


def sentence(one: Assertion) -> str:
    """What an assertion asks for, in words, before it was judged."""
    words = _WORDS.get(one.name, one.name)
    parts = [words]
    if one.value is not None:
        parts.append(_said(one.value))
    if one.threshold is not None:
        parts.append(f"({one.threshold:g})")
    return " ".join(parts)


def shown(value: object) -> str:
    """A value of a case in short: a text as it is, messages and passages line by line."""
    text = value if isinstance(value, str) else "\n".join(_lines(value))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _said(value: object) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(f"“{one}”" for one in value)
    return f"“{value}”" if isinstance(value, str) else str(value)


def _lines(value: object) -> list[str]:
    if not isinstance(value, list):
        return [str(value).lower() if isinstance(value, bool) else str(value)]
    return [
        ": ".join(str(part) for part in one.values()) if isinstance(one, dict) else str(one)
        for one in value
    ]
