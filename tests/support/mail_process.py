"""A process that sends the mails that are due, to be killed in the middle of it.

Started by tests.support.forked; it prints `ready`, then sends.
"""

from pathlib import Path

from tests.support.mailing import mailbox, product_with


def main(home: str, url: str, port: str) -> None:
    box = mailbox(smtp_host="127.0.0.1", smtp_port=int(port))
    with product_with(Path(home), url, box) as product:
        print("ready", flush=True)
        print("sent", product.mailroom.send(), flush=True)
