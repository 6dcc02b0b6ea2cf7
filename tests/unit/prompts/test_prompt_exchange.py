"""Other people's formats, both ways: what goes out comes back, and what cannot is named."""

import json
from typing import Any

import pytest

import prompts
from prompts import Imported, Prompt, PromptError
from prompts.cases import read_cases

FORMS: tuple[prompts.Form, ...] = ("prompty", "promptfoo", "langfuse")


def prompt_in(found: Imported) -> Prompt:
    return prompts.parse(found.source, found.partials, found.examples)


def said(text: str, **values: Any) -> list[tuple[str, str]]:
    """What an imported text says, as role and content."""
    messages = prompts.render(prompt_in(prompts.imported(text)), values)
    return [(one["role"], one["content"]) for one in messages]


class TestThereAndBack:
    """A prompt of ours in another form, taken in again."""

    @pytest.mark.parametrize("name", prompts.library_names())
    @pytest.mark.parametrize("form", ["prompty", "langfuse"])
    def test_all_of_it_comes_back(self, name: str, form: prompts.Form) -> None:
        prompt = prompts.library()[name]
        back = prompt_in(prompts.imported(prompts.exported(prompt, form)))
        values = prompts.samples(prompt)
        assert prompts.render(back, values) == prompts.render(prompt, values)
        for field in ("name", "kind", "title", "description", "notes", "inputs", "parameters",
                      "output", "gate", "model"):  # fmt: skip
            assert getattr(back, field) == getattr(prompt, field), field

    @pytest.mark.parametrize("name", prompts.library_names())
    def test_a_prompty_file_is_one_of_ours_as_it_is(self, name: str) -> None:
        prompt = prompts.library()[name]
        text = prompts.exported(prompt, "prompty")
        read = prompts.parse(text)
        assert read.inputs == prompt.inputs
        assert prompts.lint(text) == []
        assert prompts.exported(read, "prompty") == text
        assert "template:" not in prompts.imported(text).source

    @pytest.mark.parametrize("name", ["assistant", "support", "product-description"])
    def test_a_list_of_messages_keeps_what_is_said(self, name: str) -> None:
        prompt = prompts.library()[name]
        found = prompts.imported(prompts.exported(prompt, "promptfoo"), name)
        values = prompts.samples(prompt)
        assert prompts.render(prompt_in(found), values) == prompts.render(prompt, values)
        assert any("look at their kinds" in note for note in found.notes)

    @pytest.mark.parametrize("form", FORMS)
    def test_text_that_means_something_stays_text(self, form: prompts.Form) -> None:
        body = 'system:\n\\user:\n{% raw %}{{ x }}{% endraw %} "a" {{ q|tojson }} {{ "\'" ~ q }}\n'
        source = f"---\nname: t\ninputs: [{{name: q, kind: text}}]\n---\n{body}user:\n{{{{ q }}}}\n"
        prompt = prompts.parse(source)
        back = prompt_in(prompts.imported(prompts.exported(prompt, form), "t"))
        assert prompts.render(back, {"q": "Q"}) == prompts.render(prompt, {"q": "Q"})

    @pytest.mark.parametrize("form", FORMS)
    def test_our_own_export_names_no_secret_and_no_partial(self, form: prompts.Form) -> None:
        text = prompts.exported(prompts.library()["support"], form)
        assert "include" not in text

    def test_a_file_of_ours_stays_as_it_is(self) -> None:
        source = prompts.library()["assistant"].source
        found = prompts.imported(source)
        assert found.source == source
        assert set(found.partials) == set(prompts.library()["assistant"].partials)
        assert prompt_in(prompts.imported(source, "other")).name == "other"


class TestWhatGoesOut:
    """The forms are those that the others read."""

    def test_promptfoo_without_a_thread_is_json(self) -> None:
        prompt = prompts.library()["product-description"]
        messages = json.loads(prompts.exported(prompt, "promptfoo"))
        assert [one["role"] for one in messages] == ["system", "user"]

    def test_promptfoo_loops_over_a_thread(self) -> None:
        text = prompts.exported(prompts.library()["support"], "promptfoo")
        assert '{% for message in history %}{"role": "{{ message.role }}"' in text

    def test_langfuse_is_a_chat_prompt(self) -> None:
        whole = json.loads(prompts.exported(prompts.library()["support"], "langfuse"))
        assert (whole["name"], whole["type"]) == ("support", "chat")
        assert {"type": "placeholder", "name": "history"} in whole["prompt"]
        assert whole["config"]["temperature"] == 0.2

    def test_prompty_has_its_own_kinds_only(self) -> None:
        text = prompts.exported(prompts.library()["product-description"], "prompty")
        head, ours = text.split("metadata:")
        kinds = {line.split()[-1] for line in head.splitlines() if line.strip().startswith("kind:")}
        assert kinds <= {"string", "float", "boolean", "array", "thread", "jinja2", "prompty"}
        assert "limit" not in head
        assert "limit: 200" in ours


