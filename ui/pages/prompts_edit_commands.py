"""What authors can ask of the Prompts page, one method each: the list, the editor, trying a text.

Services check the role again. Texts of prompts and values that are tried are not logged.
"""

from typing import Any

from chatbot.bootstrap import Product
from ui.pages.prompts_runs import Runs

Json = dict[str, Any]


class PromptsEditCommands:
    """The commands of one product."""

    def __init__(self, product: Product, runs: Runs) -> None:
        self._product = product
        self._runs = runs
