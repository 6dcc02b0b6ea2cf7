"""The Administration page: people, rules, the record, the system.

    #admin-page  all of it                                    (island)
    #admin-data  commands of the scripts                      (carrier)

Wiring only. What can be asked is pages/admin_commands.py, what happens in the browser static/
admin*.js, what can be downloaded pages/admin_files.py.
"""

from chatbot.bootstrap import Product
from ui.pages.admin_commands import AdminCommands
from ui.pages.commands import calling
from ui.pages.frame import ADMIN, frame, island


def build(product: Product) -> None:
    """Build the page inside its route."""
    with frame(ADMIN, product.settings):
        island("admin-page")
        calls = [calling(product, AdminCommands(product), ADMIN.roles)]
        island("admin-data", calls=calls, visible=False)
