"""`chatbot monitor`: the figures of the Monitor page on the terminal.

Parse, call, print. Figures are brought up to date first; rules are judged by the server alone.
"""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ui.cli_base import As, Json, acting, opened
from ui.cli_output import note, working, write, write_json, write_rows

if TYPE_CHECKING:
    from chatbot.monitoring.views import Figure, Line, Overview, Unit

SAID = {"24h": "the day before", "7d": "the week before", "30d": "the 30 days before"}
NOTHING = "No answers in this period."
_WAYS = {"count": ",.0f", "tokens": ",.0f", "seconds": ".2f", "distance": ".2f", "money": ",.2f"}


def monitor(
    *,
    period: Annotated[Literal["24h", "7d", "30d"], typer.Option(help="How far back.")] = "7d",
    group: Annotated[
        Literal["prompt", "model", "channel", "arm"], typer.Option(help="What lines stand for.")
    ] = "prompt",
    channel: Annotated[
        Literal["", "chat", "desk", "api"], typer.Option(help="Only this channel.")
    ] = "",
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the table by version.")] = False,
    as_login: As = None,
    as_json: Json = False,
) -> None:
    """Show what was answered, how well, and how quickly: figures, alerts, versions."""
    with opened() as product:
        person = acting(product, as_login)
        with working("Counting what is new"):
            product.monitoring.count()
        shown = product.monitoring.overview(person, period=period, group=group, channel=channel)
        if as_csv:
            for line in product.monitoring.csv(person, period=period, group=group, channel=channel):
                write(line, end="")
            return
    if as_json:
        write_json(shown)
        return
    _print(shown)


def _print(shown: "Overview") -> None:
    for alert in shown.alerts:
        note(f"Alert since {alert.since:%Y-%m-%d %H:%M} UTC: {alert.text} {alert.cause}".rstrip())
    write_rows(
        ("figure", "now", SAID[shown.period]),
        [_figure(one) for one in shown.figures] if shown.answers else (),
        empty=NOTHING,
    )
    if shown.lines:
        write("")
        heads = ("version", "model", "answers", "thumbs up", "unchanged", "first p50/p95", "errors")
        write_rows(heads, map(_line, shown.lines), empty=NOTHING)


def _figure(one: "Figure") -> tuple[str, str, str]:
    return one.title, said(one.value, one.unit), said(one.before, one.unit)


def _line(one: "Line") -> tuple[str, ...]:
    where = f"{one.name} ({one.channel})" if one.channel else one.name
    return (
        f"{where}, {one.arm}" if one.arm else where,
        one.model,
        f"{one.answers:,}",
        said(one.thumbs, "share"),
        said(one.unchanged, "share"),
        f"{said(one.first_p50, 'seconds')} / {said(one.first_p95, 'seconds')}",
        said(one.errors, "share"),
    )


def said(value: float | None, unit: "Unit") -> str:
    """A value as people read it; a dash where nothing was measured."""
    if value is None:
        return "–"
    if unit == "share":
        return f"{value * 100:.1f} %"
    return format(value, _WAYS[unit]) + (" s" if unit == "seconds" else "")
