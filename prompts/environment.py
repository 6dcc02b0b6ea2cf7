"""Jinja, locked down: the immutable sandbox with nothing in it but our filters and `range`.

Attributes are keys of mappings and nothing else, so no template reaches a Python object's inside.
There is no loader: partials are part of the tree before anything is compiled.
"""

from typing import Any

from jinja2 import StrictUndefined, Undefined
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from prompts.errors import ValueRefused
from prompts.filters import (
    FILTERS,
    FROM,
    GLUE,
    LOOP,
    TESTS,
    Hole,
    bounded_range,
    came_from,
    glue,
    loop,
    printed,
)

LOOP_FIELDS = frozenset({"index", "index0", "first", "last", "length"})


class Environment(ImmutableSandboxedEnvironment):
    """See the module. One instance serves every prompt; it holds no state."""

    intercepted_binops = frozenset({"+", "-", "/", "//"})

    def __init__(self) -> None:
        super().__init__(
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            autoescape=False,
            undefined=StrictUndefined,
            finalize=printed,
            optimized=False,
            cache_size=0,
        )
        self.globals = {"range": bounded_range}
        self.filters = {**FILTERS, FROM: came_from, GLUE: glue, LOOP: loop}
        self.tests = dict(TESTS)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return a mapping's key, or a fact about the loop; else an undefined that says so."""
        if type(obj) is Hole:
            return obj
        if type(obj) is dict and attribute in obj:
            return obj[attribute]
        if type(obj) is LoopContext and attribute in LOOP_FIELDS:
            return getattr(obj, attribute)
        fields = ", ".join(f"`{key}`" for key in obj) if type(obj) is dict else "no fields"
        return self._nothing(obj, f"There is no `{attribute}` here: this has {fields}.")

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return a mapping's key, or an item or slice of a list or text."""
        if type(obj) is Hole:
            return obj
        try:
            if type(obj) is dict or (
                isinstance(obj, list | tuple | str) and isinstance(argument, int | slice)
            ):
                return obj[argument]
        except (LookupError, TypeError, ValueError):
            pass
        return self._nothing(obj, "There is no such key or item in this value.")

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Calculate with numbers only."""
        for side in (left, right):
            if isinstance(side, Undefined):
                str(side)  # raises, in Jinja's way
            if not isinstance(side, int | float):
                raise ValueRefused(f"`{operator}` needs numbers.", "Join texts with `~`.")
        return super().call_binop(context, operator, left, right)

    def _nothing(self, obj: Any, hint: str) -> Undefined:
        if isinstance(obj, Undefined):
            str(obj)  # raises, in Jinja's way
        return self.undefined(hint=hint)


ENVIRONMENT = Environment()
