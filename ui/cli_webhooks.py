"""Commands about webhooks: addresses that are told of events. Parse, call, print.

Whoever can run them has the database in their hands, so they act as the local person. They work
while the server runs, which does the sending.
"""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from chatbot.errors import NotFound, Refused
from ui.cli_base import Json, group, opened
from ui.cli_output import is_terminal, note, write, write_json, write_rows

if TYPE_CHECKING:
    from chatbot.bootstrap import Product
    from chatbot.webhooks import Hook

Which = Annotated[str, typer.Argument(metavar="WEBHOOK", help="Its address or its id.")]

webhooks = group("Webhooks: addresses that are told of events.")


@webhooks.command("add")
def add_hook(
    url: Annotated[str, typer.Argument(metavar="ADDRESS", help="Such as https://…; told by POST.")],
    *,
    event: Annotated[
        list[str] | None,
        typer.Option(help="Such as ticket.created; repeat it for more. Default: all there are."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Add an address; prints the secret that its receiver checks signatures by, once."""
    with opened() as product:
        made = product.webhooks.add(product.person(), url=url, events=event or ())
    if as_json:
        write_json({"secret": made.secret, **_facts(made.hook)})
        return
    if is_terminal(sys.stdout):
        note("Keep the secret where the events are taken: it is shown only now.")
    write(made.secret)


@webhooks.command("list")
def list_hooks(*, as_json: Json = False) -> None:
    """List the addresses, and how their deliveries fare."""
    with opened() as product:
        found = product.webhooks.all(product.person())
    if as_json:
        write_json([_facts(each) for each in found])
        return
    write_rows(
        ("id", "address", "events", "state", "waiting", "taken", "failed", "last"),
        (
            (
                each.id,
                each.url,
                ", ".join(each.events),
                "on" if each.active else "off",
                each.waiting,
                each.taken,
                each.failed,
                (each.last.error or each.last.state) if each.last else "",
            )
            for each in found
        ),
        empty="There are no webhooks. `chatbot webhooks add https://…` makes one.",
    )


@webhooks.command("test")
def try_hook(which: Which, *, as_json: Json = False) -> None:
    """Send an event that says nothing, once and now."""
    with opened() as product:
        by = product.person()
        told = product.webhooks.test(by, _hook(product, which).id)
    if as_json:
        write_json(told)
    elif not told.error:
        write(f"It was taken (status {told.status}).")
    if told.error:
        raise Refused(told.error)


@webhooks.command("on")
def switch_on(which: Which) -> None:
    """Tell an address of events again, from what still waits on."""
    _switch(which, active=True)


@webhooks.command("off")
def switch_off(which: Which) -> None:
    """Tell an address nothing any more; what is for it waits, for three days at most."""
    _switch(which, active=False)


@webhooks.command("remove")
def remove_hook(which: Which) -> None:
    """Remove an address, and what was to be sent to it."""
    with opened() as product:
        found = _hook(product, which)
        product.webhooks.remove(product.person(), found.id)
    write(f"Removed {found.url}")


def _switch(which: str, *, active: bool) -> None:
    with opened() as product:
        found = _hook(product, which)
        product.webhooks.switch(product.person(), found.id, active=active)
    write(f"{'On' if active else 'Off'}: {found.url}")


def _hook(product: "Product", which: str) -> "Hook":
    """The address that is meant. Raises NotFound, Refused where several are."""
    every = product.webhooks.all(product.person())
    found = [each for each in every if which in (each.id, each.url)]
    if len(found) > 1:
        raise Refused("Several webhooks have this address. Name one by its id.")
    if not found:
        raise NotFound("There is no such webhook. `chatbot webhooks list` shows those there are.")
    return found[0]


def _facts(hook: "Hook") -> dict[str, object]:
    last = hook.last
    return {
        "id": hook.id,
        "url": hook.url,
        "events": list(hook.events),
        "active": hook.active,
        "made_by": hook.made_by,
        "created_at": hook.created_at,
        "waiting": hook.waiting,
        "taken": hook.taken,
        "failed": hook.failed,
        "last": None if last is None else {"state": last.state, "error": last.error},
    }
