"""Releases: through the gate, by weights, and back again."""

from collections import Counter
from dataclasses import replace

import pytest

from chatbot.errors import Conflict, GateClosed, NotAllowed, NotFound, Refused
from chatbot.releases import BUILT_IN, weighted
from store import accounts, testing
from store import prompts as rows
from store.records import TestResult as Result
from tests.support.authors import MODEL
from tests.support.stored import person

PROMPT = "shop"
SOURCE = """---
name: shop
description: Answers for a shop.
inputs:
  - {{name: question, kind: text, required: true, description: What is asked.}}
  - {{name: history, kind: thread, description: What was said.}}
metadata:
  chatbot: {{kind: chat}}
---
system:
{system}

{{{{ history }}}}

user:
{{{{ question }}}}
"""
TESTS = """
- description: greets
  vars: {question: hi}
  metadata: {critical: true}
  assert: [{type: contains, value: hi}]
- description: brief
  vars: {question: hi}
  assert: [{type: word-count, value: {max: 20}}]
"""
ENOUGH = "The shop is on fire and this text must go out."


@pytest.fixture
def product(workroom):
    return workroom


@pytest.fixture
def ada(product, database):
    """An author who administers nothing."""
    found = person(database)
    with database.transaction() as session:
        accounts.set_roles(session, found.id, ["chatter", "author"])
    return found


@pytest.fixture
def shop(product, ada):
    """A prompt with two cases and a version; makes further ones."""

    def make(system):
        known = parents[-1] if parents else None
        saved = product.authoring.save(
            ada, PROMPT, SOURCE.format(system=system), {}, None, parent=known, note=""
        )
        parents.append(saved.parent)
        return saved.version.sha

    parents = []
    make("Be brief.")
    product.authoring.save_tests(ada, PROMPT, TESTS, parent=None)
    return make


def newest(product):
    return product.authoring.open(product.person(), PROMPT).parent


def ran(product, sha, passes=(3, 3)):
    """A complete run of the tests on a version, with so many passes of three, case by case."""
    with product.archive.main.writing() as session:
        run = testing.begin_run(
            session,
            prompt=PROMPT,
            suite="tests",
            tests_sha=testing.current_tests(session, PROMPT).sha,
            grader="",
            repeat=None,
            columns=[[sha, MODEL]],
            total=2,
            actor="Ada",
        )
        for number, (name, count) in enumerate(zip(("greets", "brief"), passes, strict=True)):
            status = "passed" if count >= (3 if name == "greets" else 2) else "failed"
            cell = Result(sha, MODEL, number, name, name == "greets", 3, count, status, [])
            testing.save_result(session, run.id, cell)
        testing.end_run(session, run.id, "complete")
    return run.public_id


def publish(product, by, *shas, environment="production", **changes):
    return product.authoring.publish(by, PROMPT, dict.fromkeys(shas, 1), environment, **changes)


def serving(product, environment="production"):
    with product.archive.main.reading() as session:
        found = rows.current_release(session, PROMPT, environment)
    return found and list(found.weights)


def test_production_asks_for_a_passed_run_of_exactly_this_text(product, shop, ada):
    first = newest(product)
    assert not product.authoring.gate(ada, PROMPT, first).open
    with pytest.raises(GateClosed, match="no complete run") as caught:
        publish(product, ada, first)
    assert caught.value.status == 409
    run = ran(product, first)
    made = publish(product, ada, first, note="opening")
    assert (made.run, made.actor, made.note, made.live) == (run, "Ada", "opening", True)
    second = shop("Be brief and kind.")
    with pytest.raises(GateClosed):
        publish(product, ada, second)
    assert serving(product) == [first]


def test_lost_critical_case_and_fallen_case_close_the_gate(product, shop, ada):
    first = newest(product)
    ran(product, first)
    publish(product, ada, first)
    second = shop("Be kind.")
    ran(product, second, passes=(2, 3))
    with pytest.raises(GateClosed, match="greets"):
        publish(product, ada, second)
    ran(product, second, passes=(3, 2))
    with pytest.raises(GateClosed, match="3/3 → 2/3"):
        publish(product, ada, second)
    ran(product, second)
    assert publish(product, ada, second).shares[0].seq == 2


