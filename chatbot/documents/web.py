"""HTML: files and mails. Text comes out, never markup."""


def plain_of_html(html: str) -> str:
    """The text of HTML, a line a block."""
    raise NotImplementedError
