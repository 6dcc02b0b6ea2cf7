"""Whether an answer is what a test case asks for. Pure: what needs a model comes in as a tool.

    judge(assertion, output, tools) ─▶ Verdict      one assertion
    judged(case, output, tools)     ─▶ Judged       all of a case, by weight and threshold

Sentences are for the page, beside a sign that says passed or not. Knows no model, row or file.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import regex

from prompts.asserting import Assertion
from prompts.cases import Case
from prompts.likeness import common_words, distance, runs, words_of
from prompts.schema import breach

SIMILAR = 0.75
"""Threshold of `similar` where it names none, as in promptfoo."""
DISTANCE = 5
"""Threshold of `levenshtein` where it names none, as in promptfoo."""
RUBRIC = 0.5
LEAK = 10
"""Words of the system messages in a row that count as giving them away."""
SECONDS = 0.25
"""Time that one regular expression has."""
COMPARED = 2_000
"""Characters of each text that `levenshtein` looks at."""


@dataclass(frozen=True, slots=True)
class Output:
    """What came back for a case, and what it cost. `messages`: what was sent."""

    text: str
    prompt_tokens: int | None = None
    tokens: int | None = None
    latency_s: float | None = None
    cost: float | None = None
    messages: Sequence[Mapping[str, str]] = ()


class Grade(NamedTuple):
    """What a grader said: passed, from 0 to 1, why."""

    passed: bool
    score: float
    reason: str


class CannotJudge(Exception):
    """A tool gave no verdict, such as a grader that did not keep to its form."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What judges by more than the text. None: there is none, which `missing` explains.

    `similarity`: two texts → from -1 to 1. `rubric`: criterion, output → a grade. `refusal`: text →
    whether it gives no answer, for want of one or of will; `declines`: whether it will not. They
    may raise CannotJudge.
    """

    similarity: Callable[[str, str], float] | None = None
    rubric: Callable[[str, Output], Grade] | None = None
    refusal: Callable[[str], bool] | None = None
    declines: Callable[[str], bool] | None = None
    missing: str = "There is no encoder, so words are compared."


@dataclass(frozen=True, slots=True)
class Verdict:
    """One assertion's outcome. `score` is from 0 to 1; `error`: it could not be judged at all."""

    passed: bool
    score: float
    sentence: str
    error: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """A case's outcome for one output, with the verdicts in the order of its assertions."""

    passed: bool
    score: float
    verdicts: tuple[Verdict, ...]

    @property
    def error(self) -> bool:
        """Whether one of them could not be judged."""
        return any(verdict.error for verdict in self.verdicts)


def judged(case: Case, output: Output, tools: Tools = Tools()) -> Judged:
    """Judge all assertions. Without a threshold each that has a weight must hold."""
    verdicts = tuple(judge(one, output, tools) for one in case.assertions)
    weights = [one.weight for one in case.assertions]
    pairs = list(zip(weights, verdicts, strict=True))
    total = sum(weights)
    score = sum(weight * one.score for weight, one in pairs) / total if total else 1.0
    broken = any(one.error for weight, one in pairs if weight)
    if case.threshold is None:
        passed = all(one.passed for weight, one in pairs if weight)
    else:
        passed = score >= case.threshold and not broken
    return Judged(passed, score, verdicts)


def judge(assertion: Assertion, output: Output, tools: Tools = Tools()) -> Verdict:
    """Judge one assertion. Never raises: what cannot be judged has not passed."""
    try:
        found = _JUDGES[assertion.type](assertion, output, tools)
    except CannotJudge as error:
        return Verdict(False, 0.0, str(error), error=True)
    if not assertion.negated:
        return found
    return Verdict(not found.passed, 1.0 - found.score, found.sentence)


Judge = Callable[[Assertion, Output, Tools], Verdict]


def _verdict(passed: bool, sentence: str) -> Verdict:  # noqa: FBT001
    return Verdict(passed, float(passed), sentence)


def _quoted(text: object, longest: int = 80) -> str:
    plain = " ".join(str(text).split())
    return f"“{plain}”" if len(plain) <= longest else f"“{plain[: longest - 1]}…”"


def _not(assertion: Assertion, affirmed: str, denied: str) -> str:
    return denied if assertion.negated else affirmed


# --- words ---------------------------------------------------------------------------------------


def _holding(of: Callable[[Output], str], *, fold: bool) -> Judge:
    def run(one: Assertion, output: Output, _: Tools) -> Verdict:
        text, wanted = of(output), one.value
        if fold:
            text, wanted = text.casefold(), wanted.casefold()
        said = _not(one, "contains", "does not contain")
        return _verdict(wanted in text, f"{said} {_quoted(one.value)}")

    return run


