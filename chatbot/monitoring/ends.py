"""One line of the log for each turn that ended: ids, names and figures, and no text.

The turn's id is the public id of its answer, or of the draft that it made: pages show it, and the
trace is found by it.
"""

import logging
from dataclasses import asdict, dataclass

from chatbot.monitoring import spans
from chatbot.monitoring.kinds import kind_of
from chatbot.monitoring.metrics import PROCESS, TurnEnd
from store.records import Trace

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known of a turn's model call. Times in seconds."""

    model: str = ""
    prompt: str = ""
    version: str = ""
    release: int | None = None
    prompt_tokens: int | None = None
    reply_tokens: int | None = None
    first_s: float | None = None
    total_s: float | None = None


def figures_of(trace: Trace | None) -> Figures | None:
    """The same from a trace, where there is one."""
    if trace is None:
        return None
    return Figures(
        model=trace.model,
        prompt=trace.prompt,
        version=trace.version or "",
        release=trace.release_id,
        prompt_tokens=trace.prompt_tokens,
        reply_tokens=trace.reply_tokens,
        first_s=trace.first_token_s,
        total_s=trace.total_s,
    )


def ended(
    channel: str,
    status: str,
    figures: Figures | None,
    *,
    turn: str = "",
    conversation: str = "",
    error: str | None = None,
    saved: bool = True,
) -> None:
    """Say in the log, and of the span that runs, how a turn ended; count it in this process.

    Ids are public ids. `turn`: where the task does not work on one already (see
    chatbot.turn.TURN). `error`: the sentence that people read, of which the kind alone is told.
    """
    PROCESS.ended(_counted(channel, status, figures or Figures()))
    facts: dict[str, str | int | float | None] = {"turn": turn, "channel": channel}
    facts |= {"status": status, "conversation": conversation}
    if figures is not None:
        facts |= asdict(figures) | {"version": figures.version[:12]}
        facts |= {"first_s": _rounded(figures.first_s), "total_s": _rounded(figures.total_s)}
    kind = kind_of(error or "") if error or status == "interrupted" else ""
    facts |= {"error": kind, "saved": "" if saved else "no"}
    told = {name: value for name, value in facts.items() if value not in (None, "")}
    log.info("a turn ended", extra={"facts": told})
    spans.note({f"chatbot.{name}": value for name, value in told.items()}, kind)


def _counted(channel: str, status: str, of: Figures) -> TurnEnd:
    tokens = of.prompt_tokens, of.reply_tokens
    return TurnEnd(channel, of.model, of.prompt, status, of.first_s, of.total_s, *tokens)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
