"""People and conversations to test with, told in one line each."""

from itertools import count

from store import accounts, conversations, messages, prompts

_keys = count()


def person(database, name="Ada"):
    """Someone with every role."""
    with database.transaction() as session:
        return accounts.add_person(session, name, accounts.ROLES)


def saved_version(session, sha, prompt="support", **changes):
    """A version of a prompt whose text does not matter."""
    values = {
        "kind": "chat",
        "source": "x",
        "partials": {},
        "examples": None,
        "author": "Ada",
        "note": "",
        "parent": None,
    }
    return prompts.save_version(session, sha=sha, prompt=prompt, **(values | changes))


def started(database, owner, title="A talk", **changes):
    """An empty conversation of this person."""
    values = {
        "channel": "chat",
        "prompt": "assistant",
        "release_id": None,
        "version": None,
        "model": "starter@1",
    }
    with database.transaction() as session:
        return conversations.create(session, user_id=owner.id, title=title, **(values | changes))


def turn(database, conversation, text="hello", answer="hi", parent_id=None):
    """A finished turn: the user's message and the reply, as stored."""
    with database.transaction() as session:
        question, reply = messages.add_turn(
            session, conversation.id, parent_id=parent_id, text=text, key=f"key {next(_keys)}"
        )
        messages.finish(session, reply.id, content=answer, status="complete")
        return question, messages.by_ids(session, conversation.id, [reply.id])[0]


def another_answer(database, conversation, question, answer):
    """A further version of the reply to this question."""
    with database.transaction() as session:
        reply = messages.add_reply(
            session, conversation.id, parent_id=question.id, key=f"key {next(_keys)}"
        )
        messages.finish(session, reply.id, content=answer, status="complete")
        return messages.by_ids(session, conversation.id, [reply.id])[0]
