"""The template layer: prompt files in, messages for a model out. Knows nobody above it.

- `parse(text, partials)`: a file's text → a sound Prompt, or PromptError.
- `render(prompt, {"question": …})`: values → `[{"role", "content"}, …]`.
- `library()`: the prompts that ship, by name; `library_tests(name)`: their tests.
"""

from prompts.errors import PromptError
from prompts.fields import PROMPT_KINDS, PromptKind
from prompts.format import Prompt, parse
from prompts.inputs import KINDS, Input, Kind
from prompts.render import Message, render
from prompts.shipped import library, library_names, library_tests

__all__ = [
    "KINDS",
    "PROMPT_KINDS",
    "Input",
    "Kind",
    "Message",
    "Prompt",
    "PromptError",
    "PromptKind",
    "library",
    "library_names",
    "library_tests",
    "parse",
    "render",
]
