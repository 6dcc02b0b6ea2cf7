"""Every page's commands, found where the pages themselves offer them.

A page that offers commands in a place that is not named here fails `test_books_are_all_known`, so
that each new page comes under attack as soon as it exists.
"""

import inspect
from typing import Any, get_type_hints

from pydantic import TypeAdapter

from ui.pages.account_commands import AccountCommands
from ui.pages.admin_commands import AdminCommands
from ui.pages.chat_commands import ChatCommands
from ui.pages.demo import DemoCommands
from ui.pages.desk_commands import DeskCommands
from ui.pages.knowledge_commands import KnowledgeCommands
from ui.pages.models_commands import ModelsCommands
from ui.pages.models_compare_commands import CompareCommands
from ui.pages.monitor_commands import MonitorCommands
from ui.pages.prompts_commands import PromptsCommands
from ui.pages.prompts_edit_commands import PromptsEditCommands
from ui.pages.prompts_tests_commands import PromptsTestsCommands
from ui.pages.review_commands import ReviewCommands

BOOKS: dict[str, type] = {
    "chat-meta": ChatCommands,
    "desk-data": DeskCommands,
    "prompts-data": PromptsCommands,
    "prompts-edit-data": PromptsEditCommands,
    "prompts-tests-data": PromptsTestsCommands,
    "knowledge-data": KnowledgeCommands,
    "demo-data": DemoCommands,
    "review-data": ReviewCommands,
    "models-data": ModelsCommands,
    "compare-data": CompareCommands,
    "monitor-data": MonitorCommands,
    "admin-data": AdminCommands,
    "account-data": AccountCommands,
}
"""The place in a page that takes commands, and the class whose methods they are."""

Form = dict[str, Any]


def commands() -> list[tuple[str, str, dict[str, Form]]]:
    """(place, command, the JSON schema of each argument) of every command there is."""
    found = []
    for place, book in BOOKS.items():
        for name, method in inspect.getmembers(book, inspect.isfunction):
            if getattr(method, "is_command", False):
                found.append((place, name, _arguments(method)))
    return found


def _arguments(method: Any) -> dict[str, Form]:
    hints = get_type_hints(method, include_extras=True)
    named = inspect.signature(method).parameters.values()
    return {
        one.name: TypeAdapter(hints[one.name]).json_schema()
        for one in named
        if one.kind is inspect.Parameter.KEYWORD_ONLY
    }


def takes_text(form: Form) -> bool:
    """Whether any text may stand there."""
    kinds = form.get("anyOf", [form])
    return any(kind.get("type") == "string" and "enum" not in kind for kind in kinds)
