"""`chatbot models list|add|import|connect|…|promote|rollback|export`: models on the terminal.

Parse, call, print. Whoever can run them has the database in their hands, so they act as the local
person.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from chatbot.errors import Refused
from ui import cli_connect
from ui.cli_base import Json, group, opened
from ui.cli_output import note, working, write, write_json, write_rows

if TYPE_CHECKING:
    from chatbot.backends.registry import ModelInfo
    from chatbot.bootstrap import Product
    from chatbot.promotion import ModelRelease

models = group("Models: which there are, which one production serves, and files in and out.")
models.command("connect")(cli_connect.connect)
models.command("disconnect")(cli_connect.disconnect)

Model = Annotated[str, typer.Argument(help="Name or name@version, as `models list` shows.")]
Where = Annotated[
    Literal["staging", "production"], typer.Option("--environment", help="Where it is served.")
]
Reason = Annotated[str, typer.Option(help="Why; it stands in the history.")]


@models.command("list")
def list_models(*, as_json: Json = False) -> None:
    """List the models with their stage, size, evaluation, and what is to be known of them."""
    with opened() as product:
        stages = product.promotion.stages()
        told = [_told(product, info, stages[info.label]) for info in product.registry.list()]
        problems = list(product.registry.problems())
    if as_json:
        write_json(told)
    else:
        write_rows(
            ("model", "stage", "where", "parameters", "context", "evaluation", "description"),
            (_line(one) for one in told),
            empty="There are no models.",
        )
        for one in told:
            for mark in one["marks"]:
                note(f"{one['label']}: {mark}")
    for problem in problems:
        note(problem)


def _told(product: "Product", info: "ModelInfo", stage: str) -> dict[str, Any]:
    from chatbot.backends.card import facts

    found, person = facts(info), product.person()
    judged = product.evaluations.newest(info.label)
    return {
        "label": info.label,
        "name": info.name,
        "version": info.version,
        "where": info.where,
        "default": info.label == product.registry.resolve().label,
        "stage": stage,
        "context": info.context,
        "trained_on_tags": info.trained_on_tags,
        "parameters": found.weights,
        "bytes": found.size,
        "evaluation": None
        if judged is None
        else {"id": judged.id, "base": judged.base, "passed": judged.passed},
        "scores": dict(found.figures),
        "marks": [mark.reason for mark in product.promotion.marks(person, info.label)],
        "description": info.description,
    }


def _line(one: dict[str, Any]) -> tuple[object, ...]:
    weights, judged = one["parameters"], one["evaluation"]
    verdict = "" if judged is None else ("passed" if judged["passed"] else "not passed")
    size = "-" if weights is None else f"{weights / 1e6:,.0f} M"
    shown = one["stage"] or "-"
    return one["label"], shown, one["where"], size, one["context"], verdict, one["description"]


def _take(source: Path, label: str, base: str | None, *, as_json: bool) -> None:
    with opened() as product:
        with working(f"Checking and opening {source.name}"):
            info = product.promotion.add(product.person(), source, label, base=base)
        if as_json:
            write_json(_told(product, info, product.promotion.stages()[info.label]))
        else:
            write(f"Added: {info.label}")


_Source = Annotated[
    Path,
    typer.Argument(
        metavar="PATH", help="A Hugging Face folder, a LoRA adapter's folder, a GGUF file."
    ),
]
_Label = Annotated[
    str, typer.Argument(metavar="[NAME@VERSION]", help="Its label here; default: its own.")
]
_Base = Annotated[str | None, typer.Option(help="The model that a LoRA adapter is added to.")]


@models.command("add")
def add_model(
    source: _Source, label: _Label = "", *, base: _Base = None, as_json: Json = False
) -> None:
    """Take a checkpoint in: checked, copied and opened before it is listed."""
    _take(source, label, base, as_json=as_json)


@models.command("import")
def import_model(
    source: _Source, label: _Label = "", *, base: _Base = None, as_json: Json = False
) -> None:
    """Take in what `export` or another program wrote; the same as `add`."""
    _take(source, label, base, as_json=as_json)


@models.command("promote")
def promote_model(
    model: Model,
    *,
    reason: Reason = "",
    environment: Where = "production",
    override: Annotated[
        str, typer.Option(help="Why it is promoted although the gate is closed.")
    ] = "",
    prompt: Annotated[
        list[str] | None,
        typer.Option(
            "--prompt", metavar="NAME=VERSION", help="A prompt version released together with it."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Let the name in CHATBOT_MODEL stand for a model, for conversations that begin from now on."""
    prompts = dict(_pair(one) for one in prompt or ())
    with opened() as product:
        person, label = product.person(), product.registry.resolve(model).label
        for mark in product.promotion.marks(person, label):
            note(f"{label}: {mark.reason}")
        with working(f"Opening {label}"):
            made = product.promotion.promote(
                person,
                label,
                reason=reason,
                environment=environment,
                override=override,
                prompts=prompts,
            )
    _tell(made, "serves", as_json=as_json)


@models.command("rollback")
def roll_back_model(
    *, reason: Reason = "", environment: Where = "production", as_json: Json = False
) -> None:
    """Serve again what was served before, with the prompts that went with it. Asks no gate."""
    with opened() as product, working("Opening what was served before"):
        made = product.promotion.roll_back(product.person(), reason=reason, environment=environment)
    _tell(made, "serves again", as_json=as_json)


@models.command("export")
def export_model(
    model: Model,
    out: Annotated[Path, typer.Argument(help="A folder or file that is not there yet.")],
    *,
    form: Annotated[
        Literal["folder", "merged", "gguf"],
        typer.Option(
            help="A Hugging Face folder, the base with LoRA's addition merged anew, or GGUF."
        ),
    ] = "folder",
    as_json: Json = False,
) -> None:
    """Write a model for other programs; it is opened again and compared before it is done."""
    with opened() as product, working(f"Writing {model} and opening it again"):
        made = product.promotion.export(product.person(), model, out, form)
    if as_json:
        write_json({
            "path": str(made.path),
            "form": form,
            "bytes": made.size,
            "difference": made.proof.difference,
        })  # fmt: skip
    else:
        write(f"Written: {made.path}, {made.size / 1e6:,.1f} MB")
        note(f"Opened again: it answers alike (logits differ by {made.proof.difference:.1e}).")


def _pair(text: str) -> tuple[str, str]:
    name, sign, version = text.partition("=")
    if not (name and sign and version):
        raise Refused(f"{text:.80} is no NAME=VERSION. Write it as support=14.")
    return name, version


def _tell(made: "ModelRelease", does: str, *, as_json: bool) -> None:
    if as_json:
        write_json({
            "id": made.public_id,
            "alias": made.alias,
            "environment": made.environment,
            "model": made.model,
            "by_setting": made.by_setting,
            "prompts": made.prompts,
            "evaluation": made.evaluation,
            "actor": made.actor,
            "reason": made.reason,
            "override": made.override,
            "created_at": made.created_at,
        })  # fmt: skip
        return
    write(f"{made.environment.capitalize()} {does} {made.model}.")
    if made.by_setting:
        note("That is what CHATBOT_MODEL says.")
