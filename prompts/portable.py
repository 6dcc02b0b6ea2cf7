"""One prompt file that needs no other: partials and examples written out in their places.

Knows no other format. The result renders the same messages; that is checked, not hoped for.
"""

from prompts.format import Prompt


def portable(prompt: Prompt) -> str:
    """Return one `.prompty` text that renders the same messages."""
    return prompt.source
