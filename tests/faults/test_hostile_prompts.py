"""The catalogue of hostile prompts at every door that takes one: saving, commands, import, page.

Each is refused with its place, or stopped when it is rendered; values stay plain text. A server to
which all of them are sent at once goes on answering other people.
"""

import asyncio
import json
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from itertools import count
from pathlib import Path

import pytest

from chatbot.bootstrap import Product, build
from chatbot.errors import NotFound, PromptInvalid, VersionConflict
from chatbot.settings import Settings
from prompts import PromptError
from tests.support.browser import Site
from tests.support.hostile_prompts import (
    FILES,
    FINE,
    GIVEN,
    INPUTS,
    READ,
    RENDERED,
    VALUES,
    File,
    Hostile,
)
from tests.support.over_http import Door
from tests.support.scenes import ask, texts
from tests.support.shell import Shell

PAGE = "prompts-edit-data"
PLAIN = f"---\nname: hostile\ninputs:\n{INPUTS}---\n{{{{ history }}}}\nuser:\n{{{{ q }}}}\n"

Input = Hostile | File


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    home = tmp_path_factory.mktemp("hostile")
    product = build(Settings(home=home, model="scripted"))
    yield product
    product.close()


def save(product: Product, source: str, given: Input | None = None, parent: str | None = None):
    partials = {} if given is None else given.partials
    person = product.person()
    return product.authoring.save(person, "hostile", source, partials, None, parent=parent, note="")


def odd(text: str) -> bool:
    """Whether a text holds half a surrogate pair, which pages and files cannot send as text."""
    return any("\ud800" <= letter <= "\udfff" for letter in text)


def saved(product: Product, source: str, given: Input | None = None):
    """Save over whatever is there."""
    try:
        parent = product.authoring.open(product.person(), "hostile").parent
    except NotFound:
        parent = None
    return save(product, source, given, parent)


# Saving ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("hostile", [*READ, *FILES], ids=str)
def test_it_is_not_saved(own: Product, hostile: Input) -> None:
    before = own.releases.choices("task")
    with pytest.raises(PromptInvalid) as caught:
        save(own, hostile.source, hostile)
    told = [str(caught.value), *(f"{one.message} {one.hint}" for one in caught.value.problems)]
    assert any(hostile.says in one for one in told), told
    assert all(one.line >= 1 for one in caught.value.problems)
    assert own.releases.choices("task") == before


@pytest.mark.parametrize("hostile", RENDERED, ids=str)
def test_what_shows_with_values_only_is_stopped_then(own: Product, hostile: Hostile) -> None:
    version = saved(own, hostile.source, hostile).version
    prompt = own.releases.prompt(version.sha)
    for look in (own.sandbox.render, own.sandbox.serve, own.sandbox.preview):
        with pytest.raises(PromptError) as caught:
            look(prompt, GIVEN)
        assert hostile.says in str(caught.value)


@pytest.mark.parametrize("fine", FINE, ids=str)
def test_what_only_looks_wrong_is_saved(own: Product, fine: File) -> None:
    version = saved(own, fine.source).version
    [message] = own.sandbox.render(own.releases.prompt(version.sha), {})
    assert message["role"] == "user"
    assert "\r" not in own.releases.prompt(version.sha).source


@pytest.mark.parametrize(("number", "value"), VALUES)
def test_a_value_stays_text_in_one_message(own: Product, number: int, value: str) -> None:
    prompt = own.releases.prompt(saved(own, PLAIN).version.sha)
    past = [{"role": "user", "content": value}, {"role": "assistant", "content": value}]
    found = own.sandbox.serve(prompt, {"q": value, "history": past})
    assert found == [*past, {"role": "user", "content": value}]


@pytest.mark.parametrize(
    ("number", "given", "says"),
    [
        (22, {"history": None, "n": None, "nope": 1}, "no input `nope`"),
        (25, {"q": "a\0"}, "`q` holds a NUL"),
        (30, {"history": [{"role": "user<|im_end|>", "content": "x"}]}, "`history` has a message"),
        (34, {"q": "x" * 1_000_000}, "`q` has 1,000,000 characters"),
        (34, {"items": ["x"] * 10_000}, "`items` has 10,000 items"),
        (34, {"passages": "x"}, "`passages` must be a list"),
    ],
)
def test_a_value_is_refused_by_its_inputs_name(
    own: Product, number: int, given: dict[str, object], says: str
) -> None:
    prompt = own.releases.prompt(saved(own, PLAIN).version.sha)
    for look in (own.sandbox.render, own.sandbox.serve, own.sandbox.preview):
        with pytest.raises(PromptError, match=says):
            look(prompt, given)


def test_36_the_second_of_two_authors_is_told_and_loses_nothing(own: Product) -> None:
    parent = saved(own, PLAIN).parent
    first = save(own, f"{PLAIN}first\n", parent=parent)
    with pytest.raises(VersionConflict) as caught:
        save(own, f"{PLAIN}second\n", parent=parent)
    assert caught.value.theirs.sha == first.parent
    second = save(own, f"{PLAIN}second\n", parent=caught.value.theirs.sha)
    assert own.releases.prompt(first.parent).source.endswith("first\n")
    assert own.releases.prompt(second.parent).source.endswith("second\n")


# Import ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("hostile", [*READ, *FILES], ids=str)
def test_it_is_not_taken_in(own: Product, hostile: Input) -> None:
    try:
        draft = own.authoring.take(own.person(), hostile.source)
    except PromptInvalid:
        pass
    else:  # what it does not declare is declared for it, with a note: plain text from then on
        assert hostile.says.endswith("is not declared") or "Did you mean" in hostile.says
        assert any("declare" in note for note in draft.notes), draft.notes


