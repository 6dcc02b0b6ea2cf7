"""The Review page: what waits for a verdict, the open item, its correction.

    #review-page   all of it                (island)
    #review-data   commands of the page     (carrier)

Wiring only. What can be asked is pages/review_commands.py, the file of the filtered set pages/
review_files.py, what happens in the browser static/review*.js.
"""

from chatbot.bootstrap import Product
from ui.pages.commands import calling
from ui.pages.frame import REVIEW, frame, island
from ui.pages.prompts_runs import Runs
from ui.pages.review_commands import ReviewCommands


def build(product: Product) -> Runs:
    """Build the page inside its route. Returns its runs, to be closed at the end."""
    runs = Runs()
    with frame(REVIEW, product.settings):
        island("review-page")
        commands = calling(product, ReviewCommands(product, runs), REVIEW.roles)
        island("review-data", calls=[commands], visible=False)
    return runs
