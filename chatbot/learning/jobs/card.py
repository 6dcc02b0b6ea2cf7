"""The card of a tuned model: README.md beside its weights, for whoever finds the folder later."""

from typing import Any

from store.runs import Run

WHO = "Started by "
"""How the one line with a person's name begins."""


def card(run: Run) -> str:
    """From what, on which data, how and how well: Markdown. Texts of people are not in it."""
    parts = [
        f"# {run.model}",
        f"Fine-tuned from **{run.base}** by run {run.public_id}.",
        who(run),
        "## Data",
        _table(_data(run)),
        "## Training",
        _table(_training(run)),
        "## Settings",
        _table(sorted((name, run.settings[name]) for name in run.settings if name != "samples")),
        "## Use",
        "It is a candidate until somebody promotes it: `chatbot evaluate "
        f"{run.model} --dataset {run.dataset}` measures it against its base, "
        f"`chatbot models promote {run.model}` lets it answer.",
    ]
    return "\n\n".join(parts) + "\n"


def who(run: Run) -> str:
    """The line that names a person."""
    return f"{WHO}{' '.join(run.actor.split())}, {run.created_at:%Y-%m-%d}."


def renamed(text: str, run: Run) -> str:
    """A card with the name that the person has now; the same text where it is the same."""
    lines = [who(run) if line.startswith(WHO) else line for line in text.split("\n")]
    return "\n".join(lines)


def _data(run: Run) -> list[tuple[str, Any]]:
    data: dict[str, Any] = run.facts.get("data", {})
    rows = [("dataset", run.dataset), ("sha-256", run.dataset_sha)]
    rows += [(f"{split} turns", count) for split, count in data.get("splits", {}).items()]
    rows += [
        (f"prompt {name}", ", ".join(one[:12] for one in versions))
        for name, versions in data.get("prompts", {}).items()
    ]
    return rows


def _training(run: Run) -> list[tuple[str, Any]]:
    loss = "–" if run.best_loss is None else f"{run.best_loss:.4f} at step {run.best_step}"
    first = run.facts.get("first_loss")
    rows: list[tuple[str, Any]] = [("method", run.method), ("steps", f"{run.step} of {run.steps}")]
    if first is not None:
        rows.append(("validation loss at the start", f"{first:.4f}"))
    rows += [("best validation loss", loss), ("minutes", f"{run.seconds / 60:.1f}")]
    if run.tokens_s is not None:
        rows.append(("tokens a second", f"{run.tokens_s:,.0f}"))
    return rows


def _table(rows: list[tuple[str, Any]]) -> str:
    lines = [f"| {name} | {_cell(value)} |" for name, value in rows]
    return "\n".join(["| | |", "|---|---|", *lines])


def _cell(value: Any) -> str:
    return " ".join(str(value).split()).replace("|", "\\|")
