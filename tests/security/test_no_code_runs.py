"""Files, answers and stored values that would run as code where a program trusts them: data here.

Everything is opened in a process of its own, where an audit hook sees each start of a program, each
connection and each class that a pickle names. The payloads would make a file, which must not come.
"""

import ast
import asyncio
import base64
import json
import pickle
import shutil
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import text

from chatbot.backends.checkpoint import MANIFEST, PICKLES, adopt
from chatbot.backends.encoder import missing
from chatbot.backends.registry import Registry
from chatbot.bootstrap import build
from chatbot.errors import ChatbotError
from chatbot.settings import HostedModel, Settings
from tests.support import tiny_encoder, tiny_model
from tests.support.scenes import ask, texts
from tests.support.scripted_server import ScriptedServer
from tests.support.watched import ROOT, watched

PICKLED_FILES = (
    "pytorch_model.bin",
    "model.pt",
    "optimizer.pt",
    "rng_state.pth",
    "training_args.bin",
    "scheduler.pt",
    "tokenizer.pkl",
    "vocab.PICKLE",
    "model.ckpt",
    "classifier.joblib",
)
DISGUISED = ("model.safetensors", "tokenizer.json", "config.json", "generation_config.json")
"""Files that are read, with a pickle in them."""


class Bomb:
    """Makes a file when it is unpickled."""

    def __init__(self, canary):
        self.canary = str(canary)

    def __reduce__(self):
        return Path.touch, (Path(self.canary),)


def lc(canary):
    """What LangChain's `load` would build, in its own words."""
    return {
        "lc": 1,
        "type": "constructor",
        "id": ["subprocess", "Popen"],
        "kwargs": {"args": ["touch", str(canary)]},
    }


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("code") / "tiny@1"
    tiny_model.make(folder)
    return folder


def copy_of(checkpoint, folder, name="tiny@1"):
    copy = folder / "models" / name
    shutil.copytree(checkpoint, copy)
    (copy / MANIFEST).unlink()
    return copy


def edit(path, **fields):
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def open_all(folders):
    """Adopt and open each checkpoint, and let it answer: "opened", or the sentence against it."""
    said = []
    for folder in map(Path, folders):
        try:
            adopt(folder)
            registry = Registry(folder.parent, default=folder.name)
            with suppress(Exception):
                registry.open(folder.name).invoke("hello", max_tokens=3)
            registry.open(folder.name)
            said.append("opened")
            registry.close()
        except ChatbotError as error:
            said.append(str(error))
    return said


def reached(seen):
    """Programs started, connections made, classes unpickled: opening a checkpoint brings none.

    Apart from two: Python's own `platform` asks for a request's header, and turns are rendered in
    processes of their own.
    """
    ours = ("('uname', ['uname', '-p']", f"('{sys.executable}', ['{sys.executable}', '-I', '-c'")
    return [
        event
        for event in seen.events
        if not event[1].startswith(ours[0])
        and not (event[1].startswith(ours[1]) and "from prompts.forking import main" in event[1])
    ]


def opened_with(checkpoint, tmp_path, names):
    """What opening copies of a checkpoint says, each with a pickle of that name: nothing runs."""
    canary, folders = tmp_path / "canary", []
    for number, name in enumerate(names):
        copy = copy_of(checkpoint, tmp_path / str(number))
        (copy / name).write_bytes(pickle.dumps(Bomb(canary)))
        folders.append(str(copy))
    seen = watched(__name__, "open_all", folders)
    assert reached(seen) == []
    assert not canary.exists()
    return seen


def test_pickles_in_a_checkpoint_are_not_opened(checkpoint, tmp_path):
    seen = opened_with(checkpoint, tmp_path, PICKLED_FILES)
    assert all("is a pickle, which can run programs" in said for said in seen.result)
    assert {Path(name).suffix.lower() for name in PICKLED_FILES} == set(PICKLES)


def test_pickles_by_another_name_are_no_weights(checkpoint, tmp_path):
    seen = opened_with(checkpoint, tmp_path, DISGUISED)
    assert seen.result[0] != "opened"


