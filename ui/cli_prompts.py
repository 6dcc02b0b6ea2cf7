"""`chatbot prompts`: list, check, render, compare, publish. Parse, call, print.

`list`, `check` and `render` need no model and start at once. `test` is in cli_prompts_test.py;
files and folders are in cli_prompts_files.py.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from chatbot import settings as configuration
from chatbot.errors import Refused
from ui.cli_base import As, Json, acting, group, opened
from ui.cli_output import note, write, write_json, write_rows

if TYPE_CHECKING:
    from chatbot.authoring import Authoring, ReleaseLine, Share
    from chatbot.authoring.differences import Line
    from chatbot.templates import Live
    from chatbot.views import Person

Name = Annotated[str, typer.Argument(metavar="NAME", help="Of the prompt, as `list` shows it.")]
Environment = Annotated[
    Literal["production", "staging"], typer.Option("--environment", "-e", help="Where.")
]

prompts = group("Prompt templates: list, check, render, compare, test, publish, exchange.")


@prompts.command("list")
def list_prompts(*, as_json: Json = False) -> None:
    """List the prompts and the versions that serve."""
    from chatbot import templates

    found = templates.prompt_list(configuration.load())
    if as_json:
        write_json(found)
    else:
        write_rows(
            ("name", "kind", "production", "staging", "version", "description"),
            (
                (
                    one.name,
                    one.kind,
                    _shares(one.production) or ("not live" if one.versions else ""),
                    _shares(one.staging),
                    one.version[:8],
                    one.description,
                )
                for one in found
            ),
            empty="There are no prompts.",
        )


@prompts.command("check")
def check_prompts(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME|FILE]...", help="Default: all of them.")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Say what is to be mended in prompts or in files. Exit status 1 for errors."""
    from chatbot import templates

    with templates.Templates(configuration.load()) as room:
        checks = room.check(names or [])
    if as_json:
        write_json(checks)
    else:
        for check in checks:
            if not check.problems:
                write(f"{check.prompt}: in order")
            for problem in check.problems:
                write(f"{check.prompt}: {problem.in_words()}")
    wrong = sum(not check.ok for check in checks)
    if wrong:
        raise Refused(f"{wrong} of {len(checks)} prompts have a mistake.")


