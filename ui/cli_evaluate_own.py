"""`chatbot evaluate MODEL --dataset D`: a tuned model against its base, and the gate."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from chatbot.errors import Refused
from ui.cli_base import acting, opened, refuse_taken, write_new
from ui.cli_output import note, write, write_json, write_rows

if TYPE_CHECKING:
    from chatbot.learning.evaluate.views import Evaluation

FORMS: dict[str, Literal["markdown", "html"]] = {".html": "html", ".md": "markdown"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command was asked. `against` None: the model that production serves."""

    model: str
    dataset: str
    against: str | None
    cases: int | None
    general: int
    seed: int
    login: str | None


def evaluate_own(asked: Asked, report: Path | None, *, as_json: bool) -> None:
    """Evaluate, print the table and the gate, write the report. Raises Refused and others."""
    from chatbot.learning.evaluate.service import CASES
    from ui.cli_evaluate import progress

    form = _form(report)
    with opened() as product:
        person = acting(product, asked.login)
        product.evaluations.require(person)
        base = asked.against or product.registry.resolve().label
        with progress() as tell:
            found = product.evaluations.run(
                person,
                base,
                asked.model,
                asked.dataset,
                cases=asked.cases or CASES,
                general=asked.general,
                seed=asked.seed,
                tell=tell,
            )
        if report is not None:
            text = product.evaluations.report_text(person, found.id, form)
            write_new(report, [text])
            note(f"Report written to {report}.")
    show(found, as_json=as_json)


def show(found: "Evaluation", *, as_json: bool = False) -> None:
    """Print an evaluation: every figure, the gate, and the verdict."""
    if as_json:
        write_json(found)
    else:
        _write(found)


def _form(report: Path | None) -> Literal["markdown", "html"]:
    if report is None:
        return "markdown"
    refuse_taken(report)
    if report.suffix not in FORMS:
        raise Refused(f"{report} ends neither in .html nor in .md. Name it so.")
    return FORMS[report.suffix]


def _write(found: "Evaluation") -> None:
    from chatbot.learning.evaluate.telling import cells

    heads = ("part", found.base, found.tuned, "change", "95 %", "of")
    write_rows(heads, [cells(part) for part in found.parts], empty="Nothing was measured.")
    changes = found.changes
    write(
        f"Replies: {changes.get('better', 0)} better, {changes.get('worse', 0)} worse, "
        f"{changes.get('same', 0)} about the same."
    )
    for line in found.gate:
        write(f"{'  ok ' if line.passed else 'NOT  '} {line.said}")
    for told in found.notes:
        note(told)
    if found.passed is None:
        note(found.said)
    else:
        closed = len(found.refused)
        write("The gate is open." if found.passed else f"The gate is closed by {closed} of these.")
