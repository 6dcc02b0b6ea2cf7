"""The tab Compare of the Models page: two models or prompts side by side on live questions.

    #compare-data   commands of the tab   (carrier)

Wiring only. It opens to authors too, who see nothing else of the page. What can be asked is pages/
models_compare_commands.py, what happens in the browser static/models_compare*.js.
"""

from chatbot.bootstrap import Product
from chatbot.comparing import ROLES
from ui.pages.commands import calling
from ui.pages.frame import island
from ui.pages.models_compare_commands import CompareCommands
from ui.pages.prompts_runs import Runs


def carry(product: Product) -> Runs:
    """Place the commands into the page. Returns its runs, to be closed at the end."""
    runs = Runs()
    commands = calling(product, CompareCommands(product, runs), ROLES)
    island("compare-data", calls=[commands], visible=False)
    return runs