@prompts.command("render")
def render_prompt(
    name: Annotated[str, typer.Argument(help="Name of a prompt, or a file.")],
    *,
    given: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="INPUT=VALUE", help="A value; JSON where it is no text."),
    ] = None,
    values: Annotated[
        Path | None, typer.Option(help="A JSON file with the values; - reads standard input.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Print the messages that a prompt makes of some values."""
    from chatbot import templates

    everything = _values(values) | dict(_pair(text) for text in given or [])
    with templates.Templates(configuration.load()) as room:
        rendered = room.render(name, everything)
    if as_json:
        write_json(rendered)
        return
    for message in rendered.messages:
        write(f"── {message['role']} ──\n{message['content']}")


@prompts.command("history")
def prompt_history(
    name: Name,
    *,
    before: Annotated[int | None, typer.Option(help="Versions older than this number.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="At most this many.")] = 50,
    as_login: As = None,
    as_json: Json = False,
) -> None:
    """List the versions of a prompt, newest first."""
    with opened() as product:
        person = acting(product, as_login)
        page = product.authoring.history(person, name, before=before, limit=limit)
    if as_json:
        write_json(page.versions)
        return
    write_rows(
        ("version", "hash", "changed", "by", "live", "note"),
        (
            (
                f"v{one.seq}",
                one.sha[:8],
                f"{one.created_at.astimezone():%Y-%m-%d %H:%M}",
                one.author,
                ", ".join(f"{badge.environment} {badge.percent} %" for badge in one.badges),
                one.note,
            )
            for one in page.versions
        ),
        empty="There are no older versions.",
    )
    if page.before:
        note(f"There are more: --before {page.before}.")


@prompts.command("releases")
def prompt_releases(name: Name, *, as_login: As = None, as_json: Json = False) -> None:
    """List the last releases of a prompt, newest first."""
    with opened() as product:
        page = product.authoring.releases(acting(product, as_login), name)
    if as_json:
        write_json(page.releases)
        return
    write_rows(
        ("id", "when", "where", "versions", "by", "note"),
        (
            (
                one.id,
                f"{one.created_at.astimezone():%Y-%m-%d %H:%M}",
                one.environment + (" (now)" if one.live else ""),
                _shares(one.shares),
                one.actor,
                one.note + (f" [against the gate: {one.override}]" if one.override else ""),
            )
            for one in page.releases
        ),
        empty="Nothing was published yet.",
    )


@prompts.command("diff")
def diff_prompt(
    name: Name,
    old: Annotated[str | None, typer.Argument(help="Number or hash. Default: production.")] = None,
    new: Annotated[str | None, typer.Argument(help="Number or hash. Default: the newest.")] = None,
    *,
    rendered: Annotated[bool, typer.Option(help="The messages in place of the source.")] = False,
    values: Annotated[
        Path | None, typer.Option(help="A JSON file with values for the messages.")
    ] = None,
    as_login: As = None,
    as_json: Json = False,
) -> None:
    """Show what changed between two versions: source, messages, test results."""
    with opened() as product:
        person, authoring = acting(product, as_login), product.authoring
        before = old or _serving(authoring, person, name)
        after = new or authoring.open(person, name).parent or ""
        given = _values(values) if values else None
        found = authoring.compare(person, name, before, after, given)
    if as_json:
        write_json(found)
        return
    write(f"v{found.old.seq} → v{found.new.seq}")
    if rendered:
        if found.problem:
            raise Refused(found.problem)
        for message in found.messages:
            write(f"── {message.new_role or message.old_role} ──")
            _write_lines(message.lines)
    else:
        for file in found.files:
            if file.added or file.removed:
                write(f"── {file.name}  +{file.added} −{file.removed} ──")
                _write_lines(file.lines)
    for case in found.cases:
        if case.worse or case.better:
            sign = "worse" if case.worse else "better"
            write(f"{sign}: {case.name}, {case.old} → {case.new} ({found.model})")


@prompts.command("publish")
def publish_prompt(
    name: Name,
    versions: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[VERSION[=WEIGHT]]...", help="Numbers or hashes. Default: the newest."
        ),
    ] = None,
    *,
    environment: Environment = "production",
    message: Annotated[str, typer.Option("--note", help="Why; kept with the release.")] = "",
    override: Annotated[
        str, typer.Option(metavar="REASON", help="Publish against the gate, as an administrator.")
    ] = "",
    as_login: As = None,
    as_json: Json = False,
) -> None:
    """Let an environment serve versions from now on. Production asks for passed tests."""
    with opened() as product:
        person = acting(product, as_login)
        weights = dict(map(_weight, versions or []))
        if not weights:
            weights = {product.authoring.open(person, name).parent or "": 1}
        made = product.authoring.publish(
            person, name, weights, environment, note=message, override=override
        )
    _write_release(name, made, as_json=as_json)


@prompts.command("rollback")
def roll_back_prompt(
    name: Name,
    *,
    environment: Environment = "production",
    to: Annotated[
        str | None, typer.Option(metavar="RELEASE", help="Of `releases`. Default: the one before.")
    ] = None,
    message: Annotated[str, typer.Option("--note", help="Why; kept with the release.")] = "",
    as_login: As = None,
    as_json: Json = False,
) -> None:
    """Let an environment serve again what it served before. No tests are asked for."""
    with opened() as product:
        person = acting(product, as_login)
        made = product.authoring.roll_back(person, name, environment, to, note=message)
    _write_release(name, made, as_json=as_json)


def _shares(shares: "Sequence[Share] | Sequence[Live]") -> str:
    """What serves, in a few words: `v13 80 %, v14 20 %`."""
    if len(shares) == 1:
        return f"v{shares[0].seq}"
    return ", ".join(f"v{one.seq} {one.percent} %" for one in shares)


def _serving(authoring: "Authoring", person: "Person", name: str) -> str:
    """The version that production serves most. Raises Refused where it serves none."""
    authoring.open(person, name)
    live = authoring.serving(person, name, "production")
    if not live:
        raise Refused(f"Nothing of {name} is in production. Name the version to compare with.")
    return live[0].sha


def _weight(text: str) -> tuple[str, int]:
    version, sign, weight = text.partition("=")
    if not version or (sign and not weight.isdecimal()):
        raise typer.BadParameter(f"{text!r} is not VERSION or VERSION=WEIGHT")
    return version.removeprefix("v"), int(weight or 1)


def _write_release(name: str, made: "ReleaseLine", *, as_json: bool) -> None:
    if as_json:
        write_json(made)
    else:
        write(f"{name}: {made.environment} serves {_shares(made.shares)}.")


def _write_lines(lines: "Sequence[Line]") -> None:
    signs = {"same": " ", "removed": "-", "added": "+"}
    for line in lines:
        write(signs[line.kind] + "".join(mark.text for mark in line.marks))


def _values(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
        found = json.loads(text)
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise Refused(f"The values are not valid JSON: {error}.") from None
    if not isinstance(found, dict):
        raise Refused("The values must be a JSON object: an input's name and its value, each.")
    return found


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise typer.BadParameter(f"{text!r} is not INPUT=VALUE", param_hint="--set")
    return name, value
