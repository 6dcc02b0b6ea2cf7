"""Building the product: what it makes, and what it says when it cannot."""

import asyncio

import pytest

from chatbot.bootstrap import build
from chatbot.errors import ChatbotError, NotFound, StoreUnavailable, UnknownModel
from chatbot.settings import Settings
from store import accounts
from tests.support.scenes import ask


def test_a_fresh_home_is_made_for_its_owner_alone(tmp_path):
    home = tmp_path / "deep" / "home"
    product = build(Settings(home=home, model="scripted"))
    product.close()

    assert home.stat().st_mode & 0o077 == 0
    assert (home / "chatbot.db").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("where", ["home", "url"])
def test_a_place_that_cannot_be_written_is_named(tmp_path, where):
    (tmp_path / "file").write_text("")
    inside = tmp_path / "file" / "x"
    values = {"home": inside} if where == "home" else {"database_url": f"sqlite:///{inside}/a.db"}

    with pytest.raises((StoreUnavailable, ChatbotError)) as caught:
        build(Settings(**({"home": tmp_path / "home", "model": "scripted"} | values)))

    assert str(inside) in str(caught.value) or "database" in str(caught.value)


def test_an_unknown_model_is_named(tmp_path):
    with pytest.raises(UnknownModel, match="nobody"):
        build(Settings(home=tmp_path, model="nobody"))
    with pytest.raises(UnknownModel, match="either"):
        build(Settings(home=tmp_path, model="scripted", fallback=("either",)))


def test_a_model_that_is_its_own_fallback_is_tried_once(tmp_path):
    product = build(Settings(home=tmp_path, model="scripted", fallback=("starter", "scripted@1")))
    turn = asyncio.run(ask(product, "!500 x"))
    [_, answer] = product.conversations.open(product.person(), turn.conversation).messages
    product.close()

    assert turn.model.startswith("starter@")
    assert answer.meta.where == "local"


def test_the_name_of_the_local_person_may_change(tmp_path):
    first = build(Settings(home=tmp_path, model="scripted", person="Iris"))
    before = first.person()
    first.close()
    again = build(Settings(home=tmp_path, model="scripted", person="Iris Novak"))
    after = again.person()
    again.close()

    assert (before.id, before.public_id) == (after.id, after.public_id)
    assert after.name == "Iris Novak"


def test_built_in_prompts_are_published_once(tmp_path):
    first = build(Settings(home=tmp_path, model="scripted"))
    versions = {one.name: first.releases.current(one.name).id for one in first.releases.choices()}
    first.close()
    again = build(Settings(home=tmp_path, model="scripted"))

    assert again.releases.publish_library() == 0
    assert versions == {
        one.name: again.releases.current(one.name).id for one in again.releases.choices()
    }
    again.close()


def test_anybody_may_begin_a_temporary_conversation(tmp_path):
    product = build(Settings(home=tmp_path, model="scripted", auth="accounts"))
    with product.database.transaction() as session:
        ada = accounts.add_person(session, "Ada", login="ada")

    async def talk():
        for key in ("one", "two"):
            turn = await product.chat.start_turn(ada, None, "!say hi", key, temporary=True)
            await turn.finished()
        return turn.conversation

    conversation = asyncio.run(talk())
    view = product.conversations.open(ada, conversation)
    with pytest.raises(NotFound):
        product.conversations.open(product.person(), conversation)
    product.close()

    assert view.temporary
    assert [message.text for message in view.messages] == ["!say hi", "hi"]


def test_the_operator_of_accounts_is_not_called_you(tmp_path):
    product = build(Settings(home=tmp_path, model="scripted", auth="accounts"))
    product.close()

    assert product.person().name == "Operator"