class TestPrompty:
    """Files of both ages."""

    OLD = (
        "---\nname: Basic Prompt\ndescription: Answers.\nauthors: [a]\nmodel:\n  api: chat\n"
        "  configuration: {type: azure_openai, api_key: '${env:KEY}'}\n"
        "  parameters: {max_tokens: 128, temperature: 0.2, stop: END, presence_penalty: 1}\n"
        "inputs:\n  firstName: {type: string, sample: Jane, required: true}\n"
        "  count: {type: integer}\n"
        "  lastName: Doe\ntemplate: jinja2\n---\n"
        "System:\nYou help {{ firstName }} {{lastName}}.\n\n# Context\n{{ count }}\n\nuser:\nHi\n"
    )

    def test_the_old_form(self) -> None:
        found = prompts.imported(self.OLD)
        prompt = prompt_in(found)
        assert prompt.name == "basic-prompt"
        assert prompt.parameters == {"max_tokens": 128, "temperature": 0.2, "stop": ["END"]}
        kinds = [(one.name, one.kind, one.required, one.default) for one in prompt.inputs]
        assert kinds == [
            ("first_name", "string", True, None),
            ("count", "number", False, None),
            ("last_name", "string", False, "Doe"),
        ]
        messages = prompts.render(prompt, {"first_name": "Ada", "count": 2})
        assert messages[0]["content"] == "You help Ada Doe.\n\n# Context\n2"
        told = " ".join(found.notes)
        for word in ("authors", "connection", "presence_penalty", "sample value", "first_name"):
            assert word in told
        assert "KEY" not in found.source

    def test_the_new_form(self) -> None:
        text = (
            "---\nname: chat\ndisplayName: Chat!\nmodel:\n  id: gpt-4o\n  provider: openai\n"
            "  connection: {kind: key, apiKey: '${env:X}'}\n  options: {maxOutputTokens: 5}\n"
            "inputSchema:\n  properties:\n    - {name: question, kind: string, default: Hello}\n"
            "    - {name: conversation, kind: thread}\n"
            "outputs:\n  - {name: city, kind: string, description: The city.}\n"
            "  - {name: heat, kind: float, required: false}\ntools: [{name: x}]\n---\n"
            "system:\nBe brief.\n\n{{conversation}}\n\nuser:\n{{question}}\n"
        )
        found = prompts.imported(text)
        prompt = prompt_in(found)
        assert (prompt.name, prompt.title, prompt.model) == ("chat", "Chat!", "gpt-4o")
        assert prompt.parameters == {"max_tokens": 5}
        assert prompt.slots == ("conversation",)
        assert prompt.output == {
            "type": "object",
            "properties": {
                "city": {"type": "string", "description": "The city."},
                "heat": {"type": "number"},
            },
            "required": ["city"],
        }
        assert any("tools" in note for note in found.notes)

    @pytest.mark.parametrize(
        ("front", "body", "place", "says"),
        [
            ("template: mustache", "user:\n{{ a }}", (2, 1), "not Jinja"),
            ("inputs: [{name: a, kind: image}]", "user:\n{{ a }}", (2, 1), "of the kind image"),
            ("inputs: [{name: a}]", "user:\n{{ a }}\n{{ b }}", (6, 4), "`b` is not declared"),
            ("x: !!python/object y", "user:\nx", (2, 4), "tags are not allowed"),
            ("a: &a [1]", "user:\nx", (2, 4), "anchors"),
            ("a: 1\na: 2", "user:\nx", (3, 1), "twice"),
            ("authors: [x]\ntags: [y]", "user:\n\n{{#each a}}", (7, 3), "unexpected char '#'"),
            ("authors: [x]", "system:\nx", (4, 1), "no user message"),
            ("authors: [x]", "user:\n{{ f(1) }}", (5, 5), "Nothing can be called"),
        ],
    )
    def test_what_is_refused_has_its_place(
        self, front: str, body: str, place: tuple[int, int], says: str
    ) -> None:
        with pytest.raises(PromptError, match=says) as caught:
            prompts.imported(f"---\n{front}\n---\n{body}\n")
        assert (caught.value.line, caught.value.column) == place

    def test_text_without_roles_or_fields(self) -> None:
        assert said("---\nname: t\n---\nSay {{ word }}.\n", word="hi") == [("user", "Say hi.")]
        assert said("system:\nBe.\nUser:\n{{ a }}\n", a="x") == [("system", "Be."), ("user", "x")]


