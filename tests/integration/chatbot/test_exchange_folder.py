"""A folder under git and the database: what changed on one side moves, on both it stops."""

import json
import os

import pytest

from chatbot.authoring import Incoming
from chatbot.errors import ChatbotError, Conflict, NotFound, PromptInvalid, Refused
from chatbot.exchange_folder import LOCK, ExchangeFolder
from tests.support import authors
from tests.support.greeting import greeting_prompt

TONE = '{% include "partials/tone.j2" %}\n'
TESTS = (
    "- description: {name}\n  vars: {{question: hi}}\n  assert: [{{type: contains, value: hi}}]\n"
)


@pytest.fixture
def dialect():
    """What moves does not depend on the database: one kind will do."""
    return "sqlite"


class Room:
    """Authors with two prompts that share a partial, and a folder."""

    def __init__(self, room, folder):
        self.room, self.folder = room, folder
        self.me = room.person()
        self.exchange = ExchangeFolder(room.authoring)
        for name in ("hello", "bye"):
            self.save(name, tests=TESTS.format(name="first"))

    def save(self, name, system="Be brief.", tone="Kind.", tests=None):
        """Save a version as an author does on the page."""
        try:
            draft = self.room.authoring.open(self.me, name)
            parent, known = draft.parent, draft.tests_sha
        except NotFound:
            parent = known = None
        incoming = Incoming(
            name,
            greeting_prompt(TONE + system, name=name),
            {"partials/tone.j2": tone},
            None,
            parent=parent,
            tests=tests,
            tests_parent=known,
        )
        [saved] = self.room.authoring.save_all(self.me, [incoming], note="")
        return saved.version

    def pull(self, *names, **more):
        steps = self.exchange.pull(self.me, self.folder, names or ("hello", "bye"), **more)
        return {step.prompt: step.action for step in steps}

    def push(self, *names, **more):
        steps = self.exchange.push(self.me, self.folder, names, **more)
        return {step.prompt: step.action for step in steps}

    def text(self, path):
        return (self.folder / path).read_text("utf-8")

    def edit(self, path, old, new):
        (self.folder / path).write_text(self.text(path).replace(old, new), "utf-8")

    def stored(self, name):
        return self.room.authoring.open(self.me, name)

    def snapshot(self):
        """Every file with its text, and every prompt with its newest version and tests."""
        files = {path: path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}
        drafts = [self.stored(name) for name in ("hello", "bye")]
        return files, [(draft.parent, draft.tests) for draft in drafts]


@pytest.fixture
def room(database, sandbox, tmp_path):
    return Room(authors.workroom(database, sandbox, library=False), tmp_path / "folder")


def test_pull_writes_files_and_push_finds_nothing(room):
    assert room.pull() == {"hello": "written", "bye": "written"}
    assert room.text("hello/prompt.prompty") == room.stored("hello").source
    assert room.text("hello/tests.yaml") == TESTS.format(name="first")
    assert room.text("partials/tone.j2") == "Kind."
    assert not list(room.folder.rglob("*.part"))
    before = room.snapshot()
    assert room.push() == {"hello": "same", "bye": "same"}
    assert room.pull() == {"hello": "same", "bye": "same"}
    assert room.snapshot() == before


def test_what_changed_in_the_folder_is_pushed_as_a_version(room):
    room.pull()
    room.edit("hello/prompt.prompty", "brief", "brief and warm")
    room.edit("hello/tests.yaml", "first", "second")
    assert room.pull() == {"hello": "changed here", "bye": "same"}
    parent = room.stored("hello").parent
    assert room.push(note="from git") == {"hello": "saved", "bye": "same"}
    draft = room.stored("hello")
    assert "brief and warm" in draft.source
    assert (draft.version.parent, draft.version.note) == (parent, "from git")
    assert draft.tests == TESTS.format(name="second")
    assert room.push() == {"hello": "same", "bye": "same"}


def test_what_changed_in_the_database_is_pulled(room):
    room.pull()
    room.save("hello", "Be dry.", tests=TESTS.format(name="third"))
    assert room.push() == {"hello": "changed there", "bye": "same"}
    assert room.pull() == {"hello": "written", "bye": "same"}
    assert "Be dry." in room.text("hello/prompt.prompty")
    assert room.text("hello/tests.yaml") == TESTS.format(name="third")
    assert room.push() == {"hello": "same", "bye": "same"}