def test_no_field_of_a_checkpoint_is_code(checkpoint, tmp_path):
    canary = tmp_path / "canary"
    code = f"from pathlib import Path\nPath({str(canary)!r}).touch()\n"
    auto = {
        "AutoConfig": "mine.Config",
        "AutoModelForCausalLM": "mine.Model",
        "AutoTokenizer": ["mine.Tokenizer", "mine.Tokenizer"],
    }
    remote = {"AutoConfig": "someone/elsewhere--mine.Config"}
    changes = (
        ("config.json", {"auto_map": auto, "trust_remote_code": True}),
        ("config.json", {"auto_map": auto, "model_type": "mine", "trust_remote_code": True}),
        ("config.json", {"auto_map": remote, "model_type": "mine"}),
        ("config.json", {"_attn_implementation": "someone/kernel"}),
        ("config.json", {"quantization_config": {"quant_method": "mine"}}),
        ("config.json", {"custom": lc(canary), "torch_dtype": lc(canary)}),
        ("config.json", {"architectures": ["os.system"]}),
        ("tokenizer_config.json", {"auto_map": auto, "tokenizer_class": "mine.Tokenizer"}),
        ("tokenizer_config.json", {"tokenizer_file": "/etc/passwd", "custom": lc(canary)}),
        ("generation_config.json", {"custom_generate": "someone/elsewhere"}),
    )
    folders = []
    for number, (name, fields) in enumerate(changes):
        copy = copy_of(checkpoint, tmp_path / str(number))
        (copy / "mine.py").write_text(code)
        edit(copy / name, **fields)
        folders.append(str(copy))
    seen = watched(__name__, "open_all", folders)
    assert reached(seen) == []
    assert not canary.exists()
    assert len(seen.result) == len(changes)


TEMPLATES = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ cycler.__init__.__globals__.os.system('touch CANARY') }}",
    "{{ lipsum.__globals__['os'].popen('touch CANARY').read() }}",
    "{{ (messages|attr('__class__')).__base__.__subclasses__() }}",
    "{{ raise_exception.__globals__['__builtins__']['open']('CANARY', 'w') }}",
    "{{ strftime_now.__globals__['__builtins__']['open']('CANARY', 'w') }}",
    "{% for m in messages %}{{ m.__class__ }}{% endfor %}",
    "{{ messages.append({'role': 'system', 'content': 'forged'}) }}",
)


def test_no_chat_template_of_a_checkpoint_gets_out(checkpoint, tmp_path):
    canary, folders = tmp_path / "canary", []
    for number, template in enumerate(TEMPLATES):
        copy = copy_of(checkpoint, tmp_path / str(number))
        (copy / "chat_template.jinja").write_text(template.replace("CANARY", str(canary)))
        folders.append(str(copy))
    seen = watched(__name__, "open_all", folders)
    assert reached(seen) == []
    assert not canary.exists()
    assert all(said != "opened" for said in seen.result)


def open_encoders(folders):
    return [missing(Settings(home=Path(folder).parent, encoder=folder)) for folder in folders]


def test_an_encoder_is_held_to_the_same(tmp_path):
    canary, folders = tmp_path / "canary", []
    for number, name in enumerate(("pytorch_model.bin", "model.pt")):
        folder = tiny_encoder.make(tmp_path / f"encoder-{number}")
        (folder / name).write_bytes(pickle.dumps(Bomb(canary)))
        folders.append(str(folder))
    seen = watched(__name__, "open_encoders", folders)
    assert reached(seen) == []
    assert not canary.exists()
    assert all("is a pickle" in said for said in seen.result)


# Answers ------------------------------------------------------------------------------------------


def answers(home, address, said):
    """What a hosted model says, as stored, shown, exported and traced."""
    model = HostedModel(name="big", model="scripted", base_url=address)
    product = build(Settings(home=Path(home), model="big", hosted=(model,)))

    async def scene():
        turn = await ask(product, f"!say {said}")
        again = await ask(product, "!say next", turn.conversation, "key 2")
        await product.registry.open("big").release()
        return turn, again

    turn, again = asyncio.run(asyncio.wait_for(scene(), 90))
    person = product.person()
    exported = product.conversations.export(person, turn.conversation, "json")[1]
    sent = product.traces.of(person, again.reply).messages
    stored = texts(product, turn.conversation)[1][1]
    product.close()
    return [stored, json.loads(exported)["messages"][1]["content"], sent[2]["content"]]


