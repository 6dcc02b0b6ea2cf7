"""JSON for a fuzzer: what a command takes, by its own form, and what no command takes."""

from typing import Any

from hypothesis import strategies as st

Form = dict[str, Any]

ODD_TEXTS = (
    "",
    " ",
    "\0",
    "a\0b",
    "\ud800",
    "\udfff\ud800",
    "\u202egpj.exe",
    "\u2028",
    "😀" * 50,
    "x" * 65,
    "x" * 201,
    "x" * 100_001,
    "../../etc/passwd",
    "{{ 7*7 }}",
    "' OR 1=1 --",
    "%",
    "NaN",
    "null",
    "00000000-0000-7000-8000-000000000001",
)
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(ODD_TEXTS),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


def fitting(form: Form, known: tuple[str, ...] = ()) -> st.SearchStrategy[Any]:
    """Values of a JSON schema, as pydantic writes them for one argument.

    `known` texts (ids that exist) are tried wherever a text fits.
    """
    if "anyOf" in form:
        return st.one_of([fitting(one, known) for one in form["anyOf"]])
    if "enum" in form or "const" in form:
        return st.sampled_from(form.get("enum", [form.get("const")]))
    kind = form.get("type")
    if kind == "string":
        most = min(form.get("maxLength", 60), 60)
        texts = st.text(min_size=min(form.get("minLength", 0), most), max_size=most)
        return st.sampled_from(known) | texts if known else texts
    if kind == "integer":
        return st.integers(form.get("minimum", -(2**40)), form.get("maximum", 2**40))
    if kind == "boolean":
        return st.booleans()
    if kind == "array":
        return st.lists(fitting(form.get("items", {}), known), max_size=3)
    if kind == "null":
        return st.none()
    return JUNK


def given(arguments: dict[str, Form], known: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    """Arguments of one command: all fit, or some are something else, missing or surplus."""
    right = {name: fitting(form, known) for name, form in arguments.items()}
    odd = {name: one | st.sampled_from(ODD_TEXTS) | JUNK for name, one in right.items()}
    return st.one_of(
        st.fixed_dictionaries(right),
        st.fixed_dictionaries(right),
        st.fixed_dictionaries({}, optional=odd | {"surplus": JUNK}),
    )