@pytest.mark.parametrize("way", ["pull", "push"])
@pytest.mark.parametrize("here", ["hello/prompt.prompty", "hello/tests.yaml", "partials/tone.j2"])
def test_both_sides_changed_stops_and_does_nothing(room, way, here):
    """Also for the prompt that could have moved: nothing is half done."""
    room.pull()
    words = {"hello/prompt.prompty": "brief", "hello/tests.yaml": "first"}
    room.edit(here, words.get(here, "Kind"), "Other")
    room.save("hello", "Be dry.")
    room.save("bye", "Be sad.")
    before = room.snapshot()
    with pytest.raises(Conflict, match=r"in the database: (bye, )?hello") as caught:
        getattr(room, way)()
    assert ("bye" in str(caught.value)) == (here == "partials/tone.j2")
    assert room.snapshot() == before


def test_force_takes_one_side_and_loses_no_version(room):
    room.pull()
    room.edit("hello/prompt.prompty", "brief", "mine")
    theirs = room.save("hello", "Be theirs.").sha
    assert room.push("hello", force=True) == {"hello": "saved"}
    draft = room.stored("hello")
    assert "Be mine." in draft.source
    assert draft.version.parent == theirs
    room.edit("hello/prompt.prompty", "mine", "again")
    room.save("hello", "Be theirs again.")
    assert room.pull("hello", force=True) == {"hello": "written"}
    assert "theirs again" in room.text("hello/prompt.prompty")


def test_same_change_on_both_sides_is_no_conflict(room):
    room.pull()
    room.edit("hello/prompt.prompty", "brief", "calm")
    room.save("hello", "Be calm.")
    assert room.push() == {"hello": "same", "bye": "same"}
    assert room.pull() == {"hello": "same", "bye": "same"}


def test_never_synchronised_folder_is_a_conflict_where_it_differs(room):
    room.pull()
    (room.folder / LOCK).unlink()
    assert room.push() == {"hello": "same", "bye": "same"}
    (room.folder / LOCK).unlink()
    room.edit("hello/prompt.prompty", "brief", "other")
    with pytest.raises(Conflict, match="hello"):
        room.push()


def test_dry_run_only_tells(room):
    assert room.pull(dry_run=True) == {"hello": "written", "bye": "written"}
    assert not room.folder.exists()
    room.pull()
    room.edit("hello/prompt.prompty", "brief", "other")
    before = room.snapshot()
    assert room.push(dry_run=True)["hello"] == "saved"
    assert room.snapshot() == before


def test_one_broken_prompt_saves_none(room):
    room.pull()
    room.edit("bye/prompt.prompty", "brief", "sad")
    room.edit("hello/prompt.prompty", "{{ question }}", "{{ nothing }}")
    before = room.snapshot()
    with pytest.raises(PromptInvalid, match="hello: line 14") as caught:
        room.push()
    assert caught.value.problems
    room.edit("hello/prompt.prompty", "{{ nothing }}", "{{ question }}")
    room.edit("hello/tests.yaml", "contains", "sings")
    room.edit("hello/prompt.prompty", "brief", "odd")
    with pytest.raises(PromptInvalid, match="hello: line 3"):
        room.push()
    assert room.snapshot()[1] == before[1]


def test_partial_of_two_texts_lies_with_its_prompt(room):
    """A change on the page reaches one prompt alone; the folder must say so."""
    room.pull()
    room.save("hello", tone="Dry.")
    assert room.pull("hello") == {"hello": "written"}
    assert room.text("partials/tone.j2") == "Kind."
    assert room.text("hello/partials/tone.j2") == "Dry."
    assert room.push() == {"hello": "same", "bye": "same"}
    room.save("bye", tone="Dry.")
    assert room.pull() == {"hello": "same", "bye": "written"}
    assert room.push() == {"hello": "same", "bye": "same"}


