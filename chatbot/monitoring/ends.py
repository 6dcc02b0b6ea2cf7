"""What is told of each turn that ended: one line of the log, the span, this process's counters.

Ids, names and figures, and no text.

The turn's id is the public id of its answer: pages show it, and the trace is found by it.
"""

import logging

from chatbot.monitoring import spans
from chatbot.monitoring.kinds import kind_of
from chatbot.monitoring.metrics import PROCESS, TurnEnd
from store.records import Trace

log = logging.getLogger(__name__)


def ended(
    channel: str,
    conversation: str,
    status: str,
    trace: Trace | None,
    *,
    error: str | None = None,
    saved: bool = True,
) -> None:
    """Say in the log, and of the span that runs, how a turn ended.

    `conversation`: public id, empty where there is none. `error`: the sentence that people read, of
    which the kind alone is told.
    """
    PROCESS.ended(_counted(channel, status, trace))
    facts: dict[str, str | int | float | None] = {"channel": channel, "status": status}
    facts["conversation"] = conversation
    if trace is not None:
        facts |= {
            "model": trace.model,
            "prompt": trace.prompt,
            "version": (trace.version or "")[:12],
            "release": trace.release_id,
            "prompt_tokens": trace.prompt_tokens,
            "reply_tokens": trace.reply_tokens,
            "first_s": _seconds(trace.first_token_s),
            "total_s": _seconds(trace.total_s),
        }
    kind = kind_of(error or "") if error or status == "interrupted" else ""
    facts |= {"error": kind, "saved": "" if saved else "no"}
    told = {name: value for name, value in facts.items() if value not in (None, "")}
    log.info("a turn ended", extra={"facts": told})
    spans.note({f"chatbot.{name}": value for name, value in told.items()}, kind)


def _counted(channel: str, status: str, trace: Trace | None) -> TurnEnd:
    if trace is None:
        return TurnEnd(channel, "", "", status)
    return TurnEnd(
        channel,
        trace.model,
        trace.prompt,
        status,
        trace.first_token_s,
        trace.total_s,
        trace.prompt_tokens,
        trace.reply_tokens,
    )


def _seconds(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
