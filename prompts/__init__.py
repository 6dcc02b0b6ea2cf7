"""The template layer: prompt files in, messages for a model out. Knows nobody above it.

- `parse(text, partials, examples)`: a file's text → a sound Prompt, or PromptError.
- `render(prompt, {"question": …})`: values → `[{"role", "content"}, …]`.
- `preview(…)`: the same messages, cut into spans by where their text comes from.
- `lint(text, partials, examples)`: everything to mend, with places.
- `portable`, `exported`, `imported`: one text, and other people's formats.
- `library()`: the prompts that ship, by name; `library_tests(name)`: their tests.
"""

from prompts.errors import PromptError
from prompts.examples import Example, read_examples
from prompts.exchange import Form, exported
from prompts.format import Prompt, parse
from prompts.importing import Imported, imported
from prompts.inputs import KINDS, Input, Kind
from prompts.lint import Problem, lint
from prompts.ours import PROMPT_KINDS, SELECTS, PromptKind, Select
from prompts.portable import portable
from prompts.preview import Shown, Span, preview
from prompts.render import Message, render
from prompts.samples import samples
from prompts.schema import breach, check_schema
from prompts.shipped import library, library_names, library_tests

__all__ = [
    "KINDS",
    "PROMPT_KINDS",
    "SELECTS",
    "Example",
    "Form",
    "Imported",
    "Input",
    "Kind",
    "Message",
    "Problem",
    "Prompt",
    "PromptError",
    "PromptKind",
    "Select",
    "Shown",
    "Span",
    "breach",
    "check_schema",
    "exported",
    "imported",
    "library",
    "library_names",
    "library_tests",
    "lint",
    "parse",
    "portable",
    "preview",
    "read_examples",
    "render",
    "samples",
]
