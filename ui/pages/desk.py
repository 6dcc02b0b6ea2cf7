"""The Desk page: tickets that wait, the open one, its reply.

    #desk-page   all of it                (island)
    #desk-data   commands of the page     (carrier)

Wiring only. What can be asked is pages/desk_commands.py and what that inherits, what happens in the
browser static/desk*.js.
"""

from chatbot.bootstrap import Product
from ui.pages.commands import calling
from ui.pages.desk_commands import DeskCommands
from ui.pages.frame import DESK, frame, island
from ui.pages.prompts_runs import Runs


def build(product: Product) -> Runs:
    """Build the page inside its route. Returns its runs, to be closed at the end."""
    runs = Runs()
    with frame(DESK, product.settings):
        island("desk-page")
        commands = calling(product, DeskCommands(product, runs), DESK.roles)
        island("desk-data", calls=[commands], visible=False)
    return runs
