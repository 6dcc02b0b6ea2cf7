"""Versions are saved once, checked, and never over one another; lists cost what a page costs."""

import threading
from dataclasses import replace

import pytest
from sqlalchemy import event

from chatbot.authoring import reading
from chatbot.errors import Conflict, NotAllowed, NotFound, PromptInvalid, Refused, VersionConflict
from store import accounts
from store import prompts as rows
from tests.support.greeting import greeting_prompt
from tests.support.stored import person

TESTS = (
    "- description: {name}\n  vars: {{question: hi}}\n  assert: [{{type: contains, value: hi}}]\n"
)


def source(system="Be brief.", name="greeting"):
    return greeting_prompt(system, name=name)


def save(product, text, parent, by=None, **changes):
    values = {"partials": {}, "examples": None, "note": ""} | changes
    return product.authoring.save(by or product.person(), "greeting", text, parent=parent, **values)


@pytest.fixture
def product(workroom):
    return workroom


@pytest.fixture
def ada(product, database):
    return person(database)


def test_new_prompt_is_saved_listed_and_opened(product, ada):
    saved = save(product, source(), None, by=ada, note="  the first ")
    assert (saved.new, saved.version.seq, saved.version.note) == (True, 1, "the first")
    [line] = [one for one in product.authoring.list(ada) if one.name == "greeting"]
    assert (line.description, line.versions, line.changed_by) == ("Greets.", 1, "Ada")
    assert (line.production, line.tests.state) == ((), "none")
    draft = product.authoring.open(ada, "greeting")
    assert (draft.source, draft.parent, draft.version) == (source(), saved.parent, saved.version)


def test_errors_refuse_the_save_and_warnings_do_not(product):
    with pytest.raises(PromptInvalid, match="line 10, column") as caught:
        save(product, source("Hello {{ nobody }} {{ no_one }}"), None)
    assert len([one for one in caught.value.problems if one.severity == "error"]) == 2
    with pytest.raises(NotFound):
        product.authoring.open(product.person(), "greeting")
    unused = source().replace("inputs:", "inputs:\n  - {name: unused, kind: text}")
    assert "unused" in " ".join(one.message for one in save(product, unused, None).warnings)


def test_text_of_another_prompt_is_refused(product):
    with pytest.raises(Refused, match="names the prompt other, not greeting"):
        save(product, source(name="other"), None)
    with pytest.raises(Refused, match=r"1,000 are allowed"):
        save(product, source(), None, note="x" * 1001)


def test_partials_and_examples_are_part_of_a_version(product):
    text = source('{% include "partials/tone.j2" %}\n{{ examples }}')
    examples = [{"user": "hi", "assistant": "hello"}]
    first = save(product, text, None, partials={"partials/tone.j2": "Kind."}, examples=examples)
    second = save(
        product, text, first.parent, partials={"partials/tone.j2": "Dry."}, examples=examples
    )
    draft = product.authoring.open(product.person(), "greeting", "1")
    assert draft.examples == examples
    assert draft.partials == {"partials/tone.j2": "Kind."}
    assert (second.version.seq, second.version.parent) == (2, first.version.sha)
    rendered = product.releases.renderer(
        product.releases.prompt(second.version.sha), {"question": "Well?"}
    )
    assert [each["content"] for each in rendered] == ["Dry.", "hi", "hello", "Well?"]


def test_same_text_is_the_version_it_was(product):
    first = save(product, source(), None)
    second = save(product, source("Be kind."), first.parent)
    again = save(product, source(), second.parent)
    assert (again.new, again.version.seq, again.parent) == (False, 1, second.version.sha)
    third = save(product, source("Be dry."), again.parent)
    assert third.version.seq == 3


def test_second_author_gets_the_first_ones_text_and_may_go_on(product, ada):
    base = save(product, source(), None)
    theirs = save(product, source("Ada was here."), base.parent, by=ada, note="warmer")
    with pytest.raises(VersionConflict, match="Ada saved version 2 meanwhile") as caught:
        save(product, source("So was I."), base.parent)
    assert caught.value.status == 409
    assert (caught.value.theirs.source, caught.value.theirs.note) == (
        source("Ada was here."),
        "warmer",
    )
    mine = save(product, source("So was I."), caught.value.theirs.sha)
    assert (mine.version.seq, mine.version.parent) == (3, theirs.version.sha)
    assert product.authoring.open(ada, "greeting", "2").source == source("Ada was here.")


