"""The process of a run: `python -m chatbot.learning.jobs RUN`. Wires itself as the server does.

It is started by the queue, detached, with its log in the run's folder; by hand it is of no use, for
a run that nobody claimed is taken by nobody.
"""

import os
import sys
from contextlib import suppress

from chatbot import settings as configuration
from chatbot.bootstrap import build
from chatbot.errors import ChatbotError

NICE = 5
"""How much the training gives way to whoever waits for a page or an answer."""


def main(arguments: list[str]) -> int:
    """Return 0 when the run came to a true end, 1 when this process could not have it."""
    if len(arguments) != 1:
        sys.stderr.write("Usage: python -m chatbot.learning.jobs RUN\n")
        return 2
    with suppress(AttributeError, OSError):
        os.nice(NICE)
    try:
        product = build(configuration.load())
        try:
            product.runs.work(arguments[0])
        finally:
            product.close()
    except ChatbotError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
