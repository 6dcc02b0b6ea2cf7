"""Texts in which «…» marks the values that must be found of one type; all else must not be."""

import re

from chatbot.values import find

_MARK = re.compile("«(.*?)»")


def check(marked, type_, **options):
    """Find in the text without its marks exactly what they mark; `options` are those of `find`."""
    text = _MARK.sub(r"\1", marked)
    values = [value.text for value in find(text, **options) if value.type == type_]
    assert values == _MARK.findall(marked)
