"""The Desk page: tickets that wait, the open one, its reply.

    #desk-page   all of it                (island)
    #desk-data   commands of the page     (carrier)
    #demo-data   the demo's shop          (carrier)

Wiring only. What can be asked is pages/desk_commands.py and what that inherits, what happens in the
browser static/desk*.js.
"""

from contextlib import ExitStack

from chatbot.bootstrap import Product
from ui.pages import demo
from ui.pages.commands import calling
from ui.pages.desk_commands import DeskCommands
from ui.pages.frame import DESK, frame, island
from ui.pages.prompts_runs import Runs


def build(product: Product) -> ExitStack:
    """Build the page inside its route. Returns what is to be closed at the end."""
    runs, ends = Runs(), ExitStack()
    ends.callback(runs.close)
    with frame(DESK, product.settings):
        island("desk-page")
        commands = calling(product, DeskCommands(product, runs), DESK.roles)
        island("desk-data", calls=[commands], visible=False)
        ends.callback(demo.carry(product).close)
    return ends
