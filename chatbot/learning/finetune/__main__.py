"""The process of a run: `python -m chatbot.learning.finetune FOLDER`.

Calls, prints a line, says by its exit whether it went well; knows nothing of how it trains.
"""

import sys
from pathlib import Path

from chatbot.errors import ChatbotError
from chatbot.learning.finetune.training import train


def main(arguments: list[str]) -> int:
    """Return 0 when the checkpoint is written, 1 when something is wrong, 2 for wrong usage."""
    if len(arguments) != 1:
        sys.stderr.write("Usage: python -m chatbot.learning.finetune FOLDER\n")
        return 2
    try:
        outcome = train(Path(arguments[0]))
    except ChatbotError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{outcome}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
