"""What the Prompts page shows, as JSON: made from the services' values. Asks nothing."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from chatbot.authoring import Draft, PromptLine, ReleaseLine, Share
from chatbot.backends.registry import ModelInfo
from chatbot.looking import Looked, examples_file
from chatbot.replay import Glance, Replayed
from chatbot.workbench import Tool

Json = dict[str, Any]


def model(info: ModelInfo, host: str) -> Json:
    """A model that may be chosen. `host`: the server of a hosted one."""
    return {"label": info.label, "where": info.where, "context": info.context, "host": host}


# Tools -------------------------------------------------------------------------------------------


def fields(prompt: Any) -> list[Json]:
    """The inputs of a prompt, as the fields of its form."""
    return [
        {
            "name": one.name,
            "kind": one.kind,
            "required": one.required,
            "default": one.default,
            "choices": list(one.choices),
            "about": one.description,
        }
        for one in prompt.inputs
    ]


def tool(found: Tool) -> Json:
    """A tool with its form."""
    return {
        "name": found.prompt.name,
        "title": found.prompt.title or title(found.prompt.name),
        "about": found.prompt.description,
        "model": found.prompt.model,
        "version": found.number,
        "fields": fields(found.prompt),
    }


def title(name: str) -> str:
    """A prompt's name as people write it."""
    return name.replace("-", " ").replace("e mail", "e-mail").capitalize()


# The list ----------------------------------------------------------------------------------------


def line(found: PromptLine) -> Json:
    """A prompt in the list."""
    tests = found.tests
    return {
        "name": found.name,
        "kind": found.kind,
        "about": found.description,
        "production": live(found.production),
        "staging": live(found.staging),
        "tests": {"state": tests.state, "passed": tests.passed, "total": tests.total}
        | {"cases": tests.cases},
        "up": found.thumbs_up,
        "down": found.thumbs_down,
        "turns": found.turns,
        "changed": moment(found.changed_at),
        "by": found.changed_by,
        "archived": found.archived,
    }


def live(shares: Sequence[Share]) -> str:
    """The versions of a release in words: `v13 80 %, v14 20 %`; empty where nothing is live."""
    if len(shares) == 1:
        return f"v{shares[0].seq}"
    return ", ".join(f"v{one.seq} {one.percent} %" for one in shares)


# One prompt --------------------------------------------------------------------------------------


def draft(found: Draft) -> Json:
    """A version in the editor."""
    version = found.version
    return {
        "name": found.prompt,
        "kind": found.kind,
        "source": found.source,
        "partials": dict(found.partials),
        "examples": examples_file(found.examples),
        "tests": found.tests,
        "version": version.sha if version else None,
        "seq": version.seq if version else None,
        "note": version.note if version else "",
        "author": version.author if version else "",
        "live": bool(version and version.badges),
        "parent": found.parent,
        "archived": found.archived,
        "notes": list(found.notes),
    }


def where(newest: Draft, releases: Iterable[ReleaseLine]) -> Json:
    """Where a prompt is live, and how much stands behind its tabs."""
    served = {one.environment: live(one.shares) for one in releases if one.live}
    return {
        "production": served.get("production", ""),
        "staging": served.get("staging", ""),
        "parent": newest.parent,
        "counts": {
            "tests": newest.cases or "",
            "history": newest.versions,
        },
    }


def theirs(row: Any) -> Json:
    """The version that somebody else saved meanwhile, with its texts."""
    return {
        "version": row.sha,
        "seq": row.seq,
        "author": row.author,
        "note": row.note,
        "at": moment(row.created_at),
        "source": row.source,
        "partials": dict(row.partials),
        "examples": examples_file(row.examples),
    }


def problem(found: Any) -> Json:
    """Something to mend, with its place."""
    return {
        "severity": found.severity,
        "message": found.message,
        "hint": found.hint,
        "line": found.line,
        "column": found.column,
        "partial": found.partial,
    }


def looked(found: Looked) -> Json:
    """What the editor shows beside the text."""
    shown = found.shown
    each: Sequence[int | None] = found.tokens or [None] * len(shown or ())
    return {
        "problems": [problem(one) for one in found.problems],
        "fields": fields(found.prompt) if found.prompt else None,
        "kind": found.prompt.kind if found.prompt else None,
        "values": dict(found.values) if found.values is not None else None,
        "messages": None
        if shown is None
        else [
            {
                "role": one.role,
                "part": one.part,
                "spans": [[span.text, span.input, span.missing] for span in one.spans],
                "tokens": tokens,
            }
            for one, tokens in zip(shown, each, strict=True)
        ],
        "total": found.total,
        "context": found.context,
        "refusal": found.refusal,
        "input": found.input,
    }


# Stored turns ------------------------------------------------------------------------------------


def glance(found: Glance) -> Json:
    """A turn to choose."""
    return {
        "message": found.message,
        "question": found.question,
        "answer": found.answer,
        "prompt": found.prompt,
        "version": found.version,
        "model": found.model,
        "rating": found.rating,
        "at": moment(found.at),
        "own": found.own,
    }


def replayed(found: Replayed) -> Json:
    """The values of a turn, and what was said."""
    return glance(found.glance) | {
        "question": found.question,
        "history": found.history,
        "passages": found.passages,
        "said": found.said,
        "better": found.better,
        "tokens": found.tokens,
        "seconds": found.seconds,
    }


def moment(at: datetime) -> str:
    """A time as browsers read it."""
    return at.isoformat(timespec="seconds")
