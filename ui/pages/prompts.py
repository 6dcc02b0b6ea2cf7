"""The Prompts page: prompts as a craft for authors, as little tools for everybody.

    #prompts-page        all of it                                 (island)
    #prompts-data        commands for everybody: the tools         (carrier)
    #prompts-edit-data   commands for authors: list, edit, run     (carrier)
    #prompts-tests-data  commands for authors: test, publish       (carrier)

Wiring only. What everybody can ask is pages/prompts_commands.py, what authors can
pages/prompts_edit_commands.py and pages/prompts_tests_commands.py, what happens in the browser
static/prompts*.js.
"""

from chatbot.bootstrap import Product
from ui.pages.commands import calling
from ui.pages.frame import PROMPTS, frame, island
from ui.pages.prompts_commands import AUTHORS, PromptsCommands
from ui.pages.prompts_edit_commands import PromptsEditCommands
from ui.pages.prompts_runs import Runs
from ui.pages.prompts_tests_commands import PromptsTestsCommands


def build(product: Product) -> Runs:
    """Build the page inside its route. Returns its runs, to be closed at the end."""
    runs = Runs()
    everybody = PromptsCommands(product, runs)
    authors = PromptsEditCommands(product, runs)
    with frame(PROMPTS, product.settings):
        island("prompts-page")
        island("prompts-data", calls=[calling(product, everybody, PROMPTS.roles)], visible=False)
        island("prompts-edit-data", calls=[calling(product, authors, AUTHORS)], visible=False)
        tests = calling(product, PromptsTestsCommands(product), AUTHORS)
        island("prompts-tests-data", calls=[tests], visible=False)
    return runs