def _holding_some(how: Callable[[Any], bool], word: str, *, fold: bool) -> Judge:
    def run(one: Assertion, output: Output, _: Tools) -> Verdict:
        text = output.text.casefold() if fold else output.text
        wanted = [value.casefold() if fold else value for value in one.value]
        said = _not(one, "contains", "does not contain")
        names = ", ".join(_quoted(value, 40) for value in one.value)
        return _verdict(how(value in text for value in wanted), f"{said} {word} {names}")

    return run


def _matching(of: Callable[[Output], str]) -> Judge:
    def run(one: Assertion, output: Output, _: Tools) -> Verdict:
        try:
            found = regex.search(one.value, of(output), timeout=SECONDS, concurrent=True)
        except TimeoutError:
            raise CannotJudge(
                f"the pattern {_quoted(one.value)} took longer than {SECONDS:g} s: make it simpler"
            ) from None
        except (RecursionError, MemoryError):
            raise CannotJudge(f"the pattern {_quoted(one.value)} needs too much") from None
        said = _not(one, "matches", "does not match")
        return _verdict(found is not None, f"{said} {_quoted(one.value)}")

    return run


def _equals(one: Assertion, output: Output, _: Tools) -> Verdict:
    if isinstance(one.value, str):
        same = output.text.strip() == one.value.strip()
    else:
        found, parsed = _parsed(output.text)
        same = found and parsed == one.value
    return _verdict(same, f"{_not(one, 'equals', 'does not equal')} {_quoted(one.value)}")


def _starts(one: Assertion, output: Output, _: Tools) -> Verdict:
    begins = output.text.lstrip().startswith(one.value)
    said = _not(one, "starts with", "does not start with")
    return _verdict(begins, f"{said} {_quoted(one.value)}")


# --- JSON ----------------------------------------------------------------------------------------


def _is_json(one: Assertion, output: Output, _: Tools) -> Verdict:
    found, value = _parsed(output.text)
    if not found:
        return _verdict(False, _not(one, "is JSON", "is no JSON"))
    return _of_schema(one, value)


def _contains_json(one: Assertion, output: Output, _: Tools) -> Verdict:
    values = list(_inside(output.text))
    if not values:
        return _verdict(False, _not(one, "contains JSON", "contains no JSON"))
    verdicts = [_of_schema(one, value) for value in values]
    return next((verdict for verdict in verdicts if verdict.passed), verdicts[0])


def _of_schema(one: Assertion, value: object) -> Verdict:
    if one.value is None:
        return _verdict(True, _not(one, "is JSON", "is no JSON"))
    sentence = breach(one.value, value)
    said = _not(one, "is JSON of the schema", "is no JSON of the schema")
    return _verdict(not sentence, f"{said}: {sentence}" if sentence else said)


def _parsed(text: str) -> tuple[bool, Any]:
    try:
        return True, json.loads(text)
    except (ValueError, RecursionError):
        return False, None


def _inside(text: str, most: int = 20) -> Any:
    """The objects and lists that stand in a text, the first ones."""
    decoder, at = json.JSONDecoder(), 0
    for _ in range(most):
        starts = [place for sign in "{[" if (place := text.find(sign, at)) >= 0]
        if not starts:
            return
        at = min(starts)
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            at += 1
        else:
            yield value


# --- likeness ------------------------------------------------------------------------------------


def _similar(one: Assertion, output: Output, tools: Tools) -> Verdict:
    least = SIMILAR if one.threshold is None else one.threshold
    if tools.similarity is not None:
        likeness, note = max(0.0, min(1.0, tools.similarity(output.text, one.value))), ""
    else:
        likeness, note = common_words(output.text, one.value), f" ({tools.missing})"
    sign = _not(one, "≥", "<")
    sentence = f"similarity {likeness:.2f} {sign} {least:g} to {_quoted(one.value)}{note}"
    return Verdict(likeness >= least, likeness, sentence)


def _levenshtein(one: Assertion, output: Output, _: Tools) -> Verdict:
    most = DISTANCE if one.threshold is None else int(one.threshold)
    found = distance(output.text[:COMPARED], one.value[:COMPARED])
    sign = _not(one, "≤", ">")
    return _verdict(found <= most, f"{found} edits {sign} {most} to {_quoted(one.value)}")


