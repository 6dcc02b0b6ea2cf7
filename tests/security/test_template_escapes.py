"""Templates written to get out of the sandbox, and values written to become templates.

Each is rendered in a process of its own with limits of memory and time, where an audit hook sees
whatever it reaches for. A template is refused, or gives text that shows nothing of Python; a value
comes out as it went in. Templates that only cost time or memory (`{{ 'a'*10**9 }}`) are refused
when read here; what counting cannot refuse waits for the worker that can be killed, of issue 5.
"""

import re

import pytest

import prompts
from prompts import PromptError
from tests.support.watched import watched

ESCAPES = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''['__cla' ~ 'ss__'] }}",
    "{{ ''|attr('\\x5f\\x5fclass\\x5f\\x5f') }}",
    "{{ ''|attr(['__', 'class', '__']|join) }}",
    "{{ ()|attr(request.args.c)|attr(request.args.m) }}",
    "{{ [].__class__.__base__.__subclasses__()[104].__init__.__globals__['sys'] }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ joiner.__init__.__globals__.os.popen('id').read() }}",
    "{{ namespace.__init__.__globals__.os.popen('id').read() }}",
    "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{{ lipsum.__globals__.__builtins__.open('/etc/passwd').read() }}",
    "{{ self.__init__.__globals__.__builtins__.__import__('os').system('id') }}",
    "{{ self._TemplateReference__context.cycler.__init__.__globals__.os }}",
    "{{ get_flashed_messages.__globals__.__builtins__ }}",
    "{{ url_for.__globals__ }}",
    "{{ config.items() }}",
    "{{ config.__class__.from_envvar.__globals__.import_string('os').popen('id').read() }}",
    "{{ request.application.__globals__.__builtins__.__import__('os').popen('id') }}",
    "{{ range.__self__ }}",
    "{{ range(1).__class__ }}",
    "{{ q.__class__ }}",
    "{{ q.__init__.__globals__ }}",
    "{{ q.format }}",
    "{{ q.format_map }}",
    "{{ '{0.__class__.__init__.__globals__}'.format(q) }}",
    "{{ '{0.__class__}'|format(q) }}",
    "{{ '%(x)s'|format(x=q) }}",
    "{{ q|map('attr', '__class__')|list }}",
    "{{ [q]|map(attribute='__class__')|list }}",
    "{{ [q]|groupby('__class__') }}",
    "{{ [q]|selectattr('__class__')|list }}",
    "{{ [q]|sort(attribute='__class__') }}",
    "{{ [q]|sum(attribute='__class__', start='') }}",
    "{{ [q]|unique(attribute='__class__')|list }}",
    "{{ q|xmlattr }}",
    "{{ q|pprint }}",
    "{{ q|tojson.__globals__ }}",
    "{{ items.append }}",
    "{{ items.__iter__ }}",
    "{{ loop.__class__ }}",
    "{% for i in items %}{{ loop.__init__.__globals__ }}{% endfor %}",
    "{% for i in items %}{{ loop.changed(i) }}{% endfor %}",
    "{% for k in q.__class__.__mro__ %}{{ k }}{% endfor %}",
    "{% set x = q.__class__ %}{{ x }}",
    "{% set q.__class__ = 1 %}",
    "{% import 'os' as os %}{{ os.popen('id') }}",
    "{% from 'os' import popen %}{{ popen('id') }}",
    "{% include '/etc/passwd' %}",
    "{% include 'file:///etc/passwd' %}",
    "{% extends '../../../etc/passwd' %}",
    "{% macro m() %}{{ caller.__globals__ }}{% endmacro %}{{ m() }}",
    "{% call(x) q() %}{% endcall %}",
    "{% with x = ''.__class__ %}{{ x }}{% endwith %}",
    "{% debug %}",
    "{% do q.__class__ %}",
    "{% trans %}{{ q.__class__ }}{% endtrans %}",
    "{% print(q.__class__) %}",
    "{%- raw -%}{%- endraw -%}{{ q.__class__ }}",
    "{{ dict(__class__=1).__class__ }}",
    "{{ undefined.__class__ }}",
    "{{ none.__class__ }}",
    "{{ true.__class__.__base__ }}",
    "{{ (1).__class__ }}",
    "{{ 1.0.__class__ }}",
    "{{ {}.__class__ }}",
    "{{ q['__class__'] }}",
    "{{ q[['__class__'][0]] }}",
    "{{ items['__class__'] }}",
    "{{ items[q] }}",
    "{{ q is callable }}",
    "{{ q is test }}",
    "{{ q is filter }}",
    "{{ func.__code__ }}",
    "{{ __import__('os') }}",
    "{{ open('/etc/passwd') }}",
    "{{ exec('1') }}",
    "{{ ''.join.__self__.__class__ }}",
    "{{ 'a'*10**9 }}",
    "{{ range(10**9)|list }}",
    "{{ 'a'|center(10**9) }}",
    "{{ 9**9**9 }}",
)
OTHER_ENGINES = (
    "${7*7}",
    "#{7*7}",
    "<%= 7*7 %>",
    "*{7*7}",
    "@(7*7)",
    "{7*7}",
    "[[${7*7}]]",
    "{php}echo `id`;{/php}",
    "<#assign ex='freemarker.template.utility.Execute'?new()>${ex('id')}",
    "#set($x='')$x.class.forName('java.lang.Runtime')",
    "${T(java.lang.Runtime).getRuntime().exec('id')}",
    "{{constructor.constructor('alert(1)')()}}",
    "${jndi:ldap://127.0.0.1/x}",
    "%(__class__)s {0.__class__} $(id) `id`",
)
PYTHON = re.compile(r"<class|<function|<built-in|<module|object at 0x|mappingproxy|root:")
VALUES = {"q": "Q", "items": ["a", "b"]}
INPUTS = "inputs:\n  - {name: q, kind: text}\n  - {name: items, kind: list}\n"