def test_new_name_that_is_taken_is_a_conflict(product):
    save(product, source(), None)
    with pytest.raises(VersionConflict):
        save(product, source("Another."), None)


@pytest.mark.parametrize("parent", [None, "base"])
def test_authors_who_save_at_once_are_told_apart(product, parent):
    """Of several who begin from one version, or from none, one wins; the others get its text."""
    parent = save(product, source(), None).parent if parent else None
    start, won, lost = threading.Barrier(4), [], []

    def write(n):
        start.wait()
        try:
            won.append(save(product, source(f"Text of {n}."), parent).version)
        except VersionConflict as error:
            lost.append(error.theirs)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert [each.sha for each in lost] == [won[0].sha] * 3
    page = product.authoring.history(product.person(), "greeting")
    assert page.versions[0].sha == won[0].sha
    assert page.total == (2 if parent else 1)


def test_tests_are_saved_beside_versions(product, ada):
    save(product, source(), None)
    first = product.authoring.save_tests(ada, "greeting", TESTS.format(name="one"), parent=None)
    draft = product.authoring.open(ada, "greeting")
    assert (draft.tests, draft.tests_sha) == (TESTS.format(name="one"), first)
    with pytest.raises(Conflict, match="Ada changed these tests meanwhile"):
        product.authoring.save_tests(
            product.person(), "greeting", TESTS.format(name="two"), parent=None
        )
    second = product.authoring.save_tests(ada, "greeting", TESTS.format(name="two"), parent=first)
    assert second != first
    with pytest.raises(PromptInvalid, match="line 3"):
        product.authoring.save_tests(
            ada, "greeting", TESTS.format(name="x").replace("contains", "sings"), parent=second
        )
    with pytest.raises(NotFound):
        product.authoring.save_tests(ada, "nobody", TESTS.format(name="x"), parent=None)
    assert product.authoring.open(ada, "greeting").tests_sha == second


def test_comment_in_the_tests_is_kept(product, ada):
    save(product, source(), None)
    text = TESTS.format(name="one")
    sha = product.authoring.save_tests(ada, "greeting", text, parent=None)
    assert product.authoring.save_tests(ada, "greeting", "# why\n" + text, parent=sha) == sha
    assert product.authoring.open(ada, "greeting").tests == "# why\n" + text


def test_only_authors_of_this_moment_see_and_write(product, database, ada):
    draft = product.authoring.open(ada, "support")
    with database.transaction() as session:
        accounts.set_roles(session, ada.id, ["chatter", "agent", "reviewer"])
    asked = [
        lambda by: product.authoring.list(by),
        lambda by: product.authoring.open(by, "support"),
        lambda by: product.authoring.history(by, "support"),
        lambda by: product.authoring.releases(by, "support"),
        lambda by: product.authoring.compare(by, "support", "1", "1"),
        lambda by: save(product, source(), None, by=by),
        lambda by: product.authoring.save_tests(by, "support", "[]", parent=None),
        lambda by: product.authoring.publish(by, "support", {draft.parent: 1}, "staging"),
        lambda by: product.authoring.roll_back(by, "support"),
        lambda by: product.authoring.archive(by, "support", archived=True),
        lambda by: product.authoring.begin(by, "mine"),
        lambda by: product.authoring.take(by, source()),
        lambda by: product.authoring.give(by, draft.parent, "prompty"),
        lambda by: product.authoring.gate(by, "support", draft.parent),
    ]
    for ask in asked:
        for by in (ada, replace(ada, id=9999)):
            with pytest.raises(NotAllowed):
                ask(by)


