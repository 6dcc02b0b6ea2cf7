"""The way into a run. Start reading here, then running.py. Imports torch when a run begins."""

import json
from dataclasses import asdict
from pathlib import Path

from chatbot.errors import ChatbotError, Refused
from chatbot.learning.finetune.journal import Journal
from chatbot.learning.finetune.outcome import Outcome
from chatbot.learning.finetune.plan import Plan
from chatbot.learning.private import private

OUTCOME = "outcome.json"
TOO_LARGE = (
    "The memory is too small for this run. Choose the method lora, a smaller window, or a smaller "
    "base model."
)


@private()
def train(folder: Path) -> Outcome:
    """Train what the folder's plan says. Goes on where an earlier process of it stopped.

    A run that has ended is not run again. Raises Refused (plan, rows, disk, memory),
    ModelUnavailable or ModelCorrupt (base).
    """
    done = finished(folder)
    if done is not None:
        return done
    journal = Journal(folder)
    try:
        plan = Plan.read(folder)
        if plan.method == "preference":
            from chatbot.learning.finetune import preference

            return preference.train(plan, folder)
        from chatbot.learning.finetune.running import Run

        return Run(plan, folder).train()
    except ChatbotError as error:
        journal.tell("ended", ended="failed", sentence=str(error))
        raise
    except OSError as error:
        where, why = error.filename or folder, error.strerror or type(error).__name__
        sentence = f"{where}: {why}. Mend that, then begin again: it goes on from its last state."
        journal.tell("ended", ended="failed", sentence=sentence)
        raise Refused(sentence) from error
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, MemoryError) and "memory" not in str(error).lower():
            raise
        journal.tell("ended", ended="failed", sentence=TOO_LARGE)
        raise Refused(TOO_LARGE) from error


def finish(folder: Path, outcome: Outcome) -> None:
    """Write down what came of a run: from now on it has ended."""
    told = asdict(outcome) | {"checkpoint": str(outcome.checkpoint)}
    told["adapter"] = str(outcome.adapter) if outcome.adapter else None
    fresh = folder / f"{OUTCOME}.new"
    fresh.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    fresh.replace(folder / OUTCOME)


def finished(folder: Path) -> Outcome | None:
    """What came of a run; None where it has not ended."""
    try:
        told = json.loads((folder / OUTCOME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    adapter = Path(told["adapter"]) if told["adapter"] else None
    return Outcome(**told | {"checkpoint": Path(told["checkpoint"]), "adapter": adapter})
