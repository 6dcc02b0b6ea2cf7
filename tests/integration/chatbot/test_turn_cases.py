"""A test case from a stored turn: in one step, without what is personal, for who may see it."""

import pytest

from chatbot.bootstrap import build
from chatbot.errors import NotAllowed, NotFound, Refused
from prompts.cases import read_cases
from store import accounts, messages
from tests.integration.chatbot.conftest import settings_for


@pytest.fixture
def dialect():
    """One kind of database: the rows are tested below store/."""
    return "sqlite"


@pytest.fixture
def product(database, tmp_path):
    """One without an encoder: texts are compared by their words, and that is said."""
    product = build(settings_for(database, tmp_path, encoder="none"))
    yield product
    product.close()


@pytest.fixture
def talk(product, play):
    """Two turns of the local person's; returns the public ids of the answers."""
    me = product.person()

    async def scene():
        first = await product.chat.start_turn(me, None, "!say It is open.", "key-1")
        await first.finished()
        second = await product.chat.start_turn(
            me, first.conversation, "!say Write to jo@halden.example.", "key-2"
        )
        await second.finished()
        await product.chat.close()
        return first.reply, second.reply

    return play(scene())


def judged(product, message, person, rating, better=None):
    with product.archive.main.writing() as session:
        reply = messages.get(session, product.person().id, message)[1]
        messages.set_feedback(session, reply.id, person.id, rating, (), better)


def test_a_turn_becomes_a_case_that_runs(product, play, talk):
    me, (_, second) = product.person(), talk
    case = product.turn_cases.case_of(me, "assistant", second)
    assert case["description"] == "!say Write to ⟨email 1⟩."
    assert case["vars"]["question"] == "!say Write to ⟨email 1⟩."
    assert [one["content"] for one in case["vars"]["history"]] == [
        "!say It is open.",
        "It is open.",
    ]
    assert case["assert"] == [
        {"type": "similar", "value": "Write to ⟨email 1⟩.", "threshold": 0.75}
    ]
    before = product.authoring.open(me, "assistant")
    for count in (1, 2):
        now = product.authoring.open(me, "assistant")
        product.turn_cases.add(me, "assistant", second, parent=now.tests_sha)
        suite = read_cases(product.authoring.open(me, "assistant").tests)
        assert len(suite.cases) == len(read_cases(before.tests).cases) + count
    assert suite.cases[-1].description.endswith("(2)")
    assert suite.cases[-1].history
    last = len(suite.cases) - 1
    run = play(product.testing.run(me, "assistant", cases=[last], repeat=1))
    [cell] = product.testing.view(me, run).cells
    assert cell.result.status == "passed", cell.result.outputs
    [assertion] = cell.result.outputs[0]["assertions"]
    assert "texts are compared by their words alone" in assertion["sentence"]


@pytest.mark.parametrize(
    ("rating", "better", "expected"),
    [
        (1, None, {"type": "similar", "value": "It is open.", "threshold": 0.75}),
        (-1, None, {"type": "not-similar", "value": "It is open.", "threshold": 0.95}),
        (-1, "Until 5.", {"type": "similar", "value": "Until 5.", "threshold": 0.75}),
    ],
)
def test_what_was_judged_decides_what_must_hold(product, talk, rating, better, expected):
    judged(product, talk[0], product.person(), rating, better)
    case = product.turn_cases.case_of(product.person(), "assistant", talk[0])
    assert case["assert"] == [expected]
    assert "history" not in case["vars"]


def test_only_turns_that_one_may_see_and_prompts_that_one_may_write(product, talk):
    with product.archive.main.writing() as session:
        author = accounts.add_person(session, "Ada", ("author",))
        chatter = accounts.add_person(session, "Chat", ("chatter",))
        reviewer = accounts.add_person(session, "Rita", ("author", "reviewer"))
    case_of = product.turn_cases.case_of
    with pytest.raises(NotAllowed):
        case_of(chatter, "assistant", talk[0])
    for person in (author, reviewer):
        with pytest.raises(NotFound):
            case_of(person, "assistant", talk[0])
    with pytest.raises(NotFound):
        case_of(product.person(), "no-such-prompt", talk[0])
    judged(product, talk[0], product.person(), -1, "Until five, says jo@halden.example.")
    with pytest.raises(NotFound):
        case_of(author, "assistant", talk[0])
    case = case_of(reviewer, "assistant", talk[0])
    assert case["assert"][0]["value"] == "Until five, says ⟨email 1⟩."


def test_a_prompt_without_a_place_for_a_question_says_so(product, talk):
    text = "---\nname: count\ninputs: [{name: n, kind: number}]\n---\nuser:\nCount.\n"
    me = product.person()
    product.authoring.save(me, "count", text, {}, None, parent=None, note="")
    with pytest.raises(Refused, match="takes a question"):
        product.turn_cases.case_of(me, "count", talk[0])