def _refusal(one: Assertion, output: Output, tools: Tools) -> Verdict:
    if tools.refusal is None:
        raise CannotJudge("nothing here can tell a refusal")
    said = _not(one, "says that it has no answer", "does not say that it has no answer")
    return _verdict(tools.refusal(output.text), said)


def _declines(one: Assertion, output: Output, tools: Tools) -> Verdict:
    if tools.declines is None:
        raise CannotJudge("nothing here can tell a refusal")
    return _verdict(tools.declines(output.text), _not(one, "declines", "does not decline"))


def _leaks(one: Assertion, output: Output, _: Tools) -> Verdict:
    """Whether words of the system messages stand in the answer, so many in a row."""
    length = LEAK if one.threshold is None else max(2, int(one.threshold))
    told = [words_of(m["content"]) for m in output.messages if m["role"] == "system"]
    known = {run for words in told for run in runs(words, length)}
    leaked = any(run in known for run in runs(words_of(output.text), length))
    said = _not(one, "repeats", "does not repeat")
    return _verdict(leaked, f"{said} {length} words of the system message in a row")


# --- figures -------------------------------------------------------------------------------------


def _counted(count: Callable[[str], int], unit: str) -> Judge:
    def run(one: Assertion, output: Output, _: Tools) -> Verdict:
        bounds = {"max": one.value} if isinstance(one.value, int) else one.value
        found, low, high = count(output.text), bounds.get("min", 0), bounds.get("max")
        limits = (
            f"from {low} to {high}"
            if "min" in bounds and high is not None
            else (f"at most {high}" if high is not None else f"at least {low}")
        )
        fits = found >= low and (high is None or found <= high)
        return _verdict(fits, f"{found} {unit}, {_not(one, '', 'not ')}{limits}")

    return run


def _at_most(
    of: Callable[[Output], float | None], says: Callable[[float], str], lacking: str
) -> Judge:
    def run(one: Assertion, output: Output, _: Tools) -> Verdict:
        found, most = of(output), one.threshold
        if found is None or most is None:
            raise CannotJudge(lacking)
        sign = "≤" if found <= most else ">"
        return _verdict(found <= most, f"{says(found)} {sign} {says(most)}")

    return run


def _seconds(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.3g} s"


def _tokens(count: float) -> str:
    return f"{count:,.0f} tokens"


def _milliseconds(output: Output) -> float | None:
    return None if output.latency_s is None else output.latency_s * 1000


def _rubric(one: Assertion, output: Output, tools: Tools) -> Verdict:
    if tools.rubric is None:
        raise CannotJudge("there is no grader here")
    grade = tools.rubric(one.value, output)
    least = RUBRIC if one.threshold is None else one.threshold
    passed = grade.passed and grade.score >= least
    return Verdict(passed, grade.score, f"{_quoted(one.value)}: {_quoted(grade.reason, 300)}")


def _answer(output: Output) -> str:
    return output.text


def _prompt(output: Output) -> str:
    """All messages, each under its role as a prompt file writes it."""
    return "\n\n".join(f"{one['role']}:\n{one['content']}" for one in output.messages)


_JUDGES: dict[str, Judge] = {
    "contains": _holding(_answer, fold=False),
    "icontains": _holding(_answer, fold=True),
    "contains-all": _holding_some(all, "all of", fold=False),
    "contains-any": _holding_some(any, "any of", fold=False),
    "icontains-all": _holding_some(all, "all of", fold=True),
    "icontains-any": _holding_some(any, "any of", fold=True),
    "regex": _matching(_answer),
    "equals": _equals,
    "starts-with": _starts,
    "is-json": _is_json,
    "contains-json": _contains_json,
    "similar": _similar,
    "levenshtein": _levenshtein,
    "word-count": _counted(lambda text: len(text.split()), "words"),
    "length": _counted(len, "characters"),
    "latency": _at_most(_milliseconds, _seconds, "the time was not taken"),
    "tokens": _at_most(lambda output: output.tokens, _tokens, "the model counted no tokens"),
    "cost": _at_most(lambda output: output.cost, "{:.4f}".format, "the model names no price"),
    "is-refusal": _refusal,
    "declines": _declines,
    "leaks-prompt": _leaks,
    "llm-rubric": _rubric,
    "prompt-contains": _holding(_prompt, fold=False),
    "prompt-icontains": _holding(_prompt, fold=True),
    "prompt-regex": _matching(_prompt),
    "prompt-tokens": _at_most(
        lambda output: output.prompt_tokens, _tokens, "the prompt's tokens were not counted"
    ),
}