def test_what_authors_do_is_in_the_audit(product, ada):
    saved = save(product, source(), None, by=ada)
    product.authoring.save_tests(ada, "greeting", TESTS.format(name="one"), parent=None)
    product.authoring.publish(ada, "greeting", {saved.parent: 1}, "staging", note="see")
    product.authoring.archive(ada, "greeting", archived=True)
    found = product.audit.entries(product.person())
    assert [each.action for each in found if each.subject == "greeting"] == [
        "prompt_archived",
        "prompt_published",
        "tests_saved",
        "prompt_saved",
    ]
    [published] = [each for each in found if each.action == "prompt_published"]
    assert published.actor == "Ada"
    assert published.detail["versions"] == "v1 100 %"


def test_history_pages_by_number_and_reads_one_page(product, database):
    """However many versions there are: as many rows are read as are shown."""
    first = save(product, source(), None)
    with database.transaction() as session:
        for n in range(200):
            rows.save_version(
                session,
                sha=f"{n:064x}",
                prompt="greeting",
                kind="task",
                source=source(f"Text {n}."),
                partials={},
                examples=None,
                author="Ada",
                note=f"note {n}",
                parent=first.parent,
            )
    me, seen, before = product.person(), [], None
    while True:
        page = product.authoring.history(me, "greeting", before=before, limit=60)
        assert page.total == 201
        seen += [each.seq for each in page.versions]
        before = page.before
        if before is None:
            break
    assert seen == list(range(201, 0, -1))


def test_ten_thousand_versions_cost_what_ten_do(product, database):
    """Counted in steps of SQLite's machine: the same for the newest page, a draft and the list."""
    if database.dialect != "sqlite":
        pytest.skip("steps are counted in SQLite; both plans are in store/test_prompt_lists.py")
    save(product, source(), None)
    few = [steps(product, ask) for ask in ASKED]
    with database.transaction() as session:
        for first in range(0, 10_000, 500):
            session.execute(
                rows.VersionRow.__table__.insert(),
                [
                    {
                        "sha": f"{n:064x}",
                        "prompt": "greeting",
                        "seq": n + 2,
                        "kind": "task",
                        "source": source(f"Text {n}."),
                        "partials": {},
                        "author": "Ada",
                        "note": "",
                    }
                    for n in range(first, first + 500)
                ],
            )
        session.execute(
            rows.models.Prompt.__table__.update()
            .where(rows.models.Prompt.name == "greeting")
            .values(versions=10_001)
        )
    many = [steps(product, ask) for ask in ASKED]
    shown = reading.PAGE
    for before, after in zip(few, many, strict=True):
        assert after < before + 100 * shown


ASKED = [
    lambda product: product.authoring.history(product.person(), "greeting"),
    lambda product: product.authoring.history(product.person(), "greeting", before=500),
    lambda product: product.authoring.open(product.person(), "greeting"),
    lambda product: product.authoring.open(product.person(), "greeting", "1"),
    lambda product: product.authoring.list(product.person()),
    lambda product: product.releases.choices("task"),
]


def steps(product, ask):
    """How many instructions SQLite's machine runs, in tens, while a question is answered."""
    counted = [0]
    engine = product.archive.main.database._readers

    def count():
        counted[0] += 1

    def watch(connection, *_):
        connection.set_progress_handler(count, 10)

    def unwatch(connection, *_):
        connection.set_progress_handler(None, 0)

    event.listen(engine, "checkout", watch)
    event.listen(engine, "checkin", unwatch)
    try:
        ask(product)
    finally:
        event.remove(engine, "checkout", watch)
        event.remove(engine, "checkin", unwatch)
    return counted[0]


def test_versions_are_named_by_number_hash_or_its_beginning(product):
    saved = save(product, source(), None).version
    me = product.person()
    for name in ("1", saved.sha, saved.sha[:8]):
        assert product.authoring.version(me, "greeting", name).sha == saved.sha
    for name in ("2", "abc", "", "0" * 64, saved.sha + "0", "%", "1' OR 1"):
        with pytest.raises(NotFound):
            product.authoring.version(me, "greeting", name)
    with pytest.raises(NotFound):
        product.authoring.version(me, "support", saved.sha)


