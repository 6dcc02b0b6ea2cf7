"""The terminal door: every command parses, calls and prints. Start reading the product here.

Knows services by name only: each body imports what it needs, so `--help`, `db` and `prompts` start
without a web server or a model. Data commands are in cli_data.py, the talk in cli_chat.py.
"""

import contextlib
import os
import re
import sys
import traceback
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from chatbot import __version__
from chatbot import settings as configuration
from chatbot.errors import ChatbotError
from ui import (
    cli_cluster,
    cli_compare,
    cli_data,
    cli_dataset,
    cli_demo,
    cli_draft,
    cli_evaluate,
    cli_keys,
    cli_knowledge,
    cli_models,
    cli_monitor,
    cli_privacy,
    cli_prompts,
    cli_prompts_files,
    cli_prompts_test,
    cli_review,
    cli_tickets,
    cli_train,
    cli_users,
    cli_webhooks,
)
from ui.cli_base import As, Json, acting, group, opened, uncollected
from ui.cli_output import is_terminal, note, working, write, write_json, write_rows

app = group("A chatbot that you own: chat, prompts, a local GPT, everything in your database.")
for name, commands in (cli_data.GROUPS | cli_privacy.GROUPS).items():
    app.add_typer(commands, name=name)
app.add_typer(cli_prompts.prompts, name="prompts")
cli_prompts_files.add_to(cli_prompts.prompts)
cli_prompts_test.add_to(cli_prompts.prompts)
app.add_typer(cli_users.users, name="users")
app.add_typer(cli_keys.keys, name="keys")
app.add_typer(cli_webhooks.webhooks, name="webhooks")
app.add_typer(cli_tickets.tickets, name="tickets")
app.add_typer(cli_review.review, name="review")
app.add_typer(cli_compare.compare, name="compare")
app.add_typer(cli_demo.demo, name="demo")
app.add_typer(cli_knowledge.knowledge, name="knowledge")
app.add_typer(cli_models.models, name="models")
app.add_typer(cli_dataset.dataset, name="dataset")
app.add_typer(cli_train.train, name="train")
app.add_typer(cli_cluster.cluster, name="cluster")
app.command()(cli_evaluate.evaluate)
app.command()(cli_draft.draft)
app.command()(cli_monitor.monitor)


def _version(*, wanted: bool) -> None:
    if wanted:
        write(f"chatbot {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def serve(
    *,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 picks one.")] = None,
    browse: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Serve the pages until Ctrl+C."""
    with opened(host=host, port=port) as product, contextlib.suppress(KeyboardInterrupt):
        with working("Starting the pages"), uncollected():
            from ui import web
        settings = product.settings
        if is_terminal(sys.stderr) and product.demo.is_wanted(product.person()):
            note("Nothing is here yet. `chatbot demo load` brings a small shop to try it with.")
        web.serve(product, settings.host, settings.port, tell=_opener() if browse else write)


def _opener() -> Callable[[str], None]:
    """Prints the line with the address, and opens it where a person sits at a desktop."""
    desktop = sys.platform in ("darwin", "win32") or any(
        name in os.environ for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )

    def tell(line: str) -> None:
        write(line)
        address = re.search(r"http://\S+", line)
        if address and desktop and is_terminal(sys.stdout):
            webbrowser.open(address[0])

    return tell


@app.command()
def chat(
    *,
    once: Annotated[str | None, typer.Option(metavar="TEXT", help="Ask this, then leave.")] = None,
    prompt: Annotated[str | None, typer.Option(help="Prompt of the conversation.")] = None,
    model: Annotated[str | None, typer.Option(help="Model that answers.")] = None,
    conversation: Annotated[
        str | None, typer.Option(metavar="ID", help="Go on with this conversation.")
    ] = None,
    as_login: As = None,
    as_json: Json = False,
) -> None:
    """Talk on the terminal. Ctrl+C stops an answer, Ctrl+D leaves."""
    from ui import cli_chat

    if as_json and once is None:
        raise typer.BadParameter("it goes with --once", param_hint="--json")
    with opened() as product:
        talk = cli_chat.Talk(product, acting(product, as_login), conversation, prompt, model)
        if once is None:
            cli_chat.talk_on(product, talk)
        else:
            cli_chat.once(product, talk, once, as_json=as_json)


@app.command()
def doctor(*, as_json: Json = False) -> None:
    """Look at everything Chatbot stands on, and say what to do about what is wrong."""
    from chatbot.doctor import examine

    report = examine()
    if as_json:
        write_json({"ok": report.ok, "findings": report.findings, "settings": report.settings})
    else:
        for finding in report.findings:
            write(f"{finding.level:<5}{finding.check:<10} {finding.found}")
            if finding.advice:
                write(f"{'':<15} → {finding.advice}")
        write("")
        lines = [(line.name, line.value, line.source) for line in report.settings]
        write_rows(("setting", "value", "from"), lines, empty="There are no settings.")
    if not report.ok:
        bad = [finding.check for finding in report.findings if finding.level == "bad"]
        raise ChatbotError(f"Not in order: {', '.join(dict.fromkeys(bad))}.")


def main() -> None:
    """Run a command. Exit status: 0 done, 1 refused with a line of reason, 2 wrong usage."""
    _prepare_streams()
    try:
        app(prog_name="chatbot")
    except ChatbotError as error:
        note(f"chatbot: {error}")
    except OSError as error:
        note(
            f"chatbot: {error.filename or 'The system'}: {error.strerror or type(error).__name__}."
        )
    except Exception as error:  # noqa: BLE001  no traceback reaches a person
        note(f"chatbot: {_unexpected(error)}")
    sys.exit(1)


def _prepare_streams() -> None:
    """Closed streams become empty ones; what a terminal cannot show becomes a question mark."""
    if sys.stdin is None:
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115  lives with the process
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
    for name, errors in (
        ("stdin", "surrogateescape"),
        ("stdout", "replace"),
        ("stderr", "replace"),
    ):
        reconfigure = getattr(getattr(sys, name), "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=errors)


def _unexpected(error: Exception) -> str:
    """One line about an error nobody foresaw, after its traceback went to the log.

    The log gets places and types, not messages: a message may quote what people said.
    """
    kind = type(error).__name__
    try:
        file = configuration.load().home_folder / "errors.log"
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as out:
            out.write(f"{kind}\n{''.join(traceback.format_tb(error.__traceback__))}\n")
    except Exception:  # noqa: BLE001  whatever was unexpected may befall this too
        return f"Something unexpected went wrong ({kind}). `chatbot doctor` may say why."
    return f"Something unexpected went wrong ({kind}). The details are in {file}."


if __name__ == "__main__":
    main()
