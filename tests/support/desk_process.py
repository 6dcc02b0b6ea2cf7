"""A process that is there to be killed: it delivers what is due and stops half way through.

Started by tests.support.forked. Prints `taken` when a reply is a message and nothing is committed
yet, then waits for its end.
"""

import time
from pathlib import Path
from typing import Any

from chatbot.bootstrap import build
from chatbot.settings import Settings
from store import ticket_replies


def main(home: str, url: str) -> None:
    product = build(Settings(home=Path(home), database_url=url, model="scripted"))
    became = ticket_replies.became

    def and_stop(*given: Any) -> None:
        became(*given)
        print("taken", flush=True)
        time.sleep(600)

    ticket_replies.became = and_stop
    product.desk.send_due()