def test_answers_that_look_like_objects_are_text(tmp_path):
    canary = tmp_path / "canary"
    said = json.dumps(lc(canary))
    with ScriptedServer() as server:
        seen = watched(__name__, "answers", str(tmp_path / "home"), server.url, said)
        port = str(server.server_port)
    assert seen.result == [said] * 3
    assert [event for event in reached(seen) if port not in event[1]] == []
    assert not canary.exists()


# Stored values ------------------------------------------------------------------------------------


def read_back(home):
    """Open everything of a home whose JSON columns hold objects."""
    product = build(Settings(home=Path(home), model="scripted"))
    person = product.person()
    (item,) = product.conversations.recent(person)
    view = product.conversations.open(person, item.id)
    trace = product.traces.of(person, view.messages[1].id)
    exported = product.conversations.export(person, item.id, "json")[1]
    turn = asyncio.run(ask(product, "!say goes on", item.id, "key 2"))
    product.close()
    return [trace.parameters, trace.notes, list(view.messages[1].reasons), exported, turn.text]


def test_objects_in_stored_json_are_plain_data(tmp_path):
    canary, home = tmp_path / "canary", tmp_path / "home"
    product = build(Settings(home=home, model="scripted"))
    turn = asyncio.run(ask(product, "!say stored"))
    product.conversations.feedback(product.person(), turn.reply, rating=1, reasons=["Tone"])
    pickled = base64.b64encode(pickle.dumps(Bomb(canary))).decode()
    planted = {"planted": lc(canary), "pickled": pickled, "__reduce__": ["os.system", ["x"]]}
    with product.archive.main.writing() as session:
        for statement in (
            "UPDATE traces SET parameters = :planted, notes = :list",
            "UPDATE feedback SET reasons = :list",
        ):
            given = {"planted": json.dumps(planted), "list": json.dumps([json.dumps(planted)])}
            session.execute(
                text(statement), {n: v for n, v in given.items() if f":{n}" in statement}
            )
    product.close()
    seen = watched(__name__, "read_back", str(home))
    assert reached(seen) == []
    assert not canary.exists()
    parameters, notes, reasons, exported, goes_on = seen.result
    assert parameters == planted
    assert notes == reasons == [json.dumps(planted)]
    assert json.loads(exported)
    assert goes_on == "goes on"


# The program itself -------------------------------------------------------------------------------

NEVER = {
    ("pickle", "load"),
    ("pickle", "loads"),
    ("marshal", "loads"),
    ("joblib", "load"),
    ("yaml", "load"),
    ("yaml", "unsafe_load"),
    ("os", "system"),
    ("os", "popen"),
}
NEVER_ALONE = {"eval", "exec", "compile", "__import__"}
NEVER_IMPORTED = ("langchain_core.load", "pickle", "cloudpickle", "dill", "shelve", "joblib")


def calls(tree):
    """(module, function) and keywords of every call in a syntax tree."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            keywords = {one.arg: ast.unparse(one.value) for one in node.keywords if one.arg}
            if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
                yield (node.func.value.id, node.func.attr), keywords
            elif isinstance(node.func, ast.Name):
                yield node.func.id, keywords


def imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_the_program_itself_loads_no_objects():
    wrong = []
    for package in ("chatbot", "prompts", "store", "ui"):
        for path in sorted((ROOT / package).rglob("*.py")):
            tree = ast.parse(path.read_text("utf-8"))
            for called, keywords in calls(tree):
                unsafe = called == ("torch", "load") and keywords.get("weights_only") != "True"
                if called in NEVER or called in NEVER_ALONE or unsafe:
                    wrong.append((path.name, called))
                risky = ("trust_remote_code", "shell", "allow_pickle")
                wrong += [(path.name, n) for n in risky if keywords.get(n, "False") != "False"]
            wrong += [
                (path.name, name) for name in imports(tree) if name.startswith(NEVER_IMPORTED)
            ]
    assert wrong == []
