"""The Monitor page: what was answered, how well and how fast, by version; alerts.

    #monitor-page  all of it                (island)
    #monitor-data  commands of the page     (carrier)

Wiring only. What can be asked is pages/monitor_commands.py, what is shown pages/monitor_view.py,
the table as a file pages/monitor_files.py, what happens in the browser static/monitor*.js.
"""

from chatbot.bootstrap import Product
from ui.pages.commands import calling
from ui.pages.frame import MONITOR, frame, island
from ui.pages.monitor_commands import MonitorCommands


def build(product: Product) -> None:
    """Build the page inside its route."""
    with frame(MONITOR, product.settings):
        island("monitor-page")
        calls = [calling(product, MonitorCommands(product), MONITOR.roles)]
        island("monitor-data", calls=calls, visible=False)