def test_archived_prompt_is_offered_no_more(product):
    me = product.person()
    product.authoring.archive(me, "summary", archived=True)
    assert "summary" not in {each.name for each in product.releases.choices("task")}
    with pytest.raises(NotFound):
        product.releases.current("summary")
    [line] = [each for each in product.authoring.list(me) if each.name == "summary"]
    assert line.archived
    product.authoring.archive(me, "summary", archived=False)
    assert "summary" in {each.name for each in product.releases.choices("task")}
    with pytest.raises(Refused, match="New conversations begin with assistant"):
        product.authoring.archive(me, "assistant", archived=True)
    with pytest.raises(NotFound):
        product.authoring.archive(me, "nobody", archived=True)


def test_new_prompt_begins_empty_or_as_a_copy(product):
    me = product.person()
    empty = product.authoring.begin(me, "mine")
    saved = product.authoring.save(
        me, "mine", empty.source, empty.partials, empty.examples, parent=empty.parent, note=""
    )
    assert saved.version.seq == 1
    copy = product.authoring.begin(me, "our-support", like="support")
    assert copy.tests == product.authoring.open(me, "support").tests
    taken = product.authoring.save(
        me, "our-support", copy.source, copy.partials, copy.examples, parent=None, note=""
    )
    assert taken.version.kind == "chat"
    with pytest.raises(Conflict, match="named mine already"):
        product.authoring.begin(me, "mine")
    with pytest.raises(Refused, match="small letters"):
        product.authoring.begin(me, "My Prompt")


def test_text_is_taken_in_as_a_draft_and_handed_on(product):
    me = product.person()
    draft = product.authoring.take(me, source())
    assert (draft.prompt, draft.parent, draft.versions) == ("greeting", None, 0)
    saved = save(product, draft.source, draft.parent)
    again = product.authoring.take(me, source("Else."))
    assert again.parent == saved.parent
    assert "makes its next version" in again.notes[-1]
    text = product.authoring.give(me, saved.version.sha, "prompty")
    assert product.authoring.take(me, text).prompt == "greeting"
    with pytest.raises(PromptInvalid):
        product.authoring.take(me, "no prompt at all")


def test_comparison_shows_lines_words_messages(product):
    first = save(product, source("Say that you do not know."), None)
    save(product, source("Say what you need to know.\nBe kind."), first.parent)
    found = product.authoring.compare(product.person(), "greeting", "1", "2")
    [file] = found.files
    assert (file.name, file.added, file.removed) == ("prompt.prompty", 2, 1)
    changed = {
        line.kind: "".join(mark.text for mark in line.marks if mark.changed)
        for line in file.lines[::-1]
        if line.kind != "same"
    }
    assert "do not" in changed["removed"]
    assert "need to" in changed["added"]
    assert [message.new_role for message in found.messages] == ["system", "user"]
    assert {line.kind for line in found.messages[1].lines} == {"same"}
    asked = product.authoring.compare(
        product.person(), "greeting", "1", "2", {"question": "Where is it?", "unknown": 1}
    )
    assert asked.messages[1].lines[0].marks[0].text == "Where is it?"


def test_version_of_an_older_language_breaks_no_list(product, database):
    """Its text is not read any more; the others are listed, and it can be opened and mended."""
    with database.transaction() as session:
        saved = rows.save_version(
            session,
            sha="a" * 64,
            prompt="ancient",
            kind="task",
            source="---\nname: ancient\ntools: []\n---\nuser:\nhi\n",
            partials={},
            examples=None,
            author="Ada",
            note="",
            parent=None,
        )
        rows.publish(
            session,
            prompt="ancient",
            environment="production",
            weights={saved.sha: 1},
            actor="Ada",
            reason="",
        )
    me = product.person()
    names = {each.name for each in product.releases.choices("task")}
    assert "summary" in names
    assert "ancient" not in names
    with pytest.raises(PromptInvalid, match="line 3"):
        product.releases.warm(product.releases.current("ancient"))
    [line] = [each for each in product.authoring.list(me) if each.name == "ancient"]
    assert (line.description, line.production[0].seq) == ("", 1)
    draft = product.authoring.open(me, "ancient")
    mended = draft.source.replace("tools: []\n", "")
    product.authoring.save(me, "ancient", mended, {}, None, parent=draft.parent, note="")
    assert product.authoring.compare(me, "ancient", "1", "2").problem
