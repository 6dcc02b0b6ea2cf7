"""`chatbot demo load|clear`: a small shop to try everything with. Parse, call, print."""

from ui.cli_base import Json, group, opened
from ui.cli_output import note, progress, write, write_json

demo = group("The demo: a small fictional shop with articles and tickets.")


@demo.command("load")
def load(*, as_json: Json = False) -> None:
    """Put the shop in: about 70 articles and 80 tickets. What is there already stays."""
    with opened() as product:
        with progress("Loading the demo") as tell:
            loaded = product.demo.load(product.person(), tell)
        with progress("Computing vectors") as tell:
            product.knowledge.embed(tell)
    if as_json:
        write_json(loaded)
    else:
        write(f"{loaded.articles} articles and {loaded.tickets} tickets of the demo are here.")
        note("`chatbot serve` shows them; `chatbot demo clear` takes them out again.")


@demo.command("clear")
def clear(*, as_json: Json = False) -> None:
    """Take everything of the demo out for good, and nothing else."""
    with opened() as product:
        gone = product.demo.clear(product.person())
    if as_json:
        write_json(gone)
    else:
        write(f"{gone.articles} articles and {gone.tickets} tickets of the demo are gone.")
