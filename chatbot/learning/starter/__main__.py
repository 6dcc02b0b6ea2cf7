"""Trains the starter: `python -m chatbot.learning.starter --data DIR --out DIR`.

Parses, calls the recipe, prints its lines; knows nothing of how it trains.
"""

import argparse
import sys
import time
from pathlib import Path

from chatbot.learning.starter import recipe
from chatbot.learning.starter.plan import FULL, TINY
from chatbot.learning.starter.recipe import RecipeError


def main(arguments: list[str] | None = None) -> int:
    """Run the recipe; return 0 when the checkpoint is written, 1 when something is missing."""
    options = _parser().parse_args(arguments)
    plan = TINY if options.tiny else FULL
    try:
        folder = recipe.run(
            plan,
            options.data,
            options.out,
            _say,
            minutes=options.minutes,
            threads=options.threads,
            compiled=options.compile,
        )
    except RecipeError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    _say(f"checkpoint written to {folder}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m chatbot.learning.starter", description="Train the model that ships."
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the public data sets")
    parser.add_argument("--out", type=Path, required=True, help="folder for state and checkpoint")
    parser.add_argument("--minutes", type=float, help="shorten the run to about so many minutes")
    parser.add_argument("--threads", type=int, default=2, help="processor threads to use")
    parser.add_argument("--tiny", action="store_true", help="a toy run of seconds, to try it out")
    parser.add_argument(
        "--compile", action="store_true", help="a third faster; needs a C++ compiler"
    )
    return parser


def _say(line: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
