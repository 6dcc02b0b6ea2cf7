"""Promotion on both databases: what new conversations get, what open ones keep, what is refused."""

import asyncio
import shutil
from dataclasses import replace

import pytest

from chatbot.backends.checkpoint import fingerprint
from chatbot.bootstrap import build
from chatbot.errors import (
    Conflict,
    GateClosed,
    ModelCorrupt,
    NotAllowed,
    Refused,
    UnknownModel,
)
from chatbot.learning.evaluate.views import Line
from chatbot.promotion import findings
from store import accounts, model_releases
from store import prompts as rows
from tests.integration.chatbot.conftest import settings_for
from tests.support import tiny_model
from tests.support.learned import JUDGED
from tests.support.scenes import texts
from tests.support.stored import person

BASE, GOOD, OTHER = "tiny@1", "tuned@1", "tuned@2"
ONE = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
"""Of what asks the database nothing of its own."""
ENOUGH = "The shop is on fire and this must go out."


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints")
    for seed, label in enumerate((BASE, GOOD, OTHER)):
        name, _, version = label.partition("@")
        made = folder / label
        tiny_model.make(made, seed=seed, parameters={"max_tokens": 80}, name=name, version=version)
    return folder


@pytest.fixture
def home(tmp_path, checkpoints):
    shutil.copytree(checkpoints, tmp_path / "models")
    return tmp_path


@pytest.fixture
def judged():
    """Verdicts by label; a promotion asks them as it asks the evaluations."""
    return {}


@pytest.fixture
def product(database, home, judged):
    product = build(settings_for(database, home, model="tiny", runtime="transformers"))
    yield replace(product, promotion=replace(product.promotion, newest=judged.get))
    product.close()


@pytest.fixture
def passed(product, judged):
    """Let a model have passed its evaluation against what is served, as it is now."""

    def note(label, **changes):
        found = replace(
            JUDGED,
            id="00000000-0000-7000-8000-000000000001",
            base=product.registry.resolve().label,
            tuned=label,
            tuned_sha=fingerprint(product.registry.resolve(label).path),
        )
        judged[label] = replace(found, **changes)

    return note


@pytest.fixture
def promote(product, passed):
    def do(label, **more):
        passed(label)
        return product.promotion.promote(product.person(), label, **more)

    return do


def serves(product):
    return product.registry.resolve().label


def version_of(product, name):
    return max(product.releases.current(name).weights)


def saved(product, database, name="assistant"):
    """Another version of a built-in prompt, unpublished; its hash."""
    with database.reading() as session:
        old = rows.newest(session, name)
    text = old.source.replace("system:\n", "system:\nBe brief.\n", 1)
    made = product.authoring.save(
        product.person(), name, text, old.partials, old.examples, parent=old.sha, note=""
    )
    return made.version.sha


def test_a_model_is_promoted_and_rolled_back_and_every_process_sees_it(product, database, promote):
    beside = build(product.settings)
    try:
        made = promote(GOOD, reason="Better on our data")
        assert (made.alias, made.model, made.previous) == ("tiny", GOOD, None)
        assert serves(product) == GOOD
        beside.serving.forget()
        assert serves(beside) == GOOD
        second = promote(OTHER)
        assert serves(product) == OTHER
        assert second.previous == made.id
        back = product.promotion.roll_back(product.person())
        assert (back.model, back.by_setting) == (GOOD, False)
        assert serves(product) == GOOD
        first = product.promotion.roll_back(product.person(), reason="Both were worse")
        assert (first.model, first.by_setting) == (BASE, True)
        assert serves(product) == BASE
        beside.serving.forget()
        assert serves(beside) == BASE
    finally:
        beside.close()
    with pytest.raises(Refused, match="no way back"):
        product.promotion.roll_back(product.person())
    history = product.promotion.history(product.person())
    assert [one.model for one in history] == [BASE, GOOD, OTHER, GOOD]
    noted = [entry.action for entry in product.audit.entries(product.person(), kind="model")]
    assert noted == ["model_rolled_back"] * 2 + ["model_promoted"] * 2


