"""A person's own page: who they are here, their password, their logins, their data.

    #account-page  all of it                                  (island)
    #account-data  commands of the scripts                    (carrier)

Wiring only. What can be asked is pages/account_commands.py, what happens in the browser static/
account.js, what can be downloaded pages/admin_files.py.
"""

from chatbot.bootstrap import Product
from ui.pages.account_commands import AccountCommands
from ui.pages.commands import calling
from ui.pages.frame import ACCOUNT, frame, island


def build(product: Product) -> None:
    """Build the page inside its route."""
    with frame(ACCOUNT, product.settings):
        island("account-page")
        calls = [calling(product, AccountCommands(product), ACCOUNT.roles)]
        island("account-data", calls=calls, visible=False)