def test_shared_partial_changed_in_the_folder_makes_a_version_of_both(room):
    room.pull()
    room.edit("partials/tone.j2", "Kind", "Warm")
    assert room.push() == {"hello": "saved", "bye": "saved"}
    assert {room.stored(name).partials["partials/tone.j2"] for name in ("hello", "bye")} == {
        "Warm."
    }


def test_new_prompt_of_the_folder_is_saved_with_examples(room):
    room.pull()
    new = room.folder / "ask"
    new.mkdir()
    text = greeting_prompt(TONE + "Ask.\n{{ examples }}", name="ask")
    (new / "prompt.prompty").write_text(text, "utf-8")
    (new / "examples.jsonl").write_text('{"user": "hi", "assistant":   "yes?"}\n', "utf-8")
    (new / "tests.yaml").write_text(TESTS.format(name="asks"), "utf-8")
    assert room.push()["ask"] == "saved"
    draft = room.stored("ask")
    assert draft.examples == [{"user": "hi", "assistant": "yes?"}]
    assert (draft.partials, draft.tests) == (
        {"partials/tone.j2": "Kind."},
        TESTS.format(name="asks"),
    )
    assert room.push()["ask"] in ("same", "saved")
    assert room.stored("ask").versions == 1


def test_text_of_windows_is_the_same_text(room):
    room.pull()
    for path in ("hello/prompt.prompty", "hello/tests.yaml", "partials/tone.j2"):
        raw = (room.folder / path).read_bytes()
        (room.folder / path).write_bytes(b"\xef\xbb\xbf" + raw.replace(b"\n", b"\r\n"))
    assert room.push() == {"hello": "same", "bye": "same"}


@pytest.mark.parametrize(
    "path", ["hello", "hello/prompt.prompty", "hello/tests.yaml", "partials/tone.j2", LOCK]
)
def test_links_reach_nothing_outside(room, path, tmp_path):
    room.pull()
    outside = tmp_path / "outside"
    (room.folder / path).rename(outside)
    (room.folder / path).symlink_to(outside)
    before = outside.read_bytes() if outside.is_file() else None
    room.save("hello", "Be dry.")
    for ask in (room.push, lambda: room.pull(force=True)):
        with pytest.raises(Refused, match="is a link"):
            ask()
    assert (outside.read_bytes() if outside.is_file() else None) == before


@pytest.mark.parametrize("name", ["../hello", "hello/../bye", "/etc", "Hello", "", ".", "a" * 65])
def test_names_stay_in_the_folder(room, name):
    room.pull()
    with pytest.raises((Refused, NotFound)):
        room.exchange.push(room.me, room.folder, [name])
    with pytest.raises((Refused, NotFound)):
        room.exchange.pull(room.me, room.folder, [name])


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"format": 2, "prompts": {}}', '{"format": 1, "prompts": {"a": 1}}']
)
def test_broken_lock_is_said(room, text):
    room.pull()
    (room.folder / LOCK).write_text(text, "utf-8")
    for ask in (room.pull, room.push):
        with pytest.raises(Refused, match="cannot be read"):
            ask()


def test_file_that_is_no_text_is_named(room):
    room.pull()
    (room.folder / "hello" / "tests.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(PromptInvalid, match=r"tests\.yaml.*UTF-8"):
        room.push()
    (room.folder / "hello" / "tests.yaml").write_bytes(b"#" * 1_100_000)
    with pytest.raises(PromptInvalid, match="1024 KiB"):
        room.push()


def test_folder_that_cannot_be_written_changes_nothing(room):
    if os.geteuid() == 0:
        room.folder.write_text("a file, where a folder is wanted", "utf-8")
    else:
        room.folder.mkdir(mode=0o500)
    with pytest.raises(ChatbotError, match="cannot be"):
        room.pull()


def test_missing_folder_and_unknown_prompt_are_said(room):
    with pytest.raises(NotFound, match="no folder"):
        room.push()
    with pytest.raises(NotFound):
        room.pull("nobody")
    room.pull()
    with pytest.raises(NotFound, match=r"no-such/prompt\.prompty"):
        room.push("no-such")


def test_lock_says_what_both_sides_had(room):
    room.pull()
    known = json.loads(room.text(LOCK))["prompts"]["hello"]
    assert known["version"] == room.stored("hello").parent
    assert known["partials"] == ["partials/tone.j2"]