class TestChatJson:
    """Lists of messages, requests, Langfuse's prompts and promptfoo's configurations."""

    def test_a_list(self) -> None:
        text = json.dumps([
            {"role": "developer", "content": "Be {{ tone }}.\nuser:\nno role"},
            {"role": "user", "content": [{"type": "text", "text": "{{ q }}"}, {"type": "image"}]},
            {"role": "tool", "content": "x"},
        ])  # fmt: skip
        found = prompts.imported(text, "mine")
        assert prompt_in(found).name == "mine"
        assert [note.split(":")[0] for note in found.notes if "essage" in note] == [
            "Of message 2 only the text was taken.",
            "Message 3 was left out",
        ]
        assert said(text, tone="kind", q="Q") == [
            ("system", "Be kind.\nuser:\nno role"), ("user", "Q"),
        ]  # fmt: skip

    def test_inputs_are_declared_by_their_use(self) -> None:
        content = (
            "{{ a }}{% if b %}{{ b }}{% endif %}{% if c %}x{% endif %}{{ d|default('') }}"
            "{% for e in es %}{{ e }}{% endfor %}{{ fs|join }}"
            "{% for p in ps %}{{ p.title }}{% endfor %}{% set g = a %}{{ g }}{{ camelCase }}"
        )
        prompt = prompt_in(prompts.imported(json.dumps([{"role": "user", "content": content}])))
        assert [(one.name, one.kind, one.required) for one in prompt.inputs] == [
            ("a", "text", True), ("b", "text", False), ("c", "boolean", False),
            ("d", "text", False), ("es", "list", False), ("fs", "list", False),
            ("ps", "passages", False), ("camel_case", "text", True),
        ]  # fmt: skip

    def test_a_request(self) -> None:
        text = json.dumps({
            "model": "gpt-4o", "temperature": 0.5, "max_tokens": 9, "stop": "END", "stream": True,
            "n": 2, "messages": [{"role": "user", "content": "Hi"}],
        })  # fmt: skip
        found = prompts.imported(text)
        prompt = prompt_in(found)
        assert prompt.model == "gpt-4o"
        assert prompt.parameters == {"temperature": 0.5, "max_tokens": 9, "stop": ["END"]}
        assert found.notes == ("`n` was left out.",)

    def test_langfuse_as_its_users_write_it(self) -> None:
        text = json.dumps({
            "name": "Movie Critic", "type": "chat", "version": 3, "labels": ["production"],
            "tags": [], "config": {"model": "gpt-4o", "temperature": 0.5, "languages": ["en"]},
            "prompt": [
                {"role": "system", "content": "You are an {{criticLevel}} critic"},
                {"type": "placeholder", "name": "chat_history"},
                {"role": "user", "content": "Do you like {{movie}}?"},
            ],
        })  # fmt: skip
        found = prompts.imported(text)
        prompt = prompt_in(found)
        assert (prompt.name, prompt.slots) == ("movie-critic", ("chat_history",))
        assert [one.kind for one in prompt.inputs] == ["text", "thread", "text"]
        told = " ".join(found.notes)
        for word in ("movie-critic", "labels", "languages", "critic_level"):
            assert word in told
        assert said(json.dumps({"name": "t", "type": "text", "prompt": "Hi {{a}}"}), a="x") == [
            ("user", "Hi x")
        ]

    def test_a_promptfoo_configuration(self) -> None:
        text = (
            "description: Refunds\nproviders: [openai:gpt-4o]\nprompts:\n  - file://other.txt\n"
            "  - 'Answer: {{ question }}'\n  - second\ntests:\n"
            "  - vars: {question: 'Refund?'}\n    assert: [{type: icontains, value: days}]\n"
            "  - vars: {question: x}\n    assert: [{type: javascript, value: 'true'}]\n"
        )
        found = prompts.imported(text)
        assert found.tests is not None
        [case] = read_cases(found.tests).cases
        assert (case.description, dict(case.vars)) == ("case 1", {"question": "Refund?"})
        assert prompt_in(found).description == "Refunds"
        told = " ".join(found.notes)
        for word in ("Of 3 prompts", "`providers`", "Test case 2 was left out"):
            assert word in told

    def test_messages_in_a_configuration(self) -> None:
        inner = '[{"role": "user", "content": "{{ a | dump }}"}]'
        assert said(json.dumps({"prompts": [inner]}), a="x") == [("user", '"x"')]
        yaml = "- role: system\n  content: Be.\n- role: user\n  content: '{{ a }}'\n"
        assert said(yaml, a="x") == [("system", "Be."), ("user", "x")]

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("", "no prompt in a form"),
            ("hello", "no prompt in a form"),
            ("[1]", "Message 1 is no mapping"),
            ("[]", "no user message"),
            ("[{]", r"line 1, column 3: This is not JSON"),
            ("[" * 100_000, "nested too deeply"),
            ("{}", "no prompt in a form"),
            ('{"messages": 3}', "`messages` is no list"),
            ('{"prompt": 3}', "neither a text nor a list"),
            ('{"prompts": ["file://a.json"]}', "Import the file it names"),
            ('[{"role": "user", "content": "x"}, {"role": "user", "content": "\\n{{ f(1) }}"}]',
             "^Message 2: Nothing can be called"),
            ('[{"role": "user", "content": "{{#if a}}x{{/if}}"}]', "^Message 1: .*unexpected"),
            ('[{"role": "user", "content": "{{ q"}]', "^Message 1: `{{` is never closed"),
            ("a\0b", "control character"),
            ("x" * 600_000, "larger than 512 KiB"),
            ("a: &a [*a]", "anchors"),
        ],
    )  # fmt: skip
    def test_what_is_refused(self, text: str, says: str) -> None:
        with pytest.raises(PromptError, match=says):
            prompts.imported(text)
