"""The Knowledge page: articles in, and what a question finds in them.

    #knowledge-page   all of it                (island)
    #knowledge-data   commands of the page     (carrier)
    #demo-data        the demo's shop          (carrier)

Wiring only. What can be asked is pages/knowledge_commands.py, what happens in the browser
static/knowledge*.js.
"""

from contextlib import ExitStack

from chatbot.bootstrap import Product
from ui.pages import demo
from ui.pages.commands import calling
from ui.pages.frame import KNOWLEDGE, frame, island
from ui.pages.knowledge_commands import KnowledgeCommands
from ui.pages.knowledge_uploads import Uploads
from ui.pages.works import Works


def build(product: Product) -> ExitStack:
    """Build the page inside its route. Returns what is to be closed at the end."""
    works, uploads, ends = Works(), Uploads(), ExitStack()
    ends.callback(uploads.close)
    ends.callback(works.close)
    with frame(KNOWLEDGE, product.settings):
        island("knowledge-page")
        commands = calling(product, KnowledgeCommands(product, works, uploads), KNOWLEDGE.roles)
        island("knowledge-data", calls=[commands], visible=False)
        ends.callback(demo.carry(product).close)
    return ends