@pytest.mark.parametrize("what", ["tests", "release"])
def test_what_changes_while_the_gate_is_asked_stops_it(product, shop, ada, what):
    first, me = newest(product), product.person()
    second = shop("Two.")
    ran(product, first)
    ran(product, second)
    gate = product.authoring.parts.gate

    def slow(prompt, version, model):
        found = gate(prompt, version, model)
        if version == second and what == "tests":
            known = product.authoring.open(me, PROMPT).tests_sha
            product.authoring.save_tests(me, PROMPT, TESTS.replace("20", "5"), parent=known)
        elif version == second:
            publish(product, me, first)
        return found

    room = type(product.authoring)(replace(product.authoring.parts, gate=slow))
    with pytest.raises(Conflict, match="meanwhile"):
        room.publish(ada, PROMPT, {second: 1}, "production")
    assert serving(product) == ([first] if what == "release" else None)


def test_changed_tests_ask_for_another_run(product, shop, ada):
    first = newest(product)
    ran(product, first)
    assert product.authoring.gate(ada, PROMPT, first).open
    sha = product.authoring.open(ada, PROMPT).tests_sha
    product.authoring.save_tests(ada, PROMPT, TESTS.replace("max: 20", "max: 10"), parent=sha)
    with pytest.raises(GateClosed):
        publish(product, ada, first)


def test_staging_asks_nothing(product, shop, ada):
    publish(product, ada, newest(product), environment="staging")
    assert serving(product, "staging") == [newest(product)]
    assert serving(product) is None
    with pytest.raises(NotFound):
        product.releases.current(PROMPT)


def test_against_the_gate_needs_the_role_and_a_reason(product, shop, ada):
    first, me = newest(product), product.person()
    with pytest.raises(NotAllowed, match="Only an administrator"):
        publish(product, ada, first, override=ENOUGH)
    for reason in ("", "  x  ", "x" * 9):
        with pytest.raises(Refused):
            publish(product, me, first, override=reason)
    assert serving(product) is None
    made = publish(product, me, first, override=f"  {ENOUGH} ")
    assert made.override == ENOUGH
    [entry] = product.audit.entries(me, action="prompt_published")
    assert entry.detail["override"] == ENOUGH
    [line] = product.authoring.releases(ada, PROMPT).releases
    assert line.override == ENOUGH


def test_reason_is_not_kept_where_the_gate_was_open(product, shop):
    first, me = newest(product), product.person()
    ran(product, first)
    assert publish(product, me, first, override=ENOUGH).override == ""


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ({}, "1 to 10 versions"),
        ({"1": 0}, "weight"),
        ({"1": -1}, "weight"),
        ({"1": 1001}, "weight"),
        ({str(n): 1 for n in range(1, 12)}, "1 to 10 versions"),
    ],
)
def test_bad_weights_are_refused(product, shop, ada, weights, sentence):
    with pytest.raises(Refused, match=sentence):
        product.authoring.publish(ada, PROMPT, weights, "staging")
    assert serving(product, "staging") is None


def test_versions_of_others_and_twice_the_same_are_refused(product, shop, ada):
    first = newest(product)
    with pytest.raises(NotFound):
        publish(product, ada, "9", environment="staging")
    with pytest.raises(NotFound):
        publish(product, ada, product.authoring.open(ada, "support").parent, environment="staging")
    with pytest.raises(Refused, match="same version"):
        product.authoring.publish(ada, PROMPT, {first: 1, first[:8]: 1}, "staging")
    with pytest.raises(Refused, match="no environment moon"):
        publish(product, ada, first, environment="moon")


