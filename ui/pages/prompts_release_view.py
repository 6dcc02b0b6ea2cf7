"""Comparisons, measures, the gate and snippets, as JSON. Pure: asks nothing.

A rate is [share, low, high, counted]; a line of a difference is [sign, old number, new number,
[[text, changed], …]] with the sign " ", "-" or "+".
"""

import itertools
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chatbot.arms import Arm, sentence
from chatbot.authoring import Share, Version
from chatbot.gate import Gate
from chatbot.review import Note
from chatbot.tally import Rate
from ui.pages.prompts_tests_view import badge

Json = dict[str, Any]
SIGNS = {"same": " ", "removed": "-", "added": "+"}


def comparison(found: Any, answers: Sequence[Any]) -> Json:
    """Two versions: the files of both, the messages they make, what they answered."""
    return {
        "files": [{"name": one.name, "lines": lines(one.lines)} for one in found.files],
        "rendered": [
            {
                "role": " → ".join(dict.fromkeys(filter(None, (one.old_role, one.new_role)))),
                "lines": lines(one.lines),
            }
            for one in found.messages
        ],
        "why": found.problem,
        "answers": [answer(one) for one in answers],
    }


def lines(found: Iterable[Any]) -> list[list[Any]]:
    """The lines of a difference."""
    return [
        [SIGNS[one.kind], one.old, one.new, [[mark.text, mark.changed] for mark in one.marks]]
        for one in found
    ]


def answer(pair: Any) -> Json:
    """What two versions answered to the same case."""
    return {
        "name": pair.name,
        "change": pair.change,
        "old": _output(pair.old),
        "new": _output(pair.new),
    }


def _output(found: Any) -> Json | None:
    if found is None:
        return None
    first = next((one for one in found.outputs if not one.get("passed")), None)
    first = first or (found.outputs[0] if found.outputs else {})
    return {
        "passes": found.passes,
        "repeats": found.repeats,
        "passed": found.status == "passed",
        "text": first.get("text", ""),
        "error": first.get("error", ""),
    }


def arms(found: Sequence[Arm], production: Sequence[Share], staging: Sequence[Share]) -> Json:
    """How each version did, and whether what differs could be chance."""
    live: dict[str, list[Json]] = {}
    for environment, shares in (("production", production), ("staging", staging)):
        for one in shares:
            named = {"environment": environment, "share": one.percent / 100}
            live.setdefault(one.sha, []).append(named)
    return {
        "arms": [arm(one) | {"live": live.get(one.version, [])} for one in found],
        "sentences": [sentence(*pair) for pair in _pairs(found, {one.sha for one in production})],
    }


def noted(one: Note) -> Json:
    """What a reviewer said of an answer."""
    return {
        "at": one.at.isoformat(),
        "rating": one.rating,
        "tags": list(one.tags),
        "note": one.note,
        "model": one.model,
        "number": one.number,
        "corrected": one.corrected,
    }


def arm(one: Arm) -> Json:
    """A version in figures."""
    return {
        "sha": one.version,
        "seq": one.seq,
        "conversations": one.conversations,
        "answers": one.answers,
        "up": rate(one.thumbs),
        "refused": rate(one.refused),
        "errors": rate(one.failed),
        "first": one.first_token_s,
        "total": one.total_s,
        "tokens": one.reply_tokens,
        "edited": one.edited,
        "wordings": one.wordings,
    }


def _pairs(found: Sequence[Arm], served: set[str]) -> list[tuple[Arm, Arm]]:
    """Those that share production, else the two newest: the older one first."""
    compared = [one for one in found if one.version in served]
    if len(compared) < 2:
        compared = list(found[:2])
    return [(old, new) for new, old in itertools.pairwise(compared)]


def gate(found: Gate) -> Json:
    """The gate, a line for each thing that it asks."""
    return {
        "open": found.open,
        "lines": [
            {
                "ok": one.ok,
                "sentence": one.sentence,
                "detail": one.detail,
                "link": one.link,
                "at": one.at.isoformat() if one.at else None,
            }
            for one in found.lines
        ],
    }


def rate(one: Rate) -> list[float]:
    """A rate with its interval."""
    low, high = one.interval
    return [round(one.share, 4), round(low, 4), round(high, 4), one.count]


def injection(rates: Sequence[Any], versions: Sequence[Version], bars: Mapping[str, float]) -> Json:
    """Rates of the injection suite, newest run first."""
    return {
        "rates": [
            {
                "sha": one.version.sha,
                "seq": one.version.seq,
                "live": ", ".join(
                    f"{each['environment']}" for each in map(badge, one.version.badges)
                ),
                "model": one.model,
                "resisted": rate(one.resisted),
                "answered": rate(one.answered),
                "at": one.run.created_at.isoformat(),
                "status": one.run.status,
            }
            for one in rates
        ],
        "versions": [{"sha": one.sha, "seq": one.seq} for one in versions],
        "bars": dict(bars),
    }


def use(found: Sequence[Arm], prompt: Any) -> Json:
    """Counts over all versions, and how a program uses the prompt."""
    thumbs = Rate(sum(one.thumbs.hits for one in found), sum(one.thumbs.count for one in found))
    return {
        "conversations": sum(one.conversations for one in found),
        "answers": sum(one.answers for one in found),
        "up": rate(thumbs),
        "arms": [arm(one) for one in found],
        "snippets": snippets(prompt),
    }


def snippets(prompt: Any) -> list[Json]:
    """How a program uses a prompt, with the inputs that it declares."""
    values = {one.name: _sample(one) for one in prompt.inputs if one.required}
    given = repr(values)
    name = shlex.quote(prompt.name)
    made = [
        {
            "title": "Python",
            "about": "The messages exactly as production renders them, for any model.",
            "text": (
                "from chatbot.bootstrap import build\n"
                "from chatbot.settings import load\n\n"
                "product = build(load())\n"
                f'release = product.releases.current("{prompt.name}")\n'
                "version = max(release.weights, key=release.weights.get)\n"
                f"messages = product.sandbox.render(product.releases.prompt(version), {given})\n"
            ),
        },
        {
            "title": "Command line",
            "about": "The exact messages; --json prints data.",
            "text": f"chatbot prompts render {name} "
            + " ".join(f"--set {one}={shlex.quote(str(value))}" for one, value in values.items()),
        },
    ]
    if prompt.kind == "chat":
        made.append(
            {
                "title": "An answer on the command line",
                "about": "",
                "text": f'chatbot chat --prompt {name} --once "Can I return it?"',
            }
        )
    return made


def _sample(one: Any) -> Any:
    if one.kind == "number":
        return 1
    if one.kind == "boolean":
        return True
    if one.kind in ("list", "thread", "passages"):
        return []
    if one.choices:
        return one.choices[0]
    return "Can I return it?" if one.name == "question" else f"the {one.name.replace('_', ' ')}"