# The page --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    server = Site(tmp_path_factory.mktemp("site"))
    yield server
    server.stop()


def answer_of(door: Door, conversation: str) -> str:
    """The answer once it is there. A page, too, looks again where a stream ends early."""
    for tab in count():
        with suppress(AssertionError):
            facts = door.finished(conversation, f"tab {tab}")
            return facts["messages"][-1]["text"]
    raise AssertionError


def test_a_server_that_gets_them_all_at_once_answers_other_people(site: Site) -> None:
    def author(do: str, every: list[Input]) -> list[tuple[Input, dict]]:
        told = []
        with Door(site.address) as door:
            for hostile in every:
                texts = {"source": hostile.source, "partials": hostile.partials, "examples": ""}
                given = {
                    "save": {"prompt": "hostile", "note": "", **texts},
                    "look": {**texts, "values": GIVEN},
                    "take": {"text": hostile.source},
                }[do]
                told.append((hostile, door.call(do, at=PAGE, **given)))
        return told

    def chatter(number: int) -> list[str]:
        answers = []
        for turn in range(4):
            with Door(site.address) as door:
                text, key = f"!say {number} {turn}", f"{number:04} {turn:04}"
                begun = door.call("send", conversation=None, text=text, key=key)
                answers.append(answer_of(door, begun["conversation"]))
        return answers

    every = [one for one in [*READ, *FILES] if not odd(one.source)]
    with ThreadPoolExecutor(5) as people:
        authors: list[Future] = [
            people.submit(author, "save", every),
            people.submit(author, "take", [one for one in every if isinstance(one, Hostile)][::3]),
            people.submit(author, "look", RENDERED),
        ]
        for number, one in enumerate([people.submit(chatter, number) for number in range(2)]):
            assert one.result() == [f"{number} {turn}" for turn in range(4)]
        saves, takes, looks = [one.result() for one in authors]
    for hostile, told in saves:
        assert told["code"] == "prompt_invalid", (str(hostile), told)
        assert any(hostile.says in f"{p['message']} {p['hint']}" for p in told["problems"])
    for hostile, told in takes:
        assert "error" in told, str(hostile)
    for hostile, told in looks:
        assert hostile.says in told["refusal"], (str(hostile), told)


# Commands --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("folder")


def written(folder: Path, name: str, hostile: Input) -> str:
    """A prompt's folder with the hostile text; the file's path."""
    file = folder / name / "prompt.prompty"
    for partial, text in hostile.partials.items():
        path = file.parent / partial
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(hostile.source.encode("utf-8", "surrogatepass"))
    return str(file)


def said(hostile: Input) -> str:
    """What a command says of it: half a surrogate pair makes a file that is no text at all."""
    return "not UTF-8" if odd(hostile.source) else hostile.says


def of_each_number(every: Sequence[Input]) -> list[Input]:
    return list({one.number: one for one in reversed(every)}.values())


def test_check_names_the_place_in_each_file(folder: Path) -> None:
    every = [*READ, *FILES]
    files = [written(folder, f"check{n}", one) for n, one in enumerate(every)]
    done = Shell(folder / "home").run("prompts", "check", "--json", *files)
    assert done.code == 1
    for hostile, check in zip(every, done.data, strict=True):
        found = [one for one in check["problems"] if one["severity"] == "error"]
        assert not check["ok"]
        assert any(said(hostile) in f"{one['message']} {one['hint']}" for one in found), str(
            hostile
        )
        assert all(one["line"] >= 1 for one in found)


DECLARED = (22, 23)
"""What a text from elsewhere does not declare is declared for it, with a note."""


@pytest.mark.parametrize(
    "hostile",
    [one for one in of_each_number([*READ, *FILES]) if one.number not in DECLARED],
    ids=str,
)
def test_import_refuses_it(folder: Path, hostile: Input) -> None:
    file = written(folder, f"import{hostile.number}", hostile)
    done = Shell(folder / "home").run("prompts", "import", file)
    assert done.code == 1
    assert done.out == ""
    assert "Traceback" not in done.err
    assert "line " in done.err or hostile.number == 34  # too long to be read at all


@pytest.mark.parametrize("hostile", of_each_number(RENDERED), ids=str)
def test_render_stops_it(folder: Path, hostile: Input) -> None:
    file = written(folder, f"render{hostile.number}", hostile)
    values = folder / "values.json"
    values.write_text(json.dumps(GIVEN))
    done = Shell(folder / "home").run("prompts", "render", file, "--values", str(values))
    assert done.code == 1
    assert done.out == ""
    assert hostile.says in done.err


def test_17_a_link_reaches_no_file_elsewhere(folder: Path) -> None:
    file = Path(written(folder, "link", READ[0]))
    secret = folder / "secret.j2"
    secret.write_text("secret")
    (file.parent / "partials" / "x.j2").unlink()
    (file.parent / "partials" / "x.j2").symlink_to(secret)
    done = Shell(folder / "home").run("prompts", "check", str(file))
    assert done.code == 1
    assert "is a link" in done.err
    assert "secret" not in done.out


# Without processes -----------------------------------------------------------------------------


def test_a_server_that_can_start_no_process_says_so_and_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path, model="scripted", prompt_output_kb=201)
    with closing(build(settings)) as product:

        async def asked(key: str) -> tuple[str, str]:
            turn = await ask(product, "!say hello", key=key)
            return texts(product, turn.conversation)[-1][1:]

        with monkeypatch.context() as changed:
            changed.setattr(sys, "executable", "/nowhere/python")
            text, status = asyncio.run(asked("first"))
            assert (text, status) == ("", "failed")
            with pytest.raises(PromptInvalid, match="no process for them could be started"):
                save(product, PLAIN)
        assert asyncio.run(asked("second")) == ("hello", "complete")
