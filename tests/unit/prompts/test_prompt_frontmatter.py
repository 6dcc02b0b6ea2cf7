"""The front matter: strict YAML, known fields, typed inputs, model options."""

import pytest

from prompts import Prompt, PromptError, parse

BODY = "---\nuser:\nHello.\n"


def front(yaml: str) -> Prompt:
    return parse(f"---\nname: test\n{yaml}{BODY}")


def test_every_field_is_read() -> None:
    prompt = front(
        "description: >\n  Two\n  lines.\n"
        "inputs:\n"
        "  - {name: size, enumValues: ['no', on, S], default: on, description: Which.}\n"
        "  - {name: notes, kind: text, required: true, limit: 50}\n"
        "model: {options: {temperature: 0.5, maxOutputTokens: 99, topP: 1, seed: 7,"
        " stopSequences: ['\\n']}}\n"
        "metadata: {authors: [me], chatbot: {kind: draft}}\n"
    )
    assert (prompt.name, prompt.kind, prompt.description) == ("test", "draft", "Two lines.")
    size, notes = prompt.inputs
    assert (size.kind, size.choices, size.default) == ("choice", ("no", "on", "S"), "on")
    assert (notes.required, notes.limit) == (True, 50)
    assert prompt.parameters == {
        "temperature": 0.5, "max_tokens": 99, "top_p": 1, "seed": 7, "stop": ["\\n"],
    }  # fmt: skip


def test_what_prompty_says_of_a_file_like_ours_is_taken() -> None:
    prompt = front(
        "template: {format: {kind: jinja2}, parser: {kind: prompty}}\nmodel: {id: gpt-4o}\n"
        "inputs: [{name: a, kind: float}, {name: b, kind: array}, {name: c}]\n"
        "metadata: {chatbot: {inputs: {b: {kind: passages, limit: 3}, c: {kind: text}}}}\n"
    )
    kinds = [(one.name, one.kind, one.limit) for one in prompt.inputs]
    assert kinds == [("a", "number", None), ("b", "passages", 3), ("c", "text", None)]
    assert prompt.model == "gpt-4o"


def test_a_prompt_without_inputs_is_a_task() -> None:
    prompt = front("")
    assert (prompt.kind, prompt.inputs, prompt.thread_input) == ("task", (), None)


@pytest.mark.parametrize(
    ("yaml", "place", "says"),
    [
        ("inputs: !!python/object/apply:os.system [x]\n", (3, 9), "tags"),
        ("inputs: !mine []\n", (3, 9), "tags"),
        ("description: &a x\n", (3, 14), "anchors and aliases"),
        ("metadata: {a: &a [x], b: [*a, *a]}\n", (3, 15), "anchors and aliases"),
        ("description: a\ndescription: b\n", (4, 1), "`description` stands here twice"),
        ("inputs: [{name: a, name: b}]\n", (3, 20), "`name` stands here twice"),
        ("description: {{ q }}\n", (3, 15), "must be a word"),
        ("description: ${env:SECRET}\n", (3, 14), "not allowed"),
        ("metadata: {x: '${file:/etc/passwd}'}\n", (3, 15), "not allowed"),
        ("description: [a\n", (4, 1), "not YAML"),
        ("metadata: " + "[" * 9 + "]" * 9 + "\n", (3, 18), "nested too deeply"),
        ("description: a\x80b\n", (3, 15), "character that YAML refuses"),
        ("just text\n", (4, 1), "not YAML"),
    ],
)
def test_yaml_that_is_refused(yaml: str, place: tuple[int, int], says: str) -> None:
    with pytest.raises(PromptError, match=says) as caught:
        front(yaml)
    assert (caught.value.line, caught.value.column) == place


@pytest.mark.parametrize(
    ("yaml", "says"),
    [
        ("tools: []\n", "call no tools"),
        ("model: {connection: {kind: key}}\n", "belong in the settings"),
        ("model: gpt-4\n", "must hold `field: value` lines"),
        ("model: {id: [gpt-4]}\n", "must be a text"),
        ("template: {format: mustache}\n", "Every prompt is Jinja"),
        ("template: {format: jinja2, engine: x}\n", "Every prompt is Jinja"),
        ("metadata: {chatbot: {inputs: {q: {kind: text}}}}\n", "There is no input `q`"),
        ("metadata: {chatbot: {inputs: {q: {name: r}}}}\n", "not taken"),
        ("metadata: {chatbot: {inputs: [q]}}\n", "must hold `field: value` lines"),
        ("descripton: x\n", "Did you mean `description`"),
        ("description: [x]\n", "must be a text"),
        ("model: {options: {temperature: 3}}\n", "from 0 to 2"),
        ("model: {options: {temperature: true}}\n", "from 0 to 2"),
        ("model: {options: {maxOutputTokens: 1.5}}\n", "whole number"),
        ("model: {options: {stopSequences: []}}\n", "one to four texts"),
        ("model: {options: {temprature: 1}}\n", "Did you mean `temperature`"),
        ("metadata: {chatbot: {kind: game}}\n", "chat, draft, task"),
        ("metadata: {chatbot: {kinds: chat}}\n", "Did you mean `kind`"),
        ("inputs: {q: string}\n", "must be a list"),
        ("inputs: [q]\n", "must hold"),
        (f"inputs: [{', '.join(f'{{name: q{i}}}' for i in range(51))}]\n", "at most 50 inputs"),
        ("inputs: [{kind: string}]\n", "needs a `name`"),
        ("inputs: [{name: Größe}]\n", "needs a `name`"),
        ("inputs: [{name: loop}]\n", "word of the template language"),
        ("inputs: [{name: q}, {name: q}]\n", "declared twice"),
        ("inputs: [{name: q, kind: strng}]\n", "Did you mean `string`"),
        ("inputs: [{name: q, required: 1}]\n", "true or false"),
        ("inputs: [{name: q, required: true, default: x}]\n", "no default"),
        ("inputs: [{name: q, kind: choice}]\n", "needs `enumValues`"),
        ("inputs: [{name: q, kind: number, enumValues: [a]}]\n", "Only a choice"),
        ("inputs: [{name: q, enumValues: [a, a]}]\n", "different texts"),
        ("inputs: [{name: q, enumValues: [a], default: b}]\n", "The default: Input `q`"),
        ("inputs: [{name: q, kind: date, default: soon}]\n", "YYYY-MM-DD"),
        ("inputs: [{name: q, kind: number, limit: 5}]\n", "has no `limit`"),
        ("inputs: [{name: q, limit: 0}]\n", "from 1 to"),
        ("inputs: [{name: q, typ: string}]\n", "is not taken"),
    ],
)
def test_fields_that_are_refused(yaml: str, says: str) -> None:
    with pytest.raises(PromptError, match=says) as caught:
        front(yaml)
    assert caught.value.line == 3


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("user:\nHello.\n", "first line must be `---`"),
        ("---\nname: t\nuser:\nHello.\n", "no closing `---`"),
        ("---\n- a\n---\nuser:\nx\n", "must be `field: value` lines"),
        ("---\n---\nuser:\nx\n", "needs a `name`"),
        ("---\nname: Big Name\n---\nuser:\nx\n", "needs a `name`"),
        ("", "first line must be `---`"),
    ],
)
def test_files_without_front_matter_are_refused(text: str, says: str) -> None:
    with pytest.raises(PromptError, match=says):
        parse(text)
