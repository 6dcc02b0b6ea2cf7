"""A conversation stays on the version that it began with, whatever is published meanwhile."""

import re

import pytest

from chatbot.errors import NotFound
from store import conversations
from tests.support.scenes import ask, texts

PROMPT = "assistant"
ENOUGH = "Only a test publishes this."


def version_of(product, conversation):
    with product.archive.main.reading() as session:
        return conversations.get(session, product.person().id, conversation).version


def publish(product, words):
    """Save and publish a version of the assistant that says these words."""
    me, authoring = product.person(), product.authoring
    draft = authoring.open(me, PROMPT)
    source = re.sub("(?m)^system:$", f"system:\n{words}", draft.source, count=1)
    saved = authoring.save(
        me, PROMPT, source, draft.partials, draft.examples, parent=draft.parent, note=words
    )
    authoring.publish(me, PROMPT, {saved.version.sha: 1}, "production", override=ENOUGH)
    return saved.version.sha


def system_of(product, turn):
    """What the model was told first."""
    shown = product.traces.of(product.person(), turn.reply)
    return shown.messages[0]["content"]


def test_open_conversation_stays_and_a_new_one_takes_the_new(product, play):
    async def scene():
        old = await ask(product, "!say one", key="a")
        second = publish(product, "The second.")
        again = await ask(product, "!say two", old.conversation, prompt=PROMPT, key="b")
        new = await ask(product, "!say one", key="c")
        product.authoring.roll_back(product.person(), PROMPT)
        later = await ask(product, "!say two", new.conversation, key="d")
        last = await ask(product, "!say one", key="e")
        return second, old, again, new, later, last

    second, old, again, new, later, last = play(scene())
    first = version_of(product, old.conversation)
    assert first != second
    assert version_of(product, new.conversation) == second
    assert version_of(product, last.conversation) == first
    assert len(texts(product, old.conversation)) == 4
    told = [system_of(product, turn) for turn in (old, again, new, later, last)]
    assert ["The second." in text for text in told] == [False, False, True, True, False]


def test_two_versions_share_new_conversations(product, play):
    """Each conversation takes one by its id and keeps it; both are taken."""
    me = product.person()
    first = product.authoring.open(me, PROMPT).parent
    second = publish(product, "The second.")
    product.authoring.publish(me, PROMPT, {first: 1, second: 1}, "production", override=ENOUGH)

    async def scene():
        turns = [await ask(product, "!say hi", key=f"new {n}") for n in range(16)]
        kept = [version_of(product, turn.conversation) for turn in turns]
        await ask(product, "!say on", turns[0].conversation, prompt=PROMPT, key="on")
        assert version_of(product, turns[0].conversation) == kept[0]
        return set(kept)

    assert play(scene()) == {first, second}


def test_conversation_of_an_archived_prompt_goes_on(product, play):
    async def scene():
        turn = await ask(product, "!say one", prompt="support", key="a")
        product.authoring.archive(product.person(), "support", archived=True)
        await ask(product, "!say two", turn.conversation, key="b")
        with pytest.raises(NotFound):
            await ask(product, "!say one", prompt="support", key="c")
        return turn.conversation

    assert [text for _, text, _ in texts(product, play(scene()))][1::2] == ["one", "two"]
