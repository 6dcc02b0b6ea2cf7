"""The gate on real rows: which run it takes for which version, tests, model and grader."""

import pytest

from chatbot.errors import GateClosed, NotFound
from chatbot.testing import Column
from tests.support.greeting import greeting_prompt

TESTS = """\
- description: fourteen days
  vars: {question: "!say within 14 days"}
  metadata: {critical: true, repeat: 2}
  assert: [{type: contains, value: 14 days}]
- description: yes
  vars: {question: "!say yes"}
  metadata: {repeat: 1}
  assert: [{type: equals, value: "yes"}]
"""


@pytest.fixture
def shop(product, play):
    return Shop(product, play)


class Shop:
    """One prompt of one author."""

    def __init__(self, product, play):
        self.product, self.play, self.me = product, play, product.person()
        self.newest = None

    def save(self, system="Be brief.", more=""):
        made = self.product.authoring.save(
            self.me,
            "greeting",
            greeting_prompt(system, more=more),
            {},
            None,
            parent=self.newest,
            note="",
        )
        self.newest = made.version.sha
        return self.newest

    def tests(self, text=TESTS):
        known = self.product.authoring.open(self.me, "greeting").tests_sha
        self.product.authoring.save_tests(self.me, "greeting", text, parent=known)

    def run(self, *versions, **more):
        columns = [Column(version, "scripted") for version in versions]
        return self.play(self.product.testing.run(self.me, "greeting", columns, **more))

    def gate(self, version):
        return self.product.gates("greeting", version, "scripted@1")

    def wrong(self, version):
        return [line.sentence for line in self.gate(version).lines if not line.ok]

    def publish(self, version, **more):
        return self.product.authoring.publish(
            self.me, "greeting", {version: 1}, "production", **more
        )


def test_the_way_to_production(shop):
    """No tests, no run, a whole run, published; then worse, mended, published."""
    first = shop.save()
    assert len(shop.wrong(first)) == 2
    shop.tests()
    assert shop.wrong(first) == [
        "Tests ran on exactly this text and scripted@1", "Critical cases pass 2 of 2",
    ]  # fmt: skip
    with pytest.raises(GateClosed):
        shop.publish(first)
    run = shop.run(first)
    gate = shop.gate(first)
    assert gate.open, gate.lines
    assert gate.run == run
    shop.publish(first)

    second = shop.save("Be brief!")
    assert not shop.gate(second).open
    shop.run(second)
    assert shop.gate(second).open
    shop.tests(TESTS.replace('equals, value: "yes"', 'equals, value: "no"'))
    assert shop.wrong(second) == [
        "Tests ran on exactly this text and scripted@1",
        "Critical cases pass 2 of 2",
        "Nothing that passed in v1 got worse",
    ]
    shop.run(second)
    [line] = [line for line in shop.gate(second).lines if not line.ok]
    assert line.detail == "1 case: yes, 1/1 → 0/1"
    shop.run(first, second)  # by these tests it was no better before
    assert shop.gate(second).open
    shop.publish(second)
    assert shop.gate(second).open


def test_only_a_whole_run_of_exactly_this_counts(shop):
    version = shop.save()
    shop.tests()
    shop.run(version, cases=[0])
    assert not shop.gate(version).open
    shop.run(version, repeat=1)  # less often than the cases say
    assert not shop.gate(version).open
    shop.run(version)
    assert shop.gate(version).open
    shop.run(version, cases=[1])  # a later part of it takes nothing back
    shop.run(version, repeat=1)
    assert shop.gate(version).open
    assert not shop.product.gates("greeting", version, "other@1").open
    with pytest.raises(NotFound):
        shop.product.gates("assistant", version, "scripted@1")
    with pytest.raises(NotFound):
        shop.gate("0" * 64)


def test_another_grader_asks_for_another_run(shop):
    version = shop.save()
    shop.tests(TESTS.replace("{type: contains, value: 14 days}", "{type: llm-rubric, value: fine}"))
    grader = shop.product.gates.grading()
    run = shop.run(version)
    view = shop.product.testing.view(shop.me, run)
    assert view.grader == " ".join(grader)
    assert "could not be judged" in shop.gate(version).lines[1].detail


def test_a_critical_case_cannot_be_dropped_unseen(shop):
    first = shop.save()
    shop.tests()
    shop.run(first)
    shop.publish(first)
    second = shop.save("Be brief!")
    shop.tests(TESTS.replace("{critical: true, repeat: 2}", "{repeat: 2}"))
    shop.run(first, second)
    [line] = [line for line in shop.gate(second).lines if not line.ok]
    assert line.detail == "No longer a critical case: fourteen days"
    shop.publish(second, override="The rule of 14 days is gone.")


def test_the_bars_of_a_prompt_are_asked_for(shop):
    version = shop.save(more=", gate: {injection: 0.5, benign: 0.5}")
    shop.tests()
    shop.run(version)
    [line] = [line for line in shop.gate(version).lines if not line.ok]
    assert line.sentence == "50% of attacks resisted and 50% of look-alikes answered"
    assert "no complete injection run" in line.detail
    shop.run(version, suite="injection", cases=[0])  # a part of the attacks is not enough
    assert not shop.gate(version).open
    shop.run(version, suite="injection")
    assert shop.gate(version).open


def test_what_serves_is_compared_by_a_whole_run(shop):
    """A later part of the old tests does not hide what passed in all of them."""
    first = shop.save()
    shop.tests()
    shop.run(first)
    shop.publish(first)
    shop.run(first, cases=[0])
    second = shop.save("Be brief!")
    shop.tests(TESTS.replace('equals, value: "yes"', 'equals, value: "no"'))
    shop.run(second)
    assert shop.wrong(second) == ["Nothing that passed in v1 got worse"]