def outcome(body):
    """What a template gives: its text, or the sentence that refuses it."""
    try:
        prompt = prompts.parse(f"---\nname: t\ndescription: d\n{INPUTS}---\nuser:\nx\n{body}\n")
        return {"said": prompts.render(prompt, VALUES)[-1]["content"]}
    except PromptError as error:
        return {"refused": str(error)}


def render_all(bodies):
    return [outcome(body) for body in bodies]


def test_escapes_reach_nothing():
    seen = watched(__name__, "render_all", ESCAPES, memory_mb=2048)
    assert seen.events == []
    for body, found in zip(ESCAPES, seen.result, strict=True):
        assert "refused" in found, (body, found)
        assert not PYTHON.search(found["refused"])


def test_the_watch_itself_sees():
    seen = watched(__name__, "reach_for_everything")
    names = {name for name, _ in seen.events}
    assert {"subprocess.Popen", "socket.connect", "pickle.find_class"} <= names


def reach_for_everything():
    import contextlib
    import pickle
    import socket
    import subprocess
    import sys

    subprocess.run([sys.executable, "-c", ""], check=True)
    pickle.loads(pickle.dumps(socket.socket))
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", 9), 0.1)


def test_other_engines_signs_are_text():
    seen = watched(__name__, "render_all", [text for text in OTHER_ENGINES if "{{" not in text])
    assert seen.events == []
    for body, found in zip(
        (text for text in OTHER_ENGINES if "{{" not in text), seen.result, strict=True
    ):
        assert found == {"said": f"x\n{body}"}


def as_values(texts):
    prompt = prompts.parse(f"---\nname: t\ndescription: d\n{INPUTS}---\nuser:\n{{{{ q }}}}\n")
    return [prompts.render(prompt, {"q": text, "items": []})[-1]["content"] for text in texts]


def test_escapes_in_values_are_text():
    texts = [*ESCAPES, *OTHER_ENGINES]
    seen = watched(__name__, "as_values", texts)
    assert seen.events == []
    assert seen.result == texts


class Live:
    """An object with something to set off."""

    touched = False

    def __str__(self):
        type(self).touched = True
        return "x"

    __repr__ = __iter__ = __len__ = __getitem__ = __html__ = __str__

    def __getattr__(self, name):
        type(self).touched = True
        raise AttributeError(name)


class Text(str):
    """A text that is more than one."""

    __slots__ = ()

    def __str__(self):
        Live.touched = True
        return "forged"

    def __format__(self, spec):
        Live.touched = True
        return "forged"


LIVE = [Live(), Live, Live().__str__, [Live()], {"a": Live()}, open, prompts, b"x", {1}]


@pytest.fixture(autouse=True)
def untouched():
    Live.touched = False


@pytest.mark.parametrize("number", range(len(LIVE)))
def test_only_plain_data_gets_in(number):
    value = LIVE[number]
    prompt = prompts.parse(f"---\nname: t\ndescription: d\n{INPUTS}---\nuser:\n{{{{ q }}}}\n")
    for given in ({"q": value, "items": []}, {"q": "x", "items": [value]}):
        with pytest.raises(PromptError, match="Input"):
            prompts.render(prompt, given)
    assert not Live.touched


def test_a_text_that_is_more_than_one_is_plain_or_refused():
    prompt = prompts.parse(f"---\nname: t\ndescription: d\n{INPUTS}---\nuser:\n{{{{ q }}}}\n")
    try:
        said = prompts.render(prompt, {"q": Text("real"), "items": []})[-1]["content"]
    except PromptError:
        said = "real"
    assert (said, Live.touched) == ("real", False)
