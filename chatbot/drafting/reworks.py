"""What a rework or a refinement asks of a model, as a plan of the library's prompts.

Knows prompts and texts; nothing of who asks.
"""

from typing import Any

from chatbot.chain import Plan, Renderer
from chatbot.drafting.views import Want
from chatbot.drafting.writing import Served

REWRITE, TRANSLATE = "rewrite", "translate"

WANTS: dict[Want, dict[str, str]] = {
    "shorter": {"length": "shorter"},
    "longer": {"length": "longer"},
    "grammar": {},
    "warm": {"tone": "warm"},
    "neutral": {"tone": "neutral"},
    "formal": {"tone": "formal"},
    "brief": {"tone": "brief"},
    "apologetic": {"tone": "apologetic"},
    "friendly": {"instruction": "friendlier"},
    "empathetic": {"instruction": "more empathetic"},
    "concise": {"instruction": "more concise"},
}
"""The values of the prompt `rewrite`; nothing chosen asks for grammar alone."""


def prompt_for(want: Want) -> str:
    """The prompt that does it."""
    return TRANSLATE if want == "translate" else REWRITE


def plan_of(served: Served, text: str, want: Want, language: str, renderer: Renderer) -> Plan:
    """What is asked for a text in other words. `language`: a name, for translations."""
    given: dict[str, Any] = {"text": text}
    given |= {"language": language} if want == "translate" else WANTS[want]
    values = {name: value for name, value in given.items() if served.prompt.input(name)}
    return Plan(prompt=served.prompt, values=values, renderer=renderer)


def clean(answer: str, text: str) -> str:
    """The answer without the quotation marks that models put around whole texts."""
    said = answer.strip()
    pairs = {'"': '"', "“": "”", "«": "»"}
    closed = pairs.get(said[:1])
    quoted = closed is not None and said.endswith(closed) and len(said) > 1
    return said[1:-1].strip() if quoted and not text.strip().startswith(said[0]) else said