@ONE
def test_stages_follow(product, database, promote):
    assert product.promotion.stages() == dict.fromkeys(
        (info.label for info in product.registry.list()), ""
    ) | {BASE: "production"}
    promote(GOOD)
    product.promotion.promote(product.person(), OTHER, environment="staging")
    stages = product.promotion.stages()
    assert (stages[GOOD], stages[OTHER], stages[BASE]) == ("production", "staging", "kept")
    promote(OTHER)
    assert product.promotion.stages()[GOOD] == "kept"


@ONE
def test_the_gate_refuses_what_nothing_shows_to_be_better(product, passed):
    def refused(match):
        with pytest.raises(GateClosed, match=match) as caught:
            product.promotion.promote(product.person(), GOOD)
        assert str(caught.value).startswith("Not promoted.")
        assert serves(product) == BASE

    refused("no evaluation of tuned@1")
    passed(GOOD, tuned_sha="of other files")
    refused("others than those that were evaluated")
    passed(GOOD, base="hosted@7")
    refused("production serves tiny@1")
    passed(GOOD, passed=False, gate=(Line("general", False, "General is 4.0 worse."),))
    refused("General is 4.0 worse")
    assert not product.promotion.gate(product.person(), GOOD).passed


def test_against_the_gate_needs_an_administrator_and_a_reason(product, database):
    reviewer = person(database)
    with database.transaction() as session:
        accounts.set_roles(session, reviewer.id, ["reviewer", "author"])
    with pytest.raises(NotAllowed):
        product.promotion.promote(reviewer, GOOD, override=ENOUGH)
    with pytest.raises(NotAllowed):
        product.promotion.roll_back(reviewer)
    assert not product.promotion.gate(reviewer, GOOD).passed
    with pytest.raises(Refused, match="at least 10"):
        product.promotion.promote(product.person(), GOOD, override="hm")
    made = product.promotion.promote(product.person(), GOOD, override=ENOUGH)
    assert made.override == ENOUGH
    assert serves(product) == GOOD
    [entry] = product.audit.entries(product.person(), kind="model")
    assert entry.detail["override"] == ENOUGH
    chatter = person(database, "Cleo")
    with database.transaction() as session:
        accounts.set_roles(session, chatter.id, ["chatter"])
    for ask in (product.promotion.history, product.promotion.marks):
        with pytest.raises(NotAllowed):
            ask(chatter)


@ONE
def test_what_is_damaged_or_gone_is_not_served(product, home, promote, passed):
    promote(GOOD)
    with (home / "models" / OTHER / "model.safetensors").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\xff")
    passed(OTHER)
    with pytest.raises(ModelCorrupt, match="checksum"):
        product.promotion.promote(product.person(), OTHER)
    with pytest.raises(UnknownModel):
        product.promotion.promote(product.person(), "nobody@1")
    shutil.rmtree(home / "models" / BASE)
    with pytest.raises(UnknownModel, match="is not here any more"):
        product.promotion.roll_back(product.person())
    assert serves(product) == GOOD
    with pytest.raises(Refused, match="already"):
        product.promotion.promote(product.person(), GOOD)


@ONE
def test_without_the_promoted_files_the_setting_answers_and_the_doctor_says_so(
    product, home, promote
):
    def told():
        return [(one.level, one.found) for one in findings.look(product.settings)]

    [(level, said)] = told()
    assert level == "ok"
    assert "CHATBOT_MODEL says, tiny" in said
    promote(GOOD, reason="Better on our data")
    with product.archive.main.writing() as session:
        model_releases.mark(session, GOOD, "It learned from somebody who was forgotten.")
    [(level, said), (warns, mark)] = told()
    assert (level, warns) == ("ok", "warn")
    assert said.startswith("tuned@1, promoted by Iris on")
    assert said.endswith("Better on our data")
    assert "forgotten" in mark
    shutil.rmtree(home / "models" / GOOD)
    assert serves(product) == BASE
    assert told()[0][0] == "bad"


