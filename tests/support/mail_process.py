"""A process that sends the mails that are due, to be killed in the middle of it.

Run as `python -m tests.support.mail_process HOME URL PORT`; it prints `ready`, then sends.
"""

import sys
from pathlib import Path

from tests.support.mailing import mailbox, product_with


def main(home: str, url: str, port: str) -> None:
    box = mailbox(smtp_host="127.0.0.1", smtp_port=int(port))
    with product_with(Path(home), url, box) as product:
        print("ready", flush=True)
        print("sent", product.mailroom.send(), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
