"""`chatbot cluster serve`: a local model behind OpenAI's contract on Ray. Parse, call, print."""

from typing import Annotated

import typer

from ui.cli_base import group
from ui.cli_output import note, working, write

cluster = group("A cluster: a local model on several machines, through Ray (extra `cluster`).")


@cluster.command("serve")
def serve(
    *,
    model: Annotated[str, typer.Option(help="Name or name@version.")] = "starter",
    address: Annotated[
        str, typer.Option(help="Of a Ray cluster that runs; left out, one is started here.")
    ] = "",
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    least: Annotated[int, typer.Option(min=1, help="Processes that always hold the model.")] = 1,
    most: Annotated[int, typer.Option(min=1, help="Processes at most; Ray adds them.")] = 4,
    answers: Annotated[
        int, typer.Option(min=1, help="Answers that each process is to write at a time.")
    ] = 8,
) -> None:
    """Serve a local model on a Ray cluster until Ctrl+C; connect it with `models connect`.

    Clients show the key in CHATBOT_CLUSTER_KEY, where there is one.
    """
    from chatbot.cluster import serving

    asked = {"model": model, "least": least, "most": most, "answers": answers}
    with working("Starting Ray"):
        running = serving.started(asked, address=address, host=host, port=port)
    with running:
        write(f"{model} answers at http://{host}:{port}/v1")
        note("Ctrl+C stops it.")
        running.wait()