@ONE
def test_a_version_in_the_setting_is_not_moved(database, home):
    product = build(settings_for(database, home, model=BASE))
    with pytest.raises(Refused, match="CHATBOT_MODEL names one version, tiny@1"):
        product.promotion.promote(product.person(), GOOD, override=ENOUGH)
    product.close()


def test_a_prompt_goes_with_the_model_and_back_with_it(product, database, promote):
    old, new = version_of(product, "assistant"), saved(product, database)
    with pytest.raises(GateClosed, match="assistant: "):
        promote(GOOD, prompts={"assistant": new})
    assert serves(product) == BASE

    made = promote(GOOD, prompts={"assistant": new}, override=ENOUGH)

    assert len(made.prompts) == 1
    assert (serves(product), version_of(product, "assistant")) == (GOOD, new)
    product.promotion.roll_back(product.person())
    assert (serves(product), version_of(product, "assistant")) == (BASE, old)


@ONE
def test_a_prompt_that_was_released_since_stays(product, database, promote):
    new = saved(product, database)
    promote(GOOD, prompts={"assistant": new}, override=ENOUGH)
    newer = saved(product, database)
    product.authoring.publish(
        product.person(), "assistant", {newer: 1}, "production", override=ENOUGH
    )

    made = product.promotion.roll_back(product.person())

    assert "assistant" in made.reason
    assert (serves(product), version_of(product, "assistant")) == (BASE, newer)


@ONE
def test_both_are_released_or_neither(product, database, promote, monkeypatch):
    new = saved(product, database)

    def broken(*_, **__):
        raise Conflict("The database is full.")

    monkeypatch.setattr(model_releases, "add", broken)
    with pytest.raises(Conflict):
        promote(GOOD, prompts={"assistant": new}, override=ENOUGH)

    assert serves(product) == BASE
    assert version_of(product, "assistant") != new


def test_of_two_who_promote_at_once_the_second_is_told(product, promote, monkeypatch):
    opened = product.registry.open
    beside = []

    def meanwhile(label=None):
        if not beside:
            beside.append(label)
            promote(OTHER)
        return opened(label)

    monkeypatch.setattr(product.registry, "open", meanwhile)
    with pytest.raises(Conflict, match="meanwhile"):
        promote(GOOD)
    assert serves(product) == OTHER


@ONE
def test_model_is_added_under_no_name_that_answers_by_itself(product, home):
    source, me = home / "models" / OTHER, product.person()
    with pytest.raises(Refused, match="tiny is the name of a model that answers"):
        product.promotion.add(me, source, "tiny@9")
    with pytest.raises(Conflict, match="There is a model tuned@1 already"):
        product.promotion.add(me, source, GOOD)
    assert serves(product) == BASE
    assert not (home / "models" / "tiny@9").exists()


@ONE
def test_answers_that_stream_end_whole_and_open_conversations_keep_their_model(
    product, promote, play
):
    async def scene():
        person = product.person()
        ask = product.chat.start_turn
        running = [await ask(person, None, f"Where is parcel {n}?", f"k{n}") for n in range(2)]
        async for snapshot in running[0].follow(0):
            if snapshot.text:
                break
        await asyncio.to_thread(promote, GOOD)
        new = await ask(person, None, "And this one?", "new")
        for turn in (*running, new):
            await turn.finished()
        again = await ask(person, running[0].conversation, "Are you the same?", "again")
        await again.finished()
        return running, new, again

    running, new, again = play(scene())

    assert [turn.status for turn in (*running, new, again)].count("failed") == 0
    assert {turn.model for turn in (*running, again)} == {BASE}
    assert new.model == GOOD
    for turn in running:
        assert texts(product, turn.conversation)[1][2] in ("complete", "truncated")