def test_roll_back_goes_back_step_by_step_and_asks_no_gate(product, shop, ada):
    first, me = newest(product), product.person()
    second, third = shop("Two."), shop("Three.")
    for sha in (first, second, third):
        publish(product, me, sha, override=ENOUGH)
    assert product.authoring.roll_back(ada, PROMPT).shares[0].seq == 2
    assert product.authoring.roll_back(ada, PROMPT).shares[0].seq == 1
    with pytest.raises(Refused, match="the first that production served"):
        product.authoring.roll_back(ada, PROMPT)
    assert serving(product) == [first]
    lines = product.authoring.releases(ada, PROMPT).releases
    assert [line.shares[0].seq for line in lines] == [1, 2, 3, 2, 1]
    assert [line.live for line in lines] == [True, False, False, False, False]
    back = product.authoring.roll_back(ada, PROMPT, to=lines[2].id, note="it was fine")
    assert (back.shares[0].seq, back.note) == (3, "it was fine")
    assert product.authoring.roll_back(ada, PROMPT).shares[0].seq == 2
    assert len(product.audit.entries(me, action="prompt_rolled_back")) == 4


def test_what_serves_already_is_not_published_again(product, shop, ada):
    """A second click makes no second release."""
    first, me = newest(product), product.person()
    publish(product, me, first, override=ENOUGH)
    with pytest.raises(Refused, match="serves already"):
        publish(product, me, first, override=ENOUGH)
    assert len(product.authoring.releases(ada, PROMPT).releases) == 1
    publish(product, ada, first, environment="staging")


def test_roll_back_to_a_release_of_another_prompt_or_place_is_refused(product, shop, ada):
    publish(product, ada, newest(product), environment="staging")
    [staged] = product.authoring.releases(ada, PROMPT).releases
    [other] = product.authoring.releases(ada, "support").releases
    for to in (staged.id, other.id, "nonsense"):
        with pytest.raises(NotFound):
            product.authoring.roll_back(ada, PROMPT, to=to)
    with pytest.raises(Refused, match="ever published"):
        product.authoring.roll_back(ada, PROMPT)


def test_shares_hold_over_many_conversations(product, shop, ada):
    first, second = newest(product), shop("Two.")
    made = product.authoring.publish(ada, PROMPT, {first: 80, second: 20}, "staging")
    assert [(share.seq, share.percent) for share in made.shares] == [(1, 80), (2, 20)]
    picked = Counter(weighted({first: 80, second: 20}, f"talk {n}") for n in range(5_000))
    assert 0.78 < picked[first] / 5_000 < 0.82
    badges = product.authoring.open(ada, PROMPT).version.badges
    assert [(badge.environment, badge.percent) for badge in badges] == [("staging", 20)]


def test_what_somebody_released_is_not_replaced_at_the_next_start(product, ada):
    """A built-in prompt is an author's from their first release on, weights and all."""
    me = product.person()
    draft = product.authoring.open(me, "support")
    text = draft.source.replace("\nsystem:\n", "\nsystem:\nMind the step. ", 1)
    mine = product.authoring.save(
        me, "support", text, draft.partials, draft.examples, parent=draft.parent, note=""
    ).version.sha
    product.authoring.publish(
        me, "support", {draft.parent: 9, mine: 1}, "production", override=ENOUGH
    )
    product.authoring.save_tests(me, "support", TESTS, parent=draft.tests_sha)
    assert product.releases.publish_library() == 0
    assert mine in product.releases.current("support").weights
    assert product.authoring.open(me, "support").tests == TESTS
    [line] = [each for each in product.authoring.list(me) if each.name == "support"]
    assert (line.changed_by, line.production[0].percent) == (me.name, 90)
    assert product.authoring.open(me, "summary").version.author == BUILT_IN


def test_list_says_how_the_tests_of_what_is_served_went(product, shop, ada):
    def state():
        [line] = [each for each in product.authoring.list(ada) if each.name == PROMPT]
        return line.tests.state, line.tests.passed, line.tests.total

    first = newest(product)
    assert state() == ("not run", 0, 0)
    ran(product, first)
    publish(product, ada, first)
    assert state() == ("passed", 2, 2)
    ran(product, first, passes=(3, 1))
    assert state() == ("failed", 1, 2)
